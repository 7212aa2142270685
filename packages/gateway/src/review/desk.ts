/**
 * Stage 6: reviews. Opens them, takes votes, questions and answers, lets time pass, and hands each approval to one
 * waiting client. Every change is committed before anybody is told of it.
 */
import type { Hold } from '../connectors/connector.ts';
import { explainUnmeetable, unmeetableDemands, type Electorate } from '../core/electorate.ts';
import { decisionEntry, reviewEntry } from '../core/entry.ts';
import type { Grant, GrantBinding } from '../core/grant.ts';
import type { GrantId, ReviewId } from '../core/ids.ts';
import type { Preview } from '../core/preview.ts';
import { refusal, type Refusal, type VoteRefusal } from '../core/reasons.ts';
import { err, ok, type Result } from '../core/result.ts';
import { isVotable, type Review } from '../core/review.ts';
import { attachPreview, expire, supersede, withdraw } from '../core/transitions.ts';
import type { Limits } from '../limits.ts';
import type {
  AnswerAsk,
  Clock,
  DelegationBook,
  Directory,
  Events,
  GroupingTemplates,
  Hashing,
  Outbox,
  Passkeys,
  PolicyEngine,
  Previewer,
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
import { Flood, type AgentShare } from './flood.ts';
import { GrantLives } from './grant-lives.ts';
import { Judging } from './judging.ts';
import { bindingOf, newReview, type HoldAsk } from './opening.ts';
import { PassingTime } from './passing-time.ts';
import { Previews, type Planned } from './previews.ts';
import { type HoldFacts, Waiting } from './waiting.ts';

export interface DeskPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly policy: PolicyEngine;
  readonly passkeys: Pick<Passkeys, 'proveVote'>;
  readonly directory: Directory;
  readonly delegations?: DelegationBook;
  readonly calendars: WorkingCalendars;
  readonly events: Events;
  /** Left out: nobody outside is told. */
  readonly outbox?: Outbox;
  /** Where a person opens a review: `${publicUrl}/reviews/ID`. */
  readonly publicUrl: string;
  readonly limits: Limits;
  /** What one person may approve in an hour; left out: as much as they like. */
  readonly approvalsPerHour?: number | null;
  /** By what actions are alike; left out: by what they touch. */
  readonly templates?: GroupingTemplates;
  /** Who makes evidence about actions on a target, by its name; connectors may add theirs later. Left out: nobody. */
  readonly previewers?: ReadonlyMap<string, Previewer>;
  readonly log: Pick<Log, 'reviewUndecidable' | 'voteTaken' | 'voteRefused'>;
}

/** How often a change is tried again after somebody else's came first; each such loss means that another one won. */
const CONFLICT_RETRIES = 1_000;

/** Of the ledger's end, at start: what an earlier process wrote last, behind what this one has written since. */
const ENTRIES_OBSERVED = 256;

export class Desk implements ReviewDesk {
  readonly #ports: DeskPorts;
  readonly #electorate: Electorate;
  readonly #changes: Changes;
  readonly #judging: Judging;
  readonly #time: PassingTime;
  readonly #waiting = new Waiting();
  readonly #lives: GrantLives;
  readonly #previews: Previews;
  readonly #flood: Flood;

  constructor(ports: DeskPorts) {
    this.#ports = ports;
    this.#electorate = electorateOf(ports);
    this.#changes = new Changes(ports);
    this.#lives = new GrantLives(ports);
    this.#flood = new Flood(ports);
    this.#time = new PassingTime({
      ...ports,
      electorate: this.#electorate,
      changes: this.#changes,
      expire: (id) => this.#expire(id),
      escalated: (review) => this.#alert(review),
    });
    const attach = (id: ReviewId, preview: Preview): Promise<void> => this.#attachPreview(id, preview);
    this.#previews = new Previews({ ...ports, previewers: ports.previewers ?? new Map(), attach });
    const isWaitedFor = (id: ReviewId): boolean => this.#waiting.isAlone(id);
    const changed = (review: Review, change: Change): void => {
      for (const mutation of change.mutations)
        if (mutation.kind === 'grant.issue') this.#lives.begin(mutation.grant);
      this.#changed(review);
    };
    this.#judging = new Judging({ ...ports, electorate: this.#electorate, isWaitedFor, changed });
  }

  /** At start: pending reviews of an earlier run go on, and what fell due meanwhile is done now. */
  async resume(): Promise<void> {
    await this.#observeLedger();
    let before: ReviewId | null = null;
    for (;;) {
      const page: readonly Review[] = await this.#ports.store.read('reviews', {
        status: 'pending',
        agent: null,
        limit: 1_000,
        before,
      });
      for (const review of page) {
        this.#flood.resumed(review.subject.requester.agent);
        if (isVotable(review)) this.#time.watch(review);
        else await this.#endOutdated(review);
      }
      const last = page.at(-1);
      if (last === undefined) return;
      before = last.id;
    }
  }

  /** An earlier release opened it, and no vote on it can count: it ends, and whoever asked asks again. */
  async #endOutdated(review: Review): Promise<void> {
    const { clock, store } = this.#ports;
    const nowMs = clock.nowMs();
    const ended = withdraw(review, nowMs, 'An earlier release of the gateway opened it. Ask again.');
    if (ended === undefined) return;
    const committed = await store.commit(this.#changes.ofOutdated(ended, nowMs));
    if (committed.ok) this.#changed(ended);
  }

  /** A clock that was set back while the gateway was down revives no grant. */
  async #observeLedger(): Promise<void> {
    const { store } = this.#ports;
    const size = await store.read('size', {});
    const from = Math.max(0, size - ENTRIES_OBSERVED);
    for (const { atMs } of await store.read('entries', { from, limit: ENTRIES_OBSERVED }))
      this.#lives.observe(atMs);
  }

  /** Ends the timers; reviews stay as they are. */
  close(): void {
    this.#time.close();
  }

  async hold(ask: HoldAsk): Promise<Result<Hold, Refusal>> {
    const { store, clock } = this.#ports;
    const binding = bindingOf(ask);
    try {
      const grants = await store.read('grants', { binding, atMs: clock.nowMs() });
      const granted = grants.find((grant) => this.#isFree(grant));
      if (granted !== undefined) return ok(this.#granted(granted, ask));
      const pending = await store.read('pendingReview', { binding });
      if (pending !== null && clock.nowMs() < pending.expiresAtMs)
        return ok(await this.#attach(ask, pending));
      // Its time is over, and nobody has looked since: it would stand in the way of the review that follows.
      if (pending !== null) await this.#expire(pending.id);
      return await this.#open(ask, binding);
    } catch {
      return err(refusal('ledger.unavailable', {}));
    }
  }

  #isFree(grant: Grant): boolean {
    return this.#waiting.isFree(grant.review) && !this.#lives.isOver(grant);
  }

  #granted(grant: Grant, { judgement }: HoldAsk): Hold {
    this.#lives.handOver(grant);
    const { id, review } = grant;
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
    // Before anything is waited for: a burst would pass the look together (threat B11).
    const flooded = this.#flood.take(agent);
    if (flooded !== undefined) return err(flooded);
    const replaced = await this.#replacedBy(ask);
    const bare = newReview(ask, replaced?.id ?? null, this.#ports);
    const planned = this.#previews.plan(bare);
    const review = { ...bare, preview: planned.preview };
    const unmeetable = this.#unmeetable(review);
    const { session } = review.subject.requester;
    const hold = this.#hold({ review: review.id, attached: false, unmeetable, session });
    const ended = replaced === null ? undefined : supersede(replaced, review.openedAtMs, review.id);
    const opened = await this.#commitOpening(() => this.#opening(ask, review, ended), planned);
    if (!opened.ok) {
      this.#flood.cancel(agent);
      hold.detach();
      return this.#openedElsewhere(ask, opened.error);
    }
    this.#time.watch(review);
    this.#alert(review);
    this.#ports.events.publish({ kind: 'review.opened', review, atMs: review.openedAtMs });
    if (ended !== undefined) this.#changed(ended);
    return ok(hold);
  }

  /** The preview begins when the review is durable, and the client that waits doesn't wait for it. */
  async #commitOpening(opening: () => Change, planned: Planned): Promise<CommitResult> {
    let opened: CommitResult | undefined;
    try {
      return (opened = await this.#ports.store.commit(opening()));
    } finally {
      if (opened?.ok === true) planned.start();
      else planned.drop();
    }
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
    const told = this.#changes.tell(review, { kind: 'open' });
    const state = ask.state?.(review.id) ?? [];
    const mutations: Mutation[] = [{ kind: 'review.open', review }, ...state, ...told];
    const entries = [
      decisionEntry(ask.attempt, review.id),
      reviewEntry(review, ask.sealed.commitment, review.openedAtMs),
    ];
    if (review.preview !== null) entries.push(this.#changes.previewOf(review, review.preview));
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

  #expire(id: ReviewId): Promise<void> {
    return this.#end(id, (stored) => expire(stored, this.#ports.clock.nowMs()));
  }

  /** Applies a transition that ends a review without a vote; nothing happens where it isn't due. */
  async #end(id: ReviewId, transition: (review: Review) => Review | undefined): Promise<void> {
    const { store, clock } = this.#ports;
    for (let attempt = 0; attempt < CONFLICT_RETRIES; attempt++) {
      const review = await store.read('review', { id });
      const ended = review === null ? undefined : transition(review);
      if (ended === undefined) {
        if (review?.state.status === 'pending') this.#time.watch(review);
        return;
      }
      const committed = await store.commit(this.#changes.ofEnd(ended, clock.nowMs()));
      if (committed.ok) return this.#changed(ended);
    }
  }

  /** The same conditional change as any other; a review that is over meanwhile stays as it is. */
  async #attachPreview(id: ReviewId, preview: Preview): Promise<void> {
    const { store } = this.#ports;
    for (let attempt = 0; attempt < CONFLICT_RETRIES; attempt++) {
      const review = await store.read('review', { id });
      const attached = review === null ? undefined : attachPreview(review, preview);
      if (attached === undefined) return;
      const committed = await store.commit(this.#changes.ofPreview(attached));
      if (committed.ok) return this.#changed(attached);
    }
  }

  /** Tells everybody, when the change is durable. */
  #changed(review: Review): void {
    const nowMs = this.#ports.clock.nowMs();
    if (review.state.status === 'pending') {
      this.#time.watch(review);
      this.#waiting.tell(review);
    } else {
      this.#time.forget(review.id);
      this.#flood.ended(review.subject.requester.agent);
      this.#waiting.settle(review);
    }
    this.#ports.events.publish({ kind: 'review.changed', review, atMs: nowMs });
  }

  /** Whether the grant of a review that was approved then can no longer be used, however the clock was set since. */
  isOver(id: GrantId, resolvedAtMs: number): boolean {
    return this.#lives.isOver({ id, expiresAtMs: resolvedAtMs + this.#ports.limits.grantAwayMs });
  }

  /** The approved review behind a grant that was handed out. The store may know a later revision of it. */
  handed(id: ReviewId): Review | undefined {
    return this.#waiting.handed(id);
  }

  /** The client that was handed this review's grant has used it, or can't. */
  release(id: ReviewId): void {
    this.#waiting.release(id);
  }

  /** What each agent has taken of people's attention, as far as this process knows. */
  shares(): readonly AgentShare[] {
    return this.#flood.shares();
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

  previewed(review: ReviewId): Promise<void> {
    return this.#previews.settled(review);
  }

  show(review: Review): Shown {
    return this.#judging.show(review);
  }

  approvers(review: Review): ReturnType<ReviewDesk['approvers']> {
    return this.#judging.approvers(review);
  }
}
