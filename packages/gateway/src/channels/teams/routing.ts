/** Who in Teams hears of a review. Pure over configuration and directory. */
import { mayDecide, roomsFor } from '../../core/chat-people.ts';
import type { Notice } from '../../core/delivery.ts';
import type { Review } from '../../core/review.ts';
import type { TeamsOptions } from './options.ts';

type Routing = Pick<
  TeamsOptions,
  'accounts' | 'directMessages' | 'directory' | 'limits' | 'room' | 'rooms' | 'tenant'
>;

const ROOM = 'room ';
const DIRECT = 'direct ';

export function destinationsOf(review: Review, { kind }: Notice, options: Routing): readonly string[] {
  const rooms = roomsFor(review, options.rooms, options.room).map((room) => ROOM + room);
  if (!options.directMessages) return rooms;
  // What came of it is for the room: whoever decided has done their part.
  if (kind === 'outcome' && rooms.length > 0) return rooms;
  const users = eligibleUsers(review, options);
  const { teamsDirectPeople } = options.limits;
  // So many are a room's matter: nobody reads what everybody gets.
  if (users.length > teamsDirectPeople && rooms.length > 0) return rooms;
  return [...rooms, ...users.slice(0, teamsDirectPeople).map((user) => DIRECT + user)];
}

/** Entra's ids of the people who may decide by what the demands say, as far as the review has come. */
export const eligibleUsers = (
  review: Review,
  { accounts, directory, tenant }: Pick<Routing, 'accounts' | 'directory' | 'tenant'>,
): readonly string[] =>
  mayDecide(review, directory.people()).flatMap(({ name }) =>
    accounts.accountsOf(name, 'teams', tenant).map(({ user }) => user),
  );

/** Undefined for a room. */
export const directUser = (destination: string): string | undefined =>
  destination.startsWith(DIRECT) ? destination.slice(DIRECT.length) : undefined;

export const roomOf = (destination: string): string => destination.slice(ROOM.length);
