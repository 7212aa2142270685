/** Who in Teams hears of a review. Pure over configuration and directory. */
import { answerers, concernsAnswerers, mayDecide, roomFor } from '../../core/chat-people.ts';
import type { Notice } from '../../core/delivery.ts';
import type { Review } from '../../core/review.ts';
import type { TeamsOptions } from './options.ts';

type Routing = Pick<
  TeamsOptions,
  'accounts' | 'directMessages' | 'directory' | 'limits' | 'room' | 'rooms' | 'tenant'
>;

const ROOM = 'room ';
const DIRECT = 'direct ';
const ASKED = 'asked ';

export const destinationsOf = (review: Review, notice: Notice, options: Routing): readonly string[] => [
  ...deciding(review, notice, options),
  ...(concernsAnswerers(review, notice) ? askedAccounts(review, options).map((user) => ASKED + user) : []),
];

function deciding(review: Review, { kind }: Notice, options: Routing): readonly string[] {
  const room = roomFor(review, options.rooms, options.room);
  const rooms = room === null ? [] : [ROOM + room];
  if (!options.directMessages) return rooms;
  // What came of it is for the room: whoever decided has done their part.
  if (kind === 'outcome' && room !== null) return rooms;
  const users = eligibleUsers(review, options);
  const { teamsDirectPeople } = options.limits;
  // So many are a room's matter: nobody reads what everybody gets.
  if (users.length > teamsDirectPeople && room !== null) return rooms;
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

/** Of the people who are asked, where a question isn't for the agent: told whatever `directMessages` says. */
const askedAccounts = (
  review: Review,
  { accounts, directory, tenant }: Pick<Routing, 'accounts' | 'directory' | 'tenant'>,
): readonly string[] =>
  answerers(review, directory.people()).flatMap(({ name }) =>
    accounts.accountsOf(name, 'teams', tenant).map(({ user }) => user),
  );

const after = (prefix: string, destination: string): string | undefined =>
  destination.startsWith(prefix) ? destination.slice(prefix.length) : undefined;

/** Undefined but for a message to one person. */
export const directUser = (destination: string): string | undefined =>
  after(DIRECT, destination) ?? askedUser(destination);

/** Undefined but for a message to one person who is asked something. */
export const askedUser = (destination: string): string | undefined => after(ASKED, destination);

export const roomOf = (destination: string): string => destination.slice(ROOM.length);
