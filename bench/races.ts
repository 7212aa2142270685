import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { decodeLeaf, type Leaf } from '@sallyport/verifier';
import { openSqliteStore } from '../packages/gateway/src/stores/sqlite/store.ts';
import { Rules } from '../packages/verifier/src/rules.ts';
import { atLeast, information, type BenchOptions, type Figure } from './figures.ts';

/**
 * Everybody at once on every review, over the embedded store, with kill -9 in between: clients, voters, retractions,
 * questions, withdrawals, time and changes of people, in an order that a seed decides. After each kill the whole log is
 * read again: nothing that anybody was told may be missing, and no grant may have run twice.
 */

const child = fileURLToPath(new URL('races-child.ts', import.meta.url));
/** A log that is read whole after each kill has to stay short. */
const killsOfOneLog = 5;
const pageSize = 10_000;

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
  createInterface({ input: started.stdout }).on('line', (line) => {
    told.push(line);
    if (told.length === mostLines) started.kill('SIGKILL');
  });
  const [code] = await new Promise<[number | null]>((resolve) =>
    started.once('close', (status) => resolve([status])),
  );
  if (code !== null) throw new Error(`the races ended by themselves with ${code} (SEED=${seed})`);
  return told;
}

/** What the log says, against what was told in all lives on it. */
async function check(directory: string, told: readonly string[], violations: string[]): Promise<void> {
  const store = await openSqliteStore({ directory });
  const recorded = new Set<string>();
  const ran = new Map<string, number>();
  const rulesOf = rulesByReview(violations);
  const size = await store.read('size', {});
  for (let from = 0; from < size; from += pageSize) {
    for (const { index, leaf: text } of await store.read('entries', { from, limit: pageSize })) {
      const decoded = decodeLeaf(text);
      if (!decoded.ok) throw new Error(`entry ${index}: ${decoded.detail}`);
      const { leaf } = decoded;
      rulesOf(leaf)?.observe(index, leaf);
      if (leaf.kind === 'vote') recorded.add(`${leaf.review} ${leaf.vote.person} ${leaf.vote.kind}`);
      if (leaf.kind === 'question' || leaf.kind === 'answer') recorded.add(`${leaf.review} ${leaf.kind}`);
      if (leaf.kind !== 'intent' || leaf.grant === null) continue;
      recorded.add(`ran ${leaf.grant}`);
      ran.set(leaf.grant, (ran.get(leaf.grant) ?? 0) + 1);
    }
  }
  await store.close();
  for (const [grant, times] of ran) if (times > 1) violations.push(`${grant} ran ${times} times`);
  for (const line of told.filter((each) => each.startsWith('ack '))) {
    const what = line.slice('ack '.length).replace(/^(rev_\S+) \S+ (question|answer)$/, '$1 $2');
    if (!recorded.has(what)) violations.push(`lost: ${what}`);
  }
}

/** Each race has a clock of its own, so the rules, which go by time, follow each review by itself. */
function rulesByReview(violations: string[]): (leaf: Leaf) => Rules | undefined {
  const reviewOf = new Map<string, string>();
  const rules = new Map<string, Rules>();
  return (leaf) => {
    const review = 'review' in leaf ? leaf.review : reviewOf.get(leaf.action ?? '');
    if (review === null || review === undefined) return undefined;
    if (leaf.action !== null) reviewOf.set(leaf.action, review);
    const known = rules.get(review);
    if (known !== undefined) return known;
    const made = new Rules(({ code, index }) => violations.push(`${code} at ${index}`));
    rules.set(review, made);
    return made;
  };
}

async function oneLog(seed: string, linesOfLife: number, tally: Tally): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-races-'));
  const told: string[] = [];
  try {
    for (let life = 0; life < killsOfOneLog; life++) {
      const mostLines = Math.round(linesOfLife * (0.5 + (life % 3) / 2));
      const lines = await live(directory, `${seed} ${life}`, mostLines);
      told.push(...lines);
      tally.kills += 1;
      tally.races += lines.filter((line) => line === 'race').length;
      tally.violations.push(...lines.filter((line) => line.startsWith('violation ')));
      await check(directory, told, tally.violations);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const seed = process.env['SEED'] ?? String(Date.now());
  const want = Number(process.env['RACES'] ?? (quick ? 500 : 1_000_000));
  process.stdout.write(`SEED=${seed}, ${want} races\n`);
  const tally: Tally = { races: 0, kills: 0, violations: [] };
  for (let log = 0; tally.races < want && tally.violations.length === 0; log++) {
    await oneLog(`${seed} ${log}`, quick ? 800 : 8_000, tally);
    process.stdout.write(
      `\r${tally.races} races, ${tally.kills} kills, ${tally.violations.length} violations`,
    );
  }
  for (const violation of tally.violations) process.stdout.write(`\n${violation}`);
  process.stdout.write('\n');
  return [
    atLeast('races', tally.races, '', want),
    information('kill -9', tally.kills, ''),
    {
      name: 'violations',
      value: tally.violations.length,
      unit: '',
      want: '= 0',
      ok: tally.violations.length === 0,
    },
  ];
}
