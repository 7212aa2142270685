/** Whom a review concerns in a chat. Pure. */
import { approversAt, isParty } from './electorate.ts';
import { isInForce, isOfSamePeople, type Delegation } from './delegation.ts';
import type { Notice } from './delivery.ts';
import type { Person } from './identity.ts';
import type { Question, Review } from './review.ts';
import { isRouted, type NamedRouting } from './routing.ts';

/** The people who may decide by what the demands say, as far as the review has come. */
export function mayDecide(review: Review, people: readonly Person[]): readonly Person[] {
  const { demands, requester } = review.subject;
  const approvers = demands.flatMap((_, index) => approversAt(review, index, review.announcedUntilMs));
  return people
    .filter((person) => !person.disabled && !isParty(requester, person))
    .filter((person) =>
      approvers.some(({ kind, name }) =>
        kind === 'person' ? name === person.name : person.groups.includes(name),
      ),
    );
}

/** People who stand in for those who may decide, by a right that was handed to them. */
export interface StandIns {
  /** Whose right is in force. */
  readonly now: readonly Person[];
  /** Whose right has ended since the review was opened: they were told of it, and are to know that it isn't theirs. */
  readonly before: readonly Person[];
}

export function standInsFor(
  review: Review,
  people: readonly Person[],
  { delegations, nowMs }: { readonly delegations: readonly Delegation[]; readonly nowMs: number },
): StandIns {
  const own = mayDecide(review, people);
  const names = new Set(own.map(({ name }) => name));
  const person = (name: string): Person | undefined => people.find((each) => each.name === name);
  const concerning = delegations.filter(
    (each) => names.has(each.from) && !names.has(each.to) && isOfSamePeople(each, person),
  );
  const during = concerning.filter((each) => isAmid(each, { fromMs: review.openedAtMs, untilMs: nowMs }));
  const inForce = new Set(concerning.flatMap((each) => (isInForce(each, nowMs) ? [each.to] : [])));
  const ended = new Set(during.flatMap(({ to }) => (inForce.has(to) ? [] : [to])));
  const of = (wanted: ReadonlySet<string>): readonly Person[] =>
    people.filter(
      (person) => wanted.has(person.name) && !person.disabled && !isParty(review.subject.requester, person),
    );
  return { now: of(inForce), before: of(ended) };
}

/** Whether it was in force at any instant of these, as it stood then. */
function isAmid(
  { fromMs, untilMs, revoked }: Delegation,
  during: { readonly fromMs: number; readonly untilMs: number },
): boolean {
  const endMs = Math.min(untilMs, revoked?.atMs ?? untilMs);
  return fromMs <= during.untilMs && endMs > during.fromMs && fromMs < endMs;
}

/** Those who are asked where a question isn't for the agent: the person for whom it acts, and its sponsor. */
export function answerers({ subject }: Review, people: readonly Person[]): readonly Person[] {
  const { onBehalfOf, sponsor } = subject.requester;
  return people.filter(({ name, disabled }) => !disabled && (name === onBehalfOf || name === sponsor));
}

/** What they were asked. */
export const askedOfPeople = ({ questions }: Review): readonly Question[] =>
  questions.filter(({ to }) => to === 'sponsor');

/** Whether they are to hear of it: they are asked, what they were asked is answered, or it can't be any more. */
export function concernsAnswerers(review: Review, notice: Notice): boolean {
  const asked = askedOfPeople(review);
  if (notice.kind === 'question' || notice.kind === 'answer')
    return asked.some(({ id }) => id === notice.question);
  return notice.kind === 'close' && asked.length > 0;
}

/** Reviews that have a room of their own, and rooms that policies name. */
export interface RoomRule extends NamedRouting {
  readonly room: string;
}

/**
 * Each demand is told in the rooms that its policy names; where it names none here, in that of the first rule that fits,
 * or else in `otherwise`. So whoever looks for a demand in the usual room misses it only if its own policy says so.
 */
export function roomsFor(
  review: Review,
  rules: readonly RoomRule[],
  otherwise: string | null,
): readonly string[] {
  const fitting = rules.find(({ byPolicy = false, when }) => !byPolicy && isRouted(review, when));
  const usual = fitting?.room ?? otherwise;
  const { demands } = review.subject;
  const rooms = (demands.length === 0 ? [[]] : demands.map(({ channels = [] }) => channels)).flatMap(
    (named) => {
      const own = rules.filter(({ name }) => name !== undefined && named.includes(name));
      return own.length > 0 ? own.map(({ room }) => room) : [usual];
    },
  );
  return [...new Set(rooms.filter((room) => room !== null))];
}
