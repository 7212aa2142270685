import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SealedEntry, UsageShape } from '../packages/gateway/src/core/entry.ts';
import { makeId } from '../packages/gateway/src/core/ids.ts';
import { openSqliteStore } from '../packages/gateway/src/stores/sqlite/store.ts';
import type { Store } from '../packages/gateway/src/stores/store.ts';
import { clock, random } from '../packages/gateway/src/system.ts';
import { atLeast, atMost, information, median, percentile } from './figures.ts';
import type { BenchOptions, Figure } from './figures.ts';

export const LEAF_BYTES = 1024;
const ROUNDS = 5;
export const CALLERS = 64;
const padding = 'x'.repeat(LEAF_BYTES - 100);
const shape: UsageShape = {
  key: 'bench',
  agent: 'bench',
  onBehalfOf: 'ann',
  target: 'prod-db',
  environment: 'production',
  operation: 'sql:select',
  datasets: '[]',
  reviewed: false,
};

/** An intent, or its outcome with usage: what one action costs the ledger. */
export function makeEntry(kind: 'intent' | 'outcome', action: SealedEntry['action']): SealedEntry {
  const atMs = clock.nowMs();
  const leaf = `{"action":"${action ?? ''}","at":${atMs},"kind":"${kind}","padding":"${padding}"}`;
  const usage = kind === 'intent' ? null : { shape, status: 'succeeded' as const, atMs, rows: 1, bytes: 100 };
  return { kind, action, atMs, leaf, aside: null, usage };
}

/** The yardstick: what the disk takes for an append to a plain file. */
function appendToFile(directory: string, count: number): number[] {
  const file = join(directory, 'plain');
  const descriptor = openSync(file, 'w');
  const bytes = Buffer.alloc(LEAF_BYTES, 120);
  const took: number[] = [];
  for (let at = 0; at < count; at++) {
    const start = clock.monotonicMs();
    writeSync(descriptor, bytes);
    fdatasyncSync(descriptor);
    took.push((clock.monotonicMs() - start) * 1000);
  }
  closeSync(descriptor);
  rmSync(file);
  return took;
}

async function appendAlone(store: Store, count: number): Promise<number[]> {
  const took: number[] = [];
  for (let at = 0; at < count; at++) {
    // Out of an I/O callback, as a proxy does.
    await new Promise((resolve) => setImmediate(resolve));
    const entry = makeEntry('intent', makeId('act', clock.nowMs(), random.bytes(10)));
    const start = clock.monotonicMs();
    await store.append(entry).done;
    took.push((clock.monotonicMs() - start) * 1000);
    store.append(makeEntry('outcome', entry.action));
    await store.read('size', {});
  }
  return took;
}

export interface Load {
  readonly perSecond: number;
  readonly mainMicros: number;
  readonly totalMicros: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

/** Each caller waits for its intent, then queues the outcome without waiting and goes on. */
export async function appendTogether(store: Store, actionsEach: number): Promise<Load> {
  const took: number[] = [];
  const caller = async (): Promise<void> => {
    for (let at = 0; at < actionsEach; at++) {
      const action = makeId('act', clock.nowMs(), random.bytes(10));
      const start = clock.monotonicMs();
      await store.append(makeEntry('intent', action)).done;
      took.push((clock.monotonicMs() - start) * 1000);
      store.append(makeEntry('outcome', action));
    }
  };
  const start = clock.monotonicMs();
  const [main, total] = [process.threadCpuUsage(), process.cpuUsage()];
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const [mainUsed, totalUsed] = [process.threadCpuUsage(main), process.cpuUsage(total)];
  const entries = CALLERS * actionsEach * 2;
  return {
    perSecond: (entries * 1000) / (clock.monotonicMs() - start),
    mainMicros: (mainUsed.user + mainUsed.system) / entries,
    totalMicros: (totalUsed.user + totalUsed.system) / entries,
    p50Micros: median(took),
    p99Micros: percentile(took, 0.99),
  };
}

export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const store = await openSqliteStore({ directory });
  const alone: number[] = [];
  const plain: number[] = [];
  const loads: Load[] = [];
  try {
    await appendTogether(store, 50);
    for (let round = 0; round < (quick ? 3 : ROUNDS); round++) {
      plain.push(median(appendToFile(directory, quick ? 100 : 300)));
      alone.push(median(await appendAlone(store, quick ? 100 : 300)));
      loads.push(await appendTogether(store, quick ? 100 : 400));
    }
  } finally {
    await store.close();
    rmSync(directory, { recursive: true });
  }
  const of = (figure: keyof Load): number => median(loads.map((load) => load[figure]));
  const added = median(alone.map((value, round) => value - (plain[round] ?? 0)));
  return [
    information('plain append and fdatasync, p50', median(plain), 'µs'),
    information('lone append to durable, p50', median(alone), 'µs'),
    atMost('lone append over plain, p50', added, 'µs', 60),
    atLeast(`entries of 1 KiB at ${CALLERS} callers`, of('perSecond'), '/s', 20_000),
    atMost('main thread an entry', of('mainMicros'), 'µs', 5),
    information('all threads an entry', of('totalMicros'), 'µs'),
    information(`append to durable at ${CALLERS} callers, p50`, of('p50Micros'), 'µs'),
    information(`append to durable at ${CALLERS} callers, p99`, of('p99Micros'), 'µs'),
  ];
}
