import type { Hold, Questioned } from '../connectors/connector.ts';
import type { ReviewId } from '../core/ids.ts';
import { refusal } from '../core/reasons.ts';
import { err } from '../core/result.ts';
import { openQuestions, type Review } from '../core/review.ts';
import { settlementOf, type Settlement } from './approvals.ts';

interface Waiter {
  readonly settle: (settlement: Settlement) => void;
  /** Set by whoever wants to hear questions. */
  hear: ((question: Questioned) => void) | null;
}

export interface HoldFacts {
  readonly review: ReviewId;
  readonly url: string;
  readonly attached: boolean;
  readonly unmeetable: string;
}

/** Clients of this process that wait for people, and to which of them an approval goes. */
export class Waiting {
  /** In the order in which they came: the first one gets the grant. */
  readonly #waiters = new Map<ReviewId, Set<Waiter>>();
  /** Approved reviews, as committed, whose grant was handed to a waiting client: nobody else is offered it meanwhile. */
  readonly #handed = new Map<ReviewId, Review>();

  /** Whether a client waits here for this review. */
  has(id: ReviewId): boolean {
    return this.#waiters.has(id);
  }

  /** Whether nobody waits for the grant of this review, or has been handed it. */
  isFree(id: ReviewId): boolean {
    return !this.#waiters.has(id) && !this.#handed.has(id);
  }

  /** The approved review behind a grant that was handed out. The store may know a later revision of it. */
  handed(id: ReviewId): Review | undefined {
    return this.#handed.get(id);
  }

  /** The client that was handed this review's grant has used it, or can't. */
  release(id: ReviewId): void {
    this.#handed.delete(id);
  }

  /** @param withdraw called when the last client has given up. */
  hold(facts: HoldFacts, withdraw: (reason: string) => void): Hold {
    const { review: id } = facts;
    const waiters = this.#waiters.get(id) ?? new Set<Waiter>();
    this.#waiters.set(id, waiters);
    let settle: Waiter['settle'] = () => undefined;
    const settled = new Promise<Settlement>((resolve) => (settle = resolve));
    const waiter: Waiter = { settle, hear: null };
    waiters.add(waiter);
    const detach = (): void => {
      // Settled already: the grant that it got, if any, is free for the same bytes again.
      if (!waiters.delete(waiter)) this.#handed.delete(id);
      if (waiters.size === 0 && this.#waiters.get(id) === waiters) this.#waiters.delete(id);
    };
    const giveUp = (reason: string): void => {
      detach();
      if (!this.#waiters.has(id)) withdraw(reason);
    };
    const onQuestion = (hear: (question: Questioned) => void): void => void (waiter.hear = hear);
    return { ...facts, settled, detach, withdraw: giveUp, onQuestion };
  }

  /** One approval, one execution: whoever joined the review later has to ask for their own. */
  settle(review: Review): void {
    const waiters = this.#waiters.get(review.id);
    if (waiters === undefined) return;
    this.#waiters.delete(review.id);
    const [first, ...others] = waiters;
    const approved = review.state.status === 'approved';
    if (approved) this.#handed.set(review.id, review);
    first?.settle(settlementOf(review));
    const later = approved ? err(refusal('grant.spent', { review: review.id })) : settlementOf(review);
    for (const waiter of others) waiter.settle(later);
  }

  /** Tells the waiting clients what a reviewer wants to know. */
  tell(review: Review): void {
    const newest = openQuestions(review).findLast((question) => question.to === 'agent');
    if (newest === undefined) return;
    const { id: question, by, text } = newest;
    for (const waiter of this.#waiters.get(review.id) ?? []) waiter.hear?.({ question, by, text });
  }
}
