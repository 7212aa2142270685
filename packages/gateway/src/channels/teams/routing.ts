/** Who in Teams hears of a review. Pure over configuration and directory. */
import {
  answerers,
  concernsAnswerers,
  mayDecide,
  roomsFor,
  standInsFor,
  type StandIns,
} from '../../core/chat-people.ts';
import type { Notice } from '../../core/delivery.ts';
import type { Person } from '../../core/identity.ts';
import type { Review } from '../../core/review.ts';
import type { TeamsOptions } from './options.ts';

type Known = Pick<TeamsOptions, 'accounts' | 'clock' | 'directory' | 'handed' | 'tenant'>;
type Routing = Known & Pick<TeamsOptions, 'directMessages' | 'limits' | 'room' | 'rooms'>;

const ROOM = 'room ';
const DIRECT = 'direct ';
const ASKED = 'asked ';

export const destinationsOf = (review: Review, notice: Notice, options: Routing): readonly string[] => [
  ...deciding(review, notice, options),
  ...(concernsAnswerers(review, notice) ? askedAccounts(review, options).map((user) => ASKED + user) : []),
];

function deciding(review: Review, { kind }: Notice, options: Routing): readonly string[] {
  const rooms = roomsFor(review, options.rooms, options.room).map((room) => ROOM + room);
  if (!options.directMessages) return rooms;
  // What came of it is for the room: whoever decided has done their part.
  if (kind === 'outcome' && rooms.length > 0) return rooms;
  const users = eligibleUsers(review, options);
  const { teamsDirectPeople } = options.limits;
  // So many are a room's matter: nobody reads what everybody gets.
  if (users.length > teamsDirectPeople && rooms.length > 0) return rooms;
  const told = [...users.slice(0, teamsDirectPeople), ...formerAccounts(kind, review, options)];
  return [...rooms, ...told.map((user) => DIRECT + user)];
}

/** Entra's ids of the people who may decide by what the demands say, as far as the review has come; stand-ins too. */
export function eligibleUsers(review: Review, options: Known): readonly string[] {
  const own = mayDecide(review, options.directory.people());
  return accountsOf([...own, ...standIns(review, options).now], options);
}

const standIns = (review: Review, { directory, handed, clock }: Known): StandIns =>
  standInsFor(review, directory.people(), { delegations: handed.list(), nowMs: clock.nowMs() });

/** What whoever may decide no longer has of it is brought up to date; nothing new is told to them. */
const formerAccounts = (kind: Notice['kind'], review: Review, options: Known): readonly string[] =>
  kind === 'update' || kind === 'close' ? accountsOf(standIns(review, options).before, options) : [];

const accountsOf = (people: readonly Person[], { accounts, tenant }: Known): readonly string[] => [
  ...new Set(
    people.flatMap(({ name }) => accounts.accountsOf(name, 'teams', tenant).map(({ user }) => user)),
  ),
];

/** Of the people who are asked, where a question isn't for the agent: told whatever `directMessages` says. */
const askedAccounts = (review: Review, options: Known): readonly string[] =>
  accountsOf(answerers(review, options.directory.people()), options);

const after = (prefix: string, destination: string): string | undefined =>
  destination.startsWith(prefix) ? destination.slice(prefix.length) : undefined;

/** Undefined but for a message to one person. */
export const directUser = (destination: string): string | undefined =>
  after(DIRECT, destination) ?? askedUser(destination);

/** Undefined but for a message to one person who is asked something. */
export const askedUser = (destination: string): string | undefined => after(ASKED, destination);

export const roomOf = (destination: string): string => destination.slice(ROOM.length);
