/**
 * Stage 6: reviews. Opens them, takes votes, lets time pass, and hands each approval to one waiting client.
 * Every change is committed before anybody is told of it.
 */
import { electorateOf, settlementOf, type Settlement } from './approvals.ts';
import type { Hold } from './connectors/connector.ts';
import {
  decisionEntry,
  grantEntry,
  noticeEntry,
  reviewEntry,
  voteEntry,
  type SealedEntry,
} from './core/entry.ts';
import type { Grant, GrantBinding } from './core/grant.ts';
import { makeId, type GrantId, type ReviewId } from './core/ids.ts';
import {
  castVote,
  explainUnmeetable,
  expire,
  unmeetableDemands,
  withdraw,
  type Electorate,
} from './core/judge-vote.ts';
import { refusal, type Refusal, type VoteRefusal } from './core/reasons.ts';
import { err, ok, type Result } from './core/result.ts';
import type { Review, Vote } from './core/review.ts';
import type { Limits } from './limits.ts';
import { bindingOf, subjectOf, type HoldAsk } from './hold-ask.ts';
import type {
  Clock,
  Directory,
  Events,
  Hashing,
  PolicyEngine,
  Random,
  ReviewDesk,
  Store,
  VoteAsk,
} from './ports.ts';
import type { Log } from './telemetry/log.ts';
import type { Change, CommitResult, Mutation } from './stores/store.ts';

export interface DeskPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly policy: PolicyEngine;
  readonly directory: Directory;
  readonly events: Events;
  /** Where a person opens a review: `${publicUrl}/reviews/ID`. */
  readonly publicUrl: string;
  readonly limits: Limits;
  readonly log: Pick<Log, 'reviewUndecidable' | 'voteTaken' | 'voteRefused'>;
}

type Waiter = (settlement: Settlement) => void;

/** How often a change is tried again after somebody else's came first; each such loss means that another one won. */
const CONFLICT_RETRIES = 1_000;

export class Desk implements ReviewDesk {
  readonly #ports: DeskPorts;
  readonly #electorate: Electorate;
  /** Clients of this process that wait, in the order in which they came: the first one gets the grant. */
  readonly #waiters = new Map<ReviewId, Set<Waiter>>();
  readonly #expiries = new Map<ReviewId, () => void>();
  readonly #pendingOfAgent = new Map<string, number>();
  /** Approved reviews whose grant was handed to a waiting client: nobody else is offered it meanwhile. */
  readonly #handed = new Set<ReviewId>();

  constructor(ports: DeskPorts) {
    this.#ports = ports;
    this.#electorate = electorateOf(ports);
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
        this.#watch(review);
      }
      const last = page.at(-1);
      if (last === undefined) return;
      before = last.id;
    }
  }

  /** Ends the timers; reviews stay as they are. */
  close(): void {
    for (const cancel of this.#expiries.values()) cancel();
    this.#expiries.clear();
  }

  async hold(ask: HoldAsk): Promise<Result<Hold, Refusal>> {
    const { store, clock } = this.#ports;
    const binding = bindingOf(ask);
    try {
      const [granted] = await store.read('grants', { binding, atMs: clock.nowMs() });
      if (granted !== undefined && !this.#waiters.has(granted.review) && !this.#handed.has(granted.review))
        return ok(this.#granted(granted));
      const pending = await store.read('pendingReview', { binding });
      if (pending !== null && clock.nowMs() < pending.expiresAtMs)
        return ok(await this.#attach(ask, pending));
      return await this.#open(ask, binding);
    } catch {
      return err(refusal('ledger.unavailable', {}));
    }
  }

  #granted(grant: Grant): Hold {
    const settled: Settlement = ok({ review: grant.review, grant: grant.id });
    return { ...this.#hold(grant.review, true, ''), settled: Promise.resolve(settled) };
  }

  async #attach(ask: HoldAsk, review: Review): Promise<Hold> {
    const hold = this.#hold(review.id, true, this.#unmeetable(review));
    await this.#ports.store.append(decisionEntry(ask.attempt, review.id)).done;
    // The review may have ended between the look and the wait; then nobody else would settle this hold.
    const now = await this.#ports.store.read('review', { id: review.id });
    if (now !== null && now.state.status !== 'pending') this.#settle(now);
    return hold;
  }

  async #open(ask: HoldAsk, binding: GrantBinding): Promise<Result<Hold, Refusal>> {
    const { agent } = binding;
    const most = this.#ports.limits.pendingReviewsPerAgent;
    if ((this.#pendingOfAgent.get(agent) ?? 0) >= most) {
      const message = `${most.toString()} reviews of this agent are pending, which is the limit.`;
      return err(refusal('review.too_many', { message }));
    }
    // Before anything is waited for: a burst would pass the look together (ABUSES B11).
    this.#countPending(agent, 1);
    const review = this.#newReview(ask);
    const hold = this.#hold(review.id, false, this.#unmeetable(review));
    const entries = [
      decisionEntry(ask.attempt, review.id),
      reviewEntry(review, ask.sealed.commitment, review.openedAtMs),
    ];
    const opened = await this.#ports.store.commit({ mutations: [{ kind: 'review.open', review }], entries });
    if (!opened.ok) {
      this.#countPending(agent, -1);
      hold.detach();
      return this.#openedElsewhere(ask, opened.error);
    }
    this.#watch(review);
    this.#alert(review);
    this.#ports.events.publish({ kind: 'review.opened', review, atMs: review.openedAtMs });
    return ok(hold);
  }

  /** Another client with the same bytes was quicker: wait with it. */
  async #openedElsewhere(
    ask: HoldAsk,
    reason: (CommitResult & { ok: false })['error'],
  ): Promise<Result<Hold, Refusal>> {
    if (reason.code !== 'review.duplicate') return err(refusal('ledger.unavailable', {}));
    const existing = await this.#ports.store.read('review', { id: reason.existing });
    return existing === null ? err(refusal('ledger.unavailable', {})) : ok(await this.#attach(ask, existing));
  }

  #newReview(ask: HoldAsk): Review {
    const { clock, random } = this.#ports;
    const openedAtMs = clock.nowMs();
    const subject = subjectOf(ask);
    const lifeMs = Math.min(...subject.demands.map((demand) => demand.expiresInMs));
    const id = makeId('rev', openedAtMs, random.bytes(10));
    return {
      id,
      subject,
      openedAtMs,
      expiresAtMs: openedAtMs + lifeMs,
      votes: [],
      revision: 1,
      state: { status: 'pending' },
    };
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

  #hold(id: ReviewId, attached: boolean, unmeetable: string): Hold {
    const waiters = this.#waiters.get(id) ?? new Set<Waiter>();
    this.#waiters.set(id, waiters);
    let waiter: Waiter = () => undefined;
    const settled = new Promise<Settlement>((resolve) => (waiter = resolve));
    waiters.add(waiter);
    const detach = (): void => {
      // Settled already: the grant that it got, if any, is free for the same bytes again.
      if (!waiters.delete(waiter)) this.#handed.delete(id);
      if (waiters.size === 0 && this.#waiters.get(id) === waiters) this.#waiters.delete(id);
    };
    const giveUp = (reason: string): void => {
      detach();
      if (!this.#waiters.has(id)) void this.#withdraw(id, reason);
    };
    return {
      review: id,
      url: `${this.#ports.publicUrl}/reviews/${id}`,
      attached,
      unmeetable,
      settled,
      detach,
      withdraw: giveUp,
    };
  }

  async #withdraw(id: ReviewId, reason: string): Promise<void> {
    const { clock } = this.#ports;
    // Lost infrastructure leaves the review pending; it expires by itself.
    await this.#change(id, (review) => withdraw(review, clock.nowMs(), reason)).catch(() => undefined);
  }

  /** An agent's share of what may be pending. */
  #countPending(agent: string, change: 1 | -1): void {
    this.#pendingOfAgent.set(agent, Math.max(0, (this.#pendingOfAgent.get(agent) ?? 0) + change));
  }

  /** Follows a pending review to its expiry. */
  #watch({ id, expiresAtMs }: Review): void {
    const { clock } = this.#ports;
    const due = Math.max(0, expiresAtMs - clock.nowMs());
    // The timer keeps the id alone: thousands of reviews may wait.
    this.#expiries.set(
      id,
      clock.after(due, () => void this.#expire(id)),
    );
  }

  async #expire(id: ReviewId): Promise<void> {
    const { clock } = this.#ports;
    await this.#change(id, (review) => expire(review, clock.nowMs())).catch(() => undefined);
  }

  /** Applies a transition that takes no vote; nothing happens where it isn't due. */
  async #change(id: ReviewId, transition: (review: Review) => Review | undefined): Promise<void> {
    const { store, clock } = this.#ports;
    for (let attempt = 0; attempt < CONFLICT_RETRIES; attempt++) {
      const review = await store.read('review', { id });
      const next = review === null ? undefined : transition(review);
      if (next === undefined) return;
      const entries = [reviewEntry(next, next.subject.commitment, clock.nowMs())];
      const committed = await store.commit({ mutations: [{ kind: 'review.update', review: next }], entries });
      if (committed.ok) return this.#changed(next);
    }
  }

  /** Tells everybody, when the change is durable. */
  #changed(review: Review): void {
    if (review.state.status !== 'pending') {
      this.#expiries.get(review.id)?.();
      this.#expiries.delete(review.id);
      this.#countPending(review.subject.requester.agent, -1);
      this.#settle(review);
    }
    this.#ports.events.publish({ kind: 'review.changed', review, atMs: this.#ports.clock.nowMs() });
  }

  /** The client that was handed this review's grant has used it, or can't. */
  release(id: ReviewId): void {
    this.#handed.delete(id);
  }

  #settle(review: Review): void {
    const waiters = this.#waiters.get(review.id);
    if (waiters === undefined) return;
    this.#waiters.delete(review.id);
    const [first, ...others] = waiters;
    if (review.state.status === 'approved') this.#handed.add(review.id);
    first?.(settlementOf(review));
    // One approval, one execution: whoever joined the review later has to ask for their own.
    const later =
      review.state.status === 'approved'
        ? err(refusal('grant.spent', { review: review.id }))
        : settlementOf(review);
    for (const waiter of others) waiter(later);
  }

  /** Law 10: the one way to vote. */
  async vote(ask: VoteAsk): Promise<Result<Review, VoteRefusal>> {
    try {
      for (let attempt = 0; attempt < CONFLICT_RETRIES; attempt++) {
        const review = await this.#ports.store.read('review', { id: ask.review });
        if (review === null) return err({ code: 'review.not_found', message: 'There is no such review.' });
        const voted = await this.#voteOn(review, ask);
        if (voted !== undefined) return voted;
      }
    } catch {
      // Fails closed: the vote isn't counted, and the voter is told so.
    }
    return err({
      code: 'ledger.unavailable',
      message: 'The vote can’t be recorded now, so it doesn’t count. Try again.',
    });
  }

  /** Undefined where another change came first. */
  async #voteOn(review: Review, ask: VoteAsk): Promise<Result<Review, VoteRefusal> | undefined> {
    const { clock, random, store } = this.#ports;
    const nowMs = clock.nowMs();
    const vote: Vote = {
      person: ask.voter.name,
      kind: ask.kind,
      reason: ask.reason,
      digest: ask.digest,
      atMs: nowMs,
      channel: ask.channel,
    };
    const grant = makeId('gra', nowMs, random.bytes(10));
    const cast = castVote(review, { voter: ask.voter, vote, grant }, this.#electorate);
    if (!cast.ok) {
      const details = {
        channel: ask.channel,
        principal: ask.voter.name,
        reason: cast.error.code,
        review: review.id,
      };
      await store.append(noticeEntry('vote.refused', details, nowMs)).done;
      this.#ports.log.voteRefused({ review: review.id, principal: ask.voter.name, code: cast.error.code });
      return cast;
    }
    const committed = await store.commit(this.#voteChange(cast.value, vote));
    if (!committed.ok) return undefined;
    this.#ports.log.voteTaken({
      review: review.id,
      person: vote.person,
      kind: vote.kind,
      channel: vote.channel,
    });
    this.#changed(cast.value);
    return cast;
  }

  #voteChange(review: Review, vote: Vote): Change {
    const { hashing, random } = this.#ports;
    const { commitment, action } = review.subject;
    const sealing = { salt: hashing.base64url(random.bytes(16)), sha256Base64url: hashing.sha256Base64url };
    const mutations: Mutation[] = [{ kind: 'review.update', review }];
    const entries: SealedEntry[] = [voteEntry(review, vote, commitment, sealing)];
    if (review.state.status !== 'pending') entries.push(reviewEntry(review, commitment, vote.atMs));
    if (review.state.status === 'approved') {
      const grant = this.#newGrant(review, review.state.grant, vote.atMs);
      mutations.push({ kind: 'grant.issue', grant });
      entries.push(grantEntry(grant, action, commitment));
    }
    return { mutations, entries };
  }

  #newGrant(review: Review, id: GrantId, nowMs: number): Grant {
    const { subject } = review;
    const { limits } = this.#ports;
    const lifeMs = this.#waiters.has(review.id) ? limits.grantMs : limits.grantAwayMs;
    const binding = {
      digest: subject.digest,
      agent: subject.requester.agent,
      target: subject.target.name,
      environment: subject.target.environment,
    };
    return {
      id,
      review: review.id,
      binding,
      issuedAtMs: nowMs,
      expiresAtMs: nowMs + lifeMs,
      state: { status: 'live' },
    };
  }
}
