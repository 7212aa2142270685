import { decodeLeaf, type Leaf } from '@sallyport/verifier';
import type { Store } from '../../src/stores/store.ts';

interface Told {
  readonly index: number;
  readonly leaf: Leaf;
}

const PAGE = 1_000;

/** Follows a ledger that many races share: each entry is read and decoded once, and kept until its race takes it. */
export class LedgerTail {
  readonly #store: Store;
  readonly #kept = new Map<string, Told[]>();
  #next: number;
  #reading: Promise<void> = Promise.resolve();

  /** @param from the index of the first entry that may be of a race. */
  constructor(store: Store, from: number) {
    this.#store = store;
    this.#next = from;
  }

  /** All entries until now that name one of these reviews or actions, in the order of the log. Each is handed out once. */
  async take(names: Iterable<string>): Promise<readonly Leaf[]> {
    const until = await this.#store.read('size', {});
    this.#reading = this.#reading.then(() => this.#readUntil(until));
    await this.#reading;
    const taken = new Map<number, Leaf>();
    for (const name of names) {
      for (const { index, leaf } of this.#kept.get(name) ?? []) taken.set(index, leaf);
      this.#kept.delete(name);
    }
    return [...taken].sort(([one], [other]) => one - other).map(([, leaf]) => leaf);
  }

  async #readUntil(until: number): Promise<void> {
    while (this.#next < until) {
      const rows = await this.#store.read('entries', { from: this.#next, limit: PAGE });
      for (const { index, leaf: text } of rows) {
        if (index !== this.#next) throw new Error(`entry ${this.#next} is missing`);
        this.#next += 1;
        const decoded = decodeLeaf(text);
        if (!decoded.ok) throw new Error(decoded.detail);
        this.#keep({ index, leaf: decoded.leaf });
      }
      if (rows.length === 0) throw new Error(`entry ${this.#next} is missing`);
    }
  }

  #keep(told: Told): void {
    const { leaf } = told;
    const names = new Set([leaf.action, 'review' in leaf ? leaf.review : null]);
    for (const name of names)
      if (name !== null) this.#kept.set(name, [...(this.#kept.get(name) ?? []), told]);
  }
}
