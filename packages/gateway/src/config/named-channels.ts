/** What policies name by `@channel`: rooms of chats, and webhooks. The same name may stand for one on each platform. */
import type { RoomRule } from '../core/chat-people.ts';
import type { Routing } from '../core/routing.ts';
import type { Finding, Path } from './problem.ts';

interface RawRoom {
  readonly name?: string | undefined;
  readonly channel: string;
  readonly when: Routing;
  readonly byPolicy: boolean;
}

export const roomOf = ({ name, channel, when, byPolicy }: RawRoom): RoomRule => ({
  room: channel,
  when,
  byPolicy,
  ...(name === undefined ? {} : { name }),
});

/** A room that only policies send to, and that none can name, is told of nothing. */
export const checkRooms = (rooms: readonly RawRoom[], at: Path): readonly Finding[] =>
  rooms.flatMap(({ name, byPolicy }, index) =>
    byPolicy && name === undefined
      ? [
          {
            code: 'value.invalid',
            path: [...at, 'rooms', index, 'name'],
            message: 'no policy can send anything there',
            hint: 'give it a name, or remove byPolicy',
          },
        ]
      : [],
  );

interface Named {
  readonly name?: string | undefined;
}

/** Before or after secrets were read: names are the same. */
export function channelNames({
  slack,
  teams,
  webhooks,
}: {
  readonly slack?: { readonly rooms: readonly Named[] } | null | undefined;
  readonly teams?: { readonly rooms: readonly Named[] } | null | undefined;
  readonly webhooks: readonly Named[];
}): readonly string[] {
  const named = [...(slack?.rooms ?? []), ...(teams?.rooms ?? []), ...webhooks];
  return [...new Set(named.flatMap(({ name }) => name ?? []))].sort();
}
