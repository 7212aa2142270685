/** One message in Slack that stands for many reviews: counts, and a link to the list. Nothing is decided with it (law 6). */
import type { GroupCard } from '../../core/group-card.ts';
import type { Limits } from '../../limits.ts';
import type { Grouping, GroupView, Sending } from '../channel.ts';
import { fit, rich } from './blocks.ts';
import { sendingOf, VANISHED } from './faults.ts';
import { ACTIONS, button, header, type Message } from './message.ts';
import { placeOf, type Messages, type Place } from './messages.ts';
import type { SlackOptions } from './options.ts';
import { escapeMarkup, line, literal, mention } from './rich-text.ts';
import { eligibleUsers } from './routing.ts';
import { SlackFault, type SlackWeb } from './web.ts';

type Options = Pick<SlackOptions, 'accounts' | 'clock' | 'directory' | 'handed' | 'limits' | 'team'>;

export interface SlackGroupPorts {
  readonly options: Options;
  readonly web: Pick<SlackWeb, 'post' | 'update'>;
  readonly messages: Pick<Messages, 'channelOf'>;
}

export function slackGrouping(ports: SlackGroupPorts): Grouping {
  const { slackRoomPerMinute, slackRoomBurst, slackChangesPerMinute, slackChangesBurst, slackGroupMs } =
    ports.options.limits;
  return {
    pace: { perMinute: slackRoomPerMinute, burst: slackRoomBurst },
    changes: { perMinute: slackChangesPerMinute, burst: slackChangesBurst },
    everyMs: slackGroupMs,
    deliver: async (view) => {
      try {
        return await deliver(view, ports);
      } catch (error) {
        return sendingOf(error);
      }
    },
  };
}

async function deliver(view: GroupView, ports: SlackGroupPorts): Promise<Sending> {
  const { options, web } = ports;
  const place = await show(view, ports);
  const { call } = view.card;
  if (call !== null) {
    const users = calledUsers(view, options);
    const called = users.flatMap((user) => [mention(user), ...literal(' ')]);
    const blocks = [rich('said', line(called, literal(call)))];
    const { channel, ts: thread } = place;
    await web.post({ channel, thread, text: escapeMarkup(call), blocks, delivery: view.id });
  }
  return { kind: 'sent', reference: `${place.channel} ${place.ts}` };
}

async function show(view: GroupView, { options, web, messages }: SlackGroupPorts): Promise<Place> {
  const message = groupMessage(view.card, options.limits);
  const place = placeOf(view.reference ?? '');
  if (place !== undefined)
    try {
      await web.update({ ...place, ...message });
      return place;
    } catch (error) {
      if (!(error instanceof SlackFault && VANISHED.has(error.code))) throw error;
    }
  const channel = await messages.channelOf(view.destination);
  return web.post({ ...message, channel, thread: null, delivery: view.id });
}

function calledUsers({ called }: GroupView, options: Options): readonly string[] {
  const users = new Set(called.flatMap((review) => eligibleUsers(review, options)));
  return [...users].slice(0, options.limits.slackDirectPeople);
}

function groupMessage(card: GroupCard, limits: Limits): Message {
  const text = escapeMarkup(`Sallyport: ${card.heading}. ${card.state}`);
  const open = button(ACTIONS.open, 'Open the list', { url: card.url });
  return {
    text,
    blocks: [
      header(card, limits),
      rich('state', line(literal(card.state))),
      // What has no room is in the list too.
      ...fit(card, limits.slackMessageBlocks, limits).blocks,
      { type: 'actions', block_id: 'actions', elements: [open] },
    ],
  };
}
