/** Who in Slack hears of a review: its accounts and bounds for what every chat has in common. */
import type { Notice } from '../../core/delivery.ts';
import type { Review } from '../../core/review.ts';
import * as chats from '../chat-routing.ts';
import type { SlackOptions } from './options.ts';

export { askedUser, directUser, roomOf } from '../chat-routing.ts';

type Known = Pick<SlackOptions, 'accounts' | 'clock' | 'directory' | 'handed' | 'team'>;
type Routing = Known & Pick<SlackOptions, 'directMessages' | 'limits' | 'room' | 'rooms'>;

const usersOf =
  ({ accounts, team }: Known) =>
  (name: string): readonly string[] =>
    accounts.accountsOf(name, 'slack', team).map(({ user }) => user);

export const destinationsOf = (review: Review, notice: Notice, options: Routing): readonly string[] =>
  chats.destinationsOf(review, notice, {
    ...options,
    usersOf: usersOf(options),
    directPeople: options.limits.slackDirectPeople,
  });

export const eligibleUsers = (review: Review, options: Known): readonly string[] =>
  chats.eligibleUsers(review, { ...options, usersOf: usersOf(options) });
