/** Slack as a channel: one message a review in each room and conversation, kept up to date, with buttons. */
import type { Rate } from '../../core/budget.ts';
import { cardOf, type Card } from '../../core/card.ts';
import type { Delivery, Notice } from '../../core/delivery.ts';
import type { Review } from '../../core/review.ts';
import type { Limits } from '../../limits.ts';
import type { PlatformEndpoint } from '../../ports-chat.ts';
import type { Channel, DeliveryView, Grouping, Inbound, Sending } from '../channel.ts';
import { Deciding } from '../chat-deciding.ts';
import { ChatRefusals } from '../chat-refusals.ts';
import { checkSlack } from './check.ts';
import { sendingOf, UNSHOWABLE, VANISHED } from './faults.ts';
import { type Place, placeOf, slackGrouping } from './group.ts';
import { slackEndpoint } from './http.ts';
import { type Acknowledgement, Interactions } from './interactions.ts';
import { linkMessageOf, messageOf } from './message.ts';
import type { SlackOptions } from './options.ts';
import type { Incoming } from './payload.ts';
import type { Actor } from './payload.ts';
import { People } from './people.ts';
import { destinationsOf, directUser, eligibleAccounts, roomOf } from './routing.ts';
import { openSocketOnce, SlackSocket } from './socket.ts';
import { threadBlocks } from './thread.ts';
import { slackWeb } from './web-client.ts';
import { SlackFault, type SlackWeb } from './web.ts';

/** What is needed for what: `check` names what is missing. */
const SCOPES = {
  'chat:write': 'messages',
  'users:read': 'who somebody is',
  'channels:read': 'looking at the channel',
} as const;

interface Running {
  readonly interactions: Interactions;
  readonly deciding: Deciding<Actor>;
  readonly refusals: ChatRefusals<Actor>;
  readonly socket: SlackSocket | null;
}

export class SlackChannel implements Channel {
  readonly name = 'slack';
  readonly shows = 'state';
  readonly pace: Rate;
  readonly grouping: Grouping;
  readonly #options: SlackOptions;
  readonly #web: SlackWeb;
  /** Conversations by user: opened once. */
  readonly #direct = new Map<string, string>();
  #running: Running | undefined;

  constructor(options: SlackOptions) {
    this.#options = options;
    this.pace = paceOf(options.limits);
    const web = (this.#web = slackWeb({ ...options, token: options.botToken }));
    this.grouping = slackGrouping({ options, web, channelOf: (each) => this.#channelOf(each) });
  }

  route(review: Review, notice: Notice): readonly string[] {
    return destinationsOf(review, notice, this.#options);
  }

  async deliver(delivery: Delivery, view: DeliveryView): Promise<Sending> {
    try {
      const { clock, publicUrl, limits } = this.#options;
      const card = cardOf(view.review, { ...view.shown, nowMs: clock.nowMs(), publicUrl });
      const place = await this.#show(card, delivery, view);
      const blocks = threadBlocks(
        delivery.notice,
        view.review,
        eligibleAccounts(view.review, this.#options),
        limits,
      );
      if (blocks !== null)
        await this.#web.post({ ...blocks, channel: place.channel, thread: place.ts, delivery: delivery.id });
      return { kind: 'sent', reference: `${place.channel} ${place.ts}` };
    } catch (error) {
      return sendingOf(error);
    }
  }

  /** Brings the message up to date; a message that is gone, or none, is posted. */
  async #show(card: Card, delivery: Delivery, { message }: DeliveryView): Promise<Place> {
    const place = message === null ? undefined : placeOf(message.reference);
    if (place === undefined) return this.#post(card, delivery);
    // A line in the thread changes nothing of what the card shows.
    if (delivery.notice.kind === 'remind' || delivery.notice.kind === 'outcome') return place;
    try {
      await this.#fitting(card, (shown) => this.#web.update({ ...place, ...shown }));
      return place;
    } catch (error) {
      if (error instanceof SlackFault && VANISHED.has(error.code)) return this.#post(card, delivery);
      throw error;
    }
  }

  async #post(card: Card, { destination, id }: Delivery): Promise<Place> {
    const channel = await this.#channelOf(destination);
    return this.#fitting(card, (shown) => this.#web.post({ ...shown, channel, thread: null, delivery: id }));
  }

  /** What Slack finds too large after all is a link instead: without buttons, and the review is decided elsewhere. */
  async #fitting<T>(card: Card, send: (shown: ReturnType<typeof messageOf>) => Promise<T>): Promise<T> {
    const { limits } = this.#options;
    try {
      return await send(messageOf(card, limits));
    } catch (error) {
      if (error instanceof SlackFault && UNSHOWABLE.has(error.code)) return send(linkMessageOf(card, limits));
      throw error;
    }
  }

  async #channelOf(destination: string): Promise<string> {
    const user = directUser(destination);
    if (user === undefined) return roomOf(destination);
    const known = this.#direct.get(user);
    if (known !== undefined) return known;
    const opened = await this.#web.openDirect(user);
    this.#direct.set(user, opened);
    return opened;
  }

  check(): Promise<readonly string[]> {
    const { team, room, rooms, directMessages, appToken, apiUrl, clock, limits, linkByEmail } = this.#options;
    return checkSlack(this.#web, {
      team,
      channels: [...new Set([...(room === null ? [] : [room]), ...rooms.map((each) => each.room)])],
      scopes: {
        ...SCOPES,
        ...(directMessages ? { 'im:write': 'direct messages' } : {}),
        ...(linkByEmail ? { 'users:read.email': 'people by their verified address' } : {}),
      },
      nowMs: () => clock.nowMs(),
      mostClockMs: limits.slackStampMs / 2,
      openSocket: appToken === null ? null : () => openSocketOnce({ appToken, apiUrl, limits }),
    });
  }

  async start(inbound: Inbound): Promise<void> {
    const options = this.#options;
    const { appToken, clock, limits } = options;
    const people = new People({
      ...options,
      directory: inbound.directory,
      lookUp: (user) => this.#web.user(user),
    });
    const accountOf = ({ team, user }: Actor): string => `${team} ${user}`;
    const refusals = new ChatRefusals<Actor>({ ...options, accountOf, record: options.recordRefused });
    const deciding = new Deciding<Actor>({
      ...options,
      platform: 'slack',
      accountOf,
      desk: inbound.desk,
      people,
    });
    const interactions = new Interactions({
      ...options,
      desk: inbound.desk,
      review: (id) => inbound.review(id),
      people,
      deciding,
      recordRefused: (actor, review) => refusals.record(actor, review),
      web: this.#web,
    });
    const handle = (incoming: Incoming): Promise<Acknowledgement> => interactions.handle(incoming);
    const socket =
      appToken === null ? null : new SlackSocket({ ...options, appToken, clock, limits, handle });
    this.#running = { interactions, deciding, refusals, socket };
    await socket?.start();
  }

  /** Slack's requests by HTTP; before the start and after the end nothing is taken, which shows to whoever clicks. */
  get endpoint(): PlatformEndpoint {
    return slackEndpoint({
      ...this.#options,
      handle: async (incoming) => {
        if (this.#running === undefined) throw new Error('the channel is not running');
        return this.#running.interactions.handle(incoming);
      },
    });
  }

  async close(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.socket?.close();
    running?.deciding.close();
    await running?.interactions.settled();
    await running?.refusals.close();
  }
}

/** For all of a workspace; a channel has less (`grouping`). */
const paceOf = ({ slackPerMinute, slackBurst }: Limits): Rate => ({
  perMinute: slackPerMinute,
  burst: slackBurst,
});
