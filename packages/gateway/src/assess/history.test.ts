import { beforeEach, describe, expect, test } from 'vitest';
import { description, requester, target } from '../../test/support/policy.ts';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import type { Description } from '../core/describe.ts';
import { outcomeEntry } from '../core/entry.ts';
import { usageShape } from '../core/usage-shape.ts';
import type { DatasetUsage } from '../core/usage.ts';
import { limits } from '../limits.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import type { Store } from '../stores/store.ts';
import { AgentHistory } from './history.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** 11:00 UTC. */
const NOW = Date.UTC(2026, 10, 21, 11);

const emails: DatasetUsage = {
  dataset: 'public.customers',
  access: ['read'],
  basis: 'parsed',
  columns: [{ name: 'email', uses: ['read'], classes: ['pii'] }],
  classes: ['pii'],
};
const written = (name: string): DatasetUsage => ({
  ...emails,
  dataset: name,
  access: ['write'],
  columns: [],
  classes: [],
});
const messages: DatasetUsage = { ...emails, dataset: 'public.tickets', columns: [], classes: ['untrusted'] };

let store: Store;
const learn = () => AgentHistory.learn({ clock: createFakeClock(NOW), store, limits });
const about = (datasets: readonly DatasetUsage[], more: Partial<Description> = {}, session = 'one') => ({
  requester: { ...requester, session },
  target,
  description: { ...description, ...more },
  datasets,
});

/** What the store was told of an action of that time. */
function remember(
  atMs: number,
  datasets: readonly DatasetUsage[],
  status: 'succeeded' | 'failed' | 'unknown' = 'succeeded',
): void {
  const shape = usageShape({ ...about(datasets), operation: 'sql:select' }, false);
  const outcome = { status, rows: 1, bytes: 1, durationMs: 1, code: '' } as const;
  store.append(outcomeEntry(`act_${'0'.repeat(26)}` as never, atMs, outcome, shape));
}

beforeEach(() => {
  store = createMemoryStore();
});

describe('the first use of a dataset', () => {
  test('is one until an action on it was done', async () => {
    const watch = (await learn()).watch(about([emails]));
    expect(watch.situation(NOW).firstUsed).toEqual(['public.customers']);
    watch.done(NOW);
    expect(watch.situation(NOW).firstUsed).toEqual([]);
  });

  test('is none after a restart, where the store knows of an earlier one', async () => {
    remember(NOW - 20 * DAY, [emails]);
    const history = await learn();
    expect(history.watch(about([emails])).situation(NOW).firstUsed).toEqual([]);
    expect(history.watch(about([written('public.orders')])).situation(NOW).firstUsed).toEqual([
      'public.orders',
    ]);
  });

  test('is one again after a quarter of a year, and for another agent or another target', async () => {
    remember(NOW - 91 * DAY, [emails]);
    remember(NOW - DAY, [written('public.orders')]);
    const history = await learn();
    expect(history.watch(about([emails])).situation(NOW).firstUsed).toEqual(['public.customers']);
    const orders = about([written('public.orders')]);
    const other = { ...orders, requester: { ...orders.requester, agent: 'another' } };
    expect(history.watch(other).situation(NOW).firstUsed).toEqual(['public.orders']);
    const elsewhere = { ...orders, target: { ...target, name: 'another' } };
    expect(history.watch(elsewhere).situation(NOW).firstUsed).toEqual(['public.orders']);
  });
});

describe('hours', () => {
  const workWeeks = (): void => {
    for (let day = 1; day <= 10; day++)
      for (let hour = 8; hour < 16; hour++) remember(NOW - day * DAY - 11 * HOUR + hour * HOUR, [emails]);
  };
  const at = (hour: number): number => NOW - 11 * HOUR + hour * HOUR;

  test.each([
    ['within them', 11, null],
    ['an hour beside them, as when clocks change', 16, null],
    ['in the night', 3, 3],
    ['over midnight', 0, 0],
  ])('%s', async (_, hour, unusual) => {
    workWeeks();
    expect((await learn()).watch(about([emails])).situation(at(hour)).unusualHour).toBe(unusual);
  });

  test('say nothing of an agent that is hardly known', async () => {
    for (let day = 1; day <= 10; day++) remember(NOW - day * DAY, [emails]);
    expect((await learn()).watch(about([emails])).situation(at(3)).unusualHour).toBeNull();
  });

  test('say nothing of what touches nothing', async () => {
    workWeeks();
    expect((await learn()).watch(about([])).situation(at(3)).unusualHour).toBeNull();
  });
});

describe('a burst', () => {
  test('is more within a minute than any agent needs, and over with it', async () => {
    const watch = (await learn()).watch(about([emails]));
    for (let count = 0; count < limits.burstActionsPerMinute; count++) watch.seen(NOW);
    expect(watch.situation(NOW).burstOver).toBeNull();
    watch.seen(NOW + 1);
    expect(watch.situation(NOW + 1).burstOver).toBe(600);
    expect(watch.situation(NOW + 60_000).burstOver).toBeNull();
  });

  test('is measured by what the agent does in its busiest hours', async () => {
    for (let count = 0; count < 18_000; count++) remember(NOW - DAY, [emails]);
    const watch = (await learn()).watch(about([emails]));
    for (let count = 0; count <= 1_500; count++) watch.seen(NOW);
    expect(watch.situation(NOW).burstOver).toBe(1_500);
  });
});

describe('taint', () => {
  test('is on what writes elsewhere after a read of protected data, in the same session for as long as that lasts', async () => {
    const history = await learn();
    const copying = history.watch(about([written('public.exports')], { reach: 'transaction' }));
    expect(copying.situation(NOW).carried).toEqual([]);
    history.watch(about([emails])).mayRun(NOW);
    expect(copying.situation(NOW + DAY).carried).toEqual(['pii']);
  });

  test('is not on a write to where the data is, nor on a read', async () => {
    const history = await learn();
    history.watch(about([emails])).mayRun(NOW);
    const back = history.watch(about([written('public.customers')], { reach: 'transaction' }));
    expect(back.situation(NOW).carried).toEqual([]);
    expect(history.watch(about([emails])).situation(NOW).carried).toEqual([]);
  });

  test('goes with the agent into its next connection, for an hour', async () => {
    const history = await learn();
    history.watch(about([emails])).mayRun(NOW);
    const next = history.watch(about([], { reach: 'outside' }, 'two'));
    expect(next.situation(NOW + HOUR).carried).toEqual(['pii']);
    expect(next.situation(NOW + HOUR + 1).carried).toEqual([]);
  });

  test('goes with the agent, for whomever it says that it acts next', async () => {
    const history = await learn();
    history.watch(about([emails])).mayRun(NOW);
    const next = about([], { reach: 'outside' }, 'two');
    const forKim = { ...next, requester: { ...next.requester, onBehalfOf: 'kim' } };
    expect(history.watch(forKim).situation(NOW).carried).toEqual(['pii']);
    const other = { ...next, requester: { ...next.requester, agent: 'another' } };
    expect(history.watch(other).situation(NOW).carried).toEqual([]);
  });

  test.each(['succeeded', 'failed', 'unknown'] as const)(
    'survives a restart for its time, whatever came of the read: %s',
    async (status) => {
      remember(NOW - HOUR / 2, [emails], status);
      const next = (await learn()).watch(about([], { reach: 'outside' }, 'two'));
      expect(next.situation(NOW).carried).toEqual(['pii']);
      expect(next.situation(NOW + 2 * HOUR).carried).toEqual([]);
    },
  );

  test('of a read that is long over is none after a restart, and none of a read of ordinary data', async () => {
    remember(NOW - 3 * HOUR, [emails]);
    remember(NOW - 1, [{ ...emails, columns: [], classes: ['internal'] }]);
    const next = (await learn()).watch(about([], { reach: 'outside' }, 'two'));
    expect(next.situation(NOW).carried).toEqual([]);
  });

  test('by text that outsiders wrote survives a restart, too', async () => {
    remember(NOW - 1, [messages]);
    const changing = (await learn()).watch(about([written('public.orders')], { reach: 'transaction' }));
    expect(changing.situation(NOW).afterOutsideText).toBe(true);
  });

  test('is on a table of the same name in another target', async () => {
    const history = await learn();
    history.watch(about([emails])).mayRun(NOW);
    const there = {
      ...about([written('public.customers')], { reach: 'transaction' }),
      target: { ...target, name: 'other' },
    };
    expect(history.watch(there).situation(NOW).carried).toEqual(['pii']);
  });

  test('is on one statement that reads and writes elsewhere by itself', async () => {
    const copy = (await learn()).watch(about([emails, written('public.exports')], { reach: 'transaction' }));
    expect(copy.situation(NOW).carried).toEqual(['pii']);
  });

  test('holds on where more was read than is remembered', async () => {
    const history = new AgentHistory({ ...limits, taintReads: 1 });
    history.watch(about([emails])).mayRun(NOW);
    history.watch(about([{ ...emails, dataset: 'public.people' }])).mayRun(NOW);
    const back = history.watch(about([written('public.customers')], { reach: 'transaction' }));
    expect(back.situation(NOW).carried).toEqual(['unclassified']);
  });
});

test('after text that outsiders wrote, a change is marked, and a read is not', async () => {
  const history = await learn();
  const changing = history.watch(about([written('public.orders')], { reach: 'transaction' }));
  expect(changing.situation(NOW).afterOutsideText).toBe(false);
  history.watch(about([messages])).mayRun(NOW);
  expect(changing.situation(NOW).afterOutsideText).toBe(true);
  expect(history.watch(about([emails])).situation(NOW).afterOutsideText).toBe(false);
});
