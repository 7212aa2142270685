/** Whom a review concerns in a chat. Pure. */
import { approversAt, isParty } from './electorate.ts';
import type { Person } from './identity.ts';
import type { Review } from './review.ts';
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
