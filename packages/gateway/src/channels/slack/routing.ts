/** Who in Slack hears of a review. Pure over configuration and directory. */
import { mayDecide, roomsFor } from '../../core/chat-people.ts';
import type { Notice } from '../../core/delivery.ts';
import type { Review } from '../../core/review.ts';
import type { SlackOptions } from './options.ts';

type Routing = Pick<
  SlackOptions,
  'accounts' | 'directMessages' | 'directory' | 'limits' | 'room' | 'rooms' | 'team'
>;

const ROOM = 'room ';
const DIRECT = 'direct ';

export function destinationsOf(review: Review, { kind }: Notice, options: Routing): readonly string[] {
  const rooms = roomsFor(review, options.rooms, options.room).map((room) => ROOM + room);
  if (!options.directMessages) return rooms;
  // What came of it is for the room: whoever decided has done their part.
  if (kind === 'outcome' && rooms.length > 0) return rooms;
  const accounts = eligibleAccounts(review, options);
  // So many are a room's matter: nobody reads what everybody gets.
  if (accounts.length > options.limits.slackDirectPeople && rooms.length > 0) return rooms;
  return [...rooms, ...accounts.slice(0, options.limits.slackDirectPeople).map((user) => DIRECT + user)];
}

/** Slack's ids of the people who may decide by what the demands say, as far as the review has come. */
export function eligibleAccounts(
  review: Review,
  { accounts, directory, team }: Pick<Routing, 'accounts' | 'directory' | 'team'>,
): readonly string[] {
  const people = mayDecide(review, directory.people());
  return people.flatMap(({ name }) => accounts.accountsOf(name, 'slack', team).map(({ user }) => user));
}

/** Undefined for a room. */
export const directUser = (destination: string): string | undefined =>
  destination.startsWith(DIRECT) ? destination.slice(DIRECT.length) : undefined;

export const roomOf = (destination: string): string => destination.slice(ROOM.length);
