import { expect, test } from 'vitest';
import type { Judgment } from '../core/attention.ts';
import type { Mutation, Reads } from './store.ts';
import { accept, refusal, reopen } from './compliance-fixture.ts';
import type { StoreUnderTest } from './compliance-fixture.ts';
import { START_MS, reviewId, sampleBinding, sampleReview } from './compliance-samples.ts';

const judgment = (number: number, more: Partial<Judgment> = {}): Judgment => ({
  review: reviewId(number),
  identity: 'sam',
  person: 'sam',
  kind: 'approve',
  openedAtMs: START_MS,
  atMs: START_MS + number,
  words: 10,
  ...more,
});

const record = (
  made: Judgment,
  budget: { readonly most: number; readonly sinceMs: number } | null = null,
): Mutation => ({ kind: 'judgment.record', judgment: made, budget });

const pace = { wordsPerMinute: 600, minimumReadingMs: 1_000 };
const EVER: Reads['attention']['ask'] = { sinceMs: 0, untilMs: START_MS + 1e9, pace, most: 100 };

/** What is kept of decisions. */
export function judgmentsAreKept(at: StoreUnderTest): void {
  test('decisions are added up by identity, newest first, with when each was first shown', async () => {
    const show = (review: number, identity: string, atMs: number): Mutation => ({
      kind: 'review.shown',
      review: reviewId(review),
      identity,
      atMs,
    });
    await accept(at.store, {
      mutations: [
        show(1, 'sam', START_MS + 2_000),
        // The first time counts, and what others were shown doesn't.
        show(1, 'sam', START_MS + 9_000),
        show(2, 'kim', START_MS + 9_000),
        record(judgment(1, { atMs: START_MS + 10_000 })),
        record(judgment(2, { atMs: START_MS + 20_000, kind: 'reject', person: 'sam-2' })),
        record(judgment(3, { atMs: START_MS + 500, identity: 'kim', person: 'kim' })),
      ],
    });
    await reopen(at);
    const { reviewers, complete } = await at.store.read('attention', EVER);
    expect(complete).toBe(true);
    expect(reviewers).toEqual([
      {
        identity: 'kim',
        person: 'kim',
        decided: 1,
        approved: 1,
        medianDecideMs: 500,
        medianReadMs: 500,
        hasty: 1,
        canaries: 0,
        canariesApproved: 0,
        lastAtMs: START_MS + 500,
      },
      {
        identity: 'sam',
        person: 'sam-2',
        decided: 2,
        approved: 1,
        medianDecideMs: 10_000,
        medianReadMs: 8_000,
        hasty: 0,
        canaries: 0,
        canariesApproved: 0,
        lastAtMs: START_MS + 20_000,
      },
    ]);
  });

  test('figures are of the span, and of no more decisions than asked for, the newest', async () => {
    const mutations = [1, 2, 3, 4].map((number) => record(judgment(number)));
    await accept(at.store, { mutations });
    const decided = async (ask: Partial<Reads['attention']['ask']>): Promise<unknown[]> => {
      const { reviewers, complete } = await at.store.read('attention', { ...EVER, ...ask });
      return [reviewers[0]?.decided ?? 0, reviewers[0]?.lastAtMs, complete];
    };
    expect(await decided({ sinceMs: START_MS + 2, untilMs: START_MS + 4 })).toEqual([2, START_MS + 3, true]);
    expect(await decided({ most: 3 })).toEqual([3, START_MS + 4, false]);
    expect(await decided({ most: 4 })).toEqual([4, START_MS + 4, true]);
    expect(await decided({ sinceMs: START_MS + 5 })).toEqual([0, undefined, true]);
  });
}

/** The budget of each person. */
export function approvalsAreBounded(at: StoreUnderTest): void {
  test('an approval over the budget of its span is refused; rejections and other people are not (B11)', async () => {
    const budget = { most: 2, sinceMs: START_MS };
    const review = sampleReview(1);
    await accept(at.store, {
      mutations: [
        { kind: 'review.open', review },
        record(judgment(0), budget),
        record(judgment(1), budget),
        record(judgment(2), budget),
      ],
    });
    const over = await at.store.commit({
      mutations: [{ kind: 'review.update', review: { ...review, revision: 2 } }, record(judgment(3), budget)],
      entries: [],
    });
    // Two approvals are within: the older one has to leave first. That of the span's beginning is out of it.
    expect(over).toEqual({ ok: false, error: { code: 'judgment.over_budget', atMs: START_MS + 1 } });
    expect((await at.store.read('review', { id: review.id }))?.revision).toBe(1);
    expect(await refusal(at, record(judgment(3, { kind: 'reject' }), budget))).toBe('accepted');
    expect(await refusal(at, record(judgment(3, { identity: 'kim' }), budget))).toBe('accepted');
    expect(await refusal(at, record(judgment(4), { ...budget, sinceMs: START_MS + 1 }))).toBe('accepted');
    expect(await refusal(at, record(judgment(5), null))).toBe('accepted');
  });
}

/** Reviews that look alike. */
export function reviewsAreGrouped(at: StoreUnderTest): void {
  test('pending reviews are counted by shape, the largest group first; others are not', async () => {
    const open = (
      number: number,
      shape: string,
      agent = 'agent-1',
      status: 'pending' | 'expired' = 'pending',
    ) => {
      const binding = { ...sampleBinding, agent, digest: `d${number}` };
      const state = status === 'pending' ? { status } : { status, resolvedAtMs: START_MS };
      return { ...sampleReview(number, { binding, state }), shape };
    };
    const reviews = [
      open(1, 'a'),
      open(2, 'b'),
      open(3, 'b'),
      open(4, 'b', 'agent-1', 'expired'),
      open(5, 'c', 'agent-2'),
    ];
    for (const review of reviews) await accept(at.store, { mutations: [{ kind: 'review.open', review }] });
    const groups = async (agent: string | null, limit = 9): Promise<unknown[]> =>
      (await at.store.read('reviewGroups', { agent, limit })).map((group) => [
        group.shape,
        group.count,
        group.oldest,
        group.newest,
      ]);
    const [one, two, three, , five] = reviews;
    const ofAgent = [
      ['b', 2, two?.id, three],
      ['a', 1, one?.id, one],
    ];
    expect(await groups(null)).toEqual([
      ['b', 2, two?.id, three],
      ['c', 1, five?.id, five],
      ['a', 1, one?.id, one],
    ]);
    expect(await groups('agent-1')).toEqual(ofAgent);
    expect(await groups(null, 1)).toHaveLength(1);
    expect(await groups('agent-3')).toEqual([]);
  });

  test('a page may be of one shape', async () => {
    for (const [number, shape] of [
      [1, 'a'],
      [2, 'b'],
      [3, 'a'],
    ] as const)
      await accept(at.store, {
        mutations: [{ kind: 'review.open', review: { ...sampleReview(number), shape } }],
      });
    const page = { status: null, agent: null, shape: 'a', limit: 9, before: null };
    const found = await at.store.read('reviews', page);
    expect(found.map(({ id }) => id)).toEqual([reviewId(3), reviewId(1)]);
    expect(await at.store.read('reviews', { ...page, limit: 1, before: reviewId(3) })).toHaveLength(1);
  });
}
