/** Who in a chat hears of a review, and where: the same for every platform. Pure over configuration and directory. */
import {
  answerers,
  concernsAnswerers,
  mayDecide,
  type RoomRule,
  roomsFor,
  standInsFor,
  type StandIns,
} from '../core/chat-people.ts';
import type { Notice } from '../core/delivery.ts';
import type { Person } from '../core/identity.ts';
import type { Review } from '../core/review.ts';
import type { Clock, Directory } from '../ports.ts';
import type { HandedRights } from '../ports-chat.ts';

export interface ChatPeople {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly directory: Pick<Directory, 'people'>;
  readonly handed: HandedRights;
  /** The platform's ids of somebody's accounts. */
  readonly usersOf: (name: string) => readonly string[];
}

export interface ChatRouting extends ChatPeople {
  readonly rooms: readonly RoomRule[];
  readonly room: string | null;
  readonly directMessages: boolean;
  /** More than so many are a room's matter. */
  readonly directPeople: number;
}

const ROOM = 'room ';
const DIRECT = 'direct ';
const ASKED = 'asked ';

export const destinationsOf = (review: Review, notice: Notice, options: ChatRouting): readonly string[] => [
  ...deciding(review, notice, options),
  ...(concernsAnswerers(review, notice) ? askedUsers(review, options).map((user) => ASKED + user) : []),
];

function deciding(review: Review, { kind }: Notice, options: ChatRouting): readonly string[] {
  const rooms = roomsFor(review, options.rooms, options.room).map((room) => ROOM + room);
  if (!options.directMessages) return rooms;
  // What came of it is for the room: whoever decided has done their part.
  if (kind === 'outcome' && rooms.length > 0) return rooms;
  const users = eligibleUsers(review, options);
  // So many are a room's matter: nobody reads what everybody gets.
  if (users.length > options.directPeople && rooms.length > 0) return rooms;
  const told = [...users.slice(0, options.directPeople), ...formerUsers(kind, review, options)];
  return [...rooms, ...told.map((user) => DIRECT + user)];
}

/** The ids of the people who may decide by what the demands say, as far as the review has come; stand-ins too. */
export function eligibleUsers(review: Review, options: ChatPeople): readonly string[] {
  const own = mayDecide(review, options.directory.people());
  return usersAmong([...own, ...standIns(review, options).now], options);
}

const standIns = (review: Review, { directory, handed, clock }: ChatPeople): StandIns =>
  standInsFor(review, directory.people(), { delegations: handed.list(), nowMs: clock.nowMs() });

/** What whoever may decide no longer has of it is brought up to date; nothing new is told to them. */
const formerUsers = (kind: Notice['kind'], review: Review, options: ChatPeople): readonly string[] =>
  kind === 'update' || kind === 'close' ? usersAmong(standIns(review, options).before, options) : [];

const usersAmong = (people: readonly Person[], { usersOf }: ChatPeople): readonly string[] => [
  ...new Set(people.flatMap(({ name }) => usersOf(name))),
];

/** Of the people who are asked, where a question isn't for the agent: told whatever `directMessages` says. */
const askedUsers = (review: Review, options: ChatPeople): readonly string[] =>
  usersAmong(answerers(review, options.directory.people()), options);

const after = (prefix: string, destination: string): string | undefined =>
  destination.startsWith(prefix) ? destination.slice(prefix.length) : undefined;

/** Undefined but for a message to one person. */
export const directUser = (destination: string): string | undefined =>
  after(DIRECT, destination) ?? askedUser(destination);

/** Undefined but for a message to one person who is asked something. */
export const askedUser = (destination: string): string | undefined => after(ASKED, destination);

export const roomOf = (destination: string): string => destination.slice(ROOM.length);
