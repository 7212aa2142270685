import { createHash } from 'node:crypto';
import type { Clock, Random } from '../../src/ports.ts';

/** A clock that stands still until the test moves it. */
export interface FakeClock extends Clock {
  /** Runs, in order of time, everything that falls due on the way. */
  advance(ms: number): void;
  /** Sets the wall clock forward or back, as an administrator does: no time passes, and no timer notices. */
  set(ms: number): void;
}

interface Timer {
  /** On the monotonic clock. */
  readonly atMs: number;
  readonly run: () => void;
  isCancelled: boolean;
}

export function createFakeClock(startMs = Date.UTC(2026, 10, 21)): FakeClock {
  let passedMs = 0;
  let setMs = 0;
  /** In order of time, and of their making where that is the same; cancelled ones are dropped when their time comes. */
  const timers: Timer[] = [];
  const placeOf = (atMs: number): number => {
    let [low, high] = [0, timers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((timers[middle]?.atMs ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    nowMs: () => startMs + setMs + passedMs,
    monotonicMs: () => passedMs,
    after(delayMs, run) {
      const timer = { atMs: passedMs + delayMs, run, isCancelled: false };
      timers.splice(placeOf(timer.atMs), 0, timer);
      return () => {
        timer.isCancelled = true;
      };
    },
    advance(ms) {
      const untilMs = passedMs + ms;
      while ((timers[0]?.atMs ?? Infinity) <= untilMs) {
        const timer = timers.shift();
        if (timer === undefined || timer.isCancelled) continue;
        passedMs = Math.max(passedMs, timer.atMs);
        timer.run();
      }
      passedMs = untilMs;
    },
    set(ms) {
      setMs += ms;
    },
  };
}

/** The same bytes for the same seed: SHA-256 over seed and counter. */
export function createFakeRandom(seed = 'seed'): Random & { pick(below: number): number } {
  let counter = 0;
  const bytes = (count: number): Uint8Array => {
    const parts: Uint8Array[] = [];
    for (let length = 0; length < count; length += 32) {
      counter += 1;
      parts.push(createHash('sha256').update(`${seed} ${counter}`).digest());
    }
    return new Uint8Array(Buffer.concat(parts).subarray(0, count));
  };
  return { bytes, pick: (below) => Buffer.from(bytes(4)).readUInt32LE() % below };
}
