import { afterEach, describe, expect, test } from 'vitest';
import { createFakeRandom } from '../../test/support/fake-clock.ts';
import { temporaryDirectory } from '../../test/support/ledger.ts';
import type { ReviewState } from '../core/review.ts';
import {
  START_MS,
  actionId,
  grantId,
  sampleBinding,
  sampleEntry,
  sampleGrant,
  sampleReview,
} from './compliance-samples.ts';
import { createMemoryStore } from './memory/store.ts';
import { openSqliteStore } from './sqlite/store.ts';
import type { Change, Store } from './store.ts';

const CONTENDERS = 200;
const seed = process.env['SEED'] ?? String(Date.now());
const home = temporaryDirectory();
afterEach(home.remove);

const stores = [
  { name: 'memory', seeds: 50, open: async () => createMemoryStore() },
  {
    name: 'SQLite',
    seeds: 10,
    open: () => openSqliteStore({ directory: home.directory, walBytes: 1 << 20 }),
  },
];

/** What one of the contenders wants the review to become. Its entry says which one it was. */
function ending(number: number, contender: number, kind: number): Change {
  const resolvedAtMs = START_MS + contender;
  const grant = sampleGrant(number * CONTENDERS + contender);
  const states: ReviewState[] = [
    { status: 'approved', resolvedAtMs, grant: grant.id },
    { status: 'rejected', resolvedAtMs, by: `person-${contender}`, reason: 'no' },
    { status: 'expired', resolvedAtMs },
    { status: 'withdrawn', resolvedAtMs, reason: 'gone' },
  ];
  const state = states[kind] ?? { status: 'expired', resolvedAtMs };
  const review = sampleReview(number, { revision: 2, state });
  return {
    mutations: [
      { kind: 'review.update', review },
      ...(state.status === 'approved' ? [{ kind: 'grant.issue', grant } as const] : []),
    ],
    entries: [sampleEntry('review', actionId(number), { leaf: JSON.stringify(state) })],
  };
}

/** Lets the event loop turn at random moments, so that contenders meet in different flushes. */
async function atRandom<T>(
  count: number,
  chance: ReturnType<typeof createFakeRandom>,
  run: (at: number) => Promise<T>,
): Promise<T[]> {
  const running: Promise<T>[] = [];
  for (let at = 0; at < count; at++) {
    if (chance.pick(20) === 0) await new Promise(setImmediate);
    running.push(run(at));
  }
  return Promise.all(running);
}

describe.each(stores)('B1, on the $name store', ({ name, seeds, open }) => {
  let store: Store;
  afterEach(() => store.close());

  test(`of ${CONTENDERS} who end a review at once one wins, and the ledger tells the same (SEED=${seed})`, async () => {
    store = await open();
    const chance = createFakeRandom(`${seed} ${name}`);
    for (let number = 1; number <= seeds; number++) {
      await store.commit({ mutations: [{ kind: 'review.open', review: sampleReview(number) }], entries: [] });
      const before = await store.read('size', {});
      const results = await atRandom(CONTENDERS, chance, (at) =>
        store.commit(ending(number, at, chance.pick(4))),
      );
      const winners = results.filter(({ ok }) => ok);
      expect(winners).toHaveLength(1);
      const refused = results.filter((result) => !result.ok && result.error.code === 'review.conflict');
      expect(refused).toHaveLength(CONTENDERS - 1);
      const review = await store.read('review', { id: sampleReview(number).id });
      const rows = await store.read('entries', { from: before, limit: CONTENDERS });
      expect(rows.map(({ leaf }) => JSON.parse(leaf) as ReviewState)).toEqual([review?.state]);
      const grants = await store.read('grants', { binding: sampleBinding, atMs: START_MS });
      expect(grants).toHaveLength(review?.state.status === 'approved' ? 1 : 0);
      for (const { id } of grants)
        await store.commit({ mutations: [{ kind: 'grant.revoke', id, atMs: START_MS }], entries: [] });
    }
  });

  test(`of ${CONTENDERS} who spend or revoke a grant at once one wins (SEED=${seed})`, async () => {
    store = await open();
    const chance = createFakeRandom(`${seed} ${name} grants`);
    for (let number = 1; number <= seeds; number++) {
      await store.commit({ mutations: [{ kind: 'grant.issue', grant: sampleGrant(number) }], entries: [] });
      const before = await store.read('size', {});
      const id = grantId(number);
      const results = await atRandom(CONTENDERS, chance, (at) => {
        const action = actionId(number * CONTENDERS + at);
        const spend = { kind: 'grant.spend', id, binding: sampleBinding, action, atMs: START_MS } as const;
        const revoke = { kind: 'grant.revoke', id, atMs: START_MS } as const;
        const isRevoked = chance.pick(50) === 0;
        return store.commit({
          mutations: [isRevoked ? revoke : spend],
          entries: [sampleEntry(isRevoked ? 'grant' : 'intent', action)],
        });
      });
      expect(results.filter(({ ok }) => ok)).toHaveLength(1);
      const [row, ...others] = await store.read('entries', { from: before, limit: CONTENDERS });
      expect(others).toEqual([]);
      const grant = await store.read('grant', { id });
      const expected =
        row?.kind === 'intent' ? { status: 'spent', action: row.action } : { status: 'revoked' };
      expect(grant?.state).toMatchObject(expected);
    }
  });

  test('of votes that are cast at once none is lost', async () => {
    store = await open();
    const first = sampleReview(1);
    await store.commit({ mutations: [{ kind: 'review.open', review: first }], entries: [] });
    const vote = async (number: number): Promise<void> => {
      for (;;) {
        const review = await store.read('review', { id: first.id });
        if (review === null) throw new Error('the review is gone');
        const cast = {
          person: `p${number}`,
          identity: `p${number}`,
          rendering: '',
          passkey: null,
          retractedAtMs: null,
          kind: 'approve',
          reason: '',
          digest: '',
          atMs: 1,
          channel: 'cli',
        } as const;
        const next = { ...review, revision: review.revision + 1, votes: [...review.votes, cast] };
        const entries = [sampleEntry('vote', actionId(1), { leaf: `"p${number}"` })];
        const result = await store.commit({ mutations: [{ kind: 'review.update', review: next }], entries });
        if (result.ok) return;
      }
    };
    await Promise.all(Array.from({ length: 30 }, (_, number) => vote(number)));
    const review = await store.read('review', { id: first.id });
    const rows = await store.read('entries', { from: 0, limit: 100 });
    expect(review?.votes.map(({ person }) => `"${person}"`)).toEqual(rows.map(({ leaf }) => leaf));
    expect(new Set(rows.map(({ leaf }) => leaf)).size).toBe(30);
  });
});
