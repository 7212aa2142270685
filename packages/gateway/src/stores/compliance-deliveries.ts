import { expect, test } from 'vitest';
import type { Delivery, SentMessage } from '../core/delivery.ts';
import { makeId, type DeliveryId } from '../core/ids.ts';
import { accept, codeOf, refusal, reopen } from './compliance-fixture.ts';
import type { StoreUnderTest } from './compliance-fixture.ts';
import { START_MS, reviewId, sampleReview } from './compliance-samples.ts';
import type { Mutation } from './store.ts';

const deliveryId = (number: number): DeliveryId =>
  makeId('dlv', START_MS, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, number));

export const sampleDelivery = (number: number, more: Partial<Delivery> = {}): Delivery => ({
  id: deliveryId(number),
  channel: 'chat',
  destination: 'room-1',
  review: reviewId(1),
  revision: number,
  notice: { kind: 'update', change: 'voted', vote: 0 },
  atMs: START_MS,
  attempts: 0,
  notBeforeMs: START_MS,
  state: 'waiting',
  problem: '',
  ...more,
});

const add = (delivery: Delivery): Mutation => ({ kind: 'delivery.add', delivery });
const end = (number: number, message: SentMessage | null = null): Mutation => ({
  kind: 'delivery.end',
  id: deliveryId(number),
  message,
});
const retry = (number: number, notBeforeMs: number): Mutation => ({
  kind: 'delivery.retry',
  id: deliveryId(number),
  attempts: 1,
  notBeforeMs,
  problem: 'nobody answered',
});
const bury = (number: number, most = 9): Mutation => ({
  kind: 'delivery.bury',
  id: deliveryId(number),
  attempts: 4,
  problem: 'no such room',
  atMs: START_MS + 7,
  most,
});
const replay = (number: number): Mutation => ({
  kind: 'delivery.replay',
  id: deliveryId(number),
  atMs: START_MS + 9,
});

async function next(at: StoreUnderTest, atMs = START_MS, destination = 'room-1') {
  const due = { channel: 'chat', destination, atMs, longestMs: 60_000, urgentFirst: false };
  const ask = { ...due, countTo: 9, cards: 'all' } as const;
  const { delivery, message, nextAtMs } = await at.store.read('nextDelivery', ask);
  return { id: delivery?.id ?? null, message, nextAtMs };
}

const list = async (at: StoreUnderTest, state: Delivery['state'], after: DeliveryId | null = null) =>
  (await at.store.read('deliveries', { state, channel: null, limit: 9, after })).map(({ id }) => id);

/** A delivery is there if, and only if, what it tells of is. */
export function deliveriesAreKept(at: StoreUnderTest): void {
  test('a delivery is durable with the change that it tells of, as it was written', async () => {
    const mutations: Mutation[] = [
      { kind: 'review.open', review: sampleReview(1) },
      add(sampleDelivery(1, { destination: 'Räum 🙂' })),
    ];
    await accept(at.store, { mutations });
    await reopen(at);
    const kept = await at.store.read('delivery', { id: deliveryId(1) });
    expect(kept).toEqual(sampleDelivery(1, { destination: 'Räum 🙂' }));
    expect(await at.store.read('delivery', { id: deliveryId(2) })).toBeNull();
  });

  test('nothing is sent of a change that was refused', async () => {
    await accept(at.store, { mutations: [{ kind: 'review.open', review: sampleReview(1) }] });
    const conflict = { kind: 'review.update', review: sampleReview(1, { revision: 9 }) } as const;
    expect(await refusal(at, add(sampleDelivery(1)), conflict)).toBe('review.conflict');
    expect(await at.store.read('deliveryQueues', {})).toEqual([]);
  });

  test('a delivery is added once', async () => {
    await accept(at.store, { mutations: [add(sampleDelivery(1))] });
    const again = at.store.commit({ mutations: [add(sampleDelivery(1))], entries: [] });
    expect(await codeOf(again)).toBe('store.invalid');
  });

  test('what arrived is gone, and what the destination shows is known, also after a restart', async () => {
    await accept(at.store, { mutations: [1, 2, 3].map((number) => add(sampleDelivery(number))) });
    await accept(at.store, { mutations: [end(1, { reference: 'C1/17.2', revision: 4 })] });
    await accept(at.store, { mutations: [end(2), end(2, { reference: 'late', revision: 9 })] });
    await reopen(at);
    const message = { reference: 'C1/17.2', revision: 4 };
    expect(await next(at)).toEqual({ id: deliveryId(3), message, nextAtMs: START_MS });
    expect(await list(at, 'waiting')).toEqual([deliveryId(3)]);
  });
}

/** In which order deliveries are sent. */
export function deliveriesKeepTheirOrder(at: StoreUnderTest): void {
  test('of one review a later delivery waits for an earlier one, whatever its id; of another it does not', async () => {
    const first = [add(sampleDelivery(2)), add(sampleDelivery(1))];
    await accept(at.store, { mutations: [...first, add(sampleDelivery(3, { review: reviewId(2) }))] });
    await accept(at.store, { mutations: [retry(2, START_MS + 500)] });
    expect(await next(at)).toMatchObject({ id: deliveryId(3), nextAtMs: START_MS });
    await accept(at.store, { mutations: [end(3)] });
    expect(await next(at)).toMatchObject({ id: null, nextAtMs: START_MS + 500 });
    expect((await next(at, START_MS + 500)).id).toBe(deliveryId(2));
    await accept(at.store, { mutations: [end(2)] });
    expect((await next(at)).id).toBe(deliveryId(1));
  });

  test('a destination is asked about its own deliveries, and all of them are counted', async () => {
    const other = sampleDelivery(2, { destination: 'room-2' });
    await accept(at.store, { mutations: [add(other), add(sampleDelivery(1)), add(sampleDelivery(3))] });
    await accept(at.store, { mutations: [bury(3)] });
    expect((await next(at, START_MS, 'room-2')).id).toBe(deliveryId(2));
    expect(await next(at, START_MS, 'room-3')).toEqual({ id: null, message: null, nextAtMs: null });
    expect(await at.store.read('deliveryQueues', {})).toEqual([
      { channel: 'chat', destination: 'room-1', waiting: 1, dead: 1 },
      { channel: 'chat', destination: 'room-2', waiting: 1, dead: 0 },
    ]);
  });

  test('a delivery whose wait is longer than any is sent: the clock was set back', async () => {
    await accept(at.store, { mutations: [add(sampleDelivery(1, { notBeforeMs: START_MS + 60_001 }))] });
    expect((await next(at)).id).toBe(deliveryId(1));
    expect((await next(at, START_MS + 1)).id).toBeNull();
  });
}

/** What was given up. */
export function deadLettersAreKept(at: StoreUnderTest): void {
  test('a dead letter holds nobody up, is listed with its reason, and waits again in its place after a replay', async () => {
    await accept(at.store, { mutations: [1, 2].map((number) => add(sampleDelivery(number))) });
    await accept(at.store, { mutations: [bury(1), retry(1, START_MS)] });
    await reopen(at);
    expect((await next(at)).id).toBe(deliveryId(2));
    expect(await list(at, 'dead')).toEqual([deliveryId(1)]);
    const dead = await at.store.read('delivery', { id: deliveryId(1) });
    expect(dead).toMatchObject({ state: 'dead', attempts: 4, problem: 'no such room' });
    expect(await refusal(at, replay(1))).toBe('accepted');
    expect(await list(at, 'waiting')).toEqual([deliveryId(1), deliveryId(2)]);
    expect((await next(at, START_MS + 9)).id).toBe(deliveryId(1));
    expect(await refusal(at, replay(1))).toBe('delivery.waiting');
    expect(await refusal(at, replay(3))).toBe('delivery.missing');
  });

  test('of the dead letters those that were given up first go when there are too many', async () => {
    await accept(at.store, { mutations: [1, 2, 3].map((number) => add(sampleDelivery(number))) });
    for (const number of [3, 1, 2]) await accept(at.store, { mutations: [bury(number, 2)] });
    expect(await list(at, 'dead')).toEqual([deliveryId(1), deliveryId(2)]);
    expect(await list(at, 'dead', deliveryId(1))).toEqual([deliveryId(2)]);
  });
}
