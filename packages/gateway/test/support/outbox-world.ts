/** The sender over a store in memory, with a channel that a test scripts and a clock that it moves. */
import { expect } from 'vitest';
import type { Channel, DeliveryView, Grouping, Sending } from '../../src/channels/channel.ts';
import type { Delivery, Notice } from '../../src/core/delivery.ts';
import type { ReviewId } from '../../src/core/ids.ts';
import type { Review } from '../../src/core/review.ts';
import { outboxOf } from '../../src/outbox/outbox.ts';
import { Sender, waking } from '../../src/outbox/sender.ts';
import type { Mutation, Store } from '../../src/ports.ts';
import { MemoryMedium } from '../../src/stores/memory/medium.ts';
import { createMemoryStore } from '../../src/stores/memory/store.ts';
import { createFakeClock, createFakeRandom } from './fake-clock.ts';
import { review } from './subjects.ts';

export const nothing = (): void => undefined;
const START_MS = Date.UTC(2026, 10, 21);
export const VOTED: Notice = { kind: 'update', change: 'voted', vote: 0 };

export const sent = (reference: string | null = null): Sending => ({ kind: 'sent', reference });
export const later = (retryAfterMs: number | null = null): Sending => ({
  kind: 'later',
  retryAfterMs,
  problem: 'answered 503',
});

export const idOf = (number: number): ReviewId => `rev_01hzzzzzzzzzzzzzzzzzzzzzz${number}`;
export const one = (number = 1, given: Partial<Review> = {}): Review =>
  review({ id: idOf(number), ...given });

/** A channel that a test scripts, and that remembers what reached it. */
export class Scripted implements Channel {
  readonly name = 'chat';
  shows: 'state' | 'events' = 'events';
  pace = { perMinute: 60_000, burst: 1_000 };
  destinations: readonly string[] = ['room'];
  grouping?: Grouping;
  readonly arrived: { delivery: Delivery; view: DeliveryView }[] = [];
  answer: (delivery: Delivery, signal: AbortSignal) => Promise<Sending> | Sending = () => sent();

  route(): readonly string[] {
    return this.destinations;
  }
  async deliver(delivery: Delivery, view: DeliveryView, signal: AbortSignal): Promise<Sending> {
    this.arrived.push({ delivery, view });
    return this.answer(delivery, signal);
  }
  async check(): Promise<readonly string[]> {
    return [];
  }
  async start(): Promise<void> {}
  async close(): Promise<void> {}

  get kinds(): string[] {
    return this.arrived.map(({ delivery }) => `${delivery.destination} ${delivery.notice.kind}`);
  }
}

export class OutboxWorld {
  readonly clock = createFakeClock(START_MS);
  readonly logged: string[] = [];
  channel = new Scripted();
  store!: Store;
  sender!: Sender;
  /** From now on nothing that this process does is kept. */
  crash: () => void = nothing;
  readonly #medium = new MemoryMedium();

  /** A new process over what an earlier one left. */
  async restart(): Promise<void> {
    const { clock } = this;
    const raw = this.#storeOfThisProcess();
    this.store = waking(raw, (name, destination) => this.sender.wake(name, destination));
    const log = {
      failed: nothing,
      deliveryFailed: () => this.logged.push('failed'),
      deliveryGivenUp: () => this.logged.push('given up'),
    };
    const desk = { show: () => ({ rendering: 'e'.repeat(64), standings: [] }) };
    const ports = { clock, random: createFakeRandom(), store: raw, desk, log, channels: [this.channel] };
    this.sender = new Sender({ ...ports, publicUrl: 'http://gate' });
    await this.sender.start();
  }

  #storeOfThisProcess(): Store {
    const memory = createMemoryStore({ medium: this.#medium });
    const own = { isCrashed: false };
    this.crash = () => {
      own.isCrashed = true;
    };
    return {
      commit: (each) => (own.isCrashed ? new Promise(nothing) : memory.commit(each)),
      append: (entry) => memory.append(entry),
      read: (kind, ask) => memory.read(kind, ask),
      queued: 0,
      close: () => memory.close(),
    };
  }

  /** Lets everything that can happen without time happen. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 40; turn++) await new Promise(setImmediate);
  }

  /** In steps: what falls due may set timers of its own. */
  async pass(ms: number, steps = 20): Promise<void> {
    for (let step = 0; step < steps; step++) {
      this.clock.advance(ms / steps);
      await this.settle();
    }
  }

  /** A change of a review, with what has to be told of it. */
  async change(changed: Review, ...notices: readonly Notice[]): Promise<void> {
    const box = outboxOf({
      clock: this.clock,
      random: createFakeRandom(`${changed.id} ${changed.revision}`),
      channels: [this.channel],
      log: { failed: nothing },
    });
    const kind = changed.revision === 1 ? 'review.open' : 'review.update';
    const mutations: Mutation[] = [{ kind, review: changed }];
    for (const notice of notices) mutations.push(...box.tell(changed, notice));
    const committed = await this.store.commit({ mutations, entries: [] });
    expect(committed.ok).toBe(true);
    await this.settle();
  }

  waiting(): Promise<readonly Delivery[]> {
    return this.store.read('deliveries', { state: 'waiting', channel: null, limit: 99, after: null });
  }

  dead(): Promise<readonly Delivery[]> {
    return this.store.read('deliveries', { state: 'dead', channel: null, limit: 99, after: null });
  }
}
