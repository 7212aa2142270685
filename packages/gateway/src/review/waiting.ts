import type { Hold, Questioned } from '../connectors/connector.ts';
import type { ReviewId } from '../core/ids.ts';
import { refusal } from '../core/reasons.ts';
import { err } from '../core/result.ts';
import { openQuestions, type Review } from '../core/review.ts';
import { settlementOf, type Settlement } from './approvals.ts';

interface Waiter {
  readonly session: string;
  readonly settle: (settlement: Settlement) => void;
  /** Set by whoever wants to hear questions. */
  hear: ((question: Questioned) => void) | null;
  /** Whether it was given the grant. */
  isHanded: boolean;
}

export interface HoldFacts {
  readonly review: ReviewId;
  readonly url: string;
  readonly attached: boolean;
  readonly unmeetable: string;
  /** Whose connection waits. */
  readonly session: string;
}

/** Clients of this process that wait for people, and to which of them an approval goes. */
export class Waiting {
  /** In the order in which they came: the first one gets the grant. */
  readonly #waiters = new Map<ReviewId, Set<Waiter>>();
  /**
   * Approved reviews whose grant was handed to a client: nobody else is offered it meanwhile. As committed, where the
   * client waited for the approval; null where it found one.
   */
  readonly #handed = new Map<ReviewId, Review | null>();

  /** How many decisions each session waits for. */
  readonly #ofSession = new Map<string, number>();

  /** Whether a client waits here for this review and for no other: then it uses an approval at once. */
  isAlone(id: ReviewId): boolean {
    const waiters = [...(this.#waiters.get(id) ?? [])];
    return waiters.length > 0 && waiters.every(({ session }) => this.#ofSession.get(session) === 1);
  }

  #count(session: string, change: 1 | -1): void {
    const count = (this.#ofSession.get(session) ?? 0) + change;
    if (count > 0) this.#ofSession.set(session, count);
    else this.#ofSession.delete(session);
  }

  /** Whether nobody waits for the grant of this review, or has been handed it. */
  isFree(id: ReviewId): boolean {
    return !this.#waiters.has(id) && !this.#handed.has(id);
  }

  /** The approved review behind a grant that was handed out. The store may know a later revision of it. */
  handed(id: ReviewId): Review | undefined {
    return this.#handed.get(id) ?? undefined;
  }

  /** The client that was handed this review's grant has used it, or can't. */
  release(id: ReviewId): void {
    this.#handed.delete(id);
  }

  /** For a client that needn't wait: the grant of these bytes is there. */
  hand(facts: HoldFacts, settlement: Settlement): Hold {
    this.#handed.set(facts.review, null);
    const detach = (): void => this.release(facts.review);
    return {
      ...facts,
      standing: null,
      settled: Promise.resolve(settlement),
      detach,
      withdraw: detach,
      onQuestion: () => undefined,
    };
  }

  /** @param withdraw called when the last client has given up. */
  hold(facts: HoldFacts, withdraw: (reason: string) => void): Hold {
    const { review: id } = facts;
    const waiters = this.#waiters.get(id) ?? new Set<Waiter>();
    this.#waiters.set(id, waiters);
    let settle: Waiter['settle'] = () => undefined;
    const settled = new Promise<Settlement>((resolve) => (settle = resolve));
    const { session } = facts;
    const waiter: Waiter = { session, settle, hear: null, isHanded: false };
    waiters.add(waiter);
    this.#count(session, 1);
    const detach = (): void => {
      // Settled already: the grant that it got, if any, is free for the same bytes again.
      if (waiters.delete(waiter)) this.#count(session, -1);
      else if (waiter.isHanded) this.#handed.delete(id);
      if (waiters.size === 0 && this.#waiters.get(id) === waiters) this.#waiters.delete(id);
    };
    const giveUp = (reason: string): void => {
      detach();
      if (!this.#waiters.has(id)) withdraw(reason);
    };
    const onQuestion = (hear: (question: Questioned) => void): void => void (waiter.hear = hear);
    return { ...facts, standing: null, settled, detach, withdraw: giveUp, onQuestion };
  }

  /** One approval, one execution: whoever joined the review later has to ask for their own. */
  settle(review: Review): void {
    const waiters = this.#waiters.get(review.id);
    if (waiters === undefined) return;
    this.#waiters.delete(review.id);
    const [first, ...others] = waiters;
    for (const { session } of waiters) this.#count(session, -1);
    waiters.clear();
    const approved = review.state.status === 'approved';
    if (approved && first !== undefined) {
      this.#handed.set(review.id, review);
      first.isHanded = true;
    }
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
