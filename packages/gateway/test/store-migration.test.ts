import Database from 'better-sqlite3';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqliteStore } from '../src/stores/sqlite/store.ts';
import { sampleReview } from '../src/stores/compliance-samples.ts';
import { temporaryDirectory } from './support/ledger.ts';

let home: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  home = temporaryDirectory();
});
afterEach(() => home.remove());

const WAL_BYTES = 1 << 18;

/** Takes back what the version of shapes and judgments added, and those after it: a store as the release before left it. */
function takeBack(file: string): void {
  const database = new Database(file);
  database.exec(`
    DROP INDEX reviews_by_shape;
    DROP INDEX reviews_pending_shapes;
    ALTER TABLE reviews DROP COLUMN shape;
    UPDATE reviews SET review = json_remove(review, '$.shape');
    DROP TABLE showings;
    DROP TABLE judgments;
    DROP TABLE break_glass;
  `);
  database.pragma('user_version = 3');
  database.close();
}

test('reviews of an older store are read whole, each a group of its own, and the store goes on', async () => {
  const directory = home.directory;
  const reviews = [1, 2].map((number) => sampleReview(number));
  const before = await openSqliteStore({ directory, walBytes: WAL_BYTES });
  for (const review of reviews)
    await before.commit({ mutations: [{ kind: 'review.open', review }], entries: [] });
  await before.close();
  takeBack(join(directory, 'store.db'));

  const store = await openSqliteStore({ directory, walBytes: WAL_BYTES });
  try {
    for (const review of reviews) {
      const shape = review.subject.digest;
      expect(await store.read('review', { id: review.id })).toEqual({ ...review, shape });
      const page = { status: null, agent: null, shape, limit: 9, before: null };
      expect(await store.read('reviews', page)).toHaveLength(1);
    }
    const groups = await store.read('reviewGroups', { agent: null, limit: 9 });
    expect(groups.map(({ count }) => count)).toEqual([1, 1]);
  } finally {
    await store.close();
  }
});
