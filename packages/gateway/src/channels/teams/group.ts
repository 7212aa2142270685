/** One card in Teams that stands for many reviews: counts, and a link to the list. Nothing is decided with it (law 6). */
import type { GroupCard } from '../../core/group-card.ts';
import { visible } from '../../core/visible.ts';
import type { Limits } from '../../limits.ts';
import type { Grouping, GroupView, Sending } from '../channel.ts';
import { type AdaptiveCard, frame, heading } from './card.ts';
import type { Connector, Place, Posting } from './connector.ts';
import { fit } from './elements.ts';
import { isVanished, sendingOf } from './faults.ts';
import { line, runs } from './rich-text.ts';
import { directUser, roomOf } from './routing.ts';
import type { Line } from './thread.ts';

export interface TeamsGroupPorts {
  readonly limits: Limits;
  readonly connector: Pick<Connector, 'post' | 'postInRoom' | 'update'>;
  readonly directOf: (user: string) => Promise<string>;
}

export function teamsGrouping(ports: TeamsGroupPorts): Grouping {
  const { teamsRoomPerMinute, teamsRoomBurst, teamsGroupMs } = ports.limits;
  return {
    pace: { perMinute: teamsRoomPerMinute, burst: teamsRoomBurst },
    // A change is an operation of its conversation, as a message is.
    changes: null,
    everyMs: teamsGroupMs,
    deliver: async (view) => {
      try {
        return await deliver(view, ports);
      } catch (error) {
        return sendingOf(error);
      }
    },
  };
}

async function deliver(view: GroupView, ports: TeamsGroupPorts): Promise<Sending> {
  const place = await show(view, ports);
  const { call } = view.card;
  if (call !== null) await ports.connector.post(place.conversation, lineOf(call));
  return { kind: 'sent', reference: `${place.conversation} ${place.activity}` };
}

async function show(view: GroupView, { connector, directOf, limits }: TeamsGroupPorts): Promise<Place> {
  const posting: Posting = { card: groupCard(view.card, limits), summary: summaryOf(view.card) };
  const place = placeOf(view.reference ?? '');
  if (place !== undefined)
    try {
      await connector.update(place, posting);
      return place;
    } catch (error) {
      if (!isVanished(error)) throw error;
    }
  const user = directUser(view.destination);
  return user === undefined
    ? connector.postInRoom(roomOf(view.destination), posting)
    : connector.post(await directOf(user), posting);
}

/** Nobody's client asks for a card of their own: it is the same for everybody. */
const groupCard = (card: GroupCard, limits: Limits): AdaptiveCard => ({
  ...frame(card),
  body: [
    heading(card),
    line('Small', runs(card.state)),
    // What has no room is in the list too.
    ...fit(card, limits.teamsCardBytes - 2 * limits.teamsCardSpareBytes, limits).elements,
  ],
  actions: [{ type: 'Action.OpenUrl', title: 'Open the list', url: card.url }],
});

const lineOf = (text: string): { summary: string; card: Line } => ({
  summary: 'Sallyport: decisions are wanted.',
  card: {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.5',
    body: [line(undefined, runs(visible(text)))],
  },
});

const summaryOf = ({ heading: text }: GroupCard): string => `Sallyport: ${text}`;

export function placeOf(reference: string): Place | undefined {
  const [conversation, activity, ...more] = reference.split(' ');
  return conversation === undefined || activity === undefined || more.length > 0
    ? undefined
    : { conversation, activity };
}
