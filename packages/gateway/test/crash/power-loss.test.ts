import { describe, expect, test } from 'vitest';
import type { Fault } from '../support/crash-disk.ts';
import { createFakeRandom } from '../support/fake-clock.ts';
import { PowerLossRun, type Life } from '../support/power-loss.ts';

const seed = process.env['SEED'] ?? String(Date.now());
const RUNS = 40;
const never: Fault = { kind: 'crash', when: 'before' };

async function withRun<T>(name: string, work: (run: PowerLossRun) => Promise<T>): Promise<T> {
  const run = await PowerLossRun.begin(name);
  try {
    return await work(run);
  } finally {
    run.end();
  }
}

/** Every operation of a first life: from an empty folder to an end in order. */
const STEPS = 6;
const TABLE = 'table 3';
const operations = await withRun(
  TABLE,
  async (run) => (await run.live(null, never, { steps: STEPS })).operations,
);
const table = operations.flatMap((operation, at) =>
  (['before', 'torn', 'after'] as const).map((when) => ({ at, operation, when })),
);

/** What is owed whatever happened: nothing acknowledged is lost, and the log goes on. */
async function goesOn(run: PowerLossRun, life: Life): Promise<void> {
  expect(life.violations).toEqual([]);
  expect(life.found).toBeGreaterThanOrEqual(life.acknowledged);
  const later = await run.live(null, never, { steps: 4 });
  expect(later).toMatchObject({ violations: [], failure: null });
  expect(later.found).toBeGreaterThanOrEqual(life.found);
}

describe('the power goes at an operation of the disk: nothing acknowledged is lost, and the log goes on', () => {
  test('the table has every kind of operation', () => {
    expect(new Set(operations)).toEqual(new Set(['journal mode', 'write', 'sync', 'rename', 'checkpoint']));
  });

  test.each(table)('$operation $at, $when', async ({ at, when }) => {
    await withRun(TABLE, async (run) => {
      const life = await run.live(at, { kind: 'crash', when }, { steps: STEPS });
      expect(life.failure).toContain('the power is gone');
      await goesOn(run, life);
    });
  });
});

describe('the disk fails at an operation: nothing is acknowledged behind it, and the error says why', () => {
  const codes = ['EIO', 'ENOSPC', 'EROFS'] as const;
  const rows = operations.map((operation, at) => ({
    at,
    operation,
    code: codes[at % codes.length] ?? 'EIO',
  }));
  test.each(rows)('$operation $at, $code', async ({ at, code }) => {
    await withRun(TABLE, async (run) => {
      const life = await run.live(at, { kind: 'error', code }, { steps: STEPS });
      expect(life.failure).toMatch(new RegExp(`^store\\.failed: ${code}`));
      await goesOn(run, life);
    });
  });
});

test(`crashed again and again at any moment, no entry is lost, none changes its place, no checkpoint is contradicted (SEED=${seed})`, async () => {
  const chance = createFakeRandom(`${seed} where`);
  const when = ['before', 'torn', 'after'] as const;
  let deaths = 0;
  await withRun(seed, async (run) => {
    for (let life = 0; life < RUNS; life++) {
      const fault: Fault = { kind: 'crash', when: when[chance.pick(3)] ?? 'torn' };
      const { violations, failure } = await run.live(chance.pick(24), fault);
      expect(violations).toEqual([]);
      if (failure !== null) deaths++;
    }
  });
  expect(deaths).toBeGreaterThan(RUNS / 4);
});

/** No program can keep what its disk lied about. What it can do is not to pass it off as the log that was published. */
test(`where the disk lies about syncs and loses what was published, a kept checkpoint shows it, or the store refuses to open (SEED=${seed})`, async () => {
  let losses = 0;
  for (let number = 0; number < RUNS; number++)
    await withRun(`${seed} lie ${number}`, async (run) => {
      await run.live(null, never, { steps: STEPS });
      const fault: Fault = { kind: 'crash', when: 'before' };
      const life = await run.live(6 + number, fault, { lies: true, steps: 20 });
      // What somebody sees who has the log and a kept checkpoint: a refusal, or a finding of the verifier.
      const shown = life.violations.filter((violation) =>
        /^(refused: (store|log)\.|log\.|entry\.|the published log)/.test(violation),
      );
      const isDamaged = life.violations.some((violation) => violation.startsWith('entry '));
      if (life.found >= life.published && !isDamaged && shown.length === 0)
        return expect(life.violations).toEqual([]);
      losses++;
      return expect(shown).not.toEqual([]);
    });
  expect(losses).toBeGreaterThan(0);
});
