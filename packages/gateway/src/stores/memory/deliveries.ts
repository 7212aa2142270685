import { type Delivery, type SentMessage, urgencyOf } from '../../core/delivery.ts';
import type { DeliveryId, ReviewId } from '../../core/ids.ts';
import { StoreError } from '../store.ts';
import type { DeliveryQueue, DueAsk, Mutation, Reads, StoreRefusal } from '../store.ts';
import type { MemoryMedium } from './medium.ts';

type Kind = Extract<Mutation['kind'], `delivery.${string}` | 'group.put'>;
type Mutations = {
  readonly [K in Kind]: (
    medium: MemoryMedium,
    mutation: Extract<Mutation, { readonly kind: K }>,
  ) => StoreRefusal | null;
};
type ReadKind =
  | 'delivery'
  | 'deliveries'
  | 'deliveryQueues'
  | 'nextDelivery'
  | 'dueDeliveries'
  | 'messageGroup'
  | 'lastGroup'
  | 'groupPending';
type Answers = {
  readonly [K in ReadKind]: (medium: MemoryMedium, ask: Reads[K]['ask']) => Reads[K]['answer'];
};

const messageKey = ({ channel, destination, review }: Delivery): string =>
  JSON.stringify([channel, destination, review]);
const queueKey = ({ channel, destination }: Pick<Delivery, 'channel' | 'destination'>): string =>
  JSON.stringify([channel, destination]);

/** Those of a review that wait for a destination, in their places. */
function queueOf(medium: MemoryMedium, of: Delivery): Map<string, readonly DeliveryId[]> {
  const key = queueKey(of);
  const known = medium.waiting.get(key) ?? new Map<string, readonly DeliveryId[]>();
  medium.waiting.set(key, known);
  return known;
}

const placeOf = ({ places }: MemoryMedium, id: DeliveryId): number => places.get(id) ?? 0;

function enqueue(medium: MemoryMedium, delivery: Delivery): void {
  const queue = queueOf(medium, delivery);
  const { id, review } = delivery;
  if (!medium.places.has(id)) medium.put(medium.places, id, (medium.nextPlace += 1));
  const ids = [...(queue.get(review) ?? []), id];
  medium.put(
    queue,
    review,
    ids.sort((left, right) => placeOf(medium, left) - placeOf(medium, right)),
  );
}

function dequeue(medium: MemoryMedium, delivery: Delivery): void {
  const queue = queueOf(medium, delivery);
  const ids = (queue.get(delivery.review) ?? []).filter((id) => id !== delivery.id);
  if (ids.length > 0) medium.put(queue, delivery.review, ids);
  else medium.remove(queue, delivery.review);
}

function waiting({ deliveries }: MemoryMedium, id: string): Delivery | undefined {
  const stored = deliveries.get(id);
  return stored?.state === 'waiting' ? stored : undefined;
}

/** Given up last, last: `bury` puts them there. */
function forgetOldest(medium: MemoryMedium, most: number): void {
  const dead = [...medium.buried.keys()] as DeliveryId[];
  for (const id of dead.slice(0, Math.max(0, dead.length - most))) {
    medium.remove(medium.buried, id);
    medium.remove(medium.deliveries, id);
    medium.remove(medium.places, id);
  }
}

export const deliveryMutations: Mutations = {
  'delivery.add': (medium, { delivery }) => {
    if (medium.deliveries.has(delivery.id)) throw new StoreError('store.invalid', `${delivery.id} exists`);
    medium.put(medium.deliveries, delivery.id, delivery);
    enqueue(medium, delivery);
    return null;
  },
  'delivery.end': (medium, { id, message }) => {
    const stored = medium.deliveries.get(id);
    if (stored === undefined) return null;
    medium.remove(medium.deliveries, id);
    medium.remove(medium.buried, id);
    medium.remove(medium.places, id);
    dequeue(medium, stored);
    if (message !== null) medium.put(medium.messages, messageKey(stored), message);
    return null;
  },
  'delivery.retry': (medium, { id, attempts, notBeforeMs, problem }) => {
    const stored = waiting(medium, id);
    if (stored !== undefined)
      medium.put(medium.deliveries, id, { ...stored, attempts, notBeforeMs, problem });
    return null;
  },
  'delivery.bury': (medium, { id, attempts, problem, atMs, most }) => {
    const stored = waiting(medium, id);
    if (stored === undefined) return null;
    medium.put(medium.deliveries, id, { ...stored, attempts, problem, notBeforeMs: atMs, state: 'dead' });
    medium.put(medium.buried, id, atMs);
    dequeue(medium, stored);
    forgetOldest(medium, most);
    return null;
  },
  'delivery.replay': (medium, { id, atMs }) => {
    const stored = medium.deliveries.get(id);
    if (stored === undefined) return { code: 'delivery.missing' };
    if (stored.state !== 'dead') return { code: 'delivery.waiting' };
    medium.put(medium.deliveries, id, { ...stored, attempts: 0, notBeforeMs: atMs, state: 'waiting' });
    medium.remove(medium.buried, id);
    enqueue(medium, stored);
    return null;
  },
  'group.put': (medium, { group }) => {
    medium.put(medium.groups, group.id, group);
    return null;
  },
};

/** The first of each review that waits for the destination, in their places. */
function heads(medium: MemoryMedium, of: Pick<DueAsk, 'channel' | 'destination'>): readonly Delivery[] {
  return [...(medium.waiting.get(queueKey(of))?.values() ?? [])]
    .flatMap((ids) => ids.slice(0, 1))
    .sort((left, right) => placeOf(medium, left) - placeOf(medium, right))
    .flatMap((id) => medium.deliveries.get(id) ?? []);
}

function due(medium: MemoryMedium, ask: DueAsk): readonly Delivery[] {
  const { atMs, longestMs, urgentFirst } = ask;
  const all = heads(medium, ask).filter(
    ({ notBeforeMs }) => notBeforeMs <= atMs || notBeforeMs > atMs + longestMs,
  );
  if (!urgentFirst) return all;
  return [2, 1, 0].flatMap((urgency) => all.filter(({ notice }) => urgencyOf(notice) === urgency));
}

function shownAt({ messages, groups }: MemoryMedium, delivery: Delivery): SentMessage | null {
  const message = messages.get(messageKey(delivery)) ?? null;
  const reference = message?.group === undefined ? null : groups.get(message.group.id)?.reference;
  return message === null ? null : { ...message, reference: reference ?? message.reference };
}

function count(queues: readonly Delivery[]): DeliveryQueue[] {
  const [first] = queues;
  if (first === undefined) return [];
  const { channel, destination } = first;
  const dead = queues.filter(({ state }) => state === 'dead').length;
  return [{ channel, destination, waiting: queues.length - dead, dead }];
}

const byName = (left: DeliveryQueue, right: DeliveryQueue): number =>
  JSON.stringify([left.channel, left.destination]) < JSON.stringify([right.channel, right.destination])
    ? -1
    : 1;

export const deliveryReads: Answers = {
  delivery: ({ deliveries }, { id }) => deliveries.get(id) ?? null,
  deliveries: ({ deliveries }, { state, channel, limit, after }) => {
    const all = [...deliveries.values()];
    return all
      .slice(after === null ? 0 : all.findIndex(({ id }) => id === after) + 1)
      .filter((each) => each.state === state && (channel === null || each.channel === channel))
      .slice(0, limit);
  },
  deliveryQueues: ({ deliveries }) =>
    [
      ...Map.groupBy(deliveries.values(), ({ channel, destination }) =>
        JSON.stringify([channel, destination]),
      ).values(),
    ]
      .flatMap(count)
      .sort(byName),
  nextDelivery: (medium, { countTo, cards, ...ask }) => {
    const all = due(medium, ask);
    const waits = heads(medium, ask).map(({ notBeforeMs }) => notBeforeMs);
    const [delivery = null] = all;
    const count = (fits: (each: Delivery, urgency: number) => boolean): number =>
      all.filter((each) => fits(each, urgencyOf(each.notice))).slice(0, countTo).length;
    const isNew = (each: Delivery, urgency: number): boolean =>
      urgency === 1 && shownAt(medium, each) === null;
    return {
      delivery,
      message: delivery === null ? null : shownAt(medium, delivery),
      nextAtMs: waits.length === 0 ? null : Math.min(...waits),
      cards: count(cards === 'new' ? isNew : (_, urgency) => urgency < 2),
      calls: count((_, urgency) => urgency === 2),
    };
  },
  dueDeliveries: (medium, { limit, ...ask }) =>
    due(medium, ask)
      .slice(0, limit)
      .map((delivery) => ({ delivery, message: shownAt(medium, delivery) })),
  messageGroup: ({ groups }, { id }) => groups.get(id) ?? null,
  lastGroup: ({ groups }, { channel, destination }) =>
    [...groups.values()]
      .filter((each) => each.channel === channel && each.destination === destination)
      .at(-1) ?? null,
  groupPending: ({ messages }, { id, limit }) =>
    [...messages]
      .filter(([, { group }]) => group?.id === id && group.counted === 'pending')
      .map(([key]) => (JSON.parse(key) as [string, string, ReviewId])[2])
      .sort()
      .slice(0, limit),
};
