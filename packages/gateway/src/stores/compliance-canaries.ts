import { expect, test } from 'vitest';
import type { Canary } from '../core/canary.ts';
import type { Judgment } from '../core/attention.ts';
import { accept, refusal, reopen } from './compliance-fixture.ts';
import type { StoreUnderTest } from './compliance-fixture.ts';
import { START_MS, actionId, reviewId } from './compliance-samples.ts';
import type { Mutation, Reads } from './store.ts';

const DUE_MS = START_MS + 1_000;
const canary = (number: number): Canary => ({
  action: actionId(number),
  review: reviewId(number),
  nonce: 'n',
  flaw: 'no WHERE',
  openedAtMs: START_MS + number,
});

const open = (number: number, given: Partial<Extract<Mutation, { kind: 'canary.open' }>> = {}): Mutation => ({
  kind: 'canary.open',
  canary: canary(number),
  dueAtMs: DUE_MS,
  nextDueAtMs: DUE_MS,
  budget: { most: 2, sinceMs: START_MS },
  ...given,
});
const plan = (dueAtMs: number): Mutation => ({ kind: 'canary.plan', dueAtMs });
const reveal = (number: number): Mutation => ({ kind: 'canary.reveal', action: actionId(number) });

const judgment = (number: number, identity: string, kind: Judgment['kind'] = 'approve'): Judgment => ({
  review: reviewId(number),
  identity,
  person: identity,
  kind,
  openedAtMs: START_MS,
  atMs: START_MS + number,
  words: 0,
});
const record = (made: Judgment, most: number | null = null): Mutation => ({
  kind: 'judgment.record',
  judgment: made,
  budget: most === null ? null : { most, sinceMs: 0 },
});
const EVER: Reads['attention']['ask'] = {
  sinceMs: 0,
  untilMs: START_MS + 1e9,
  pace: { wordsPerMinute: 600, minimumReadingMs: 0 },
  most: 100,
};

/** Canaries are planned, opened once, and revealed. */
export function canariesAreKept(at: StoreUnderTest): void {
  test('a canary is opened at the instant that is planned, once, and the next one is planned with it', async () => {
    expect(await at.store.read('canaryPlan', {})).toBeNull();
    expect(await refusal(at, open(1))).toBe('canary.not_due');
    await accept(at.store, { mutations: [plan(DUE_MS + 5), plan(DUE_MS)] });
    expect(await refusal(at, open(1, { dueAtMs: DUE_MS + 5 }))).toBe('canary.not_due');
    await accept(at.store, { mutations: [open(1, { nextDueAtMs: DUE_MS + 9 })] });
    await reopen(at);
    expect(await at.store.read('canaryPlan', {})).toBe(DUE_MS + 9);
    expect(await at.store.read('openCanaries', {})).toEqual([canary(1)]);
    expect(await refusal(at, open(2))).toBe('canary.not_due');
  });

  test('no more are opened in a span than its bound says, revealed ones counted', async () => {
    await accept(at.store, { mutations: [plan(DUE_MS), open(1), open(2), reveal(1)] });
    expect(await refusal(at, open(3))).toBe('canary.too_many');
    expect(await at.store.read('canariesOpened', { sinceMs: START_MS })).toBe(2);
    expect(await at.store.read('canariesOpened', { sinceMs: START_MS + 1 })).toBe(1);
    // Of what a refused change was to do, nothing is done.
    expect(await at.store.read('canaryPlan', {})).toBe(DUE_MS);
    // The first of them is out of the span then.
    const later = { most: 2, sinceMs: START_MS + 1 };
    expect(await refusal(at, open(3, { budget: later }))).toBe('accepted');
  });

  test('a canary is revealed once; its nonce and flaw are gone, and no other is touched', async () => {
    await accept(at.store, { mutations: [plan(DUE_MS), open(1), open(2)] });
    expect(await at.store.read('openCanaries', {})).toEqual([canary(1), canary(2)]);
    expect(await refusal(at, reveal(9))).toBe('canary.missing');
    await accept(at.store, { mutations: [reveal(1)] });
    expect(await refusal(at, reveal(1))).toBe('canary.missing');
    await reopen(at);
    expect(await at.store.read('openCanaries', {})).toEqual([canary(2)]);
  });
}

/** What a canary means for those who decided on it. */
export function canariesAreCounted(at: StoreUnderTest): void {
  test('figures name the canaries of each person once they are revealed, and how many of them they approved', async () => {
    await accept(at.store, {
      mutations: [
        plan(DUE_MS),
        open(1),
        open(2),
        record(judgment(1, 'sam')),
        record(judgment(1, 'kim', 'reject')),
        record(judgment(2, 'sam')),
        record(judgment(3, 'sam')),
      ],
    });
    const figures = async (): Promise<unknown[]> =>
      (await at.store.read('attention', EVER)).reviewers.map((each) => [
        each.identity,
        each.decided,
        each.canaries,
        each.canariesApproved,
      ]);
    expect(await figures()).toEqual([
      ['kim', 1, 0, 0],
      ['sam', 3, 0, 0],
    ]);
    await accept(at.store, { mutations: [reveal(1)] });
    await reopen(at);
    expect(await figures()).toEqual([
      ['kim', 1, 1, 0],
      ['sam', 3, 1, 1],
    ]);
  });

  test('the approval of a canary counts towards the hourly budget until it is revealed, and not after (B11)', async () => {
    await accept(at.store, { mutations: [plan(DUE_MS), open(1), record(judgment(1, 'sam'))] });
    expect(await refusal(at, record(judgment(2, 'sam'), 1))).toBe('judgment.over_budget');
    await accept(at.store, { mutations: [reveal(1)] });
    expect(await refusal(at, record(judgment(2, 'sam'), 1))).toBe('accepted');
    expect(await refusal(at, record(judgment(3, 'sam'), 1))).toBe('judgment.over_budget');
  });
}
