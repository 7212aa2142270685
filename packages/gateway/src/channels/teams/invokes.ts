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
import type { Log } from '../../telemetry/log.ts';
import type { Decided, Deciding, Judgment, Refused } from '../chat-deciding.ts';
import type { Actor, Invoke } from './activity.ts';
import { type AdaptiveCard, reviewCard, VERBS } from './card.ts';
import type { People } from './people.ts';

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

export interface InvokePorts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly desk: Pick<ReviewDesk, 'show'>;
  readonly policy: Pick<PolicyEngine, 'mayCall'>;
  readonly review: (id: ReviewId) => Promise<Review | null>;
  readonly publicUrl: string;
  readonly people: People;
  readonly deciding: Deciding<Actor>;
  readonly recordRefused: (actor: Actor, review: ReviewId | null) => Promise<void>;
  /** Tells somebody by themselves what came of something that was answered before. */
  readonly tell: (actor: Actor, text: string) => Promise<void>;
  readonly log: Pick<Log, 'failed'>;
}

const NOT_YET =
  'Your decision can’t be recorded at the moment, so it doesn’t count yet. It is tried again for a quarter of an hour; you are told what came of it.';
const NOT_OURS =
  'This button is not one of Sallyport’s, or from another time. Open the review in the browser.';

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
  readonly #behind = new Set<Promise<void>>();

  constructor(ports: InvokePorts) {
    this.#ports = ports;
  }

  async handle(invoke: Invoke): Promise<InvokeAnswer> {
    if (invoke.shown === undefined) return said(NOT_OURS);
    if (invoke.verb === VERBS.refresh) return this.#refresh(invoke.actor, invoke.shown.review);
    return this.#decide(judgmentOf(invoke, invoke.shown));
  }

  /** Resolves when nothing goes on behind an answer any more. */
  async settled(): Promise<void> {
    while (this.#behind.size > 0) await Promise.all(this.#behind);
  }

  /** What fails there is told to nobody but the log: Teams may be away, and what was decided is in the ledger. */
  #later(work: () => Promise<void>): void {
    const done = work()
      .catch((error: unknown) => this.#ports.log.failed({ where: 'teams', error }))
      .finally(() => this.#behind.delete(done));
    this.#behind.add(done);
  }

  /** Clients ask for it by themselves: whoever may not read gets what the room has, and no record is made of them. */
  async #refresh(actor: Actor, review: ReviewId): Promise<InvokeAnswer> {
    const identified = await this.#ports.people.identify(actor);
    return this.#card(review, actor, identified.ok ? identified.value : null, {});
  }

  async #decide(judgment: Judgment<Actor>): Promise<InvokeAnswer> {
    const { clock, deciding, limits } = this.#ports;
    const { actor } = judgment;
    const { review } = judgment.shown;
    const { decided, delayed } = deciding.decide(judgment);
    const tooLong = new Promise<void>((resolve) => void clock.after(limits.teamsAnswerMs, resolve));
    const first = await Promise.race([decided, delayed, tooLong]);
    if (first === undefined) {
      this.#later(async () => this.#tell(judgment, await decided));
      return this.#forReader(actor, review, { told: NOT_YET });
    }
    if (first.ok) return this.#forReader(actor, review, { told: 'It is recorded.' });
    await this.#refused(actor, review, first.error);
    const told = `Not counted. ${first.error.message}`;
    if (first.error.kind !== 'person') return this.#forReader(actor, review, { told });
    if (first.error.link === null) return said(told);
    return this.#card(review, actor, null, { told, link: first.error.link });
  }

  /** Before the answer, where the ledger takes entries at all; the refusal stands either way. */
  async #refused(actor: Actor, review: ReviewId, { kind }: Refused): Promise<void> {
    // The desk records what it refuses by itself.
    if (kind !== 'person') return;
    await this.#ports
      .recordRefused(actor, review)
      .catch((error: unknown) => this.#ports.log.failed({ where: 'teams', error }));
  }

  async #tell({ actor, shown: { review } }: Judgment<Actor>, decided: Decided): Promise<void> {
    if (!decided.ok) await this.#refused(actor, review, decided.error);
    const text = decided.ok ? 'Your decision is recorded.' : `Not counted. ${decided.error.message}`;
    await this.#ports.tell(actor, text);
  }

  async #forReader(actor: Actor, review: ReviewId, more: { told: string }): Promise<InvokeAnswer> {
    const identified = await this.#ports.people.identify(actor);
    return this.#card(review, actor, identified.ok ? identified.value : null, more);
  }

  /** @param person null: nobody who may decide, and who sees what everybody in the room does. */
  async #card(
    id: ReviewId,
    { member }: Actor,
    person: Person | null,
    more: { readonly told?: string; readonly link?: string },
  ): Promise<InvokeAnswer> {
    const { limits, policy } = this.#ports;
    const found = await this.#read(id);
    if (found === null) return said(more.told ?? 'There is no such review.');
    const decides =
      person !== null && policy.mayCall(person, 'api:reviews.vote') && found.eligible.has(person.name);
    return shown(reviewCard(found.card, { refreshedFor: [member], decides, ...more }, limits));
  }

  async #read(id: ReviewId): Promise<{ card: Card; eligible: ReadonlySet<string> } | null> {
    const { clock, desk, publicUrl, review } = this.#ports;
    const found = await review(id);
    if (found === null) return null;
    const view = desk.show(found);
    const card = cardOf(found, { ...view, nowMs: clock.nowMs(), publicUrl });
    return { card, eligible: eligibleOf(view) };
  }
}

/** Whose vote would count for something now. */
export const eligibleOf = ({ standings }: ReturnType<ReviewDesk['show']>): ReadonlySet<string> =>
  new Set(standings.flatMap(({ eligible }) => eligible));

function judgmentOf(invoke: Invoke, seen: NonNullable<Invoke['shown']>): Judgment<Actor> {
  const { actor, occasion, question, reason, to, verb } = invoke;
  const of = (act: Judgment<Actor>['act']): Judgment<Actor> => ({ actor, shown: seen, occasion, act });
  if (verb === VERBS.approve) return of({ kind: 'approve' });
  if (verb === VERBS.reject) return of({ kind: 'reject', reason });
  return of({ kind: 'ask', to, text: question });
}
