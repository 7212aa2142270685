import Database from 'better-sqlite3';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Review } from '../src/core/review.ts';
import { openSqliteStore } from '../src/stores/sqlite/store.ts';
import { sampleReview } from '../src/stores/compliance-samples.ts';
import { temporaryDirectory } from './support/ledger.ts';

let home: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  home = temporaryDirectory();
});
afterEach(() => home.remove());

const WAL_BYTES = 1 << 18;

/** A store of schema 3, as the release of then left it, with these reviews. */
function layDown(directory: string, reviews: readonly Review[]): void {
  const packed = readFileSync(new URL('states/schema-3.json.gz', import.meta.url));
  const files = JSON.parse(gunzipSync(packed).toString()) as Record<string, string>;
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(directory, name), Buffer.from(content, 'base64'), { mode: 0o600 });
  const database = new Database(join(directory, 'store.db'));
  database.exec('DELETE FROM reviews');
  const insert = database.prepare(
    "INSERT INTO reviews (id, revision, status, agent, binding, review) VALUES (?, 1, 'pending', ?, ?, ?)",
  );
  for (const { shape: _, ...review } of reviews)
    insert.run(review.id, review.subject.requester.agent, review.id, JSON.stringify(review));
  database.close();
}

test('reviews of an older store are read whole, each a group of its own, and the store goes on', async () => {
  const directory = home.directory;
  const reviews = [1, 2].map((number) => sampleReview(number));
  layDown(directory, reviews);

  const store = await openSqliteStore({ directory, walBytes: WAL_BYTES });
  try {
    for (const review of reviews) {
      const shape = review.subject.digest;
      expect(await store.read('review', { id: review.id })).toEqual({ ...review, shape });
      const page = { status: null, agent: null, shape, limit: 9, before: null };
      expect(await store.read('reviews', page)).toHaveLength(1);
      const { requester, risk, target } = review.subject;
      const listed = { session: requester.session, target: target.name, minRisk: risk.score };
      expect(await store.read('reviews', { ...page, ...listed })).toHaveLength(1);
    }
    const groups = await store.read('reviewGroups', { agent: null, limit: 9 });
    expect(groups.map(({ count }) => count)).toEqual([1, 1]);
  } finally {
    await store.close();
  }
});
