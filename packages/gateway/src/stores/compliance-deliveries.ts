import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Delivery, type Notice, type SentMessage, urgencyOf } from '../core/delivery.ts';
import { makeId, type DeliveryId } from '../core/ids.ts';
import { newGroup } from '../core/message-group.ts';
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

const OPEN: Notice = { kind: 'open' };
const ESCALATE: Notice = { kind: 'escalate', demand: 0, step: 0 };
const DUE = { channel: 'chat', destination: 'room-1', atMs: START_MS, longestMs: 60_000 };

const due = async (at: StoreUnderTest, urgentFirst: boolean, limit = 9) =>
  (await at.store.read('dueDeliveries', { ...DUE, urgentFirst, limit })).map(({ delivery }) => delivery.id);

async function crowd(at: StoreUnderTest, cards: 'new' | 'all', countTo = 9) {
  const ask = { ...DUE, urgentFirst: true, countTo, cards };
  const { cards: counted, calls } = await at.store.read('nextDelivery', ask);
  return [counted, calls];
}

/** What a look at a destination finds when much waits for it. */
export function crowdsAreSeen(at: StoreUnderTest): void {
  const mixed = (): Mutation[] => [
    add(sampleDelivery(1, { review: reviewId(1) })),
    add(sampleDelivery(2, { review: reviewId(2), notice: OPEN })),
    add(sampleDelivery(3, { review: reviewId(3), notice: ESCALATE })),
    add(sampleDelivery(4, { review: reviewId(4), notice: OPEN })),
    add(sampleDelivery(5, { review: reviewId(4), notice: ESCALATE })),
    add(sampleDelivery(6, { destination: 'room-2', notice: OPEN })),
  ];

  test('what is urgent comes first where it is asked for, otherwise all comes in its turn', async () => {
    await accept(at.store, { mutations: mixed() });
    expect(await due(at, true)).toEqual([3, 2, 4, 1].map(deliveryId));
    expect(await due(at, false)).toEqual([1, 2, 3, 4].map(deliveryId));
    expect(await due(at, true, 2)).toEqual([3, 2].map(deliveryId));
  });

  test('reviews that nothing was heard of yet are counted, no further than is asked', async () => {
    await accept(at.store, { mutations: mixed() });
    expect(await crowd(at, 'new')).toEqual([2, 1]);
    expect(await crowd(at, 'all')).toEqual([3, 1]);
    expect(await crowd(at, 'all', 2)).toEqual([2, 1]);
    expect(await crowd(at, 'all', 0)).toEqual([0, 0]);
    await accept(at.store, { mutations: [end(2, { reference: 'm-1', revision: 1 })] });
    await accept(at.store, { mutations: [add(sampleDelivery(7, { review: reviewId(2), notice: OPEN }))] });
    expect(await crowd(at, 'new')).toEqual([1, 1]);
  });

  test('whatever happens, what is sent next is the first of its review that waits, in its place', async () => {
    const steps = fc.array(
      fc.tuple(
        fc.constantFrom('add', 'end', 'retry', 'bury', 'replay'),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
      ),
      { minLength: 20, maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(steps, (given) => agrees(at, given)),
      { numRuns: 8 },
    );
  });
}

type Step = readonly ['add' | 'end' | 'retry' | 'bury' | 'replay', number, boolean];
let runs = 0;

/** Against a list in which everything is looked at. */
async function agrees(at: StoreUnderTest, steps: readonly Step[]): Promise<void> {
  runs += 1;
  const destination = `run-${String(runs)}`;
  const all: Delivery[] = [];
  const idOf = (number: number): DeliveryId =>
    makeId('dlv', START_MS, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, runs >> 8, runs & 255, number));
  for (const [kind, number, flag] of steps) {
    const id = idOf(number);
    const index = all.findIndex((each) => each.id === id);
    const known = all[index];
    if (kind === 'add' && known === undefined) {
      const review = reviewId((number % 3) + 1);
      const one = sampleDelivery(number, { id, destination, review, notice: flag ? ESCALATE : OPEN });
      all.push(one);
      await accept(at.store, { mutations: [add(one)] });
    } else if (known !== undefined) {
      const notBeforeMs = flag ? START_MS + 900 : START_MS;
      if (kind === 'end') {
        all.splice(index, 1);
        await accept(at.store, { mutations: [{ kind: 'delivery.end', id, message: null }] });
      } else if (kind === 'retry' && known.state === 'waiting') {
        all[index] = { ...known, notBeforeMs };
        const again = { attempts: 1, notBeforeMs, problem: '' };
        await accept(at.store, { mutations: [{ kind: 'delivery.retry', id, ...again }] });
      } else if (kind === 'bury' && known.state === 'waiting') {
        all[index] = { ...known, state: 'dead' };
        const given = { attempts: 1, problem: '', atMs: START_MS, most: 999 };
        await accept(at.store, { mutations: [{ kind: 'delivery.bury', id, ...given }] });
      } else if (kind === 'replay' && known.state === 'dead') {
        all[index] = { ...known, state: 'waiting', notBeforeMs: START_MS };
        await accept(at.store, { mutations: [{ kind: 'delivery.replay', id, atMs: START_MS }] });
      }
    }
    await isSeen(at, destination, all);
  }
}

async function isSeen(at: StoreUnderTest, destination: string, all: readonly Delivery[]): Promise<void> {
  const waiting = all.filter(({ state }) => state === 'waiting');
  const heads = waiting.filter(
    (each, index) => waiting.findIndex(({ review }) => review === each.review) === index,
  );
  const ready = heads.filter(({ notBeforeMs }) => notBeforeMs <= START_MS);
  const urgent = [2, 1, 0].flatMap((level) => ready.filter(({ notice }) => urgencyOf(notice) === level));
  const ask = { ...DUE, destination, limit: 99 };
  for (const [urgentFirst, expected] of [
    [true, urgent],
    [false, ready],
  ] as const) {
    const found = await at.store.read('dueDeliveries', { ...ask, urgentFirst });
    expect(found.map(({ delivery }) => delivery.id)).toEqual(expected.map(({ id }) => id));
  }
}

/** A message that stands for many reviews. */
export function groupsAreKept(at: StoreUnderTest): void {
  const group = (number: number, reference: string | null) => ({
    ...newGroup({ id: deliveryId(number), channel: 'chat', destination: 'room-1', openedAtMs: START_MS }),
    reference,
  });
  const counted = (number: number, status: 'pending' | 'approved') => ({
    reference: 'C1/1',
    revision: 1,
    group: { id: deliveryId(number), counted: status },
  });

  test('which message stands for a review is known, also after a restart, and follows the group’s', async () => {
    const opened = [1, 2, 3].map((number) =>
      add(sampleDelivery(number, { review: reviewId(number), notice: OPEN })),
    );
    await accept(at.store, { mutations: opened });
    await accept(at.store, {
      mutations: [
        { kind: 'group.put', group: group(1, 'C1/1') },
        end(2, counted(1, 'pending')),
        end(1, counted(1, 'pending')),
        end(3, counted(1, 'approved')),
      ],
    });
    await accept(at.store, { mutations: [{ kind: 'group.put', group: group(1, 'C1/2') }] });
    await reopen(at);
    expect(await at.store.read('messageGroup', { id: deliveryId(1) })).toEqual(group(1, 'C1/2'));
    expect(await at.store.read('messageGroup', { id: deliveryId(2) })).toBeNull();
    await accept(at.store, { mutations: [add(sampleDelivery(4, { review: reviewId(2) }))] });
    expect((await next(at)).message).toEqual({ ...counted(1, 'pending'), reference: 'C1/2' });
    const pending = (limit: number) => at.store.read('groupPending', { id: deliveryId(1), limit });
    expect(await pending(9)).toEqual([reviewId(1), reviewId(2)]);
    expect(await pending(1)).toEqual([reviewId(1)]);
  });

  test('a review with a message of its own is no member any more', async () => {
    await accept(at.store, { mutations: [add(sampleDelivery(1)), add(sampleDelivery(2))] });
    await accept(at.store, { mutations: [end(1, counted(1, 'pending'))] });
    await accept(at.store, { mutations: [end(2, { reference: 'C1/9', revision: 2 })] });
    expect(await at.store.read('groupPending', { id: deliveryId(1), limit: 9 })).toEqual([]);
    await accept(at.store, { mutations: [add(sampleDelivery(3))] });
    expect((await next(at)).message).toEqual({ reference: 'C1/9', revision: 2 });
  });

  test('the group that was added last for a destination is found', async () => {
    const last = (destination = 'room-1') => at.store.read('lastGroup', { channel: 'chat', destination });
    expect(await last()).toBeNull();
    const puts = [2, 1].map((number): Mutation => ({ kind: 'group.put', group: group(number, null) }));
    await accept(at.store, { mutations: puts });
    await accept(at.store, { mutations: [{ kind: 'group.put', group: group(2, 'C1/2') }] });
    await reopen(at);
    expect(await last()).toEqual(group(1, null));
    expect(await last('room-2')).toBeNull();
  });
}
