import { expect, test } from 'vitest';
import type { SealedEntry } from '../core/entry.ts';
import { reopen } from './compliance-fixture.ts';
import type { StoreUnderTest } from './compliance-fixture.ts';
import {
  START_MS,
  actionId,
  grantId,
  sampleBinding,
  sampleEntry,
  sampleShape,
} from './compliance-samples.ts';

/** Refused: it spends a grant that isn't there. */
const impossible = {
  kind: 'grant.spend',
  id: grantId(99),
  binding: sampleBinding,
  action: actionId(1),
  atMs: 1,
} as const;

/** Who used what, by the hour. */
export function usageIsSummed(at: StoreUnderTest): void {
  const count = (
    agent: string,
    atMs: number,
    rows: number,
    status: 'succeeded' | 'failed' = 'succeeded',
  ): SealedEntry =>
    sampleEntry('outcome', actionId(1), {
      usage: { shape: sampleShape(agent), status, atMs, rows, bytes: rows * 10 },
    });
  const read = async (agent: string | null, sinceMs: number, untilMs: number): Promise<unknown[]> =>
    (await at.store.read('usage', { agent, sinceMs, untilMs })).map((row) => [
      row.shape.agent,
      row.status,
      row.hourMs,
      row.actions,
      row.rows,
      row.bytes,
    ]);
  const HOUR = 3_600_000;
  const nine = Date.UTC(2026, 10, 21, 9);

  test('is summed by shape, status and hour, over flushes and restarts; refused changes do not count', async () => {
    at.store.append(count('a', nine, 1));
    at.store.append(count('a', nine + HOUR - 1, 2));
    at.store.append(count('b', nine + 5, 4));
    await at.store.read('size', {});
    void at.store.commit({ mutations: [impossible], entries: [count('a', nine, 1000)] });
    at.store.append(count('a', nine + 7, 8));
    at.store.append(count('a', nine + 7, 16, 'failed'));
    at.store.append(count('a', nine + HOUR, 32));
    await reopen(at);
    at.store.append(count('a', nine, 64));
    expect(await read(null, nine, nine + 2 * HOUR)).toEqual([
      ['a', 'failed', nine, 1, 16, 160],
      ['a', 'succeeded', nine, 4, 75, 750],
      ['b', 'succeeded', nine, 1, 4, 40],
      ['a', 'succeeded', nine + HOUR, 1, 32, 320],
    ]);
    expect(
      (await at.store.read('usage', { agent: 'b', sinceMs: nine, untilMs: nine + 1 }))[0]?.shape,
    ).toEqual(sampleShape('b'));
  });

  test('is read in whole hours that overlap the time asked for', async () => {
    for (const hour of [0, 1, 2]) at.store.append(count('a', nine + hour * HOUR, 1 + hour));
    const hours = async (sinceMs: number, untilMs: number): Promise<unknown[]> =>
      (await at.store.read('usage', { agent: 'a', sinceMs, untilMs })).map(
        ({ hourMs }) => (hourMs - nine) / HOUR,
      );
    expect(await hours(nine + 1, nine + 2)).toEqual([0]);
    expect(await hours(nine + HOUR - 1, nine + HOUR)).toEqual([0]);
    expect(await hours(nine + HOUR, nine + HOUR + 1)).toEqual([1]);
    expect(await hours(nine + HOUR - 1, nine + 2 * HOUR + 1)).toEqual([0, 1, 2]);
    expect(await hours(nine - 5, nine)).toEqual([]);
  });

  test('many shapes that differ only in identity count as one', async () => {
    for (let number = 0; number < 10_000; number++) at.store.append(count('a', nine, 1));
    expect(await read('a', nine, nine + 1)).toEqual([['a', 'succeeded', nine, 10_000, 10_000, 100_000]]);
  });
}

/** What readers of the ledger are served. */
export function tilesArePublished(at: StoreUnderTest): void {
  test('tiles are replaced, and the checkpoint never goes back', async () => {
    const publish = (size: number, byte: number) =>
      at.store.commit({
        mutations: [
          {
            kind: 'checkpoint.publish',
            tiles: [{ level: 0, index: 3, hashes: new Uint8Array(32).fill(byte) }],
            checkpoint: { size, note: `note ${size}`, atMs: START_MS + size },
          },
        ],
        entries: [],
      });
    expect((await publish(5, 1)).ok).toBe(true);
    expect((await publish(5, 2)).ok).toBe(true);
    expect(await publish(4, 3)).toEqual({ ok: false, error: { code: 'checkpoint.stale' } });
    await reopen(at);
    expect(await at.store.read('checkpoint', {})).toEqual({ size: 5, note: 'note 5', atMs: START_MS + 5 });
    const tile = await at.store.read('tile', { level: 0, index: 3 });
    expect(Buffer.from(tile?.hashes ?? [])).toEqual(Buffer.alloc(32, 2));
    expect(await at.store.read('tile', { level: 1, index: 3 })).toBeNull();
  });
}
