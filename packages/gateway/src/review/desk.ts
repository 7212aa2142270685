/**
 * Stage 6: reviews. Opens them, takes votes, questions and answers, lets time pass, and hands each approval to one
 * waiting client. Every change is committed before anybody is told of it.
 */
import type { Hold } from '../connectors/connector.ts';
import { explainUnmeetable, unmeetableDemands, type Electorate } from '../core/electorate.ts';
import { decisionEntry, noticeEntry, reviewEntry } from '../core/entry.ts';
import type { Grant, GrantBinding } from '../core/grant.ts';
import type { ReviewId } from '../core/ids.ts';
import { refusal, type Refusal, type VoteRefusal } from '../core/reasons.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Review } from '../core/review.ts';
import { expire, supersede, withdraw } from '../core/transitions.ts';
import type { Limits } from '../limits.ts';
import type {
  AnswerAsk,
  Clock,
  Directory,
  Events,
  Hashing,
  PolicyEngine,
  QuestionAsk,
  Random,
  RetractAsk,
  ReviewDesk,
  Shown,
  Store,
  VoteAsk,
  WorkingCalendars,
} from '../ports.ts';
import type { Change, CommitResult, Mutation } from '../stores/store.ts';
import type { Log } from '../telemetry/log.ts';
import { electorateOf } from './approvals.ts';
import { Changes } from './changes.ts';
import { Judging } from './judging.ts';
import { bindingOf, newReview, type HoldAsk } from './opening.ts';
import { stepsDue, Timetable } from './timetable.ts';
import { type HoldFacts, Waiting } from './waiting.ts';

export interface DeskPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly policy: PolicyEngine;
  readonly directory: Directory;
  readonly calendars: WorkingCalendars;
  readonly events: Events;
  /** Where a person opens a review: `${publicUrl}/reviews/ID`. */
  readonly publicUrl: string;
  readonly limits: Limits;
  readonly log: Pick<Log, 'reviewUndecidable' | 'voteTaken' | 'voteRefused'>;
}

/** How often a change is tried again after somebody else's came first; each such loss means that another one won. */
const CONFLICT_RETRIES = 1_000;

export class Desk implements ReviewDesk {
  readonly #ports: DeskPorts;
  readonly #electorate: Electorate;
  readonly #changes: Changes;
  readonly #judging: Judging;
  readonly #timetable: Timetable;
  readonly #waiting = new Waiting();
  readonly #pendingOfAgent = new Map<string, number>();

  constructor(ports: DeskPorts) {
    this.#ports = ports;
    this.#electorate = electorateOf(ports);
    this.#changes = new Changes(ports);
    this.#timetable = new Timetable(ports.clock, (id, sinceMs) => void this.#fallDue(id, sinceMs));
    const isWaitedFor = (id: ReviewId): boolean => this.#waiting.isAlone(id);
    const changed = (review: Review): void => this.#changed(review);
    this.#judging = new Judging({ ...ports, electorate: this.#electorate, isWaitedFor, changed });
  }

  /** At start: pending reviews of an earlier run go on, and those whose time came meanwhile expire. */
  async resume(): Promise<void> {
    let before: ReviewId | null = null;
    for (;;) {
      const page: readonly Review[] = await this.#ports.store.read('reviews', {
        status: 'pending',
        agent: null,
        limit: 1_000,
        before,
      });
      for (const review of page) {
        this.#countPending(review.subject.requester.agent, 1);
        this.#timetable.watch(review, this.#ports.clock.nowMs());
      }
      const last = page.at(-1);
      if (last === undefined) return;
      before = last.id;
    }
  }

  /** Ends the timers; reviews stay as they are. */
  close(): void {
    this.#timetable.close();
  }

  async hold(ask: HoldAsk): Promise<Result<Hold, Refusal>> {
    const { store, clock } = this.#ports;
    const binding = bindingOf(ask);
    try {
      const [granted] = await store.read('grants', { binding, atMs: clock.nowMs() });
      if (granted !== undefined && this.#waiting.isFree(granted.review))
        return ok(this.#granted(granted, ask));
      const pending = await store.read('pendingReview', { binding });
      if (pending !== null && clock.nowMs() < pending.expiresAtMs)
        return ok(await this.#attach(ask, pending));
      return await this.#open(ask, binding);
    } catch {
      return err(refusal('ledger.unavailable', {}));
    }
  }

  #granted({ id, review }: Grant, { judgement }: HoldAsk): Hold {
    const { session } = judgement.action.requester;
    return this.#waiting.hand(
      { review, url: this.#urlOf(review), attached: true, unmeetable: '', session },
      ok({ review, grant: id }),
    );
  }

  async #attach(ask: HoldAsk, review: Review): Promise<Hold> {
    const { session } = ask.judgement.action.requester;
    const unmeetable = this.#unmeetable(review);
    const hold = this.#hold({ review: review.id, attached: true, unmeetable, session });
    await this.#ports.store.append(decisionEntry(ask.attempt, review.id)).done;
    // The review may have ended between the look and the wait; then nobody else would settle this hold.
    const now = await this.#ports.store.read('review', { id: review.id });
    if (now !== null && now.state.status !== 'pending') this.#waiting.settle(now);
    return hold;
  }

  async #open(ask: HoldAsk, binding: GrantBinding): Promise<Result<Hold, Refusal>> {
    const { agent } = binding;
    const most = this.#ports.limits.pendingReviewsPerAgent;
    if ((this.#pendingOfAgent.get(agent) ?? 0) >= most) {
      const message = `${most.toString()} reviews of this agent are pending, which is the limit.`;
      return err(refusal('review.too_many', { message }));
    }
    // Before anything is waited for: a burst would pass the look together (threat B11).
    this.#countPending(agent, 1);
    const replaced = await this.#replacedBy(ask);
    const review = newReview(ask, replaced?.id ?? null, this.#ports);
    const unmeetable = this.#unmeetable(review);
    const { session } = review.subject.requester;
    const hold = this.#hold({ review: review.id, attached: false, unmeetable, session });
    const ended = replaced === null ? undefined : supersede(replaced, review.openedAtMs, review.id);
    const opened = await this.#ports.store.commit(this.#opening(ask, review, ended));
    if (!opened.ok) {
      this.#countPending(agent, -1);
      hold.detach();
      return this.#openedElsewhere(ask, opened.error);
    }
    this.#timetable.watch(review, review.openedAtMs);
    this.#alert(review);
    this.#ports.events.publish({ kind: 'review.opened', review, atMs: review.openedAtMs });
    if (ended !== undefined) this.#changed(ended);
    return ok(hold);
  }

  /** The pending review of the same agent and session owner that this action is asked instead of. */
  async #replacedBy({ supersedes, judgement }: HoldAsk): Promise<Review | null> {
    if (supersedes === null) return null;
    const replaced = await this.#ports.store.read('review', { id: supersedes });
    const { requester, target } = judgement.action;
    const isOwn = replaced?.subject.requester.agent === requester.agent;
    return replaced?.state.status === 'pending' && isOwn && replaced.subject.target.name === target.name
      ? replaced
      : null;
  }

  #opening(ask: HoldAsk, review: Review, ended: Review | undefined): Change {
    const mutations: Mutation[] = [{ kind: 'review.open', review }];
    const entries = [
      decisionEntry(ask.attempt, review.id),
      reviewEntry(review, ask.sealed.commitment, review.openedAtMs),
    ];
    if (ended === undefined) return { mutations, entries };
    const end = this.#changes.ofEnd(ended, review.openedAtMs);
    return { mutations: [...mutations, ...end.mutations], entries: [...entries, ...end.entries] };
  }

  /** Another client with the same bytes was quicker: wait with it. */
  async #openedElsewhere(
    ask: HoldAsk,
    reason: (CommitResult & { ok: false })['error'],
  ): Promise<Result<Hold, Refusal>> {
    // The review to be replaced was decided meanwhile: this one stands by itself.
    if (reason.code === 'review.conflict') return this.hold({ ...ask, supersedes: null });
    if (reason.code !== 'review.duplicate') return err(refusal('ledger.unavailable', {}));
    const existing = await this.#ports.store.read('review', { id: reason.existing });
    return existing === null ? err(refusal('ledger.unavailable', {})) : ok(await this.#attach(ask, existing));
  }

  /** B4: a review that nobody can decide stays pending, and somebody has to know. */
  #alert(review: Review): void {
    const { requester, target } = review.subject;
    for (const { policy } of unmeetableDemands(review, this.#electorate)) {
      this.#ports.log.reviewUndecidable({
        review: review.id,
        agent: requester.agent,
        target: target.name,
        policy,
      });
    }
  }

  #unmeetable(review: Review): string {
    return unmeetableDemands(review, this.#electorate).map(explainUnmeetable).join(' ');
  }

  #urlOf(review: ReviewId): string {
    return `${this.#ports.publicUrl}/reviews/${review}`;
  }

  #hold({ review, attached, unmeetable, session }: Omit<HoldFacts, 'url'>): Hold {
    const url = this.#urlOf(review);
    const { clock } = this.#ports;
    // Lost infrastructure leaves the review pending; it expires by itself.
    const giveUp = (reason: string): void =>
      void this.#end(review, (stored) => withdraw(stored, clock.nowMs(), reason)).catch(() => undefined);
    return this.#waiting.hold({ review, url, attached, unmeetable, session }, giveUp);
  }

  /** An agent's share of what may be pending. */
  #countPending(agent: string, change: 1 | -1): void {
    this.#pendingOfAgent.set(agent, Math.max(0, (this.#pendingOfAgent.get(agent) ?? 0) + change));
  }

  /** Time has come for something: a reminder, an escalation, or the end. */
  async #fallDue(id: ReviewId, sinceMs: number): Promise<void> {
    const nowMs = this.#ports.clock.nowMs();
    try {
      const review = await this.#ports.store.read('review', { id });
      if (review?.state.status !== 'pending') return;
      if (nowMs >= review.expiresAtMs) return await this.#end(id, (stored) => expire(stored, nowMs));
      this.#timetable.watch(review, nowMs);
      await this.#announce(review, sinceMs, nowMs);
    } catch {
      // Lost infrastructure: the review stays pending, and the store refuses every vote on it.
    }
  }

  async #announce(review: Review, sinceMs: number, nowMs: number): Promise<void> {
    const { reminders, escalations } = stepsDue(review, sinceMs, nowMs);
    const { events, store } = this.#ports;
    for (const { demand, step } of escalations) {
      const policy = review.subject.demands[demand]?.policy ?? '';
      const details = { review: review.id, policy, step: (step + 1).toString() };
      await store.append(noticeEntry('review.escalated', details, nowMs)).done;
      events.publish({ kind: 'review.escalated', review, atMs: nowMs, demand, step });
    }
    if (reminders.length > 0)
      events.publish({ kind: 'review.reminded', review, atMs: nowMs, demands: reminders });
  }

  /** Applies a transition that ends a review without a vote; nothing happens where it isn't due. */
  async #end(id: ReviewId, transition: (review: Review) => Review | undefined): Promise<void> {
    const { store, clock } = this.#ports;
    for (let attempt = 0; attempt < CONFLICT_RETRIES; attempt++) {
      const review = await store.read('review', { id });
      const ended = review === null ? undefined : transition(review);
      if (ended === undefined) return;
      const committed = await store.commit(this.#changes.ofEnd(ended, clock.nowMs()));
      if (committed.ok) return this.#changed(ended);
    }
  }

  /** Tells everybody, when the change is durable. */
  #changed(review: Review): void {
    const nowMs = this.#ports.clock.nowMs();
    if (review.state.status === 'pending') {
      this.#timetable.watch(review, nowMs);
      this.#waiting.tell(review);
    } else {
      this.#timetable.forget(review.id);
      this.#countPending(review.subject.requester.agent, -1);
      this.#waiting.settle(review);
    }
    this.#ports.events.publish({ kind: 'review.changed', review, atMs: nowMs });
  }

  /** The client that was handed this review's grant has used it, or can't. */
  release(id: ReviewId): void {
    this.#waiting.release(id);
  }

  vote(ask: VoteAsk): Promise<Result<Review, VoteRefusal>> {
    return this.#judging.vote(ask);
  }

  retract(ask: RetractAsk): Promise<Result<Review, VoteRefusal>> {
    return this.#judging.retract(ask);
  }

  question(ask: QuestionAsk): Promise<Result<Review, VoteRefusal>> {
    return this.#judging.question(ask);
  }

  answer(ask: AnswerAsk): Promise<Result<Review, VoteRefusal>> {
    return this.#judging.answer(ask);
  }

  show(review: Review): Shown {
    return this.#judging.show(review);
  }
}
