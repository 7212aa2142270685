import {
  canonicalize,
  changedTiles,
  encodeBundle,
  encodeManifest,
  rangeTiles,
  tilePath,
} from '../src/index.ts';
import type { ExportQuery, ReadFile } from '../src/index.ts';
import { logKey, makeLog, seal, utf8, wholeStory } from './support.ts';
import type { Leaf, TestEntry, TestKey, TestLog } from './support.ts';

/** A folder in memory, that a test may change. */
export type Files = Map<string, Uint8Array>;

export const readerOf =
  (files: Files): ReadFile =>
  async (path) =>
    files.get(path);

const NO_BOUNDS: ExportQuery = { since: null, until: null };

interface Range {
  readonly from: number;
  readonly until: number;
  readonly query: ExportQuery;
}

/** The folder of a log, or an export of a range of it. */
export async function makeFolder(
  log: TestLog,
  range: Range | null = null,
  key: TestKey = logKey,
): Promise<Files> {
  const size = log.entries.length;
  const { from, until, query } = range ?? { from: 0, until: size, query: NO_BOUNDS };
  const files: Files = new Map();
  for (const { level, index, width } of rangeTiles(from, until, size))
    files.set(tilePath(level, index, width), (await log.readTile(level, index, width)).slice());
  for (const { level, index, width } of changedTiles(0, size)) {
    if (level > 0 || index * 256 < from || index * 256 >= until) continue;
    files.set(tilePath('entries', index, width), bundle(log.entries.slice(index * 256, index * 256 + width)));
  }
  files.set('checkpoint', utf8(log.checkpoint));
  files.set('vkey', utf8(`${key.vkey}\n`));
  if (range !== null) files.set('manifest.json', utf8(manifest(log, { from, until, query }, key)));
  return files;
}

export const bundle = (entries: readonly TestEntry[]): Uint8Array =>
  encodeBundle(entries.map(({ leaf }) => utf8(leaf)));

function manifest(log: TestLog, { from, until, query }: Range, key: TestKey): string {
  const leaves = log.entries
    .slice(from, until)
    .map(({ leaf }) => JSON.parse(leaf) as { kind: string; at: number });
  const kinds: Record<string, number> = {};
  for (const { kind } of leaves) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const fitting = leaves.filter(
    ({ at }) => (query.since ?? 0) <= at && at < (query.until ?? Number.MAX_SAFE_INTEGER),
  ).length;
  return encodeManifest({
    origin: key.signer.name,
    size: log.entries.length,
    query,
    from,
    until,
    fitting,
    kinds,
  });
}

export const noticeAt = (at: number): TestEntry => {
  const leaf: Leaf = { action: null, at, kind: 'notice', notice: { code: 'test' }, version: 1 };
  return { leaf: canonicalize(leaf), aside: null };
};

const FIRST_MS = 1_760_000_100_000;

/** A log of several bundles: the whole story, then `notices` entries a second apart. */
export const longLog = (notices: number, key: TestKey = logKey): TestLog =>
  makeLog(
    [...seal(wholeStory()), ...Array.from({ length: notices }, (_, at) => noticeAt(FIRST_MS + at * 1_000))],
    key,
  );

export const noticeTime = (at: number): number => FIRST_MS + at * 1_000;
