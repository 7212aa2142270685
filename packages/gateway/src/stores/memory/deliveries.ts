import type { Delivery } from '../../core/delivery.ts';
import { StoreError } from '../store.ts';
import type { DeliveryQueue, Mutation, Reads, StoreRefusal } from '../store.ts';
import type { MemoryMedium } from './medium.ts';

type Kind = Extract<Mutation['kind'], `delivery.${string}`>;
type Mutations = {
  readonly [K in Kind]: (
    medium: MemoryMedium,
    mutation: Extract<Mutation, { readonly kind: K }>,
  ) => StoreRefusal | null;
};
type ReadKind = 'delivery' | 'deliveries' | 'deliveryQueues' | 'nextDelivery';
type Answers = {
  readonly [K in ReadKind]: (medium: MemoryMedium, ask: Reads[K]['ask']) => Reads[K]['answer'];
};

const messageKey = ({ channel, destination, review }: Delivery): string =>
  JSON.stringify([channel, destination, review]);

function waiting({ deliveries }: MemoryMedium, id: string): Delivery | undefined {
  const stored = deliveries.get(id);
  return stored?.state === 'waiting' ? stored : undefined;
}

/** Given up last, last: `bury` puts them there. */
function forgetOldest(medium: MemoryMedium, most: number): void {
  const dead = [...medium.buried.keys()];
  for (const id of dead.slice(0, Math.max(0, dead.length - most))) {
    medium.remove(medium.buried, id);
    medium.remove(medium.deliveries, id);
  }
}

export const deliveryMutations: Mutations = {
  'delivery.add': (medium, { delivery }) => {
    if (medium.deliveries.has(delivery.id)) throw new StoreError('store.invalid', `${delivery.id} exists`);
    medium.put(medium.deliveries, delivery.id, delivery);
    return null;
  },
  'delivery.end': (medium, { id, message }) => {
    const stored = medium.deliveries.get(id);
    if (stored === undefined) return null;
    medium.remove(medium.deliveries, id);
    medium.remove(medium.buried, id);
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
    forgetOldest(medium, most);
    return null;
  },
  'delivery.replay': (medium, { id, atMs }) => {
    const stored = medium.deliveries.get(id);
    if (stored === undefined) return { code: 'delivery.missing' };
    if (stored.state !== 'dead') return { code: 'delivery.waiting' };
    medium.put(medium.deliveries, id, { ...stored, attempts: 0, notBeforeMs: atMs, state: 'waiting' });
    medium.remove(medium.buried, id);
    return null;
  },
};

/** The first of each review that waits for the destination. */
function heads({ deliveries }: MemoryMedium, channel: string, destination: string): readonly Delivery[] {
  const own = [...deliveries.values()].filter(
    (each) => each.channel === channel && each.destination === destination && each.state === 'waiting',
  );
  return [...Map.groupBy(own, ({ review }) => review).values()].flatMap((all) => all.slice(0, 1));
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
  nextDelivery: (medium, { channel, destination, atMs, longestMs }) => {
    const first = heads(medium, channel, destination);
    const isDue = ({ notBeforeMs }: Delivery): boolean =>
      notBeforeMs <= atMs || notBeforeMs > atMs + longestMs;
    const delivery = first.find(isDue) ?? null;
    const message = delivery === null ? null : (medium.messages.get(messageKey(delivery)) ?? null);
    const nextAtMs = first.length === 0 ? null : Math.min(...first.map(({ notBeforeMs }) => notBeforeMs));
    return { delivery, message, nextAtMs };
  },
};
