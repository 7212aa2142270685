import type { ReviewId } from '../core/ids.ts';
import type { Review } from '../core/review.ts';
import type { Clock } from '../ports.ts';

/** The next instant at which time does something to a pending review: a reminder, an escalation, its expiry. */
export function nextInstantOf(review: Review, afterMs: number): number {
  const { schedule, expiresAtMs } = review;
  const steps = schedule.flatMap((each) => [...each.remindersAtMs, ...each.escalationsAtMs]);
  return Math.min(expiresAtMs, ...steps.filter((atMs) => atMs > afterMs));
}

/** What fell due for a review in `fromMs` < t ≤ `untilMs`, by the index of the demand. */
export interface DueSteps {
  readonly reminders: readonly number[];
  /** Demand, and which step of its escalation. */
  readonly escalations: readonly { readonly demand: number; readonly step: number }[];
}

export function stepsDue(review: Review, fromMs: number, untilMs: number): DueSteps {
  const isDue = (atMs: number): boolean => atMs > fromMs && atMs <= untilMs;
  const reminders = review.schedule.flatMap((each, demand) =>
    each.remindersAtMs.some(isDue) ? [demand] : [],
  );
  const escalations = review.schedule.flatMap((each, demand) =>
    each.escalationsAtMs.flatMap((atMs, step) => (isDue(atMs) ? [{ demand, step }] : [])),
  );
  return { reminders, escalations };
}

/** The longest wait of one timer: a clock that was set is noticed within it. */
const LOOK_AGAIN_MS = 60_000;

/** Wakes the desk when a pending review is due. Keeps two numbers and an id of each: thousands may wait. */
export class Timetable {
  readonly #clock: Clock;
  readonly #due: (id: ReviewId, sinceMs: number) => void;
  readonly #timers = new Map<ReviewId, () => void>();

  constructor(clock: Clock, due: (id: ReviewId, sinceMs: number) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** Follows a pending review; call it again when the review has changed. `sinceMs`: what was due before is done. */
  watch(review: Review, sinceMs: number): void {
    this.#wait(review.id, nextInstantOf(review, sinceMs), sinceMs);
  }

  #wait(id: ReviewId, atMs: number, sinceMs: number): void {
    this.#timers.get(id)?.();
    const waitMs = Math.max(0, Math.min(LOOK_AGAIN_MS, atMs - this.#clock.nowMs()));
    const look = (): void => {
      if (this.#clock.nowMs() < atMs) return this.#wait(id, atMs, sinceMs);
      this.#timers.delete(id);
      this.#due(id, sinceMs);
    };
    this.#timers.set(id, this.#clock.after(waitMs, look));
  }

  forget(id: ReviewId): void {
    this.#timers.get(id)?.();
    this.#timers.delete(id);
  }

  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }
}
