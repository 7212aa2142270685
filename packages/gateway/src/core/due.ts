/** What time does to a pending review: reminders, escalations, the end. */
import type { Review } from './review.ts';

export interface DueSteps {
  /** Demands (indexes) of which a reminder is due. */
  readonly reminders: readonly number[];
  /** Demand, and which step of its escalation. */
  readonly escalations: readonly { readonly demand: number; readonly step: number }[];
  /** The latest instant among them: what was due until then is done. */
  readonly untilMs: number;
}

const instantsOf = (review: Review): readonly number[] =>
  review.schedule.flatMap((each) => [...each.remindersAtMs, ...each.escalationsAtMs]);

/** The next instant at which something is to be done. It may have passed: while the gateway was down, say. */
export function nextInstantOf(review: Review): number {
  const steps = instantsOf(review).filter((atMs) => atMs > review.announcedUntilMs);
  return Math.min(review.expiresAtMs, ...steps);
}

/** The steps that are due and weren't announced; undefined where there are none. */
export function stepsDue(review: Review, nowMs: number): DueSteps | undefined {
  const isDue = (atMs: number): boolean => atMs > review.announcedUntilMs && atMs <= nowMs;
  const due = instantsOf(review).filter(isDue);
  if (due.length === 0) return undefined;
  const reminders = review.schedule.flatMap((each, demand) =>
    each.remindersAtMs.some(isDue) ? [demand] : [],
  );
  const escalations = review.schedule.flatMap((each, demand) =>
    each.escalationsAtMs.flatMap((atMs, step) => (isDue(atMs) ? [{ demand, step }] : [])),
  );
  return { reminders, escalations, untilMs: Math.max(...due) };
}
