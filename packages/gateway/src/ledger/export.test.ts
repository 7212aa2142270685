import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { changedTiles, decodeBundle, readEdge, tilePath, verifyLog } from '@sallyport/verifier';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendNotices, startLedger, temporaryDirectory } from '../../test/support/ledger.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import { writeLog } from './export.ts';
import { verifyEd25519 } from './ed25519.ts';

let home: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  home = temporaryDirectory();
});
afterEach(() => {
  home.remove();
});

const SIZE = 256 * 3 + 17;
const hash = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest();

test('the exported files alone verify, and hold no asides', async () => {
  const { store, keys, publisher } = await startLedger(createMemoryStore(), home.directory);
  await appendNotices(store, SIZE - 1);
  const leaf = '{"action":null,"at":1,"kind":"notice"}';
  await store.append({ kind: 'notice', action: null, atMs: 1, leaf, aside: '{"canary":1}', usage: null })
    .done;
  await publisher.publishNow();
  await appendNotices(store, 5);
  const directory = join(home.directory, 'export');
  expect(await writeLog(directory, store, keys)).toBe(SIZE);
  await publisher.close();

  const read = (path: string): Buffer => readFileSync(join(directory, path));
  const leaves = changedTiles(0, SIZE)
    .filter(({ level }) => level === 0)
    .flatMap(({ index, width }) => decodeBundle(read(tilePath('entries', index, width))) ?? []);
  expect(leaves.map((bytes) => Buffer.from(bytes).toString()).join()).not.toContain('canary');
  const report = await verifyLog({
    entries: leaves.map((bytes, index) => ({ index, leaf: Buffer.from(bytes).toString() })),
    checkpoint: read('checkpoint').toString(),
    earlier: [],
    trustedKey: read('vkey').toString().trim(),
    hash,
    verify: verifyEd25519,
  });
  expect(report).toMatchObject({ ok: true, covered: SIZE, notCovered: 0, findings: [] });
  const edge = await readEdge(SIZE, (level, index, width) => read(tilePath(level, index, width)));
  expect(edge.size).toBe(SIZE);
  expect(existsSync(join(directory, 'tile/0/003.p/17'))).toBe(true);
});

test('nothing is written over, and a log that is not published is not exported', async () => {
  const { store, keys, publisher } = await startLedger(createMemoryStore(), home.directory);
  const directory = join(home.directory, 'export');
  await expect(writeLog(directory, store, keys)).rejects.toThrow('nothing is published');
  await appendNotices(store, 1);
  await publisher.publishNow();
  await writeLog(directory, store, keys);
  await expect(writeLog(directory, store, keys)).rejects.toMatchObject({ code: 'EEXIST' });
  await publisher.close();
});
