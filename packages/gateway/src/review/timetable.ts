import type { Clock } from '../ports.ts';

/** The longest wait of one timer: a clock that was set is noticed within it. */
const LOOK_AGAIN_MS = 60_000;

/** What falls due at some time: a review, a use of break-glass. */
export interface Tracked<I extends string> {
  readonly id: I;
  readonly revision: number;
}

interface Watch {
  /** Of what is tracked, as it was when the watch began. */
  readonly revision: number;
  readonly cancel: () => void;
}

/**
 * Wakes a desk when something of its is due. Timers only say when to look: whether it is due is for the clock and the
 * stored record to say, so that a timer that fires early, late or twice does no harm.
 */
export class Timetable<I extends string> {
  readonly #clock: Clock;
  readonly #due: (id: I) => void;
  readonly #watches = new Map<I, Watch>();
  #isClosed = false;

  constructor(clock: Clock, due: (id: I) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** Follows it until it is due once, at `atMs`; call it again then, and whenever it has changed. */
  watch({ id, revision }: Tracked<I>, atMs: number): void {
    const known = this.#watches.get(id);
    if (known !== undefined && known.revision > revision) return;
    this.#wait(id, revision, atMs);
  }

  /** Looks at it once more in a while: it could not be read or changed now. */
  tryLater(id: I): void {
    this.#wait(id, 0, this.#clock.nowMs() + LOOK_AGAIN_MS);
  }

  #wait(id: I, revision: number, atMs: number): void {
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

  forget(id: I): void {
    this.#watches.get(id)?.cancel();
    this.#watches.delete(id);
  }

  close(): void {
    this.#isClosed = true;
    for (const { cancel } of this.#watches.values()) cancel();
    this.#watches.clear();
  }
}
