import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StandingId } from '../src/core/ids.ts';
import type { EntryRow, Store } from '../src/stores/store.ts';
import { openSqliteStore } from '../src/stores/sqlite/store.ts';
import { startStoreChild } from './support/child.ts';
import type { Report } from './support/child.ts';
import { createFakeRandom } from './support/fake-clock.ts';
import { temporaryDirectory } from './support/ledger.ts';

const ROUNDS = 6;
const seed = process.env['SEED'] ?? String(Date.now());

let home: ReturnType<typeof temporaryDirectory>;
let store: Store | null = null;
beforeEach(() => {
  home = temporaryDirectory();
});
afterEach(async () => {
  await store?.close();
  store = null;
  home.remove();
});

const defined = <T>(value: T | undefined): value is T => value !== undefined;

/** Which action spent which grant, by the ledger. */
function spentBy(rows: readonly EntryRow[]): Map<string, string[]> {
  const spent = new Map<string, string[]>();
  for (const { leaf } of rows) {
    const { grant, spent: action } = JSON.parse(leaf) as { grant?: string; spent?: string };
    if (grant !== undefined && action !== undefined) spent.set(grant, [...(spent.get(grant) ?? []), action]);
  }
  return spent;
}

/** Uses of standing grants: the ledger's, the store's and those that were reported are the same, and never too many. */
async function checkStanding(
  opened: Store,
  rows: readonly EntryRow[],
  reports: readonly Report[],
): Promise<void> {
  const used = new Map<StandingId, string[]>();
  for (const { leaf } of rows) {
    const { standing, spent } = JSON.parse(leaf) as { standing?: StandingId; spent?: string };
    if (defined(standing) && defined(spent)) used.set(standing, [...(used.get(standing) ?? []), spent]);
  }
  for (const [id, actions] of used) {
    const stored = await opened.read('standing', { id });
    expect(stored?.uses.map((use) => use.action)).toEqual(actions);
    expect(actions.length).toBeLessThanOrEqual(stored?.terms.maxUses ?? 0);
  }
  for (const { standing, action } of reports)
    if (defined(standing)) expect(used.get(standing as StandingId)).toContain(action);
}

function openIntentsOf(
  rows: readonly EntryRow[],
): { readonly index: number; readonly action: string | null }[] {
  const ended = new Set(rows.filter(({ kind }) => kind === 'outcome').map(({ action }) => action));
  const open = rows.filter(({ kind, action }) => kind === 'intent' && !ended.has(action));
  return open.map(({ index, action }) => ({ index, action }));
}

async function checkStore(opened: Store, reports: readonly Report[]): Promise<void> {
  const rows = await opened.read('entries', { from: 0, limit: 1_000_000 });
  expect(rows.map(({ index }) => index)).toEqual(rows.map((_, index) => index));
  const leaves = new Set(rows.map(({ leaf }) => leaf));
  const intents = reports.map(({ intent }) => intent).filter(defined);
  expect(intents.filter((intent) => !leaves.has(`{"intent":"${intent}"}`))).toEqual([]);
  const spent = spentBy(rows);
  for (const [grant, actions] of spent) expect(actions, `actions that spent ${grant}`).toHaveLength(1);
  for (const { grant, action } of reports) if (defined(grant)) expect(spent.get(grant)).toEqual([action]);
  await checkStanding(opened, rows, reports);
  for (const published of reports.map((report) => report.published).filter(defined)) {
    expect((await opened.read('checkpoint', {}))?.size).toBeGreaterThanOrEqual(published);
  }
  expect(await opened.read('openIntents', {})).toEqual(openIntentsOf(rows));
  const usage = await opened.read('usage', { agent: null, sinceMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
  const outcomes = rows.filter(({ kind }) => kind === 'outcome').length;
  expect(usage.reduce((sum, { actions }) => sum + actions, 0)).toBe(outcomes);
}

test(`killed at any moment, the store keeps all that it acknowledged, and no grant is spent twice, no standing one too often (SEED=${seed})`, async () => {
  const chance = createFakeRandom(seed);
  const reports: Report[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const child = startStoreChild({ directory: home.directory, mode: 'work', seed: `${seed} ${round}` });
    await child.started;
    expect(child.reports[0]).toEqual({ opened: true });
    await new Promise((resolve) => setTimeout(resolve, 20 + chance.pick(400)));
    child.kill();
    await child.ended;
    reports.push(...child.reports);
    // The lock of the killed process is gone with it.
    store = await openSqliteStore({ directory: home.directory, walBytes: 1 << 18 });
    await checkStore(store, reports);
    await store.close();
    store = null;
  }
  expect(reports.filter(({ grant }) => defined(grant)).length).toBeGreaterThan(ROUNDS);
  expect(reports.filter(({ standing }) => defined(standing)).length).toBeGreaterThan(ROUNDS);
  expect(reports.filter(({ intent }) => defined(intent)).length).toBeGreaterThan(ROUNDS);
});

test.each([1200, 2400, 4800])(
  'when no file may grow over %i KiB, the store fails closed and loses nothing',
  async (maxFileKib) => {
    const child = startStoreChild({ directory: home.directory, mode: 'fill', maxFileKib });
    await child.ended;
    const last = child.reports.at(-1);
    expect(last).toMatchObject({ failed: 'store.failed', late: 'store.failed' });
    const acknowledged = last?.acknowledged ?? 0;
    expect(acknowledged).toBeGreaterThan(0);
    store = await openSqliteStore({ directory: home.directory });
    const rows = await store.read('entries', { from: 0, limit: acknowledged });
    const numbers = rows.map(({ leaf }) => (JSON.parse(leaf) as { n: number }).n);
    expect(numbers).toEqual(Array.from({ length: acknowledged }, (_, number) => number));
  },
);
