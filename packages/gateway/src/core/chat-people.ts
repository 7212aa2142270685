/** Whom a review concerns in a chat. Pure. */
import { approversAt, isParty } from './electorate.ts';
import type { Person } from './identity.ts';
import type { Review } from './review.ts';
import { isRouted, type Routing } from './routing.ts';

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

/** Reviews that have a room of their own. */
export interface RoomRule {
  readonly when: Routing;
  readonly room: string;
}

/** The first rule that fits; none: `otherwise`. */
export const roomFor = (
  review: Review,
  rules: readonly RoomRule[],
  otherwise: string | null,
): string | null => rules.find(({ when }) => isRouted(review, when))?.room ?? otherwise;
