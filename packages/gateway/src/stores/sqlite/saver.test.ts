import { expect, test } from 'vitest';
import type { Batch } from './batch.ts';
import type { Journal } from './journal.ts';
import { Saver } from './saver.ts';

/** A slow disk's journal, whose one write ends when the test says so, and a store that closes all when it is told of a failure. */
function slowDisk() {
  const seen = { closes: 0, told: 0, end: (_error: Error | null): void => undefined };
  const journal = {
    roomFor: () => 'here',
    isQuick: false,
    appendAway: (_record: unknown, done: (error: Error | null) => void) => (seen.end = done),
    close: () => seen.closes++,
  };
  const batch = {
    unsavedBytes: 1,
    unsavedRecord: () => ({ run: { count: 1 } }),
    save: () => ({ fail: () => seen.told++, settle: () => undefined }),
    hasReaders: false,
  };
  let hasFailed = false;
  const saver = new Saver(journal as unknown as Journal, 0, {
    saved: () => undefined,
    free: () => undefined,
    failed: (error) => {
      // As the store does: the first failure closes everything.
      if (!hasFailed) saver.close();
      hasFailed = true;
      return error as Error;
    },
  });
  saver.save(batch as unknown as Batch);
  return { seen, saver };
}

test('a write that fails away from the main thread is told, and the journal’s file is closed once', () => {
  const { seen } = slowDisk();
  seen.end(new Error('EIO'));
  // A second close would be of whatever file has that number by then, or end the process.
  expect(seen).toMatchObject({ told: 1, closes: 1 });
});

test('a file that is closed while a write is under way stays open until that has ended', () => {
  const { seen, saver } = slowDisk();
  saver.close();
  expect(seen.closes).toBe(0);
  seen.end(null);
  expect(seen.told).toBe(1);
});
