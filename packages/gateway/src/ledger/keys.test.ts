import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync, hash } from 'node:crypto';
import { join } from 'node:path';
import { parseVkey, verifyNote } from '@sallyport/verifier';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from '../../test/support/ledger.ts';
import { openKeys } from './keys.ts';
import { verifyEd25519 } from './ed25519.ts';

let home: ReturnType<typeof temporaryDirectory>;
const open = () => openKeys({ directory: home.directory, origin: 'log.example' });
const file = () => join(home.directory, 'ledger-key.pem');

beforeEach(() => {
  home = temporaryDirectory();
});
afterEach(() => {
  home.remove();
});

test('the key is made at the first start, for its owner only, and kept', async () => {
  const first = await open();
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect(readFileSync(file(), 'utf8')).toContain('BEGIN PRIVATE KEY');
  expect((await open()).vkey).toBe(first.vkey);
});

test('what it signs verifies under the printed form of the key', async () => {
  const keys = await open();
  const { vkey } = keys;
  const key = await parseVkey(vkey, (data) => hash('sha256', data, 'buffer'));
  expect(key?.name).toBe('log.example');
  const note = await keys.signNote('something\n');
  expect(await verifyNote(note, [key!], verifyEd25519)).toMatchObject({ ok: true, text: 'something\n' });
  const changed = note.replace('something', 'somethinG');
  expect(await verifyNote(changed, [key!], verifyEd25519)).toMatchObject({ ok: false });
});

test('a key that others can read is refused', async () => {
  await open();
  chmodSync(file(), 0o640);
  await expect(open()).rejects.toMatchObject({ code: 'key.exposed' });
});

test('a file that holds no Ed25519 key is refused, and not quoted', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (const content of ['canary', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()]) {
    writeFileSync(file(), content, { mode: 0o600 });
    await expect(open()).rejects.toMatchObject({ code: 'key.malformed' });
    await expect(open()).rejects.not.toThrow('canary');
  }
});

test('a signature of a wrong length or by a key that is none is false, not an exception', () => {
  expect(verifyEd25519(new Uint8Array(32), new Uint8Array(3), new Uint8Array(3))).toBe(false);
  expect(verifyEd25519(new Uint8Array(3), new Uint8Array(3), new Uint8Array(64))).toBe(false);
});
