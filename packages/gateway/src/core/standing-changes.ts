/** Every way in which a standing grant changes. Pure: the grant after it, or why not. */
import { demandsMet, isEntitled, isParty, type Electorate } from './electorate.ts';
import type { Agent, Person, Requester } from './identity.ts';
import type { ActionId } from './ids.ts';
import type { StandingRefusal, StandingRefusalCode, VoteRefusalCode } from './reasons.ts';
import { err, ok, type Result } from './result.ts';
import type { Review, Vote } from './review.ts';
import type { Risk } from './risk.ts';
import { statusOf, whyNotUsable, type StandingGrant, type StandingUse, type Uncovered } from './standing.ts';
import { castVote } from './transitions.ts';

/** Who asks for it now, and how risky it is now: what the demands are held against when a grant is used. */
export interface Circumstance {
  readonly requester: Requester;
  readonly risk: Risk;
}

/**
 * The vote on a grant, in the form of a review: the same electorate, the same quorum, the same separation of duties.
 * What is decided on has the digest of the terms.
 */
export function votingOn(grant: StandingGrant, now?: Circumstance): Review {
  const { sample, digest, review, proposedAtMs, schedule, votesUntilMs, votes, revision } = grant;
  return {
    id: review,
    subject: { ...sample, ...now, digest },
    openedAtMs: proposedAtMs,
    schedule,
    announcedUntilMs: proposedAtMs,
    expiresAtMs: votesUntilMs,
    votes,
    questions: [],
    preview: null,
    supersedes: null,
    // Proposals are listed by themselves, never in groups.
    shape: '',
    revision,
    state: { status: 'pending' },
  };
}

/** Whether those who approved it may still do so, for whoever asks now. */
export const isStillApproved = (grant: StandingGrant, now: Circumstance, electorate: Electorate): boolean =>
  demandsMet(votingOn(grant, now), electorate);

const refuse = (
  code: StandingRefusalCode,
  message: string,
): { readonly ok: false; readonly error: StandingRefusal } => err({ code, message });

/** What somebody is told who may not judge at all: less than that the vote is over. */
const OUTSIDERS: readonly VoteRefusalCode[] = ['vote.not_a_person', 'vote.own_request', 'vote.not_entitled'];

export interface StandingBallot {
  readonly voter: Agent | Person;
  readonly vote: Vote;
  /** The digest of what a surface would show of the grant now. */
  readonly rendering: string;
}

/** A vote, by the rules of votes on reviews. */
export function voteOnStanding(
  grant: StandingGrant,
  ballot: StandingBallot,
  electorate: Electorate,
): Result<StandingGrant, StandingRefusal> {
  const { vote } = ballot;
  const voted = castVote(votingOn(grant), { ...ballot, grant: NO_GRANT }, electorate);
  const status = statusOf(grant, vote.atMs);
  if (!voted.ok && OUTSIDERS.includes(voted.error.code)) return voted;
  if (status !== 'proposed')
    return refuse('standing.over', `This proposal is not open to votes any more: it is ${status}.`);
  if (!voted.ok) return voted;
  const { votes, state, expiresAtMs } = voted.value;
  const changed = {
    ...grant,
    votes,
    votesUntilMs: Math.min(expiresAtMs, grant.terms.validUntilMs),
    revision: grant.revision + 1,
  };
  if (state.status === 'approved') return ok({ ...changed, state: { status: 'live', atMs: vote.atMs } });
  if (state.status !== 'rejected') return ok(changed);
  const { by, reason } = state;
  return ok({ ...changed, state: { status: 'rejected', atMs: vote.atMs, by, reason } });
}

/** A vote on a proposal yields no grant of a single action; the transition wants the name of one. */
const NO_GRANT = 'gra_00000000000000000000000000';

export interface Revocation {
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
}

/** Ends a grant, or a proposal, whatever else happens to it at the same time. */
export function revokeStanding(
  grant: StandingGrant,
  { by, reason, atMs }: Revocation,
): Result<StandingGrant, StandingRefusal> {
  const status = statusOf(grant, atMs);
  if (status !== 'live' && status !== 'proposed')
    return refuse('standing.over', `There is nothing to revoke: it is ${status}.`);
  const state = { status: 'revoked', atMs, by, reason } as const;
  return ok({ ...grant, revision: grant.revision + 1, state });
}

/** Whoever could decide on it may end it, and so may those for whom the agent acts: it takes away and gives nothing. */
export function mayRevoke(
  grant: StandingGrant,
  person: Person,
  atMs: number,
  electorate: Electorate,
): boolean {
  if (person.disabled) return false;
  const voting = votingOn(grant);
  return isParty(voting.subject.requester, person) || isEntitled(voting, person, atMs, electorate);
}

/** One use, counted before it can matter. The rows that it could have are taken from the budget at once (law 2). */
export function spendStanding(
  grant: StandingGrant,
  use: Pick<StandingUse, 'action' | 'atMs' | 'rows'>,
): Result<StandingGrant, Uncovered> {
  const why = whyNotUsable(grant, use.rows, use.atMs);
  if (why !== null) return err(why);
  const uses = [...grant.uses, { ...use, settled: false }];
  return ok({ ...grant, uses, revision: grant.revision + 1 });
}

/** The outcome says how many rows there were: what was reserved beyond them is free again. Undefined: nothing to settle. */
export function settleStanding(
  grant: StandingGrant,
  action: ActionId,
  rows: number,
): StandingGrant | undefined {
  const use = grant.uses.find((each) => each.action === action);
  if (use === undefined || use.settled) return undefined;
  const uses = grant.uses.map((each) => (each === use ? { ...each, rows, settled: true } : each));
  return { ...grant, uses, revision: grant.revision + 1 };
}
