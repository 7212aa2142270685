/** What it costs to write the ledger: entries that are acknowledged when they are on disk. */
import { spawn } from 'node:child_process';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { makeId } from '../packages/gateway/src/core/ids.ts';
import { openKeys } from '../packages/gateway/src/ledger/keys.ts';
import { Publisher } from '../packages/gateway/src/ledger/publisher.ts';
import { recover } from '../packages/gateway/src/ledger/recover.ts';
import { openSqliteStore } from '../packages/gateway/src/stores/sqlite/store.ts';
import type { Store } from '../packages/gateway/src/stores/store.ts';
import { openPlainDatabase } from '../packages/gateway/test/support/plain-database.ts';
import { clock, hashing, random } from '../packages/gateway/src/system.ts';
import { appendTogether, CALLERS, LEAF_BYTES, makeEntry, type Load } from './store.ts';
import { atLeast, atMost, below, information, median, percentile } from './figures.ts';
import type { Figure } from './figures.ts';

const ROUNDS = 5;
const WANT_PER_SECOND = 20_000;
const PACE_PER_SECOND = 1_000;
const PACED_SECONDS = 3;
const WANT_P99_MS = 25;
const WANT_BLOCK_MS = 10;
const CRASHED_ENTRIES = 1_000_000;
const WANT_START_SECONDS = 2;
const NANOS = 1e6;

const rate = (entries: number, startMs: number): number =>
  (entries * 1_000) / (clock.monotonicMs() - startMs);

/** Entries of so many callers written and synced together: the most that a file can do that waits for its disk. */
function appendToFile(directory: string, batches: number, callers: number): number {
  const path = join(directory, 'plain');
  const file = openSync(path, 'w');
  const bytes = Buffer.alloc(LEAF_BYTES * callers, 120);
  const start = clock.monotonicMs();
  for (let at = 0; at < batches; at++) {
    writeSync(file, bytes);
    fdatasyncSync(file);
  }
  const perSecond = rate(batches * callers, start);
  closeSync(file);
  rmSync(path);
  return perSecond;
}

function insertBatches(directory: string, batches: number): number {
  const database = openPlainDatabase(join(directory, 'plain.db'));
  const leaf = 'x'.repeat(LEAF_BYTES);
  const start = clock.monotonicMs();
  for (let at = 0; at < batches; at++) database.insert(leaf, CALLERS);
  const perSecond = rate(batches * CALLERS, start);
  database.close();
  for (const ending of ['', '-wal', '-shm']) rmSync(join(directory, `plain.db${ending}`), { force: true });
  return perSecond;
}

/** A thousand a second, evenly; how long each waited, and for how long nothing else could run. */
async function paced(
  store: Store,
  seconds: number,
): Promise<{ readonly took: number[]; readonly blockMs: number }> {
  const took: number[] = [];
  const waits: Promise<void>[] = [];
  const delays = monitorEventLoopDelay({ resolution: 1 });
  const start = clock.monotonicMs();
  delays.enable();
  for (let made = 0; made < seconds * PACE_PER_SECOND;) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const due = ((clock.monotonicMs() - start) * PACE_PER_SECOND) / 1_000;
    for (; made < due; made++) {
      const begun = clock.monotonicMs();
      const { done } = store.append(makeEntry('intent', makeId('act', clock.nowMs(), random.bytes(10))));
      waits.push(done.then(() => void took.push(clock.monotonicMs() - begun)));
    }
  }
  delays.disable();
  await Promise.all(waits);
  return { took, blockMs: delays.max / NANOS };
}

/** What the machine itself takes: nothing runs but the timer that looks. */
async function idleBlock(): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  await new Promise((resolve) => setTimeout(resolve, PACED_SECONDS * 1_000));
  delays.disable();
  return delays.max / NANOS;
}

export async function appends(quick: boolean): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-writer-'));
  const store = await openSqliteStore({ directory, monotonicMs: () => clock.monotonicMs() });
  const [loads, files, alone, batches]: [Load[], number[], number[], number[]] = [[], [], [], []];
  try {
    await appendTogether(store, 50);
    for (let round = 0; round < (quick ? 3 : ROUNDS); round++) {
      alone.push(appendToFile(directory, 300, 1));
      files.push(appendToFile(directory, 200, CALLERS));
      batches.push(insertBatches(directory, 200));
      loads.push(await appendTogether(store, quick ? 100 : 400));
    }
    const idle: number[] = [];
    const pace: Awaited<ReturnType<typeof paced>>[] = [];
    for (let round = 0; round < (quick ? 3 : ROUNDS); round++) {
      idle.push(await idleBlock());
      pace.push(await paced(store, PACED_SECONDS));
    }
    const took = (share: number): number => median(pace.map((each) => percentile(each.took, share)));
    return [
      information('plain file, one entry a sync', median(alone), '/s'),
      information(`plain file, ${CALLERS} entries a sync`, median(files), '/s'),
      information(`SQLite, ${CALLERS} entries a commit`, median(batches), '/s'),
      atLeast(
        `durable appends of 1 KiB by ${CALLERS} callers`,
        median(loads.map(({ perSecond }) => perSecond)),
        '/s',
        WANT_PER_SECOND,
      ),
      information(`acknowledgement at ${PACE_PER_SECOND}/s, p50`, took(0.5), 'ms'),
      below(`acknowledgement at ${PACE_PER_SECOND}/s, p99`, took(0.99), 'ms', WANT_P99_MS),
      information('longest block of an idle event loop, as long', median(idle), 'ms'),
      below(
        `longest block of the event loop at ${PACE_PER_SECOND}/s`,
        median(pace.map(({ blockMs }) => blockMs)),
        'ms',
        WANT_BLOCK_MS,
      ),
    ];
  } finally {
    await store.close();
    rmSync(directory, { recursive: true });
  }
}

/** Fills a ledger in another process, and kills that while it writes. */
async function crashedLedger(directory: string, entries: number): Promise<void> {
  const program = fileURLToPath(new URL('./ledger-fill-child.ts', import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, program, directory, String(entries)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: child.stdout }).on('line', () => child.kill('SIGKILL'));
  const signal = await new Promise((resolve) => child.once('close', (_, by) => resolve(by)));
  if (signal !== 'SIGKILL') throw new Error('the ledger was not filled');
}

/** What a gateway does before it serves: the store, what was under way, the published tree. */
export async function startAfterCrash(quick: boolean): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-crashed-'));
  const entries = quick ? CRASHED_ENTRIES / 20 : CRASHED_ENTRIES;
  try {
    await crashedLedger(directory, entries);
    const keys = await openKeys({ directory, origin: 'bench.example/ledger' });
    const start = clock.monotonicMs();
    const store = await openSqliteStore({ directory });
    const opened = clock.monotonicMs();
    const unpublished = (await store.read('size', {})) - ((await store.read('checkpoint', {}))?.size ?? 0);
    await recover({ store, clock });
    const log = { checkpointPublished: () => undefined, ledgerFailed: () => undefined };
    const publisher = new Publisher({ store, keys, clock, hashing, log });
    await publisher.start();
    await publisher.publishNow();
    const seconds = (clock.monotonicMs() - start) / 1_000;
    const size = await store.read('size', {});
    await publisher.close();
    await store.close();
    if (size < entries) throw new Error(`${size} of ${entries} entries are there`);
    return [
      information('opening the store after it', (opened - start) / 1_000, 's'),
      information('entries without a checkpoint then', unpublished, ''),
      atMost(`start after a crash with ${entries} entries`, seconds, 's', WANT_START_SECONDS),
    ];
  } finally {
    rmSync(directory, { recursive: true });
  }
}
