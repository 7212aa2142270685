import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SallyportClient } from '@sallyport/sdk';
import {
  decodeBundle,
  decodeLeaf,
  encodeManifest,
  fits,
  parseCheckpoint,
  parseNote,
  rangeTiles,
  TILE_WIDTH,
  tilePath,
} from '@sallyport/verifier';
import type { Checkpoint, ExportQuery, Leaf } from '@sallyport/verifier';
import { reasonOf } from './connection.ts';
import { Failure } from './failure.ts';

/** A checkpoint of the gateway's, and the key that it says is its own. */
export interface Published {
  readonly vkey: string;
  /** The signed note. */
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

export async function readPublished(client: SallyportClient): Promise<Published> {
  const note = await client.checkpoint();
  const { vkey } = await client.ledgerStatus();
  const checkpoint = parseCheckpoint(parseNote(note)?.text ?? '');
  if (checkpoint === undefined)
    throw new Failure('verification_failed', 'checkpoint.malformed', 'The gateway’s checkpoint is not one.');
  return { vkey, note, checkpoint };
}

export interface Exported {
  /** Entries that fit the query, and entries in the folder. */
  readonly fitting: number;
  readonly entries: number;
}

/**
 * Writes an export (spec/ledger.md, "Exports"). Existing files are never written over. The checkpoint comes last: a
 * folder without one was not finished.
 */
export async function writeExport(
  directory: string,
  client: SallyportClient,
  query: ExportQuery,
): Promise<Exported> {
  const { vkey, note, checkpoint } = await readPublished(client);
  const { size, origin } = checkpoint;
  const { from, until } = await rangeOf(client, size, query);
  const counts = new Counts(query);
  for (let start = from; start < until; start += TILE_WIDTH) {
    const path = tilePath('entries', start / TILE_WIDTH, Math.min(TILE_WIDTH, size - start));
    const bundle = await fetchTile(client, path);
    counts.add(bundle, path);
    put(directory, path, bundle);
  }
  for (const { level, index, width } of rangeTiles(from, until, size)) {
    const path = tilePath(level, index, width);
    put(directory, path, await fetchTile(client, path));
  }
  const { fitting, kinds } = counts;
  put(directory, 'manifest.json', encodeManifest({ origin, size, query, from, until, fitting, kinds }));
  put(directory, 'vkey', `${vkey}\n`);
  put(directory, 'policy', `log ${vkey}\nquorum none\n`);
  put(directory, 'checkpoint', note);
  return { fitting, entries: until - from };
}

/**
 * The bundles from the first entry that fits to the last. The whole log is looked through: times are those of the
 * gateway's clock, which may have run backwards, so that no search by time finds all.
 */
async function rangeOf(
  client: SallyportClient,
  size: number,
  query: ExportQuery,
): Promise<{ readonly from: number; readonly until: number }> {
  if (query.since === null && query.until === null) return { from: 0, until: size };
  let first: number | null = null;
  let last = 0;
  for await (const { index, leaf } of client.ledgerEntries(0, size)) {
    if (!fits(query, leafOf(leaf, index).at)) continue;
    first ??= index;
    last = index;
  }
  if (first === null) return { from: 0, until: 0 };
  const bundle = (index: number): number => Math.floor(index / TILE_WIDTH) * TILE_WIDTH;
  return { from: bundle(first), until: Math.min(size, bundle(last) + TILE_WIDTH) };
}

function leafOf(text: string, index: number): Leaf {
  const decoded = decodeLeaf(text);
  if (decoded.ok) return decoded.leaf;
  const detail = `Entry ${index} of the gateway is malformed: ${decoded.detail}.`;
  throw new Failure('verification_failed', 'entry.malformed', detail);
}

class Counts {
  readonly kinds: Record<string, number> = {};
  readonly #query: ExportQuery;
  fitting = 0;

  constructor(query: ExportQuery) {
    this.#query = query;
  }

  add(bundle: Uint8Array, path: string): void {
    const entries = decodeBundle(bundle);
    if (entries === undefined)
      throw new Failure('verification_failed', 'bundle.malformed', `The gateway’s ${path} is no bundle.`);
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    for (const [at, entry] of entries.entries()) {
      const leaf = leafOf(decoder.decode(entry), at);
      this.kinds[leaf.kind] = (this.kinds[leaf.kind] ?? 0) + 1;
      if (fits(this.#query, leaf.at)) this.fitting++;
    }
  }
}

const fetchTile = (client: SallyportClient, path: string): Promise<Uint8Array> =>
  client.tile(path.slice('tile/'.length));

function put(directory: string, path: string, content: string | Uint8Array): void {
  const file = join(directory, path);
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { flag: 'wx' });
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === 'EEXIST')
      throw new Failure('conflict', 'file.exists', `${file} exists: export to a folder that is empty.`);
    throw new Failure('not_found', 'file.unwritable', `${file} can't be written: ${reason}`);
  }
}
