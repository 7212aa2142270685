/**
 * How often somebody may do something: so many a minute in the long run, so many at once. Pure. One number is all that
 * is kept: the instant at which nothing of the budget would be missing any more (the generic cell rate algorithm,
 * ITU-T I.371, annex A).
 */

export interface Rate {
  readonly perMinute: number;
  /** How many at once, where nothing was spent before. At least one. */
  readonly burst: number;
}

/** What came of one attempt. */
export interface Spent {
  /** To be kept for the next attempt. */
  readonly wholeAtMs: number;
  /** For how long nothing can be spent; 0: it is spent. */
  readonly waitMs: number;
}

const MINUTE_MS = 60_000;

const intervalMs = ({ perMinute }: Rate): number => MINUTE_MS / perMinute;

/**
 * Spends one. Time may be set back or forward: a budget is never more than a burst ahead, and nobody waits longer than
 * one interval after that (law 11: the caller says what time it is).
 * @param wholeAtMs that of the last call, whatever came of it; undefined: there was none.
 */
export function spend(wholeAtMs: number | undefined, rate: Rate, nowMs: number): Spent {
  const stepMs = intervalMs(rate);
  const missingMs = missing(wholeAtMs, rate, nowMs);
  const waitMs = missingMs - (rate.burst - 1) * stepMs;
  const isSpent = waitMs <= 0;
  return { wholeAtMs: nowMs + missingMs + (isSpent ? stepMs : 0), waitMs: isSpent ? 0 : waitMs };
}

/** For how long nothing can be spent, and for how long something of the budget is missing. Spends nothing. */
export function outlook(
  wholeAtMs: number | undefined,
  rate: Rate,
  nowMs: number,
): { readonly waitMs: number; readonly wholeInMs: number } {
  const wholeInMs = missing(wholeAtMs, rate, nowMs);
  return { waitMs: Math.max(0, wholeInMs - (rate.burst - 1) * intervalMs(rate)), wholeInMs };
}

/** Spends all that there can be: to be kept for the next attempt. */
export const drained = (rate: Rate, nowMs: number): number => nowMs + rate.burst * intervalMs(rate);

/** Takes the last spending back: what it was for didn't happen. */
export const giveBack = (wholeAtMs: number, rate: Rate): number => wholeAtMs - intervalMs(rate);

/** In milliseconds of refilling; between nothing and a whole burst. */
function missing(wholeAtMs: number | undefined, rate: Rate, nowMs: number): number {
  if (wholeAtMs === undefined) return 0;
  return Math.min(Math.max(0, wholeAtMs - nowMs), rate.burst * intervalMs(rate));
}
