/** What it costs an auditor to verify: a whole log of a million entries, and one receipt. And what it costs to write one. */
import { platform } from '../packages/cli/src/platform.ts';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  emptyEdge,
  encodeBundle,
  formatCheckpoint,
  frontierOf,
  growTiles,
  leafInput,
  rootOf,
  signNote,
  tilePath,
  verifyFolder,
  verifyReceipt,
  TILE_WIDTH,
} from '@sallyport/verifier';
import {
  makeReceipt,
  makeLog,
  seal,
  wholeStory,
  HELD,
  logKey,
  ORIGIN,
} from '../packages/verifier/test/support.ts';
import { clock } from '../packages/gateway/src/system.ts';
import { atMost, information, median, percentile } from './figures.ts';
import type { BenchOptions, Figure } from './figures.ts';
import { appends, startAfterCrash } from './ledger-writer.ts';

const ENTRIES = 1_000_000;
const QUICK_ENTRIES = 50_000;
const WANT_SECONDS = 60;
const WANT_RECEIPT_MS = 5;
/** A tenth of what the log holds: whoever keeps entries keeps more. */
const WANT_GROWTH_MIB = 64;
const RECEIPTS = 300;
const CHUNK_TILES = 64;
const MEBIBYTE = 1_048_576;

const sha256 = platform.hash;
/** The intent of an action that policy allowed, or its outcome, as the gateway writes them: about 700 bytes and 200. */
function leavesOf(): (at: number) => string {
  const [, intent = '', outcome = ''] = seal(wholeStory()).map(({ leaf }) => leaf);
  const id = 'act_01jd00000000000000000000a1';
  const named = (at: number): string => `act_01jd${String(Math.floor(at / 2)).padStart(22, '0')}`;
  return (at) => (at % 2 === 0 ? intent : outcome).replace(id, named(at));
}

function put(directory: string, path: string, content: string | Uint8Array): void {
  const file = join(directory, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/** Writes a log as `ledger export` does, some tiles at a time; returns its bytes. */
function writeLog(directory: string, size: number): number {
  const leafAt = leavesOf();
  let edge = emptyEdge;
  let bytes = 0;
  while (edge.size < size) {
    const count = Math.min(size - edge.size, CHUNK_TILES * TILE_WIDTH);
    const entries = Array.from({ length: count }, (_, at) => Buffer.from(leafAt(edge.size + at)));
    for (let at = 0; at < count; at += TILE_WIDTH) {
      const some = entries.slice(at, at + TILE_WIDTH);
      const bundle = encodeBundle(some);
      bytes += bundle.length;
      put(directory, tilePath('entries', (edge.size + at) / TILE_WIDTH, some.length), bundle);
    }
    const grown = growTiles(edge, Buffer.concat(entries.map((entry) => sha256(leafInput(entry)))), sha256);
    for (const { level, index, hashes } of grown.tiles)
      put(directory, tilePath(level, index, hashes.length / 32), hashes);
    ({ edge } = grown);
  }
  const root = rootOf(frontierOf(edge, sha256), sha256);
  const text = formatCheckpoint({ origin: ORIGIN, size, root, extensions: [] });
  put(directory, 'checkpoint', signNote(text, [logKey.signer]));
  return bytes;
}

async function wholeLog(quick: boolean): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-ledger-'));
  const size = quick ? QUICK_ENTRIES : ENTRIES;
  try {
    const bytes = writeLog(directory, size);
    globalThis.gc?.();
    const before = process.memoryUsage.rss();
    let peak = before;
    const start = clock.monotonicMs();
    const report = await verifyFolder({
      read: async (path) => {
        peak = Math.max(peak, process.memoryUsage.rss());
        try {
          return readFileSync(join(directory, path));
        } catch {
          return undefined;
        }
      },
      ...{ trustedKey: logKey.vkey, policy: null, earlier: [], ...platform },
    });
    const seconds = (clock.monotonicMs() - start) / 1_000;
    if (!report.ok || report.size !== size) throw new Error(JSON.stringify(report.findings.slice(0, 3)));
    const growth = (peak - before) / MEBIBYTE;
    return [
      information('bytes of the log', bytes / MEBIBYTE, 'MiB'),
      information('entries a second', size / seconds, '1/s'),
      atMost(`verification of ${size} entries`, seconds, 's', WANT_SECONDS),
      atMost('memory that it takes more', growth, 'MiB', WANT_GROWTH_MIB),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function oneReceipt(quick: boolean): Promise<Figure[]> {
  const notices = seal(Array.from({ length: 4_096 }, () => wholeStory()[0] ?? { leaf: {}, aside: null }));
  const log = makeLog([...seal(wholeStory()), ...notices]);
  const receipt = await makeReceipt(log, HELD);
  const took: number[] = [];
  for (let round = 0; round < (quick ? RECEIPTS / 10 : RECEIPTS); round++) {
    const start = clock.monotonicMs();
    const { ok } = await verifyReceipt(receipt, { trustedKey: logKey.vkey, ...platform });
    took.push(clock.monotonicMs() - start);
    if (!ok) throw new Error('the receipt does not verify');
  }
  return [
    atMost('verification of one receipt of seven entries, median', median(took), 'ms', WANT_RECEIPT_MS),
    information('verification of one receipt, p99', percentile(took, 0.99), 'ms'),
  ];
}

export async function run({ quick, only }: BenchOptions): Promise<readonly Figure[]> {
  const parts = [
    { name: 'whole log', run: wholeLog },
    { name: 'receipt', run: oneReceipt },
    { name: 'appends', run: appends },
    { name: 'start after a crash', run: startAfterCrash },
  ].filter(({ name }) => name.includes(only));
  const figures: Figure[] = [];
  for (const part of parts) figures.push(...(await part.run(quick)));
  return figures;
}
