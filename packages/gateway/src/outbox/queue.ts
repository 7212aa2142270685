import type { Channel, DeliveryView, Sending } from '../channels/channel.ts';
import { backOffMs, isShown, type Delivery, type SentMessage } from '../core/delivery.ts';
import type { Review } from '../core/review.ts';
import { limits } from '../limits.ts';
import type { Clock, Mutation, Random, ReviewDesk, Store } from '../ports.ts';
import type { Log } from '../telemetry/log.ts';
import { attempt } from './attempt.ts';
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

/** Growing waits between attempts. */
const WAITS = { firstMs: limits.deliveryFirstWaitMs, longestMs: limits.deliveryLongestWaitMs };

/**
 * The deliveries of one destination, one at a time. Everything about them is in the store; what is here only says when to
 * look. So a queue that looks too often, or is made anew after a crash, does no harm.
 */
export class Queue {
  readonly #ports: QueuePorts;
  readonly #lane: Lane;
  readonly #destination: string;
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
    const ask = { channel: this.#lane.name, destination: this.#destination };
    const longestMs = limits.deliveryLongestWaitMs;
    const atMs = clock.nowMs();
    const { delivery, message, nextAtMs } = await store.read('nextDelivery', { ...ask, atMs, longestMs });
    if (delivery !== null) await this.#handle(delivery, message);
    else if (nextAtMs !== null) return this.#lookIn(Math.max(1, nextAtMs - atMs));
    return delivery !== null;
  }

  /** In a while, or when it is woken. */
  #lookIn(delayMs: number): false {
    this.#cancelTimer();
    const waitMs = Math.min(delayMs, limits.destinationPauseMs);
    this.#cancelTimer = this.#ports.clock.after(waitMs, () => this.wake());
    return false;
  }

  async #handle(delivery: Delivery, message: SentMessage | null): Promise<void> {
    const { channel } = this.#lane;
    if (channel === undefined)
      return this.#bury(delivery, delivery.attempts, 'no channel of this name is configured');
    const review = await this.#reviewOf(delivery);
    if (review === null || (channel.shows === 'state' && isNeedless(delivery, review, message)))
      return this.#commit({ kind: 'delivery.end', id: delivery.id, message: null });
    await this.#lane.turn(() => this.#send(channel, delivery, message));
  }

  #reviewOf({ review }: Delivery): Promise<Review | null> {
    return this.#ports.store.read('review', { id: review });
  }

  async #send(channel: Channel, delivery: Delivery, message: SentMessage | null): Promise<void> {
    const { clock, desk, publicUrl, stopping, log } = this.#ports;
    // Read when its turn has come: what is shown is the review as it is.
    const review = await this.#reviewOf(delivery);
    if (review === null) return;
    const url = `${publicUrl}/reviews/${review.id}`;
    const view: DeliveryView = { review, shown: desk.show(review), url, message, nowMs: clock.nowMs() };
    const threw = (name: string, error: unknown): void => log.failed({ where: `channel ${name}`, error });
    const sending = await attempt(channel, delivery, view, { clock, stopping, threw });
    // Stopped on the way: as if it had never been tried.
    if (stopping.aborted && sending.kind !== 'sent') return;
    await this.#record(delivery, review, sending);
  }

  async #record(delivery: Delivery, review: Review, sending: Sending): Promise<void> {
    const { id } = delivery;
    if (sending.kind === 'sent') {
      this.#failures = 0;
      const { reference } = sending;
      const message = reference === null ? null : { reference, revision: review.revision };
      return this.#commit({ kind: 'delivery.end', id, message });
    }
    const attempts = delivery.attempts + 1;
    const problem = oneLine(sending.problem);
    if (sending.kind === 'failed' || attempts >= limits.deliveryAttempts)
      return this.#bury(delivery, attempts, problem);
    return this.#retry(delivery, attempts, { problem, retryAfterMs: sending.retryAfterMs });
  }

  /** A destination that wants to be left alone, or fails again and again, is left alone as a whole. */
  async #retry(
    { id, channel, review }: Delivery,
    attempts: number,
    { problem, retryAfterMs }: { readonly problem: string; readonly retryAfterMs: number | null },
  ): Promise<void> {
    const { clock, log } = this.#ports;
    this.#failures += 1;
    const ownMs = Math.min(limits.deliveryLongestWaitMs, Math.max(0, retryAfterMs ?? 0));
    const waitMs = Math.max(ownMs, backOffMs(attempts, WAITS, this.#chance()));
    const pauseMs =
      retryAfterMs === null
        ? Math.min(limits.destinationPauseMs, backOffMs(this.#failures, WAITS, this.#chance()))
        : ownMs;
    this.#pausedUntilMs = clock.monotonicMs() + pauseMs;
    log.deliveryFailed({ delivery: id, channel, review, attempts });
    await this.#commit({
      kind: 'delivery.retry',
      id,
      attempts,
      notBeforeMs: clock.nowMs() + waitMs,
      problem,
    });
  }

  async #bury({ id, channel, review }: Delivery, attempts: number, problem: string): Promise<void> {
    const { clock, log } = this.#ports;
    const atMs = clock.nowMs();
    await this.#commit({ kind: 'delivery.bury', id, attempts, problem, atMs, most: limits.deadLetters });
    log.deliveryGivenUp({ delivery: id, channel, review, attempts });
  }

  async #commit(mutation: Mutation): Promise<void> {
    await this.#ports.store.commit({ mutations: [mutation], entries: [] });
  }

  /** From 0 to 1. */
  #chance(): number {
    return (this.#ports.random.bytes(1)[0] ?? 0) / 255;
  }
}

/** Where one message is kept up to date: it shows this already, or what would be said is no longer true. */
function isNeedless(delivery: Delivery, { state }: Review, message: SentMessage | null): boolean {
  const { kind } = delivery.notice;
  const isCall = kind === 'remind' || kind === 'escalate';
  return isShown(delivery, message) || (isCall && state.status !== 'pending');
}

const oneLine = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, limits.deliveryProblemCharacters);
