/** Who in Slack hears of a review. Pure over configuration and directory. */
import { answerers, concernsAnswerers, mayDecide, roomFor } from '../../core/chat-people.ts';
import type { Notice } from '../../core/delivery.ts';
import type { Review } from '../../core/review.ts';
import type { SlackOptions } from './options.ts';

type Routing = Pick<
  SlackOptions,
  'accounts' | 'directMessages' | 'directory' | 'limits' | 'room' | 'rooms' | 'team'
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
  const accounts = eligibleAccounts(review, options);
  // So many are a room's matter: nobody reads what everybody gets.
  if (accounts.length > options.limits.slackDirectPeople && room !== null) return rooms;
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

/** Of the people who are asked, where a question isn't for the agent: told whatever `directMessages` says. */
const askedAccounts = (
  review: Review,
  { accounts, directory, team }: Pick<Routing, 'accounts' | 'directory' | 'team'>,
): readonly string[] =>
  answerers(review, directory.people()).flatMap(({ name }) =>
    accounts.accountsOf(name, 'slack', team).map(({ user }) => user),
  );

const after = (prefix: string, destination: string): string | undefined =>
  destination.startsWith(prefix) ? destination.slice(prefix.length) : undefined;

/** Undefined but for a message to one person. */
export const directUser = (destination: string): string | undefined =>
  after(DIRECT, destination) ?? askedUser(destination);

/** Undefined but for a message to one person who is asked something. */
export const askedUser = (destination: string): string | undefined => after(ASKED, destination);

export const roomOf = (destination: string): string => destination.slice(ROOM.length);
