import { nextInstantOf } from '../core/due.ts';
import type { ReviewId } from '../core/ids.ts';
import type { Review } from '../core/review.ts';
import type { Clock } from '../ports.ts';

/** The longest wait of one timer: a clock that was set is noticed within it. */
const LOOK_AGAIN_MS = 60_000;

interface Watch {
  /** Of the review as it was when the watch began. */
  readonly revision: number;
  readonly cancel: () => void;
}

/**
 * Wakes the desk when a pending review is due. Timers only say when to look: whether it is due is for the clock and the
 * stored review to say, so that a timer that fires early, late or twice does no harm.
 */
export class Timetable {
  readonly #clock: Clock;
  readonly #due: (id: ReviewId) => void;
  readonly #watches = new Map<ReviewId, Watch>();
  #isClosed = false;

  constructor(clock: Clock, due: (id: ReviewId) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** Follows a pending review until it is due once; call it again then, and whenever the review has changed. */
  watch(review: Review): void {
    const known = this.#watches.get(review.id);
    if (known !== undefined && known.revision > review.revision) return;
    this.#wait(review.id, review.revision, nextInstantOf(review));
  }

  /** Looks at it once more in a while: it could not be read or changed now. */
  tryLater(id: ReviewId): void {
    this.#wait(id, 0, this.#clock.nowMs() + LOOK_AGAIN_MS);
  }

  #wait(id: ReviewId, revision: number, atMs: number): void {
    this.#watches.get(id)?.cancel();
    if (this.#isClosed) return;
    const waitMs = Math.max(0, Math.min(LOOK_AGAIN_MS, atMs - this.#clock.nowMs()));
    const look = (): void => {
      if (this.#clock.nowMs() < atMs) return this.#wait(id, revision, atMs);
      this.#watches.delete(id);
      this.#due(id);
    };
    this.#watches.set(id, { revision, cancel: this.#clock.after(waitMs, look) });
  }

  forget(id: ReviewId): void {
    this.#watches.get(id)?.cancel();
    this.#watches.delete(id);
  }

  close(): void {
    this.#isClosed = true;
    for (const { cancel } of this.#watches.values()) cancel();
    this.#watches.clear();
  }
}
