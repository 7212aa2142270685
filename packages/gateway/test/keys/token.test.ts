import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyLog, webCryptoVerifier } from '@sallyport/verifier';
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from 'vitest';
import type { Person } from '../../src/core/identity.ts';
import { KeyToken } from '../../src/ledger/key-token.ts';
import { openKeys } from '../../src/ledger/keys.ts';
import { Publisher } from '../../src/ledger/publisher.ts';
import { finishRotation, rotateKey } from '../../src/ledger/rotation.ts';
import { MemoryMedium } from '../../src/stores/memory/medium.ts';
import { createMemoryStore } from '../../src/stores/memory/store.ts';
import { hashing, random } from '../../src/system.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { appendNotices, temporaryDirectory } from '../support/ledger.ts';

/** Debian's own (scripts/install-test-tools.sh). */
const MODULE = '/usr/lib/softhsm/libsofthsm2.so';
const PIN = '4711-canary';
let hsm: ReturnType<typeof temporaryDirectory>;
let home: ReturnType<typeof temporaryDirectory>;

beforeAll(() => {
  hsm = temporaryDirectory();
  const file = join(hsm.directory, 'softhsm2.conf');
  writeFileSync(
    file,
    `directories.tokendir = ${hsm.directory}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  process.env['SOFTHSM2_CONF'] = file;
  const args = ['--init-token', '--free', '--label', 'sallyport', '--pin', PIN, '--so-pin', 'so-pin'];
  execFileSync('softhsm2-util', args);
});
afterAll(() => hsm.remove());
beforeEach(() => {
  home = temporaryDirectory();
});
afterEach(() => home.remove());

const custody = (more: { readonly pin?: string; readonly module?: string; readonly token?: string } = {}) =>
  new KeyToken({ directory: home.directory, module: MODULE, token: 'sallyport', pin: PIN, random, ...more });
const open = () => openKeys({ directory: home.directory, origin: 'log.example', custody: custody() });

async function start(medium: MemoryMedium) {
  const store = createMemoryStore({ medium });
  const keys = await open();
  await finishRotation(store, keys);
  const log = { checkpointPublished: () => undefined, ledgerFailed: () => undefined };
  const ports = { store, keys, clock: createFakeClock(), hashing, log };
  const publisher = new Publisher(ports);
  await publisher.start();
  return { ...ports, publisher };
}

test('a token signs the log, hands over to a key of its own, and goes on after a restart', async () => {
  const medium = new MemoryMedium();
  const ledger = await start(medium);
  const first = ledger.keys.vkey;
  await appendNotices(ledger.store, 3);
  await ledger.publisher.publishNow();
  const rotated = await rotateKey({ kind: 'person', name: 'sam', identity: 'sam' } as Person, ledger);
  expect(rotated).toMatchObject({ ok: true, value: { previous: first } });
  await ledger.publisher.close();
  const again = await start(medium);
  await appendNotices(again.store, 3);
  await again.publisher.publishNow();
  const entries = await again.store.read('entries', { from: 0, limit: 100 });
  const checkpoint = (await again.store.read('checkpoint', {}))?.note ?? '';
  const log = { entries, checkpoint, earlier: [], trustedKey: first, ...webCryptoVerifier() };
  expect(await verifyLog(log)).toMatchObject({ ok: true, covered: 8 });
  expect(readFileSync(join(home.directory, 'ledger-key.pkcs11'), 'latin1')).toMatch(/^[0-9a-f]{16}\n\n$/);
});

test('the key before is in the token no more', async () => {
  const medium = new MemoryMedium();
  const ledger = await start(medium);
  const [before = ''] = readFileSync(join(home.directory, 'ledger-key.pkcs11'), 'latin1').split('\n');
  await rotateKey({ kind: 'person', name: 'sam', identity: 'sam' } as Person, ledger);
  await ledger.publisher.close();
  writeFileSync(join(home.directory, 'ledger-key.pkcs11'), `${before}\n\n`);
  await expect(open()).rejects.toMatchObject({ code: 'key.unavailable' });
});

test.each([
  ['a wrong PIN', { pin: 'wrong' }],
  ['another token', { token: 'nothing' }],
  ['no module', { module: '/nowhere.so' }],
])('%s is refused, and the PIN is not quoted', async (_, more) => {
  const refused = openKeys({ directory: home.directory, origin: 'log.example', custody: custody(more) });
  await expect(refused).rejects.toThrow(/key\.unavailable: the token .* did not answer/);
  await expect(refused).rejects.not.toThrow(PIN);
});

test('a file that names no key is refused with the way out', async () => {
  writeFileSync(join(home.directory, 'ledger-key.pkcs11'), 'nonsense');
  await expect(open()).rejects.toThrow(/key\.malformed: .*ledger-key\.pkcs11 names no key: restore it/);
});
