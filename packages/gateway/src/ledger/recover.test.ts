import { expect, test } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { requester as subject, review } from '../../test/support/subjects.ts';
import { attemptMembers, intentEntry } from '../core/entry.ts';
import { usageShapeOfLeaf } from '../core/usage-shape.ts';
import type { Notice } from '../core/delivery.ts';
import { makeId } from '../core/ids.ts';
import type { Outbox } from '../ports.ts';
import { sampleDelivery } from '../stores/compliance-deliveries.ts';
import type { ActionId } from '../core/ids.ts';
import { MemoryMedium } from '../stores/memory/medium.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import { recover } from './recover.ts';

const action = (number: number): ActionId => makeId('act', 1_000, new Uint8Array(10).fill(number));
const entry = (kind: 'intent' | 'outcome', id: ActionId) =>
  ({
    kind,
    action: id,
    atMs: 1_000,
    leaf: `{"action":"${id}","kind":"${kind}"}`,
    aside: null,
    usage: null,
  }) as const;

test('after a crash each intent without an outcome is recorded as unknown, once', async () => {
  const medium = new MemoryMedium();
  const before = createMemoryStore({ medium });
  for (const number of [1, 2, 3]) before.append(entry('intent', action(number)));
  before.append(entry('outcome', action(2)));
  await before.close();

  const store = createMemoryStore({ medium });
  const clock = createFakeClock(5_000);
  expect(await recover({ store, clock })).toBe(2);
  const added = await store.read('entries', { from: 4, limit: 9 });
  expect(added.map(({ leaf }) => leaf)).toEqual(
    [1, 3].map(
      (number) =>
        `{"action":"${action(number)}","at":5000,"kind":"outcome","outcome":{"bytes":0,"code":"gateway.crashed","durationMs":0,"rows":0,"status":"unknown"},"version":1}`,
    ),
  );
  expect(await recover({ store, clock })).toBe(0);
  expect(await store.read('openIntents', {})).toEqual([]);
  expect(await store.read('size', {})).toBe(6);
});

test('what may have been read counts as used, though nobody knows what came of it', async () => {
  const store = createMemoryStore({ medium: new MemoryMedium() });
  const datasets = [
    { dataset: 'public.customers', access: ['read'], basis: 'parsed', columns: [], classes: ['pii'] },
  ] as const;
  const decision = { effect: 'allow', policies: [], reasons: [] } as const;
  const members = attemptMembers({
    requester: subject,
    target: { name: 'shop', protocol: 'postgresql', environment: 'production' },
    operation: 'sql:select',
    description: null,
    datasets,
    risk: { score: 0, signals: [] },
    decision,
  });
  const sealed = { aside: '{}', commitment: 'c' };
  store.append(intentEntry({ action: action(1), atMs: 1_000, sealed, members }, null));
  expect(await recover({ store, clock: createFakeClock(5_000), usageOf: usageShapeOfLeaf })).toBe(1);
  const [used] = await store.read('usage', { agent: null, sinceMs: 0, untilMs: 10_000 });
  expect(used).toMatchObject({
    status: 'unknown',
    actions: 1,
    shape: { agent: subject.agent, reviewed: false },
  });
  expect(JSON.parse(used?.shape.datasets ?? '')).toEqual(datasets);
});

test('those who were told of a review hear that nobody knows what came of it, with that record', async () => {
  const store = createMemoryStore({ medium: new MemoryMedium() });
  await store.commit({ mutations: [{ kind: 'review.open', review: review() }], entries: [] });
  const intent = entry('intent', action(1));
  store.append({ ...intent, leaf: `{"kind":"intent","review":"${review().id}"}` });
  store.append(entry('intent', action(2)));
  const told: Notice[] = [];
  const delivery = sampleDelivery(1);
  const tell: Outbox['tell'] = (_, notice) => {
    told.push(notice);
    return [{ kind: 'delivery.add', delivery }];
  };
  expect(await recover({ store, clock: createFakeClock(5_000), outbox: { tell } })).toBe(2);
  expect(told).toEqual([{ kind: 'outcome', status: 'unknown', rows: 0 }]);
  expect(await store.read('delivery', { id: delivery.id })).toEqual(delivery);
  expect(await store.read('openIntents', {})).toEqual([]);
});
