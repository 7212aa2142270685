/** Who in Teams hears of a review: its accounts and bounds for what every chat has in common. */
import { roomsFor } from '../../core/chat-people.ts';
import type { Notice } from '../../core/delivery.ts';
import type { Review } from '../../core/review.ts';
import * as chats from '../chat-routing.ts';
import type { Actor } from './activity.ts';
import type { TeamsOptions } from './options.ts';

export { askedUser, directUser, roomOf } from '../chat-routing.ts';

type Known = Pick<TeamsOptions, 'accounts' | 'clock' | 'directory' | 'handed' | 'tenant'>;
type Routing = Known & Pick<TeamsOptions, 'directMessages' | 'limits' | 'room' | 'rooms'>;

const usersOf =
  ({ accounts, tenant }: Known) =>
  (name: string): readonly string[] =>
    accounts.accountsOf(name, 'teams', tenant).map(({ user }) => user);

export const destinationsOf = (review: Review, notice: Notice, options: Routing): readonly string[] =>
  chats.destinationsOf(review, notice, {
    ...options,
    usersOf: usersOf(options),
    directPeople: options.limits.teamsDirectPeople,
  });

export const eligibleUsers = (review: Review, options: Known): readonly string[] =>
  chats.eligibleUsers(review, { ...options, usersOf: usersOf(options) });

/** Whether a review is told in this conversation: a room's, or a thread's in it. */
export const isToldIn = (
  review: Review,
  { conversation }: Pick<Actor, 'conversation'>,
  { rooms, room }: Pick<TeamsOptions, 'room' | 'rooms'>,
): boolean =>
  roomsFor(review, rooms, room).some((each) => conversation === each || conversation.startsWith(`${each};`));
