/** A place among a target's connections. */
export interface Slot {
  /** Idempotent. */
  release(): void;
}

interface Waiter {
  readonly mayYield: () => void;
  readonly resolve: (slot: Slot) => void;
}

/** The connections that a target may have, given out in order. */
export class Slots {
  readonly #most: number;
  readonly #holders = new Set<Waiter['mayYield']>();
  readonly #waiting: Waiter[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get crowded(): boolean {
    return this.#waiting.length > 0;
  }

  /** `mayYield` is called on a holder while somebody waits: it may give its place away. */
  acquire(mayYield: () => void): Promise<Slot> {
    if (this.#holders.size < this.#most) return Promise.resolve(this.#take(mayYield));
    const slot = new Promise<Slot>((resolve) => this.#waiting.push({ mayYield, resolve }));
    for (const holder of [...this.#holders]) holder();
    return slot;
  }

  #take(mayYield: () => void): Slot {
    // A function of its own, so that two holders with the same callback are two.
    const holder = (): void => mayYield();
    this.#holders.add(holder);
    const release = (): void => {
      if (this.#holders.delete(holder)) this.#serve();
    };
    return { release };
  }

  #serve(): void {
    if (this.#holders.size >= this.#most) return;
    const next = this.#waiting.shift();
    next?.resolve(this.#take(next.mayYield));
  }
}
