/** Messages in Slack: one a review in each room and conversation, brought up to date, and lines below it. */
import type { Delivery } from '../../core/delivery.ts';
import type { Limits } from '../../limits.ts';
import type { Clock } from '../../ports.ts';
import type { DeliveryView } from '../channel.ts';
import { Earlier } from './earlier.ts';
import { UNSHOWABLE, VANISHED } from './faults.ts';
import type { Message } from './message.ts';
import { directUser, roomOf } from './routing.ts';
import { SlackFault, type SlackWeb } from './web.ts';

/** Where the message about a review stands. */
export interface Place {
  readonly channel: string;
  readonly ts: string;
}

export interface Showing {
  readonly message: Message;
  /** For what Slack doesn't take after all. */
  readonly otherwise: () => Message;
}

export class Messages {
  readonly #web: SlackWeb;
  readonly #earlier: Earlier;
  /** Conversations by user: opened once. */
  readonly #direct = new Map<string, string>();

  /** Made before anything is sent: what is older than this is an earlier process's. */
  constructor(web: SlackWeb, { clock, limits }: { readonly clock: Clock; readonly limits: Limits }) {
    this.#web = web;
    this.#earlier = new Earlier(web, clock.nowMs(), limits.slackUnanswered);
  }

  /** Brings the message up to date; a message that is gone, or none, is posted. */
  async show(showing: Showing, delivery: Delivery, { message }: DeliveryView): Promise<Place> {
    const place = message === null ? undefined : placeOf(message.reference);
    if (place === undefined) return this.#post(showing, delivery);
    // A line in the thread changes nothing of what the card shows.
    if (delivery.notice.kind === 'remind' || delivery.notice.kind === 'outcome') return place;
    try {
      await this.#fitting(showing, (shown) => this.#web.update({ ...place, ...shown }));
      return place;
    } catch (error) {
      if (error instanceof SlackFault && VANISHED.has(error.code)) return this.#post(showing, delivery);
      throw error;
    }
  }

  /** Below the message: once, as far as Slack tells. */
  async say(said: Message, delivery: Delivery, { channel, ts: thread }: Place): Promise<void> {
    if ((await this.#earlier.find(delivery, { channel, thread })) !== undefined) return;
    await this.#earlier.attempt(delivery, () =>
      this.#web.post({ ...said, channel, thread, delivery: delivery.id }),
    );
  }

  /** Where an earlier attempt has arrived, what it posted is brought up to date instead. */
  async #post(showing: Showing, delivery: Delivery): Promise<Place> {
    const channel = await this.channelOf(delivery.destination);
    const ts = await this.#earlier.find(delivery, { channel, thread: null });
    if (ts !== undefined) {
      await this.#fitting(showing, (shown) => this.#web.update({ channel, ts, ...shown }));
      return { channel, ts };
    }
    return this.#earlier.attempt(delivery, () =>
      this.#fitting(showing, (shown) =>
        this.#web.post({ ...shown, channel, thread: null, delivery: delivery.id }),
      ),
    );
  }

  /** What Slack finds too large after all is a link instead: without buttons, and the review is decided elsewhere. */
  async #fitting<T>({ message, otherwise }: Showing, send: (shown: Message) => Promise<T>): Promise<T> {
    try {
      return await send(message);
    } catch (error) {
      if (error instanceof SlackFault && UNSHOWABLE.has(error.code)) return send(otherwise());
      throw error;
    }
  }

  /** The room, or the conversation with somebody. */
  async channelOf(destination: string): Promise<string> {
    const user = directUser(destination);
    if (user === undefined) return roomOf(destination);
    const known = this.#direct.get(user);
    if (known !== undefined) return known;
    const opened = await this.#web.openDirect(user);
    this.#direct.set(user, opened);
    return opened;
  }
}

export function placeOf(reference: string): Place | undefined {
  const [channel, ts, ...more] = reference.split(' ');
  return channel === undefined || ts === undefined || more.length > 0 ? undefined : { channel, ts };
}
