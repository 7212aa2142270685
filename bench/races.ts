import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createFakeRandom } from '../packages/gateway/test/support/fake-clock.ts';
import { atLeast, information, type BenchOptions, type Figure } from './figures.ts';
import { RacedLog } from './races-log.ts';

/**
 * Everybody at once on every review, over the embedded store, with kill -9 in between: clients, voters, retractions,
 * questions, withdrawals, time and changes of people, in an order that a seed decides. After each kill the whole log is
 * read again (races-log.ts).
 */

const child = fileURLToPath(new URL('races-child.ts', import.meta.url));
/** A log that is read whole after each kill has to stay short. */
const killsOfOneLog = 5;
/** Races say something every few milliseconds; a process that says nothing for so long has stopped. */
const longestSilenceMs = 120_000;

interface Tally {
  races: number;
  kills: number;
  readonly violations: string[];
}

/** One life of the process, which ends when it has told so much; resolves with what it told when it is dead. */
async function live(directory: string, seed: string, mostLines: number): Promise<readonly string[]> {
  const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit'];
  const started = spawn(process.execPath, [...process.execArgv, child, directory, seed], { stdio });
  const told: string[] = [];
  let isSilent = false;
  const watchdog = setTimeout(() => {
    isSilent = true;
    started.kill('SIGKILL');
  }, longestSilenceMs);
  createInterface({ input: started.stdout }).on('line', (line) => {
    watchdog.refresh();
    told.push(line);
    if (told.length === mostLines) started.kill('SIGKILL');
  });
  const [code] = await new Promise<[number | null]>((resolve) =>
    started.once('close', (status) => resolve([status])),
  );
  clearTimeout(watchdog);
  if (isSilent) throw new Error(`the races stopped (SEED=${seed})`);
  if (code !== null) throw new Error(`the races ended by themselves with ${code} (SEED=${seed})`);
  return told;
}

async function oneLog(seed: string, linesOfLife: number, tally: Tally): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-races-'));
  const told: string[] = [];
  const log = new RacedLog();
  const random = createFakeRandom(`${seed} kills`);
  try {
    for (let life = 0; life < killsOfOneLog; life++) {
      // Where in the store's work a kill falls, the operating system decides besides.
      const mostLines = 1 + random.pick(2 * linesOfLife);
      const lines = await live(directory, `${seed} ${life}`, mostLines);
      for (const line of lines) told.push(line);
      await log.check(directory, told);
      tally.kills += 1;
      tally.races += lines.filter((line) => line === 'race').length;
      tally.violations.push(...lines.filter((line) => line.startsWith('violation ')));
    }
    tally.violations.push(...log.violations);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const seed = process.env['SEED'] ?? String(Date.now());
  const want = Number(process.env['RACES'] ?? (quick ? 500 : 1_000_000));
  process.stdout.write(`SEED=${seed}, ${want} races\n`);
  const tally: Tally = { races: 0, kills: 0, violations: [] };
  const startedMs = performance.now();
  for (let log = 0; tally.races < want && tally.violations.length === 0; log++) {
    await oneLog(`${seed} ${log}`, quick ? 800 : 8_000, tally);
    const { races, kills, violations } = tally;
    process.stdout.write(`${races} races, ${kills} kills, ${violations.length} violations\n`);
  }
  for (const violation of tally.violations) process.stdout.write(`${violation}\n`);
  const seconds = (performance.now() - startedMs) / 1_000;
  return [
    atLeast('races', tally.races, '', want),
    information('kill -9', tally.kills, ''),
    information('races a second, with the checks', Math.round(tally.races / seconds), '/s'),
    {
      name: 'violations',
      value: tally.violations.length,
      unit: '',
      want: '= 0',
      ok: tally.violations.length === 0,
    },
  ];
}
