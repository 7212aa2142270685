import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { noticeEntry } from '../../core/entry.ts';
import { openSqliteStore } from './store.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-worker-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

/** The scheduler may take the main thread off between the turn's number and the waking. */
test('a waking that comes when its turn was taken already is no turn', async () => {
  const notify = Atomics.notify.bind(Atomics);
  const late: Promise<unknown>[] = [];
  vi.spyOn(Atomics, 'notify').mockImplementation((words, at, count) => {
    const later = [30, 40, 45].map(
      (ms) => new Promise((resolve) => setTimeout(() => resolve(notify(words, at, count)), ms)),
    );
    late.push(...later);
    return notify(words, at, count);
  });
  const store = await openSqliteStore({ directory, walBytes: 1 << 18 });
  for (let count = 1; count <= 4; count++) {
    await store.commit({ mutations: [], entries: [noticeEntry('x', { n: count.toString() }, 1)] });
    await Promise.all(late.splice(0));
  }
  expect(await store.read('size', {})).toBe(4);
  await store.close();
});
