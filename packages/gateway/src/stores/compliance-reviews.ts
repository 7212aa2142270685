import { expect, test } from 'vitest';
import type { Mutation } from './store.ts';
import { accept, codeOf, refusal } from './compliance-fixture.ts';
import type { StoreUnderTest } from './compliance-fixture.ts';
import {
  START_MS,
  actionId,
  reviewId,
  sampleBinding,
  sampleEntry,
  sampleReview,
} from './compliance-samples.ts';

const BOUND_FIELDS = ['digest', 'agent', 'target', 'environment'] as const;

/** What opening a review refuses. */
export function reviewsAreOpened(at: StoreUnderTest): void {
  test('a review is read as it was opened, every character of it', async () => {
    const review = sampleReview(1);
    await accept(at.store, { mutations: [{ kind: 'review.open', review }] });
    expect(await at.store.read('review', { id: review.id })).toEqual(review);
    expect(await at.store.read('review', { id: reviewId(2) })).toBeNull();
  });

  test('a second review of the same binding is refused while the first is pending, and not after', async () => {
    const first = sampleReview(1, { binding: sampleBinding });
    const second = sampleReview(2, { binding: sampleBinding });
    await accept(at.store, { mutations: [{ kind: 'review.open', review: first }] });
    const result = await at.store.commit({
      mutations: [{ kind: 'review.open', review: second }],
      entries: [],
    });
    expect(result).toEqual({ ok: false, error: { code: 'review.duplicate', existing: first.id } });
    const over = { ...first, revision: 2, state: { status: 'expired', resolvedAtMs: START_MS } } as const;
    await accept(at.store, { mutations: [{ kind: 'review.update', review: over }] });
    await accept(at.store, { mutations: [{ kind: 'review.open', review: second }] });
    expect(await at.store.read('pendingReview', { binding: sampleBinding })).toEqual(second);
  });

  test.each(BOUND_FIELDS)('reviews that differ in %s may be pending together', async (field) => {
    const other = { ...sampleBinding, [field]: 'other' };
    await accept(at.store, {
      mutations: [{ kind: 'review.open', review: sampleReview(1, { binding: sampleBinding }) }],
    });
    await accept(at.store, {
      mutations: [{ kind: 'review.open', review: sampleReview(2, { binding: other }) }],
    });
    expect((await at.store.read('pendingReview', { binding: other }))?.id).toBe(reviewId(2));
  });
}

/** What updating and checking a review refuses. */
export function reviewsAreRevised(at: StoreUnderTest): void {
  test('an update replaces exactly the revision before it', async () => {
    const review = sampleReview(1);
    await accept(at.store, { mutations: [{ kind: 'review.open', review }] });
    expect(await refusal(at, { kind: 'review.update', review: { ...review, revision: 1 } })).toBe(
      'review.conflict',
    );
    expect(await refusal(at, { kind: 'review.update', review: { ...review, revision: 3 } })).toBe(
      'review.conflict',
    );
    expect(await refusal(at, { kind: 'review.update', review: sampleReview(2, { revision: 2 }) })).toBe(
      'review.missing',
    );
    await accept(at.store, { mutations: [{ kind: 'review.update', review: { ...review, revision: 2 } }] });
    expect(await refusal(at, { kind: 'review.update', review: { ...review, revision: 2 } })).toBe(
      'review.conflict',
    );
    expect((await at.store.read('review', { id: review.id }))?.revision).toBe(2);
  });

  test('a check holds for exactly one revision', async () => {
    await accept(at.store, { mutations: [{ kind: 'review.open', review: sampleReview(1) }] });
    const check = (id: number, revision: number): Mutation => ({
      kind: 'review.check',
      id: reviewId(id),
      revision,
    });
    expect(await refusal(at, check(1, 2))).toBe('review.conflict');
    expect(await refusal(at, check(1, 0))).toBe('review.conflict');
    expect(await refusal(at, check(2, 1))).toBe('review.missing');
    expect(await refusal(at, check(1, 1))).toBe('accepted');
  });

  test('the same review twice is a bug of the caller, which harms nobody else', async () => {
    const review = sampleReview(1);
    await accept(at.store, { mutations: [{ kind: 'review.open', review }] });
    const over = {
      ...review,
      revision: 2,
      state: { status: 'withdrawn', resolvedAtMs: 1, reason: '' },
    } as const;
    await accept(at.store, { mutations: [{ kind: 'review.update', review: over }] });
    const again = at.store.commit({
      mutations: [{ kind: 'review.open', review }],
      entries: [sampleEntry('review', actionId(1))],
    });
    const other = at.store.append(sampleEntry('intent', actionId(2)));
    expect(await codeOf(again)).toBe('store.invalid');
    await other.done;
    expect(await at.store.read('size', {})).toBe(1);
    expect(await at.store.read('review', { id: review.id })).toEqual(over);
  });
}

/** How reviews are found. */
export function reviewsAreListed(at: StoreUnderTest): void {
  test('pages are newest first, by status and agent, and each starts where the one before ended', async () => {
    for (let number = 1; number <= 7; number++) {
      const agent = number % 2 === 0 ? 'even' : 'odd';
      const review = sampleReview(number, { binding: { ...sampleBinding, agent, digest: `d${number}` } });
      await accept(at.store, { mutations: [{ kind: 'review.open', review }] });
      if (number !== 3) continue;
      const over = { ...review, revision: 2, state: { status: 'expired', resolvedAtMs: START_MS } } as const;
      await accept(at.store, { mutations: [{ kind: 'review.update', review: over }] });
    }
    const list = async (
      status: 'pending' | null,
      agent: string | null,
      before: number | null,
      limit = 3,
    ): Promise<string[]> => {
      const page = { status, agent, limit, before: before === null ? null : reviewId(before) };
      return (await at.store.read('reviews', page)).map(({ subject }) => subject.digest);
    };
    expect(await list(null, null, null)).toEqual(['d7', 'd6', 'd5']);
    expect(await list(null, null, 5)).toEqual(['d4', 'd3', 'd2']);
    expect(await list('pending', null, 5)).toEqual(['d4', 'd2', 'd1']);
    expect(await list(null, 'odd', null)).toEqual(['d7', 'd5', 'd3']);
    expect(await list('pending', 'odd', null, 9)).toEqual(['d7', 'd5', 'd1']);
    expect(await list('pending', 'odd', 1)).toEqual([]);
  });

  test('a page may be of one session, one target and a least risk, and of all of them', async () => {
    for (let number = 1; number <= 6; number++) {
      const target = number <= 4 ? 'prod-db' : 'test-db';
      const sample = sampleReview(number, { binding: { ...sampleBinding, target, digest: `d${number}` } });
      const requester = { ...sample.subject.requester, session: number % 2 === 0 ? 'ses_2' : 'ses_1' };
      const risk = { score: number * 10, signals: [] };
      const review = { ...sample, subject: { ...sample.subject, requester, risk } };
      await accept(at.store, { mutations: [{ kind: 'review.open', review }] });
    }
    const list = async (more: object): Promise<string[]> => {
      const page = { status: null, agent: null, limit: 9, before: null, ...more };
      return (await at.store.read('reviews', page)).map(({ subject }) => subject.digest);
    };
    expect(await list({ session: 'ses_2' })).toEqual(['d6', 'd4', 'd2']);
    expect(await list({ session: 'ses_2', limit: 2 })).toEqual(['d6', 'd4']);
    expect(await list({ session: 'ses_2', status: 'pending', before: reviewId(4) })).toEqual(['d2']);
    expect(await list({ session: 'ses_3' })).toEqual([]);
    expect(await list({ target: 'test-db' })).toEqual(['d6', 'd5']);
    expect(await list({ minRisk: 40 })).toEqual(['d6', 'd5', 'd4']);
    expect(await list({ session: 'ses_1', target: 'prod-db', minRisk: 20 })).toEqual(['d3']);
    expect(await list({ agent: 'nobody', minRisk: 20 })).toEqual([]);
    expect(await list({ target: 'test-db', minRisk: 0, before: reviewId(6) })).toEqual(['d5']);
    expect(await list({ session: null, target: null, minRisk: null })).toHaveLength(6);
  });
}
