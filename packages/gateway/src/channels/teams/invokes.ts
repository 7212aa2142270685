/**
 * What people press and write in Teams. Each is answered within the time that Teams waits, with the card as it is then,
 * for them alone; what takes longer goes on behind the answer, which says so, and its end shows in a card that is
 * brought up to date.
 */
import { cardOf, type Card } from '../../core/card.ts';
import type { Person } from '../../core/identity.ts';
import type { ReviewId } from '../../core/ids.ts';
import type { Review } from '../../core/review.ts';
import type { Limits } from '../../limits.ts';
import type { Clock, PolicyEngine, ReviewDesk } from '../../ports.ts';
import type { Judgment } from '../chat-deciding.ts';
import type { Actor, Invoke } from './activity.ts';
import { type AdaptiveCard, reviewCard } from './card.ts';
import { told, type TaskAnswer } from './dialogs.ts';
import { NOT_YET, type Judgments } from './judgments.ts';
import type { TeamsOptions } from './options.ts';
import type { People } from './people.ts';
import { isToldIn } from './routing.ts';
import { NOT_OURS, Tasks } from './tasks.ts';
import { VERBS } from './verbs.ts';

/** Teams' own form of an answer to an invoke. */
export type InvokeAnswer =
  | {
      readonly statusCode: 200;
      readonly type: 'application/vnd.microsoft.card.adaptive';
      readonly value: AdaptiveCard;
    }
  | {
      readonly statusCode: 200;
      readonly type: 'application/vnd.microsoft.activity.message';
      readonly value: string;
    };

export interface InvokePorts extends Pick<TeamsOptions, 'room' | 'rooms'> {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly desk: Pick<ReviewDesk, 'show'>;
  readonly policy: Pick<PolicyEngine, 'mayCall'>;
  readonly review: (id: ReviewId) => Promise<Review | null>;
  readonly publicUrl: string;
  readonly people: People;
  readonly judgments: Judgments;
}

interface Found {
  readonly review: Review;
  readonly card: Card;
  readonly eligible: ReadonlySet<string>;
}

const NOT_HERE = 'This review isn’t shown here. Open it in the browser.';

const said = (value: string): InvokeAnswer => ({
  statusCode: 200,
  type: 'application/vnd.microsoft.activity.message',
  value,
});

const shown = (value: AdaptiveCard): InvokeAnswer => ({
  statusCode: 200,
  type: 'application/vnd.microsoft.card.adaptive',
  value,
});

export class Invokes {
  readonly #ports: InvokePorts;
  readonly #tasks: Tasks;

  constructor(ports: InvokePorts) {
    this.#ports = ports;
    this.#tasks = new Tasks(ports);
  }

  async handle(invoke: Invoke): Promise<InvokeAnswer | TaskAnswer> {
    const { shown: seen } = invoke;
    if (invoke.step !== 'act') {
      if (seen === undefined) return told(NOT_OURS);
      return this.#tasks[invoke.step]({ ...invoke, shown: seen });
    }
    if (seen === undefined) return said(NOT_OURS);
    const { actor, occasion } = invoke;
    if (invoke.verb === VERBS.refresh) return this.#refresh(actor, seen.review);
    return this.#approve({ actor, occasion, shown: seen, act: { kind: 'approve' } });
  }

  /** Clients ask for it by themselves: whoever may not read gets what the room has, and no record is made of them. */
  async #refresh(actor: Actor, review: ReviewId): Promise<InvokeAnswer> {
    const identified = await this.#ports.people.identify(actor);
    return this.#card(review, actor, identified.ok ? identified.value : null, {});
  }

  async #approve(judgment: Judgment<Actor>): Promise<InvokeAnswer> {
    const { actor } = judgment;
    const { review } = judgment.shown;
    const decided = await this.#ports.judgments.decide(judgment);
    if (decided === undefined) return this.#forReader(actor, review, { told: NOT_YET });
    if (decided.ok) return this.#forReader(actor, review, { told: 'It is recorded.' });
    const { error } = decided;
    const why = `Not counted. ${error.message}`;
    if (error.kind !== 'person') return this.#forReader(actor, review, { told: why });
    if (error.link === null) return said(why);
    return this.#card(review, actor, null, { told: why, link: error.link });
  }

  async #forReader(actor: Actor, review: ReviewId, more: { told: string }): Promise<InvokeAnswer> {
    const identified = await this.#ports.people.identify(actor);
    return this.#card(review, actor, identified.ok ? identified.value : null, more);
  }

  /** @param person null: nobody who may decide, and who sees what everybody in the room does. */
  async #card(
    id: ReviewId,
    actor: Actor,
    person: Person | null,
    more: { readonly told?: string; readonly link?: string },
  ): Promise<InvokeAnswer> {
    const { limits, policy } = this.#ports;
    const { member } = actor;
    const found = await this.#read(id);
    if (found === null) return said(more.told ?? 'There is no such review.');
    // What a button carries is for its presser's client to say, so that an id from elsewhere gets nobody a card.
    if (!isToldIn(found.review, actor, this.#ports) && !this.#mayRead(found, person))
      return said([more.told ?? NOT_HERE, ...(more.link === undefined ? [] : [more.link])].join(' '));
    const decides =
      person !== null && policy.mayCall(person, 'api:reviews.vote') && found.eligible.has(person.name);
    return shown(reviewCard(found.card, { refreshedFor: [member], decides, ...more }, limits));
  }

  /** By policy, or because they are called to decide on it, and have a message of their own. */
  #mayRead({ eligible }: Found, person: Person | null): boolean {
    if (person === null) return false;
    return eligible.has(person.name) || this.#ports.policy.mayCall(person, 'api:reviews.read');
  }

  async #read(id: ReviewId): Promise<Found | null> {
    const { clock, desk, publicUrl, review } = this.#ports;
    const found = await review(id);
    if (found === null) return null;
    const view = desk.show(found);
    const card = cardOf(found, { ...view, nowMs: clock.nowMs(), publicUrl });
    return { review: found, card, eligible: eligibleOf(view) };
  }
}

/** Whose vote would count for something now. */
export const eligibleOf = ({ standings }: ReturnType<ReviewDesk['show']>): ReadonlySet<string> =>
  new Set(standings.flatMap(({ eligible }) => eligible));
