import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { review } from '../../../test/support/subjects.ts';
import { noticeEntry } from '../../core/entry.ts';
import { makeId } from '../../core/ids.ts';
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

/** A log that grows makes each commit wait for the file system's own journal too, and the move of it a long one. */
test('the log keeps within the room that it was given, however many pages a change touches', async () => {
  const walBytes = 1 << 20;
  const store = await openSqliteStore({ directory, walBytes });
  const logBytes = (): number => statSync(join(directory, 'store.db-wal')).size;
  const given = logBytes();
  for (let count = 0; count < 150; count++) {
    const made = review();
    const id = makeId('rev', 1_000 + count, new Uint8Array(10).fill(count));
    const digest = count.toString(16).padStart(64, '0');
    const opened = { ...made, id, subject: { ...made.subject, digest } };
    await store.commit({ mutations: [{ kind: 'review.open', review: opened }], entries: [] });
  }
  expect(logBytes()).toBe(given);
  await store.close();
});
