import type { DeliveryView, Sending } from '../channels/channel.ts';
import { backOffMs, type Delivery, isNeedless, type SentMessage } from '../core/delivery.ts';
import type { MessageGroup } from '../core/message-group.ts';
import { kindOf, recount } from '../core/message-group.ts';
import type { Review } from '../core/review.ts';
import { limits } from '../limits.ts';
import type { Clock, Mutation, Random, Reads, ReviewDesk, Store } from '../ports.ts';
import type { Log } from '../telemetry/log.ts';
import { attempt } from './attempt.ts';
import { Room } from './crowd.ts';
import { Gathering } from './gathering.ts';
import type { Lane } from './lane.ts';

export interface QueuePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly desk: Pick<ReviewDesk, 'show'>;
  readonly publicUrl: string;
  readonly log: Pick<Log, 'failed' | 'deliveryFailed' | 'deliveryGivenUp'>;
  /** Aborts when the gateway stops. */
  readonly stopping: AbortSignal;
}

type Next = Reads['nextDelivery']['answer'];
type Channel = NonNullable<Lane['channel']>;

/** Growing waits between attempts. */
const WAITS = { firstMs: limits.deliveryFirstWaitMs, longestMs: limits.deliveryLongestWaitMs };

/**
 * The deliveries of one destination, one at a time, or many in one message. Everything about them is in the store; what is
 * here only says when to look. So a queue that looks too often, or is made anew after a crash, does no harm.
 */
export class Queue {
  readonly #ports: QueuePorts;
  readonly #lane: Lane;
  readonly #destination: string;
  /** Null: the channel takes each delivery by itself. */
  readonly #room: Room | null;
  #running: Promise<void> | undefined;
  /** Something came while it ran. */
  #again = false;
  #cancelTimer: () => void = () => undefined;
  /** In a row, of any delivery of the destination. */
  #failures = 0;
  /** On the monotonic clock: setting the other one neither ends a pause nor prolongs it. */
  #pausedUntilMs = 0;

  constructor(ports: QueuePorts, lane: Lane, destination: string) {
    this.#ports = ports;
    this.#lane = lane;
    this.#destination = destination;
    const { grouping, shows } = lane.channel ?? {};
    this.#room =
      grouping === undefined || shows === undefined ? null : new Room(ports.clock, grouping, shows);
  }

  /** There may be something to send. */
  wake(): void {
    this.#again = true;
    if (this.#running !== undefined || this.#ports.stopping.aborted) return;
    this.#cancelTimer();
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#again) this.wake();
    });
  }

  /** Resolves when it is at rest; call it after `stopping` has aborted. */
  async settled(): Promise<void> {
    this.#cancelTimer();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#ports.stopping.aborted && (await this.#step()));
    } catch (error) {
      // The store failed, and with it everything else; what was sent is sent again, with its id.
      this.#ports.log.failed({ where: 'outbox', error });
      this.#lookIn(limits.destinationPauseMs);
    }
    if (this.#ports.stopping.aborted) this.#again = false;
  }

  /** False: there is nothing to do now. */
  async #step(): Promise<boolean> {
    const { clock, store } = this.#ports;
    this.#again = false;
    const pauseMs = this.#pausedUntilMs - clock.monotonicMs();
    if (pauseMs > 0) return this.#lookIn(pauseMs);
    const ask = this.#ask();
    const isState = this.#lane.channel?.shows === 'state';
    const countTo = this.#room?.countTo ?? 0;
    const next = await store.read('nextDelivery', { ...ask, countTo, cards: isState ? 'new' : 'all' });
    if (next.delivery !== null) return this.#handle(next.delivery, next);
    return next.nextAtMs === null ? false : this.#lookIn(Math.max(1, next.nextAtMs - ask.atMs));
  }

  #ask() {
    return {
      channel: this.#lane.name,
      destination: this.#destination,
      atMs: this.#ports.clock.nowMs(),
      longestMs: limits.deliveryLongestWaitMs,
      urgentFirst: this.#room !== null,
    };
  }

  /** In a while, or when it is woken. */
  #lookIn(delayMs: number): false {
    this.#cancelTimer();
    const waitMs = Math.min(delayMs, limits.destinationPauseMs);
    this.#cancelTimer = this.#ports.clock.after(waitMs, () => this.wake());
    return false;
  }

  /** False: its time hasn't come. */
  async #handle(delivery: Delivery, next: Next): Promise<boolean> {
    const { channel } = this.#lane;
    const { message } = next;
    if (channel === undefined) {
      await this.#bury([delivery], 'no channel of this name is configured');
      return true;
    }
    const review = await this.#reviewOf(delivery);
    if (review === null || (channel.shows === 'state' && isNeedless(delivery, review, message))) {
      await this.#commit({ kind: 'delivery.end', id: delivery.id, message: null });
      return true;
    }
    const step = this.#room?.next(delivery, message, next) ?? { kind: 'alone' };
    if (step.kind === 'wait') return this.#lookIn(step.waitMs);
    if (step.kind === 'alone')
      await this.#lane.turn(isOwn(message), () => this.#send(channel, delivery, message));
    else await this.#together(channel, delivery, message, step.calls);
    return true;
  }

  #reviewOf({ review }: Delivery): Promise<Review | null> {
    return this.#ports.store.read('review', { id: review });
  }

  async #send(channel: Channel, delivery: Delivery, message: SentMessage | null): Promise<void> {
    const { clock, desk, publicUrl } = this.#ports;
    // Read when its turn has come: what is shown is the review as it is.
    const review = await this.#reviewOf(delivery);
    if (review === null) return;
    const url = `${publicUrl}/reviews/${review.id}`;
    // A group's message isn't its own: it gets one.
    const own = isOwn(message) ? message : null;
    const view: DeliveryView = { review, shown: desk.show(review), url, message: own, nowMs: clock.nowMs() };
    this.#room?.spendOne();
    const sending = await this.#attempt(channel, (signal) => channel.deliver(delivery, view, signal));
    if (sending === null) return;
    if (sending.kind !== 'sent') return this.#failed([delivery], sending);
    this.#failures = 0;
    const { reference } = sending;
    const { revision } = review;
    const shown = reference === null ? null : { reference, revision };
    const left = shown === null ? null : await this.#withoutIt(review, message);
    const end: Mutation = { kind: 'delivery.end', id: delivery.id, message: shown };
    await this.#commit(...(left === null ? [] : [{ kind: 'group.put', group: left } as const]), end);
  }

  /** The group that stood for it and doesn't any more; its message says so with its next change. */
  async #withoutIt(review: Review, message: SentMessage | null): Promise<MessageGroup | null> {
    if (message?.group === undefined) return null;
    const { id, counted } = message.group;
    const group = await this.#ports.store.read('messageGroup', { id });
    return group === null ? null : recount(group, kindOf(review), { from: counted, to: null }, limits);
  }

  async #together(
    channel: Channel,
    head: Delivery,
    message: SentMessage | null,
    calls: boolean,
  ): Promise<void> {
    const { grouping, shows } = channel;
    if (grouping === undefined) return;
    const isChange = shows === 'state' && message !== null;
    await this.#lane.turn(isChange, async () => {
      const gathering = new Gathering(this.#ports, { shows, calls });
      const gathered = await gathering.gather(this.#ask(), { delivery: head, message });
      this.#room?.spendAll();
      const { view } = gathered;
      const sending = await this.#attempt(channel, (signal) => grouping.deliver(view, signal));
      if (sending === null) return;
      if (sending.kind !== 'sent') return this.#failed([head, ...gathered.others], sending);
      this.#failures = 0;
      await this.#commit(...gathered.shownAs(sending.reference));
    });
  }

  /** Null: it was stopped on the way, as if it had never been tried. */
  async #attempt(
    { name }: Channel,
    send: (signal: AbortSignal) => Promise<Sending>,
  ): Promise<Sending | null> {
    const { clock, stopping, log } = this.#ports;
    const threw = (error: unknown): void => log.failed({ where: `channel ${name}`, error });
    const sending = await attempt(send, { clock, stopping, threw });
    return stopping.aborted && sending.kind !== 'sent' ? null : sending;
  }

  /** The first is tried again, and takes the others with it, if they wait still; what is refused for good is all of them. */
  async #failed(
    deliveries: readonly [Delivery, ...Delivery[]],
    sending: Exclude<Sending, { kind: 'sent' }>,
  ): Promise<void> {
    const [first] = deliveries;
    const problem = oneLine(sending.problem);
    if (sending.kind === 'failed') return this.#bury(deliveries, problem);
    if (first.attempts + 1 >= limits.deliveryAttempts) return this.#bury([first], problem);
    return this.#retry(first, { problem, retryAfterMs: sending.retryAfterMs });
  }

  /** A destination that wants to be left alone, or fails again and again, is left alone as a whole. */
  async #retry(
    { id, channel, review, attempts: before }: Delivery,
    { problem, retryAfterMs }: { readonly problem: string; readonly retryAfterMs: number | null },
  ): Promise<void> {
    const { clock, log } = this.#ports;
    const attempts = before + 1;
    this.#failures += 1;
    const ownMs = Math.min(limits.deliveryLongestWaitMs, Math.max(0, retryAfterMs ?? 0));
    const waitMs = Math.max(ownMs, backOffMs(attempts, WAITS, this.#chance()));
    const pauseMs =
      retryAfterMs === null
        ? Math.min(limits.destinationPauseMs, backOffMs(this.#failures, WAITS, this.#chance()))
        : ownMs;
    this.#pausedUntilMs = clock.monotonicMs() + pauseMs;
    log.deliveryFailed({ delivery: id, channel, review, attempts });
    const notBeforeMs = clock.nowMs() + waitMs;
    await this.#commit({ kind: 'delivery.retry', id, attempts, notBeforeMs, problem });
  }

  async #bury(deliveries: readonly Delivery[], problem: string): Promise<void> {
    const { clock, log } = this.#ports;
    const of = { problem, atMs: clock.nowMs(), most: limits.deadLetters };
    await this.#commit(
      ...deliveries.map(({ id, attempts }): Mutation => ({
        kind: 'delivery.bury',
        id,
        attempts: attempts + 1,
        ...of,
      })),
    );
    for (const { id, channel, review, attempts } of deliveries)
      log.deliveryGivenUp({ delivery: id, channel, review, attempts: attempts + 1 });
  }

  async #commit(...mutations: readonly Mutation[]): Promise<void> {
    await this.#ports.store.commit({ mutations, entries: [] });
  }

  /** From 0 to 1. */
  #chance(): number {
    return (this.#ports.random.bytes(1)[0] ?? 0) / 255;
  }
}

const isOwn = (message: SentMessage | null): boolean => message !== null && message.group === undefined;

const oneLine = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, limits.deliveryProblemCharacters);
