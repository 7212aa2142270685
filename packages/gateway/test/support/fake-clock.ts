import { createHash } from 'node:crypto';
import type { Clock, Random } from '../../src/ports.ts';

/** A clock that stands still until the test moves it. */
export interface FakeClock extends Clock {
  /** Runs, in order of time, everything that falls due on the way. */
  advance(ms: number): void;
}

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

export function createFakeClock(startMs = Date.UTC(2026, 10, 21)): FakeClock {
  let nowMs = startMs;
  const timers = new Set<Timer>();
  const due = (untilMs: number): Timer | undefined =>
    [...timers].filter(({ atMs }) => atMs <= untilMs).sort((left, right) => left.atMs - right.atMs)[0];
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    after(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    advance(ms) {
      const untilMs = nowMs + ms;
      for (let timer = due(untilMs); timer !== undefined; timer = due(untilMs)) {
        timers.delete(timer);
        nowMs = timer.atMs;
        timer.run();
      }
      nowMs = untilMs;
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
