import { afterAll, describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../src/stores/memory/store.ts';
import { openSqliteStore } from '../../src/stores/sqlite/store.ts';
import { runRace } from '../support/crash-race.ts';
import { LedgerTail } from '../support/crash-tail.ts';
import { temporaryDirectory } from '../support/ledger.ts';

/** Another run: SEED=… in the environment. One race of it: RACE=… besides. */
const seed = process.env['SEED'] ?? String(Date.now());
const only = process.env['RACE'];
const MEMORY_RACES = 10_000;
const SQLITE_RACES = 600;
/** The ends that a client can come to; a run of races that misses one shows less than it says. */
const EXPECTED = [
  'ran',
  'approve',
  'reject',
  'grant.spent',
  'grant.expired',
  'review.rejected',
  'review.withdrawn',
  'review.expired',
  'review.changed',
  'review.over',
  'review.superseded',
  'retract',
  'vote.nothing_to_retract',
  'question',
  'answer',
  'vote.rendering_mismatch',
  'vote.duplicate',
  'vote.own_request',
];

interface Races {
  readonly count: number;
  /** Races that share the event loop, and nothing else. */
  readonly atOnce: number;
  readonly run: (seed: string) => ReturnType<typeof runRace>;
}

/** Runs races until one shows a violation; resolves with what happened in all of them. */
async function runRaces({ count, atOnce, run }: Races): Promise<Set<string>> {
  const events = new Set<string>();
  const races = only === undefined ? Array.from({ length: count }, (_, at) => String(at)) : [only];
  const next = races.values();
  const runner = async (): Promise<void> => {
    for (const race of next) {
      const report = await run(`${seed} ${race}`);
      expect(report.violations, `SEED=${seed} RACE=${race}`).toEqual([]);
      for (const event of report.events) events.add(event);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runner));
  return events;
}

describe(`B1: everybody at once: one end, no vote lost, one run an approval (SEED=${seed})`, () => {
  const home = temporaryDirectory();
  afterAll(home.remove);

  test(`${MEMORY_RACES} interleavings over the memory store`, { timeout: 120_000 }, async () => {
    const events = await runRaces({
      count: MEMORY_RACES,
      atOnce: 32,
      run: (race) => runRace(createMemoryStore(), race),
    });
    if (only === undefined) expect([...events]).toEqual(expect.arrayContaining(EXPECTED));
  });

  test(`${SQLITE_RACES} interleavings over the SQLite store`, { timeout: 120_000 }, async () => {
    const store = await openSqliteStore({ directory: home.directory, walBytes: 1 << 20 });
    const tail = new LedgerTail(store, await store.read('size', {}));
    const events = await runRaces({
      count: SQLITE_RACES,
      atOnce: 16,
      run: (race) => runRace(store, race, undefined, tail),
    });
    await store.close();
    if (only === undefined) expect([...events]).toEqual(expect.arrayContaining(EXPECTED));
  });
});
