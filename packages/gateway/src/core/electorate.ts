import type { Approver, Demand } from './decide.ts';
import type { Person, Requester } from './identity.ts';
import { standingVotes, type Review, type Vote } from './review.ts';

/** Who a name is now, and whether policy lets that person approve this review. Asked anew at every use (threat B6). */
export interface Electorate {
  /** With the groups of that instant, where somebody is on call by turns; absent: of now. */
  person(name: string, atMs?: number): Person | undefined;
  people(): readonly Person[];
  mayApprove(person: Person, review: Review, when?: DecidingAs): boolean;
  /** Those who have handed their right to this person for that instant, and not taken it back. Absent: nobody has. */
  delegators?(person: Person, atMs: number): readonly Person[];
}

/** When somebody decides, and with whose right; absent: now, and their own. */
export interface DecidingAs {
  readonly atMs?: number;
  readonly delegator?: Person | null;
}

/**
 * Nobody decides on what they, or an agent that answers to them, asked for (law 4); administrators neither. Whoever
 * started the session or owns the agent's credential is a party too, under every account that they have.
 */
export function isParty(requester: Requester, person: Pick<Person, 'name' | 'identity'>): boolean {
  const { onBehalfOf, sponsor, parties } = requester;
  return person.name === onBehalfOf || person.name === sponsor || parties.includes(person.identity);
}

const names = (approver: Approver, person: Person): boolean =>
  approver.kind === 'person' ? approver.name === person.name : person.groups.includes(approver.name);

/** The approvers of a demand at an instant: its own, and those of each step of its escalation that has begun. */
export function approversAt(review: Review, index: number, atMs: number): readonly Approver[] {
  const demand = review.subject.demands[index];
  const schedule = review.schedule[index];
  if (demand === undefined || schedule === undefined) return [];
  const steps = demand.escalation.filter((_, at) => (schedule.escalationsAtMs[at] ?? Infinity) <= atMs);
  return [...demand.approvers, ...steps.flatMap((step) => step.approvers)];
}

/** Whether nothing keeps this person from deciding on this review at all (law 4), whatever right they come with. */
export function isBarred(review: Review, index: number, person: Person): boolean {
  const excluded = review.subject.demands[index]?.excluded ?? [];
  return (
    person.disabled ||
    isParty(review.subject.requester, person) ||
    excluded.includes(person.name) ||
    excluded.includes(person.identity)
  );
}

export interface Voter {
  readonly person: Person;
  readonly atMs: number;
}

/** Whether the demand names this person, or a group that they are in, at this instant. */
export const isNamed = (review: Review, index: number, { person, atMs }: Voter): boolean =>
  approversAt(review, index, atMs).some((approver) => names(approver, person));

/**
 * Whose right this person can count with towards this demand of this review, at this instant: their own; else those of
 * everybody who handed theirs to them, and could use it. What is handed over is a person's own right: never what they
 * hold of somebody else, and nothing that either of the two is barred from. Empty: they can't count.
 */
export function rightsTo(
  review: Review,
  index: number,
  voter: Voter,
  electorate: Electorate,
): readonly Person[] {
  const { person, atMs } = voter;
  if (isBarred(review, index, person)) return [];
  if (isNamed(review, index, voter) && electorate.mayApprove(person, review, { atMs })) return [person];
  const delegators = electorate.delegators?.(person, atMs) ?? [];
  return delegators.filter(
    (delegator) =>
      !isBarred(review, index, delegator) &&
      isNamed(review, index, { person: delegator, atMs }) &&
      electorate.mayApprove(delegator, review, { atMs }) &&
      electorate.mayApprove(person, review, { atMs, delegator }),
  );
}

/** Whether this person can count towards this demand of this review, at this instant. */
export const isEntitledTo = (review: Review, index: number, voter: Voter, electorate: Electorate): boolean =>
  rightsTo(review, index, voter, electorate).length > 0;

/** Whether this person can count towards any demand of this review, at this instant. */
export function isEntitled(review: Review, person: Person, atMs: number, electorate: Electorate): boolean {
  return review.subject.demands.some((_, index) => isEntitledTo(review, index, { person, atMs }, electorate));
}

/** Whether an approval of this demand has to be signed by a passkey. */
export const needsPasskey = (review: Review, demand: Demand): boolean =>
  demand.passkeyFromRisk !== null && review.subject.risk.score >= demand.passkeyFromRisk;

/**
 * Seats that votes of this kind fill for one demand. One person fills one seat (threat B2), and so does one right: whoever
 * votes with somebody else's sits in that person's seat, so that handing a right over makes no second one of it.
 */
function countOf(review: Review, index: number, kind: Vote['kind'], electorate: Electorate): number {
  const seats = new Set<string>();
  const borrowed: (readonly string[])[] = [];
  for (const vote of standingVotes(review)) {
    if (vote.kind !== kind || !countsFor(review, index, vote)) continue;
    const person = electorate.person(vote.person, vote.atMs);
    // Whoever has the voter's name by now has not voted (threat B6).
    if (person?.identity !== vote.identity) continue;
    const rights = rightsTo(review, index, { person, atMs: vote.atMs }, electorate);
    if (rights.includes(person)) seats.add(person.identity);
    else borrowed.push(rights.map(({ identity }) => identity));
  }
  // The first free seat is taken: where another order would fill one more, the count is too low, and never too high.
  for (const rights of borrowed) {
    const free = rights.find((identity) => !seats.has(identity));
    if (free !== undefined) seats.add(free);
  }
  return seats.size;
}

/** What a vote itself has to have, whoever cast it. */
function countsFor(review: Review, index: number, vote: Vote): boolean {
  const demand = review.subject.demands[index];
  const schedule = review.schedule[index];
  if (demand === undefined || schedule === undefined) return false;
  // A rejection counts as long as the review is pending: a demand that was met in time may still be regretted.
  if (vote.kind === 'reject') return true;
  return vote.atMs < schedule.expiresAtMs && (vote.passkey !== null || !needsPasskey(review, demand));
}

/** Whether this demand has its quorum. */
export const isMet = (review: Review, index: number, electorate: Electorate): boolean =>
  countOf(review, index, 'approve', electorate) >= (review.subject.demands[index]?.quorum ?? Infinity);

/** Whether every demand has its quorum of people who are entitled at this moment. `>=`: overshooting resolves too (B3). */
export function demandsMet(review: Review, electorate: Electorate): boolean {
  const { demands } = review.subject;
  return demands.length > 0 && demands.every((_, index) => isMet(review, index, electorate));
}

/** Whether enough people have rejected for any demand. */
export function isRejected(review: Review, electorate: Electorate): boolean {
  return review.subject.demands.some(
    (demand, index) => countOf(review, index, 'reject', electorate) >= demand.rejections,
  );
}

/** How each demand stands: for whoever looks at the review, and for whoever is to be told. */
export interface Standing {
  readonly demand: Demand;
  readonly approvals: number;
  readonly met: boolean;
  /** Names of the people who could still approve it, now. */
  readonly eligible: readonly string[];
}

export function standingsOf(review: Review, atMs: number, electorate: Electorate): readonly Standing[] {
  const voted = new Set(standingVotes(review).map((vote) => vote.identity));
  return review.subject.demands.map((demand, index) => ({
    demand,
    approvals: countOf(review, index, 'approve', electorate),
    met: isMet(review, index, electorate),
    eligible: electorate
      .people()
      .filter((person) => !voted.has(person.identity))
      .filter((person) => isEntitledTo(review, index, { person, atMs }, electorate))
      .map((person) => person.name),
  }));
}

/** When the review ends unless people do: the earliest expiry of what isn't met yet. */
export function expiryOf(review: Review, electorate: Electorate): number {
  const open = review.schedule.filter((_, index) => !isMet(review, index, electorate));
  return Math.min(...(open.length > 0 ? open : review.schedule).map((each) => each.expiresAtMs));
}

/** Demands that the people who exist now could not meet, however they vote, escalation included (threat B4). */
export function unmeetableDemands(review: Review, electorate: Electorate): readonly Demand[] {
  return review.subject.demands.filter((demand, index) => {
    const rights = electorate
      .people()
      .flatMap((person) => rightsTo(review, index, { person, atMs: Infinity }, electorate));
    return new Set(rights.map((person) => person.identity)).size < demand.quorum;
  });
}

/** For the agent, and for whoever can mend it. */
export function explainUnmeetable(demand: Demand): string {
  const approvers = [...demand.approvers, ...demand.escalation.flatMap((step) => step.approvers)];
  const who = approvers.map((approver) => `${approver.kind} ${approver.name}`).join(' or ');
  return `Too few people can approve this now: it needs ${demand.quorum.toString()} of ${who}.`;
}
