import { expect, test } from 'vitest';
import { reopen } from './compliance-fixture.ts';
import type { StoreUnderTest } from './compliance-fixture.ts';
import { actionId, sampleEntry, sampleShape } from './compliance-samples.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const nine = Date.UTC(2026, 10, 21, 9);

/** What agents do at which hours of the day. */
export function habitsAreSummed(at: StoreUnderTest): void {
  const done = (agent: string, atMs: number, status: 'succeeded' | 'failed' = 'succeeded'): void => {
    const usage = { shape: sampleShape(agent), status, atMs, rows: 1, bytes: 1 };
    at.store.append(sampleEntry('outcome', actionId(1), { usage }));
  };
  const habits = async (sinceMs: number, limit: number): Promise<unknown[]> =>
    (await at.store.read('habits', { sinceMs, limit })).map((row) => [
      row.shape.agent,
      row.hourOfDay,
      row.hours,
      row.actions,
      (row.lastHourMs - nine) / HOUR,
    ]);

  test('what was done with success is summed by shape and hour of the day, over restarts, what was done last first', async () => {
    for (const day of [0, 1, 2]) done('a', nine + day * DAY);
    done('a', nine + 5);
    done('a', nine + DAY, 'failed');
    done('a', nine + 2 * DAY - HOUR);
    done('b', nine - DAY);
    await reopen(at);
    const newest = [
      ['a', 9, 3, 4, 48],
      ['a', 8, 1, 1, 47],
    ];
    expect(await habits(nine - DAY, 10)).toEqual([...newest, ['b', 9, 1, 1, -24]]);
    expect(await habits(nine - DAY + 1, 10)).toEqual(newest);
    expect(await habits(nine - DAY, 1)).toEqual(newest.slice(0, 1));
    expect((await at.store.read('habits', { sinceMs: nine, limit: 1 }))[0]?.shape).toEqual(sampleShape('a'));
  });
}
