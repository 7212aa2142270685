import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drained, outlook, spend, type Rate } from './budget.ts';
import { type Crowd, nextStep } from './crowding.ts';

const calm: Crowd = {
  head: 'card',
  cards: 1,
  calls: 0,
  most: 4,
  waitMs: 0,
  wholeInMs: 0,
  isFlood: false,
  groupInMs: 0,
};

test('a review in quiet times is shown alone, at once', () => {
  expect(nextStep(calm)).toEqual({ kind: 'alone' });
});

test('more reviews than can be sent one by one are shown together, no sooner than the group may change', () => {
  expect(nextStep({ ...calm, cards: 5 })).toEqual({ kind: 'together', calls: false });
  expect(nextStep({ ...calm, cards: 5, groupInMs: 900, waitMs: 300 })).toEqual({ kind: 'wait', waitMs: 900 });
});

test('after a flood single messages come back when the destination has room for all that it can take', () => {
  const after = { ...calm, isFlood: true };
  expect(nextStep({ ...after, wholeInMs: 700 })).toEqual({ kind: 'wait', waitMs: 700 });
  expect(nextStep(after)).toEqual({ kind: 'alone' });
});

test('a call to people stands alone in the middle of a flood of reviews; a flood of calls is one call', () => {
  const call = { ...calm, head: 'call', cards: 5, calls: 1, isFlood: true, wholeInMs: 4_000 } as const;
  expect(nextStep(call)).toEqual({ kind: 'alone' });
  expect(nextStep({ ...call, calls: 5 })).toEqual({ kind: 'together', calls: true });
});

test('what has a message of its own never goes into a group, and a member never out of it', () => {
  const many = { ...calm, cards: 5, calls: 5, isFlood: true, wholeInMs: 9 };
  expect(nextStep({ ...many, head: 'own' })).toEqual({ kind: 'alone' });
  expect(nextStep({ ...many, head: 'member', cards: 0, calls: 0 })).toMatchObject({ kind: 'together' });
});

const times = fc.integer({ min: 0, max: 10_000 });
const crowds = fc.record({
  head: fc.constantFrom('card', 'call', 'member', 'own'),
  cards: fc.integer({ min: 0, max: 9 }),
  calls: fc.integer({ min: 0, max: 9 }),
  most: fc.integer({ min: 1, max: 6 }),
  waitMs: times,
  wholeInMs: times,
  isFlood: fc.boolean(),
  groupInMs: times,
});

test('nothing is ever sent before its time, and nothing waits once all times are over', () => {
  fc.assert(
    fc.property(crowds, (given) => {
      const crowd = { ...given, wholeInMs: Math.max(given.waitMs, given.wholeInMs) } as Crowd;
      const step = nextStep(crowd);
      if (step.kind === 'alone') expect(crowd.waitMs).toBe(0);
      if (step.kind === 'together') expect(Math.max(crowd.waitMs, crowd.groupInMs)).toBe(0);
      if (step.kind === 'wait') {
        expect(step.waitMs).toBeGreaterThan(0);
        expect(step.waitMs).toBeLessThanOrEqual(Math.max(crowd.wholeInMs, crowd.groupInMs));
      }
      const later = nextStep({ ...crowd, waitMs: 0, wholeInMs: 0, groupInMs: 0 });
      expect(later.kind).not.toBe('wait');
    }),
  );
});

const rate: Rate = { perMinute: 60, burst: 4 };
const EVERY_MS = 3_000;

/** One destination, told of reviews that come at these times, until all are shown. */
function simulate(comesAtMs: readonly number[]) {
  const sent: { readonly atMs: number; readonly of: number }[] = [];
  const shownAtMs: number[] = [];
  let [wholeAtMs, isFlood, groupFromMs, nowMs]: [number | undefined, boolean, number, number] = [
    undefined,
    false,
    0,
    0,
  ];
  while (shownAtMs.length < comesAtMs.length) {
    const waiting = comesAtMs.filter((atMs) => atMs <= nowMs).length - shownAtMs.length;
    const seen = outlook(wholeAtMs, rate, nowMs);
    if (seen.wholeInMs <= 0) isFlood = false;
    const groupInMs = Math.max(0, groupFromMs - nowMs);
    const step = nextStep({ ...calm, ...seen, cards: waiting, isFlood, groupInMs });
    if (waiting === 0 || step.kind === 'wait') {
      const next = comesAtMs.find((atMs) => atMs > nowMs) ?? Infinity;
      nowMs = Math.min(next, waiting > 0 && step.kind === 'wait' ? nowMs + step.waitMs : Infinity);
      continue;
    }
    const of = step.kind === 'together' ? waiting : 1;
    if (of > 1) [wholeAtMs, isFlood, groupFromMs] = [drained(rate, nowMs), true, nowMs + EVERY_MS];
    else ({ wholeAtMs } = spend(wholeAtMs, rate, nowMs));
    sent.push({ atMs: nowMs, of });
    shownAtMs.push(...Array<number>(of).fill(nowMs));
  }
  return { sent, shownAtMs };
}

test('whenever reviews come, each is shown within seconds, and never more is sent than the destination takes', () => {
  const gaps = fc.array(fc.constantFrom(0, 10, 60, 400, 1_500, 9_000), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(gaps, (given) => {
      let atMs = 0;
      const comesAtMs = given.map((gapMs) => (atMs += gapMs));
      const { sent, shownAtMs } = simulate(comesAtMs);
      comesAtMs.forEach((comes, index) => expect((shownAtMs[index] ?? Infinity) - comes).toBeLessThan(8_000));
      for (const [index, { atMs: from }] of sent.entries()) {
        const within = sent.slice(index).filter((each) => each.atMs < from + 10_000);
        expect(within.length).toBeLessThanOrEqual(rate.burst + 10);
      }
    }),
    { numRuns: 200 },
  );
});

test('a thousand reviews in a minute are some twenty messages', () => {
  const { sent } = simulate(Array.from({ length: 1_000 }, (_, index) => index * 60));
  expect(sent.length).toBeLessThan(30);
  expect(sent.reduce((sum, { of }) => sum + of, 0)).toBe(1_000);
});
