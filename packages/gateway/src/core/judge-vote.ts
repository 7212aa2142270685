import type { Approver, Demand } from './decide.ts';
import type { GrantId } from './ids.ts';
import type { Agent, Person, Requester } from './identity.ts';
import type { VoteRefusal, VoteRefusalCode } from './reasons.ts';
import { err, ok, type Result } from './result.ts';
import type { Review, Vote } from './review.ts';

/** Who a name is now, and whether policy lets that person approve this review. Asked anew at every use (threat B6). */
export interface Electorate {
  person(name: string): Person | undefined;
  people(): readonly Person[];
  mayApprove(person: Person, review: Review): boolean;
}

/** Nobody decides on what they, or an agent that answers to them, asked for (law 4); administrators neither. */
export function isParty(requester: Requester, person: string): boolean {
  return person === requester.onBehalfOf || person === requester.sponsor;
}

const names = (approver: Approver, person: Person): boolean =>
  approver.kind === 'person' ? approver.name === person.name : person.groups.includes(approver.name);

/** Whether this person can count towards this demand of this review, now. */
export function isEntitled(review: Review, demand: Demand, person: Person, electorate: Electorate): boolean {
  return (
    !person.disabled &&
    !isParty(review.subject.requester, person.name) &&
    demand.approvers.some((approver) => names(approver, person)) &&
    electorate.mayApprove(person, review)
  );
}

/** Distinct people who approved and are entitled to, for one demand. One person fills one seat (threat B2). */
function approvals(review: Review, demand: Demand, electorate: Electorate): number {
  const approvers = new Set(
    review.votes.filter((vote) => vote.kind === 'approve').map((vote) => vote.person),
  );
  let count = 0;
  for (const name of approvers) {
    const person = electorate.person(name);
    if (person !== undefined && isEntitled(review, demand, person, electorate)) count++;
  }
  return count;
}

/** Whether every demand has its quorum of people who are entitled at this moment. `>=`: overshooting resolves too (B3). */
export function demandsMet(review: Review, electorate: Electorate): boolean {
  const { demands } = review.subject;
  return (
    demands.length > 0 && demands.every((demand) => approvals(review, demand, electorate) >= demand.quorum)
  );
}

/** Demands that the people who exist now could not meet, however they vote (threat B4). */
export function unmeetableDemands(review: Review, electorate: Electorate): readonly Demand[] {
  return review.subject.demands.filter((demand) => {
    const eligible = electorate.people().filter((person) => isEntitled(review, demand, person, electorate));
    return eligible.length < demand.quorum;
  });
}

export interface Ballot {
  readonly voter: Agent | Person;
  readonly vote: Vote;
  /** The id of the grant, should this vote be the one that approves. */
  readonly grant: GrantId;
}

const refuse = (
  code: VoteRefusalCode,
  message: string,
): { readonly ok: false; readonly error: VoteRefusal } => err({ code, message });

function over(review: Review): string {
  const { state } = review;
  switch (state.status) {
    case 'approved': {
      const last = review.votes.findLast((vote) => vote.kind === 'approve');
      return `This review is over: approved by ${last?.person ?? 'nobody'}.`;
    }
    case 'rejected':
      return `This review is over: rejected by ${state.by}.`;
    case 'expired':
      return 'This review is over: it expired before it was decided.';
    case 'withdrawn':
      return 'This review is over: the request was withdrawn.';
    case 'pending':
      return 'This review is past its time.';
  }
}

/** The checks of one vote, in the order in which their answers say least to somebody who may know nothing. */
function examine(review: Review, ballot: Ballot, electorate: Electorate): Result<Person, VoteRefusal> {
  const { voter, vote } = ballot;
  if (voter.kind !== 'person')
    return refuse('vote.not_a_person', 'Only a person can vote; this is an agent’s credential.');
  if (isParty(review.subject.requester, voter.name)) {
    return refuse(
      'vote.own_request',
      'You can’t decide on what you, or an agent that acts for you, asked for.',
    );
  }
  if (!review.subject.demands.some((demand) => isEntitled(review, demand, voter, electorate))) {
    return refuse('vote.not_entitled', 'You aren’t among those who may decide on this review.');
  }
  if (review.state.status !== 'pending' || vote.atMs >= review.expiresAtMs)
    return refuse('review.over', over(review));
  if (vote.digest !== review.subject.digest) {
    return refuse(
      'vote.digest_mismatch',
      'What you were shown is not what would run. Open the review again.',
    );
  }
  if (vote.kind === 'reject' && vote.reason.trim() === '') {
    return refuse('vote.reason_required', 'A rejection needs a reason: the agent is told it.');
  }
  if (review.votes.some((earlier) => earlier.person === voter.name)) {
    return refuse('vote.duplicate', 'You have voted on this review already.');
  }
  return ok(voter);
}

/** The transition for a vote: the review with the vote counted, resolved if that is what the vote does. */
export function castVote(
  review: Review,
  ballot: Ballot,
  electorate: Electorate,
): Result<Review, VoteRefusal> {
  const examined = examine(review, ballot, electorate);
  if (!examined.ok) return examined;
  const { vote } = ballot;
  const voted: Review = { ...review, votes: [...review.votes, vote], revision: review.revision + 1 };
  if (vote.kind === 'reject') {
    const state = {
      status: 'rejected',
      resolvedAtMs: vote.atMs,
      by: vote.person,
      reason: vote.reason,
    } as const;
    return ok({ ...voted, state });
  }
  if (!demandsMet(voted, electorate)) return ok(voted);
  return ok({ ...voted, state: { status: 'approved', resolvedAtMs: vote.atMs, grant: ballot.grant } });
}

/** The transition of time; undefined while it isn't due or when the review is over. */
export function expire(review: Review, nowMs: number): Review | undefined {
  if (review.state.status !== 'pending' || nowMs < review.expiresAtMs) return undefined;
  return { ...review, state: { status: 'expired', resolvedAtMs: nowMs }, revision: review.revision + 1 };
}

/** The transition of the requester's giving up; undefined when the review is over. */
export function withdraw(review: Review, nowMs: number, reason: string): Review | undefined {
  if (review.state.status !== 'pending') return undefined;
  return {
    ...review,
    state: { status: 'withdrawn', resolvedAtMs: nowMs, reason },
    revision: review.revision + 1,
  };
}

/** For the agent, and for whoever can mend it. */
export function explainUnmeetable(demand: Demand): string {
  const who = demand.approvers.map((approver) => `${approver.kind} ${approver.name}`).join(' or ');
  return `Too few people can approve this now: it needs ${demand.quorum.toString()} of ${who}.`;
}
