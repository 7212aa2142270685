import type { Authorized } from '../connectors/connector.ts';
import type { SealedEntry } from '../core/entry.ts';
import type { Outcome } from '../core/execution.ts';
import type { Review } from '../core/review.ts';
import type { Mutation, Outbox, Store } from '../ports.ts';

/** Tells those who were told of a review what came of its approval. */
export class OutcomeNotices {
  readonly #ports: { readonly store: Store; readonly outbox?: Outbox };
  /** Of what is performed now. */
  readonly #reviews = new WeakMap<Authorized, Review>();

  constructor(ports: { readonly store: Store; readonly outbox?: Outbox }) {
    this.#ports = ports;
  }

  begin(authorized: Authorized, review: Review): Authorized {
    this.#reviews.set(authorized, review);
    return authorized;
  }

  /** Queues the entry of the outcome, in one change with what is to be told of it. Synchronous: nothing comes in between. */
  append(entry: SealedEntry, authorized: Authorized, outcome: Outcome): void {
    const { store } = this.#ports;
    const review = this.#reviews.get(authorized);
    const mutations = review === undefined ? [] : this.#tell(review, outcome);
    if (mutations.length === 0) store.append(entry, 'soon');
    // The store rejects everything after a failure, and every later action is refused by it.
    else void store.commit({ mutations, entries: [entry] }).catch(() => undefined);
  }

  /** Deliveries for the change that records the outcome, also of what an earlier process authorized. */
  async ofStored(authorized: Authorized, outcome: Outcome): Promise<readonly Mutation[]> {
    const { outbox, store } = this.#ports;
    const id = authorized.review;
    const review = outbox === undefined || id === null ? null : await store.read('review', { id });
    return review === null ? [] : this.#tell(review, outcome);
  }

  #tell(review: Review, { status, rows }: Outcome): readonly Mutation[] {
    return this.#ports.outbox?.tell(review, { kind: 'outcome', status, rows }) ?? [];
  }
}
