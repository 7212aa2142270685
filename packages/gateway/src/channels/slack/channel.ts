/** Slack as a channel: one message a review in each room and conversation, kept up to date, with buttons. */
import type { Rate } from '../../core/budget.ts';
import { cardOf, type Card } from '../../core/card.ts';
import { askedCardOf } from '../../core/card-asked.ts';
import type { Delivery, Notice } from '../../core/delivery.ts';
import type { Review } from '../../core/review.ts';
import { unlinkedLine } from '../../core/unlinked.ts';
import type { Limits } from '../../limits.ts';
import type { PlatformEndpoint } from '../../ports-chat.ts';
import type { Channel, DeliveryView, Grouping, Inbound, Sending } from '../channel.ts';
import { Deciding } from '../chat-deciding.ts';
import { ChatRefusals } from '../chat-refusals.ts';
import { askedMessageOf } from './asked.ts';
import { checkSlack } from './check.ts';
import { sendingOf } from './faults.ts';
import { slackGrouping } from './group.ts';
import { slackEndpoint } from './http.ts';
import { type Acknowledgement, Interactions } from './interactions.ts';
import { linkMessageOf, type Message, messageOf } from './message.ts';
import { Messages, type Showing } from './messages.ts';
import type { SlackOptions } from './options.ts';
import type { Incoming } from './payload.ts';
import type { Actor } from './payload.ts';
import { People } from './people.ts';
import { askedUser, destinationsOf, directUser, eligibleUsers } from './routing.ts';
import { openSocketOnce, SlackSocket } from './socket.ts';
import { threadBlocks } from './thread.ts';
import { slackWeb } from './web-client.ts';
import type { SlackWeb } from './web.ts';

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
  readonly #messages: Messages;
  #running: Running | undefined;

  constructor(options: SlackOptions) {
    this.#options = options;
    this.pace = paceOf(options.limits);
    this.#web = slackWeb({ ...options, token: options.botToken });
    this.#messages = new Messages(this.#web, options);
    this.grouping = slackGrouping({ options, web: this.#web, messages: this.#messages });
  }

  route(review: Review, notice: Notice): readonly string[] {
    return destinationsOf(review, notice, this.#options);
  }

  async deliver(delivery: Delivery, view: DeliveryView): Promise<Sending> {
    try {
      const { clock, publicUrl } = this.#options;
      const card = cardOf(view.review, { ...view.shown, nowMs: clock.nowMs(), publicUrl });
      const place = await this.#messages.show(this.#showing(card, delivery, view), delivery, view);
      const said = this.#lineOf(delivery, view);
      if (said !== null) await this.#messages.say(said, delivery, place);
      return { kind: 'sent', reference: `${place.channel} ${place.ts}` };
    } catch (error) {
      return sendingOf(error);
    }
  }

  #showing(card: Card, { destination }: Delivery, { review }: DeliveryView): Showing {
    const { limits } = this.#options;
    const asked = askedUser(destination);
    const message =
      asked === undefined
        ? messageOf(card, limits, this.#decides(destination, review))
        : askedMessageOf(askedCardOf(card, review, this.#mayRead(asked)), limits);
    return { message, otherwise: () => linkMessageOf(card, limits) };
  }

  /** A room is for all; in a conversation its one reader has what they may press. */
  #decides(destination: string, review: Review): boolean {
    const user = directUser(destination);
    return user === undefined || eligibleUsers(review, this.#options).includes(user);
  }

  /** Whoever is asked finds what they are asked in the message itself. */
  #lineOf({ destination, notice }: Delivery, { review }: DeliveryView): Message | null {
    const options = this.#options;
    if (askedUser(destination) !== undefined) return null;
    return threadBlocks(notice, review, eligibleUsers(review, options), options.limits);
  }

  #mayRead(user: string): boolean {
    const { accounts, directory, policy, team } = this.#options;
    const person = directory.person(accounts.personOf({ platform: 'slack', tenant: team, user }) ?? '');
    return person !== undefined && policy.mayCall(person, 'api:reviews.read');
  }

  async check(): Promise<readonly string[]> {
    return [...(await this.#checkPlatform()), ...this.#unlinked()];
  }

  /** Where an address is enough, nobody has to be linked. */
  #unlinked(): readonly string[] {
    const { accounts, directory, linkByEmail, team } = this.#options;
    const isLinked = (name: string): boolean => accounts.accountsOf(name, 'slack', team).length > 0;
    const line = unlinkedLine(directory.people(), { platform: 'Slack', field: 'slack', isLinked });
    return linkByEmail || line === null ? [] : [line];
  }

  #checkPlatform(): Promise<readonly string[]> {
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
