/** As in limits.ts. */
export interface StreamLimits {
  readonly apiStreams: number;
  readonly apiStreamsPerCaller: number;
}

/** Open streams of events: so many in all, and so many of one caller, so that nobody keeps the others out (threat B11). */
export class Streams {
  readonly #limits: StreamLimits;
  readonly #ofCaller = new Map<string, number>();
  #open = 0;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /** What gives the place back, which may be called more than once; undefined: there is no room. */
  take(caller: string): (() => void) | undefined {
    const own = this.#ofCaller.get(caller) ?? 0;
    if (this.#open >= this.#limits.apiStreams || own >= this.#limits.apiStreamsPerCaller) return undefined;
    this.#count(caller, 1);
    let isOpen = true;
    return () => {
      if (isOpen) this.#count(caller, -1);
      isOpen = false;
    };
  }

  #count(caller: string, change: 1 | -1): void {
    this.#open += change;
    const own = (this.#ofCaller.get(caller) ?? 0) + change;
    if (own > 0) this.#ofCaller.set(caller, own);
    else this.#ofCaller.delete(caller);
  }
}
