/** Remembers what was used. */
export interface Replay {
  /** True exactly once for each id, until `untilMs`; false also where it can't be remembered: fails closed. */
  take(id: string, untilMs: number, nowMs: number): boolean | Promise<boolean>;
}

/** A minute of tokens and proofs of a busy service. */
const most = 100_000;

/** In this process alone: several processes of one service need a common one, or the gateway's `redeem`. */
export class ReplayCache implements Replay {
  readonly #until = new Map<string, number>();
  #sweptAtMs = 0;

  take(id: string, untilMs: number, nowMs: number): boolean {
    const known = this.#until.get(id);
    if (known !== undefined && nowMs < known) return false;
    if (this.#until.size >= most && !this.#sweep(nowMs)) return false;
    this.#until.set(id, untilMs);
    return true;
  }

  /** At most once a second, because a flood would have every call look at everything. */
  #sweep(nowMs: number): boolean {
    if (nowMs - this.#sweptAtMs >= 1_000) {
      this.#sweptAtMs = nowMs;
      for (const [id, untilMs] of this.#until) if (untilMs <= nowMs) this.#until.delete(id);
    }
    return this.#until.size < most;
  }
}
