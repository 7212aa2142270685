import fc from 'fast-check';
import { expect, test } from 'vitest';
import { giveBack, spend, type Rate } from './budget.ts';

const rate: Rate = { perMinute: 30, burst: 100 };

/** Spends at each of these times; how many were granted, and every wait that was told. */
function spendAt(timesMs: readonly number[], given: Rate): { granted: number[]; waits: number[] } {
  let wholeAtMs: number | undefined;
  const granted: number[] = [];
  const waits: number[] = [];
  for (const nowMs of timesMs) {
    const spent = spend(wholeAtMs, given, nowMs);
    wholeAtMs = spent.wholeAtMs;
    if (spent.waitMs === 0) granted.push(nowMs);
    else waits.push(spent.waitMs);
  }
  return { granted, waits };
}

test('a burst is granted at once, the next one after as long as was said, and no sooner', () => {
  const { granted, waits } = spendAt(Array<number>(101).fill(0), rate);
  expect([granted.length, waits]).toEqual([100, [2_000]]);
  let wholeAtMs: number | undefined;
  for (let count = 0; count < 100; count++) ({ wholeAtMs } = spend(wholeAtMs, rate, 0));
  expect(spend(wholeAtMs, rate, 1_999).waitMs).toBe(1);
  expect(spend(wholeAtMs, rate, 2_000).waitMs).toBe(0);
});

test('what is given back can be spent again', () => {
  const one = { perMinute: 1, burst: 1 };
  const { wholeAtMs } = spend(undefined, one, 0);
  expect(spend(wholeAtMs, one, 0).waitMs).toBe(60_000);
  expect(spend(giveBack(wholeAtMs, one), one, 0).waitMs).toBe(0);
});

const rates = fc.record({
  perMinute: fc.integer({ min: 1, max: 10_000 }),
  burst: fc.integer({ min: 1, max: 500 }),
});

test('no span of time grants more than a burst and what the span refills, whatever the times (B11)', () => {
  fc.assert(
    fc.property(rates, fc.array(fc.nat(120_000), { maxLength: 300 }), (given, times) => {
      const sorted = times.toSorted((left, right) => left - right);
      const { granted } = spendAt(sorted, given);
      granted.forEach((from, at) => {
        const until = granted.at(-1) ?? from;
        const most = given.burst + ((until - from) * given.perMinute) / 60_000;
        expect(granted.length - at).toBeLessThanOrEqual(most + 1e-6);
      });
    }),
  );
});

test('however the clock is set, nobody waits longer than one interval, and after it one is granted', () => {
  fc.assert(
    fc.property(rates, fc.array(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 1 }), (given, times) => {
      let wholeAtMs: number | undefined;
      for (const nowMs of times) {
        const spent = spend(wholeAtMs, given, nowMs);
        ({ wholeAtMs } = spent);
        expect(spent.waitMs).toBeLessThanOrEqual(60_000 / given.perMinute + 1e-3);
        if (spent.waitMs > 0) expect(spend(wholeAtMs, given, nowMs + spent.waitMs + 1e-3).waitMs).toBe(0);
      }
    }),
  );
});

test('a clock that is set back and forth grants no more than one that stands still', () => {
  fc.assert(
    fc.property(rates, fc.array(fc.nat(5_000), { minLength: 1, maxLength: 50 }), (given, backMs) => {
      const swings = backMs.flatMap((ms) => [0, -ms, 0]);
      let wholeAtMs: number | undefined;
      let granted = 0;
      for (const nowMs of swings) {
        const spent = spend(wholeAtMs, given, nowMs);
        ({ wholeAtMs } = spent);
        if (spent.waitMs === 0) granted += 1;
      }
      // Each step forward may refill what the step back has hidden, and no more.
      const refilled = backMs.reduce((sum, ms) => sum + ms, 0) * (given.perMinute / 60_000);
      expect(granted).toBeLessThanOrEqual(given.burst + refilled + 1e-6);
    }),
  );
});
