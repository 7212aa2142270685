/** Microsoft Teams as a channel: one card a review in each room and chat, kept up to date, with buttons for who may decide. */
import type { Rate } from '../../core/budget.ts';
import { cardOf, type Card } from '../../core/card.ts';
import { askedCardOf } from '../../core/card-asked.ts';
import type { Delivery, Notice } from '../../core/delivery.ts';
import type { ReviewId } from '../../core/ids.ts';
import type { Review } from '../../core/review.ts';
import { unlinkedLine } from '../../core/unlinked.ts';
import { visible } from '../../core/visible.ts';
import type { PlatformEndpoint } from '../../ports-chat.ts';
import type { Channel, DeliveryView, Grouping, Inbound, Sending } from '../channel.ts';
import { Deciding } from '../chat-deciding.ts';
import { ChatRefusals } from '../chat-refusals.ts';
import type { Actor } from './activity.ts';
import { type AdaptiveCard, askedCard, type Audience, linkCard, reviewCard } from './card.ts';
import { checkTeams } from './check.ts';
import { Connector, type Place, type Posting } from './connector.ts';
import { teamsEndpoint } from './endpoint.ts';
import { isUnshowable, isVanished, sendingOf } from './faults.ts';
import { forgeries } from './forgeries.ts';
import { placeOf, teamsGrouping } from './group.ts';
import { eligibleOf, Invokes } from './invokes.ts';
import { Judgments } from './judgments.ts';
import { ConnectorKeys } from './keys.ts';
import type { TeamsOptions } from './options.ts';
import { People } from './people.ts';
import { line, runs } from './rich-text.ts';
import { askedUser, destinationsOf, directUser, eligibleUsers, roomOf } from './routing.ts';
import { threadLine } from './thread.ts';
import { OwnToken } from './token.ts';

interface Running {
  readonly invokes: Invokes;
  readonly judgments: Judgments;
  readonly deciding: Deciding<Actor>;
  readonly refusals: ChatRefusals<Actor>;
}

export class TeamsChannel implements Channel {
  readonly name = 'teams';
  readonly shows = 'state';
  readonly pace: Rate;
  readonly grouping: Grouping;
  readonly #options: TeamsOptions;
  readonly #token: OwnToken;
  readonly #keys: ConnectorKeys;
  readonly #connector: Connector;
  readonly #people: People;
  readonly #recordForged: (code: string) => Promise<void>;
  /** Conversations by user: opened once. */
  readonly #direct = new Map<string, string>();
  readonly #memberIds = new Map<string, string>();
  #running: Running | undefined;

  constructor(options: TeamsOptions) {
    const { limits } = options;
    this.#options = options;
    this.pace = { perMinute: limits.teamsPerMinute, burst: limits.teamsBurst };
    this.#token = new OwnToken(options);
    this.#keys = new ConnectorKeys(options);
    const connector = (this.#connector = new Connector({ ...options, token: this.#token }));
    this.grouping = teamsGrouping({ limits, connector, directOf: (user) => this.#directOf(user) });
    this.#recordForged = forgeries(options);
    this.#people = new People({
      ...options,
      lookUp: (conversation, user) => this.#connector.member(conversation, user),
    });
  }

  route(review: Review, notice: Notice): readonly string[] {
    return destinationsOf(review, notice, this.#options);
  }

  async deliver(delivery: Delivery, view: DeliveryView): Promise<Sending> {
    try {
      const { clock, publicUrl, limits } = this.#options;
      const card = cardOf(view.review, { ...view.shown, nowMs: clock.nowMs(), publicUrl });
      const shown = placeOf(view.message?.reference ?? '');
      const place = await this.#show(card, delivery, view, shown);
      // Whoever is asked finds what they are asked in the card itself.
      const isAsked = askedUser(delivery.destination) !== undefined;
      const said = isAsked ? null : threadLine(delivery.notice, view.review, limits);
      if (said !== null) await this.#connector.post(place.conversation, said);
      // A line below the card alone leaves the card as old as it was.
      return { kind: 'sent', reference: place === shown ? null : `${place.conversation} ${place.activity}` };
    } catch (error) {
      return sendingOf(error);
    }
  }

  /** Brings the card up to date; a card that is gone, or none, is posted. */
  async #show(card: Card, delivery: Delivery, view: DeliveryView, place: Place | undefined): Promise<Place> {
    if (place === undefined) return this.#post(card, delivery, view);
    // What is said below the card then is no part of it.
    if (delivery.notice.kind === 'remind' || delivery.notice.kind === 'outcome') return place;
    try {
      const drawn = await this.#drawn(card, place.conversation, delivery, view);
      await this.#fitting(card, drawn, (posting) => this.#connector.update(place, posting));
      return { ...place };
    } catch (error) {
      if (isVanished(error)) return this.#post(card, delivery, view);
      throw error;
    }
  }

  async #post(card: Card, delivery: Delivery, view: DeliveryView): Promise<Place> {
    const user = directUser(delivery.destination);
    const room = roomOf(delivery.destination);
    const conversation = user === undefined ? room : await this.#directOf(user);
    const drawn = await this.#drawn(card, conversation, delivery, view);
    return this.#fitting(card, drawn, (posting) =>
      user === undefined
        ? this.#connector.postInRoom(room, posting)
        : this.#connector.post(conversation, posting),
    );
  }

  async #drawn(
    card: Card,
    conversation: string,
    delivery: Delivery,
    view: DeliveryView,
  ): Promise<AdaptiveCard> {
    const { limits } = this.#options;
    const asked = askedUser(delivery.destination);
    if (asked !== undefined) return askedCard(askedCardOf(card, view.review, this.#mayRead(asked)), limits);
    return reviewCard(card, await this.#audience(conversation, delivery, view), limits);
  }

  #mayRead(user: string): boolean {
    const { accounts, directory, policy, tenant } = this.#options;
    const person = directory.person(accounts.personOf({ platform: 'teams', tenant, user }) ?? '');
    return person !== undefined && policy.mayCall(person, 'api:reviews.read');
  }

  /** In a room nobody has buttons until their client asks; in a chat its one reader has what they may press. */
  async #audience(
    conversation: string,
    { destination }: Delivery,
    { review, shown }: DeliveryView,
  ): Promise<Audience> {
    const { accounts, limits, tenant } = this.#options;
    const user = directUser(destination);
    if (user !== undefined) {
      const person = accounts.personOf({ platform: 'teams', tenant, user }) ?? '';
      return { refreshedFor: null, decides: eligibleOf(shown).has(person) };
    }
    const users = eligibleUsers(review, this.#options).slice(0, limits.teamsRefreshed);
    const members = await Promise.all(users.map((each) => this.#memberId(conversation, each)));
    return { refreshedFor: members.filter((each) => each !== null), decides: false };
  }

  /** Teams' id of somebody, which never changes: only whose client refreshes rests on it, and no right. */
  async #memberId(conversation: string, user: string): Promise<string | null> {
    const known = this.#memberIds.get(user);
    if (known !== undefined) return known;
    const member = await this.#people.member(conversation, user);
    if (member?.user !== user) return null;
    this.#memberIds.set(user, member.id);
    const [oldest] = this.#memberIds.keys();
    if (this.#memberIds.size > this.#options.limits.teamsMembersKept && oldest !== undefined)
      this.#memberIds.delete(oldest);
    return member.id;
  }

  /** What Teams finds too large after all is a link instead: without buttons, and the review is decided elsewhere. */
  async #fitting<T>(card: Card, drawn: AdaptiveCard, send: (posting: Posting) => Promise<T>): Promise<T> {
    const summary = summaryOf(card);
    try {
      return await send({ card: drawn, summary });
    } catch (error) {
      if (isUnshowable(error)) return send({ card: linkCard(card), summary });
      throw error;
    }
  }

  async #directOf(user: string): Promise<string> {
    const known = this.#direct.get(user);
    if (known !== undefined) return known;
    const opened = await this.#connector.openDirect(user);
    this.#direct.set(user, opened);
    return opened;
  }

  /** To one person, of something that was answered before: a chat of theirs, where the app is installed for them. */
  async #tell({ user }: Actor, text: string): Promise<void> {
    const card = {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.5',
      body: [line(undefined, runs(text))],
    } as const;
    await this.#connector.post(await this.#directOf(user), { card, summary: `Sallyport: ${text}` });
  }

  async check(): Promise<readonly string[]> {
    return [...(await this.#checkPlatform()), ...this.#unlinked()];
  }

  /** Where a principal name is enough, nobody has to be linked. */
  #unlinked(): readonly string[] {
    const { accounts, directory, linkByName, tenant } = this.#options;
    const isLinked = (name: string): boolean => accounts.accountsOf(name, 'teams', tenant).length > 0;
    const line = unlinkedLine(directory.people(), { platform: 'Teams', field: 'teams', isLinked });
    return linkByName || line === null ? [] : [line];
  }

  #checkPlatform(): Promise<readonly string[]> {
    const { addresses, clock, limits, room, rooms } = this.#options;
    return checkTeams({
      ...this.#options,
      openIdUrl: addresses.openIdUrl,
      loginUrl: addresses.loginUrl,
      keys: this.#keys,
      token: this.#token,
      connector: this.#connector,
      rooms: [...new Set([...(room === null ? [] : [room]), ...rooms.map((each) => each.room)])],
      nowMs: () => clock.nowMs(),
      mostClockMs: limits.teamsClockMs / 2,
    });
  }

  async start(inbound: Inbound): Promise<void> {
    const { desk } = inbound;
    const options = this.#options;
    const accountOf = ({ tenant, user }: Actor): string => `${tenant} ${user}`;
    const refusals = new ChatRefusals<Actor>({ ...options, accountOf, record: options.recordRefused });
    const deciding = new Deciding<Actor>({
      ...options,
      platform: 'teams',
      accountOf,
      desk,
      people: this.#people,
    });
    const tell = (actor: Actor, text: string): Promise<void> => this.#tell(actor, text);
    const review = (id: ReviewId): Promise<Review | null> => inbound.review(id);
    const judgments = new Judgments({
      ...options,
      deciding,
      recordRefused: (actor, id) => refusals.record(actor, id),
      tell,
    });
    const invokes = new Invokes({ ...options, desk, review, people: this.#people, judgments });
    this.#running = { deciding, invokes, judgments, refusals };
  }

  /** Teams' requests by HTTP; before the start and after the end nothing is taken, which shows to whoever clicks. */
  get endpoint(): PlatformEndpoint {
    return teamsEndpoint({
      ...this.#options,
      keys: this.#keys,
      recordForged: this.#recordForged,
      handle: async (invoke) => {
        if (this.#running === undefined) throw new Error('the channel is not running');
        return this.#running.invokes.handle(invoke);
      },
    });
  }

  async close(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.deciding.close();
    await running?.judgments.settled();
    await running?.refusals.close();
  }
}

/** Shown in notifications, where some clients read markup: letters, digits and what is harmless among them. */
const summaryOf = ({ heading, isOpen }: Card): string =>
  visible(`Sallyport: ${isOpen ? 'a decision is wanted' : 'it is decided'}: ${heading}`).replace(
    /[^\p{L}\p{N} .,:()_-]/gu,
    ' ',
  );
