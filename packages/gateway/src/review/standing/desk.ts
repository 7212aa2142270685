/** Standing grants: proposed, voted on by the rules of reviews, revoked. Every change is committed with its entries. */
import { isEntitled, isParty, standingsOf, type Electorate } from '../../core/electorate.ts';
import { noticeEntry, type SealedEntry } from '../../core/entry.ts';
import type { Agent, Person } from '../../core/identity.ts';
import { makeId, type ReviewId, type StandingId } from '../../core/ids.ts';
import type { StandingRefusal } from '../../core/reasons.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { PasskeyProof, Review, Vote } from '../../core/review.ts';
import { scheduleOf } from '../../core/schedule.ts';
import { statusOf, type StandingGrant, type StandingTerms } from '../../core/standing.ts';
import { mayRevoke, revokeStanding, voteOnStanding, votingOn } from '../../core/standing-changes.ts';
import {
  sealTerms,
  standingEntry,
  standingRenderingForm,
  standingVoteEntry,
  termsForm,
} from '../../core/standing-entry.ts';
import type { Limits } from '../../limits.ts';
import type {
  Clock,
  DelegationBook,
  Directory,
  Hashing,
  Passkeys,
  PolicyEngine,
  ProposalAsk,
  Random,
  Replay,
  RevocationAsk,
  Shapes,
  Shown,
  StandingDesk,
  StandingVoteAsk,
  Store,
  WorkingCalendars,
} from '../../ports.ts';
import type { Mutation } from '../../stores/store.ts';
import type { Log } from '../../telemetry/log.ts';
import { electorateOf } from '../approvals.ts';
import { passkeyChecks, REVOKED, signingOf, withSigning } from '../signing.ts';
import type { StandingLives } from './lives.ts';
import { replay, Replays } from './replay.ts';
import { termsOf } from './terms.ts';

export interface StandingDeskPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly policy: PolicyEngine;
  readonly directory: Directory;
  readonly delegations?: DelegationBook;
  readonly calendars: WorkingCalendars;
  readonly passkeys: Pick<Passkeys, 'proveVote'>;
  readonly shapes: Shapes;
  readonly limits: Limits;
  readonly lives: StandingLives;
  readonly log: Pick<Log, 'standingChanged' | 'standingRefused'>;
}

type Stood = Promise<Result<StandingGrant, StandingRefusal>>;
type Refused = { readonly ok: false; readonly error: StandingRefusal };

const refuse = (code: StandingRefusal['code'], message: string): Refused => err({ code, message });
const NOT_FOUND = refuse('standing.not_found', 'There is no such standing grant.');
const UNRECORDED = refuse(
  'ledger.unavailable',
  'This can’t be recorded now, so it doesn’t count. Try again.',
);

const SALT_BYTES = 16;
/** How often a vote is tried again after somebody else's came first; each such loss means that another one won. */
const CONFLICT_RETRIES = 1_000;

/** What is proposed, by somebody who may. */
interface Proposal {
  readonly review: Review;
  readonly terms: StandingTerms;
  readonly atMs: number;
}

export class StandingGrants implements StandingDesk {
  readonly #ports: StandingDeskPorts;
  readonly #electorate: Electorate;
  readonly #replays: Replays;

  constructor(ports: StandingDeskPorts) {
    this.#ports = ports;
    this.#electorate = electorateOf(ports);
    this.#replays = new Replays(ports.limits.replaysAsked);
  }

  async propose(ask: ProposalAsk): Stood {
    const about = { by: ask.proposer.name, what: ask.review };
    return this.#recorded(about, async () => {
      const proposal = await this.#proposal(ask);
      if (!proposal.ok) return proposal;
      const { review, terms, atMs } = proposal.value;
      if (ask.reason.trim() === '')
        return refuse('vote.reason_required', 'A proposal needs a reason: it is what people vote on.');
      if (await this.#isCrowded(terms.agent, atMs))
        return refuse('standing.too_many', 'This agent has as many standing grants as it may have.');
      const { grant, aside } = this.#made(review, terms, { by: ask.proposer.name, reason: ask.reason, atMs });
      const entries = [standingEntry(grant, atMs, aside)];
      return this.#commit([{ kind: 'standing.propose', standing: grant }], entries, grant);
    });
  }

  /** The terms, if this person may propose them. */
  async #proposal(ask: Omit<ProposalAsk, 'reason'>): Promise<Result<Proposal, StandingRefusal>> {
    const { store, clock, limits } = this.#ports;
    const review = await store.read('review', { id: ask.review });
    if (review === null) return refuse('review.not_found', 'There is no such review.');
    const atMs = clock.nowMs();
    const admitted = this.#admit(review, ask.proposer, atMs);
    if (!admitted.ok) return admitted;
    if (review.state.status !== 'pending' && review.state.status !== 'approved')
      return refuse(
        'standing.unfit',
        `The review is ${review.state.status}: it is no basis for more of the same.`,
      );
    if (review.canary !== undefined)
      return refuse('standing.unfit', 'It was a canary: nothing like it is to run.');
    const terms = termsOf(review.subject, ask.wish, atMs, { ...this.#ports, limits });
    return terms.ok ? ok({ review, terms: terms.value, atMs }) : terms;
  }

  /** Whoever could decide on the action may propose its like; an agent never, and nobody for themselves (law 4). */
  #admit(review: Review, proposer: Agent | Person, atMs: number): Result<null, StandingRefusal> {
    if (proposer.kind !== 'person')
      return refuse('vote.not_a_person', 'Only a person can propose; this is an agent’s credential.');
    if (isParty(review.subject.requester, proposer))
      return refuse(
        'vote.own_request',
        'You can’t propose leave for yourself, or for an agent that acts for you.',
      );
    if (!isEntitled(review, proposer, atMs, this.#electorate))
      return refuse('vote.not_entitled', 'You aren’t among those who may decide on this review.');
    return ok(null);
  }

  async #isCrowded(agent: string, atMs: number): Promise<boolean> {
    const { store, limits } = this.#ports;
    const limit = limits.standingsPerAgent;
    const counts = await Promise.all(
      (['live', 'proposed'] as const).map((status) =>
        store.read('standings', { agent, status, atMs, limit, before: null }),
      ),
    );
    return counts.reduce((sum, grants) => sum + grants.length, 0) >= limit;
  }

  #made(
    review: Review,
    terms: StandingTerms,
    proposed: { readonly by: string; readonly reason: string; readonly atMs: number },
  ): { readonly grant: StandingGrant; readonly aside: string } {
    const { random, hashing, calendars } = this.#ports;
    const { by: proposedBy, reason, atMs } = proposed;
    const form = termsForm(terms);
    const { aside, commitment } = sealTerms(form, reason, this.#sealing());
    const { demands } = review.subject;
    const schedule = demands.map((demand) => scheduleOf(demand, atMs, calendars.workingTime));
    const votesUntilMs = Math.min(terms.validUntilMs, ...schedule.map((each) => each.expiresAtMs));
    const grant: StandingGrant = {
      id: makeId('std', atMs, random.bytes(10)),
      review: review.id,
      terms,
      digest: hashing.sha256Hex(form),
      commitment,
      sample: review.subject,
      proposedBy,
      reason,
      proposedAtMs: atMs,
      schedule,
      votesUntilMs,
      votes: [],
      uses: [],
      revision: 1,
      state: { status: 'proposed' },
    };
    return { grant, aside };
  }

  #sealing() {
    const { hashing, random } = this.#ports;
    const salt = hashing.base64url(random.bytes(SALT_BYTES));
    return { salt, sha256Base64url: hashing.sha256Base64url };
  }

  vote(ask: StandingVoteAsk): Stood {
    const { passkeys, store } = this.#ports;
    return this.#recorded({ by: ask.voter.name, what: ask.standing }, async () => {
      const signing = await signingOf({ kind: 'standing', id: ask.standing }, ask, passkeys);
      for (let attempt = 0; attempt < CONFLICT_RETRIES; attempt++) {
        const stored = await store.read('standing', { id: ask.standing });
        if (stored === null) return NOT_FOUND;
        const ballot = this.#ballot(stored, ask, signing.ok ? signing.value : null);
        const voted = withSigning(signing, voteOnStanding(stored, ballot, this.#electorate));
        if (!voted.ok) return voted;
        const update = { kind: 'standing.update', standing: voted.value } as const;
        const mutations = [update, ...passkeyChecks([ballot.vote])];
        const committed = await this.#commit(mutations, this.#entriesOfVote(voted.value), voted.value);
        if (committed.ok && committed.value.state.status === 'live')
          this.#ports.lives.isOver(committed.value);
        if (committed.ok || committed.error.code !== 'standing.over') return committed;
      }
      return UNRECORDED;
    });
  }

  #ballot(grant: StandingGrant, ask: StandingVoteAsk, passkey: PasskeyProof | null) {
    const { voter, kind, reason, digest, rendering, channel } = ask;
    const identity = voter.kind === 'person' ? voter.identity : voter.name;
    const atMs = this.#ports.clock.nowMs();
    const cast = { person: voter.name, identity, kind, reason, digest, rendering, atMs, channel };
    const vote: Vote = { ...cast, passkey, retractedAtMs: null };
    return { voter, vote, rendering: this.#renderingOf(grant) };
  }

  #entriesOfVote(grant: StandingGrant): readonly SealedEntry[] {
    const vote = grant.votes.at(-1);
    if (vote === undefined) throw new Error('a change without a vote');
    const voted = standingVoteEntry(grant, vote, this.#sealing());
    return grant.state.status === 'proposed' ? [voted] : [voted, standingEntry(grant, vote.atMs, null)];
  }

  /** At once: what is under way goes on, and nothing begins after it. */
  revoke(ask: RevocationAsk): Stood {
    return this.#recorded({ by: ask.revoker.name, what: ask.standing }, async () => {
      const { store, clock } = this.#ports;
      const stored = await store.read('standing', { id: ask.standing });
      if (stored === null) return NOT_FOUND;
      if (ask.revoker.kind !== 'person')
        return refuse('vote.not_a_person', 'Only a person can revoke; this is an agent’s credential.');
      const atMs = clock.nowMs();
      if (!mayRevoke(stored, ask.revoker, atMs, this.#electorate))
        return refuse('vote.not_entitled', 'You aren’t among those who may decide on this.');
      if (ask.reason.trim() === '')
        return refuse('vote.reason_required', 'A revocation needs a reason, for the record.');
      const revocation = { by: ask.revoker.name, reason: ask.reason, atMs };
      const revoked = revokeStanding(stored, revocation);
      if (!revoked.ok) return revoked;
      const mutations = [{ kind: 'standing.revoke', id: stored.id, revocation }] as const;
      return this.#commit(mutations, [standingEntry(revoked.value, atMs, null)], revoked.value);
    });
  }

  async #commit(
    mutations: readonly Mutation[],
    entries: readonly SealedEntry[],
    changed: StandingGrant,
  ): Stood {
    const committed = await this.#ports.store.commit({ mutations, entries });
    if (committed.ok) return ok(changed);
    if (committed.error.code.startsWith('passkey.')) return err(REVOKED);
    return refuse('standing.over', 'It changed at the same time: look at it again.');
  }

  async preview(ask: Omit<ProposalAsk, 'reason'>): Promise<Result<Replay, StandingRefusal>> {
    const proposal = await this.#proposal(ask);
    if (!proposal.ok) return proposal;
    const { review, terms } = proposal.value;
    return this.#replayed(terms, review.subject.demands);
  }

  async replay(id: StandingId): Promise<Result<Replay, StandingRefusal>> {
    const grant = await this.#ports.store.read('standing', { id });
    if (grant === null) return NOT_FOUND;
    return this.#replayed(grant.terms, grant.sample.demands);
  }

  async #replayed(
    terms: StandingTerms,
    demands: Parameters<typeof replay>[1],
  ): Promise<Result<Replay, StandingRefusal>> {
    const found = await this.#replays.run(() => replay(terms, demands, this.#ports));
    return found === null
      ? refuse('standing.too_many', 'Other replays are under way. Ask again in a minute.')
      : ok(found);
  }

  show(grant: StandingGrant): Shown {
    const nowMs = this.#ports.clock.nowMs();
    return {
      rendering: this.#renderingOf(grant),
      standings: standingsOf(votingOn(grant), nowMs, this.#electorate),
    };
  }

  #renderingOf(grant: StandingGrant): string {
    const { hashing, policy } = this.#ports;
    return hashing.sha256Hex(standingRenderingForm(grant, policy.version));
  }

  /** Refusals are part of the record; lost infrastructure is an answer too. */
  async #recorded(
    about: { readonly by: string; readonly what: StandingId | ReviewId },
    act: () => Stood,
  ): Stood {
    const { store, clock, log } = this.#ports;
    try {
      const done = await act();
      if (done.ok) {
        const status = statusOf(done.value, clock.nowMs());
        log.standingChanged({ standing: done.value.id, person: about.by, status });
        return done;
      }
      const details = { about: about.what, principal: about.by, reason: done.error.code };
      await store.append(noticeEntry('standing.refused', details, clock.nowMs())).done;
      log.standingRefused({ about: about.what, principal: about.by, code: done.error.code });
      return done;
    } catch {
      // Fails closed: nothing is counted, and whoever acted is told so.
      return UNRECORDED;
    }
  }
}
