/** Losses of power, many of them: nothing acknowledged may be lost, nothing change its place, no checkpoint be contradicted. */
import { createFakeRandom } from '../packages/gateway/test/support/fake-clock.ts';
import type { Fault } from '../packages/gateway/test/support/crash-disk.ts';
import { PowerLossRun } from '../packages/gateway/test/support/power-loss.ts';
import { atLeast, information } from './figures.ts';
import type { BenchOptions, Figure } from './figures.ts';

const CRASHES = 10_000;
const QUICK_CRASHES = 100;
/** Lives of one log, so that it grows over many checkpoints and recoveries. */
const LIVES_OF_ONE_LOG = 20;
const OPERATIONS_OF_A_LIFE = 24;
const WHEN = ['before', 'torn', 'after'] as const;

export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const seed = process.env['SEED'] ?? String(Date.now());
  const want = Number(process.env['CRASHES'] ?? (quick ? QUICK_CRASHES : CRASHES));
  process.stdout.write(`SEED=${seed}, ${want} losses of power\n`);
  const chance = createFakeRandom(`${seed} where`);
  const violations: string[] = [];
  const tally = { crashes: 0, lives: 0, entries: 0 };
  for (let log = 0; tally.crashes < want && violations.length === 0; log++) {
    const one = await PowerLossRun.begin(`${seed} ${log}`);
    for (let life = 0; life < LIVES_OF_ONE_LOG && violations.length === 0; life++) {
      const fault: Fault = { kind: 'crash', when: WHEN[chance.pick(WHEN.length)] ?? 'torn' };
      const lived = await one.live(chance.pick(OPERATIONS_OF_A_LIFE), fault);
      tally.lives += 1;
      if (lived.failure !== null) tally.crashes += 1;
      if (life === LIVES_OF_ONE_LOG - 1) tally.entries += lived.found;
      violations.push(...lived.violations.map((words) => `log ${log}, life ${life}: ${words}`));
    }
    one.end();
    if (log % 25 === 0) process.stdout.write(`${tally.crashes} losses, ${violations.length} violations\n`);
  }
  for (const violation of violations) process.stdout.write(`${violation}\n`);
  return [
    atLeast('losses of power', tally.crashes, '', want),
    information('lives', tally.lives, ''),
    information('entries', tally.entries, ''),
    {
      name: 'violations',
      value: violations.length,
      unit: '',
      want: '= 0',
      ok: violations.length === 0,
    },
  ];
}
