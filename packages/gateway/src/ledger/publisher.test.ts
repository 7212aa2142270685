import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkLog } from '../../test/support/check-log.ts';
import { appendNotices, startLedger, temporaryDirectory } from '../../test/support/ledger.ts';
import { noticeEntry } from '../core/entry.ts';
import { MemoryMedium } from '../stores/memory/medium.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import type { Store } from '../ports.ts';

let medium: MemoryMedium;
let store: Store;
let home: ReturnType<typeof temporaryDirectory>;

beforeEach(() => {
  medium = new MemoryMedium();
  store = createMemoryStore({ medium });
  home = temporaryDirectory();
});
afterEach(() => {
  home.remove();
});

test('after every step, root and tiles are those of the entries', async () => {
  const { keys, publisher } = await startLedger(store, home.directory);
  let size = 0;
  for (const count of [1, 1, 2, 3, 250, 1, 255, 256, 1000, 7]) {
    await appendNotices(store, count);
    size += count;
    await publisher.publishNow();
    expect(await checkLog(store, keys)).toBe(size);
  }
});

test('a start goes on from what is published, as every publication does', async () => {
  for (let round = 1; round <= 4; round++) {
    const { keys, publisher } = await startLedger(createMemoryStore({ medium }), home.directory);
    const open = createMemoryStore({ medium });
    await appendNotices(open, 150);
    await publisher.publishNow();
    await publisher.close();
    expect(await checkLog(open, keys)).toBe(round * 150);
  }
});

test('a checkpoint comes within a second by itself, and only when there is something new', async () => {
  const { clock, keys, publisher } = await startLedger(store, home.directory);
  await appendNotices(store, 3);
  clock.advance(999);
  await publisher.close();
  expect(await checkLog(store, keys)).toBe(3);
  const note = (await store.read('checkpoint', {}))?.note;
  const again = await startLedger(store, home.directory);
  again.clock.advance(5000);
  await again.publisher.close();
  expect((await store.read('checkpoint', {}))?.note).toBe(note);
});

test('publishNow covers what was durable when it was called, however many call at once', async () => {
  const { publisher } = await startLedger(store, home.directory);
  const covered = Array.from({ length: 40 }, async (_, at) => {
    await store.append(noticeEntry('test', { number: String(at) }, 1)).done;
    const size = await store.read('size', {});
    await publisher.publishNow();
    expect((await store.read('checkpoint', {}))?.size).toBeGreaterThanOrEqual(size);
  });
  await Promise.all(covered);
});

test('catching up with a long log lets other work have its turn', async () => {
  await appendNotices(store, 20_000);
  const { keys, publisher } = await startLedger(store, home.directory);
  let turns = 0;
  let isDone = false;
  const watch = async (): Promise<void> => {
    while (!isDone) {
      await new Promise(setImmediate);
      turns += 1;
    }
  };
  const watching = watch();
  await publisher.publishNow();
  isDone = true;
  await watching;
  expect(turns).toBeGreaterThan(20);
  expect((await store.read('checkpoint', {}))?.size).toBe(20_000);
  expect(await checkLog(store, keys)).toBe(20_000);
});

test('another key, another origin or another tile than was published stops the start', async () => {
  const { publisher } = await startLedger(store, home.directory);
  await appendNotices(store, 300);
  await publisher.publishNow();
  await expect(startLedger(store, home.directory, 'other.example')).rejects.toThrow(
    /log\.other_origin: .*store\.db.*log\.example.*set `origin` back/,
  );
  const other = temporaryDirectory();
  await expect(startLedger(store, other.directory)).rejects.toThrow(
    /log\.other_key: .*restore ledger-key\.pem/,
  );
  other.remove();
  medium.tiles.set('0/1', { level: 0, index: 1, hashes: new Uint8Array(44 * 32) });
  await expect(startLedger(store, home.directory)).rejects.toThrow('log.inconsistent');
  medium.tiles.delete('0/1');
  await expect(startLedger(store, home.directory)).rejects.toThrow('log.inconsistent');
});

test('a clock that ran backwards stops the start, with the way out', async () => {
  const { publisher, clock } = await startLedger(store, home.directory);
  clock.advance(3_600_000);
  await appendNotices(store, 1);
  await publisher.publishNow();
  await expect(startLedger(store, home.directory)).rejects.toThrow(/log\.future: .*store\.db.*clock right/);
  expect(await store.read('size', {})).toBe(1);
});

test('a log that lost entries behind its checkpoint stops the start', async () => {
  const { publisher } = await startLedger(store, home.directory);
  await appendNotices(store, 10);
  await publisher.publishNow();
  medium.entries.pop();
  await expect(startLedger(createMemoryStore({ medium }), home.directory)).rejects.toThrow(
    'log.inconsistent',
  );
});

test('a failed store is reported, and whoever waits is told', async () => {
  const full = createMemoryStore({ maxEntries: 2 });
  const { publisher, clock, failures } = await startLedger(full, home.directory);
  await full.append(noticeEntry('test', {}, 1)).done;
  for (let at = 0; at < 3; at++) full.append(noticeEntry('test', {}, 1));
  await expect(publisher.publishNow()).rejects.toThrow('store.failed');
  clock.advance(1000);
  await publisher.close();
  expect(failures).toMatchObject([{ code: 'store.failed' }]);
});
