import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LedgerEntry } from '@sallyport/sdk';
import {
  decodeBundle,
  encodeBundle,
  parseCheckpoint,
  parseNote,
  TILE_WIDTH,
  tilePath,
} from '@sallyport/verifier';
import { readText, reasonOf } from './connection.ts';
import { Failure } from './failure.ts';

/** A ledger with everything that it takes to verify it. */
export interface ExportedLedger {
  readonly vkey: string;
  readonly checkpoint: string;
  /** Every entry under the checkpoint, in order. */
  entries(): AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>;
}

/** Returns how many entries were written. The checkpoint comes last: a folder without one was not finished. */
export async function writeExport(directory: string, ledger: ExportedLedger): Promise<number> {
  let bundle: Uint8Array[] = [];
  let written = 0;
  const flush = () => {
    if (bundle.length === 0) return;
    const path = tilePath('entries', Math.floor(written / TILE_WIDTH), bundle.length);
    put(directory, path, encodeBundle(bundle));
    written += bundle.length;
    bundle = [];
  };
  const encoder = new TextEncoder();
  for await (const { leaf } of ledger.entries()) {
    bundle.push(encoder.encode(leaf));
    if (bundle.length === TILE_WIDTH) flush();
  }
  flush();
  put(directory, 'vkey', ledger.vkey);
  put(directory, 'checkpoint', ledger.checkpoint);
  return written;
}

function put(directory: string, path: string, content: string | Uint8Array): void {
  const file = join(directory, path);
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  } catch (error) {
    throw new Failure('not_found', 'file.unwritable', `${file} can't be written: ${reasonOf(error)}`);
  }
}

export function openExport(directory: string): ExportedLedger {
  const checkpoint = readText(join(directory, 'checkpoint'));
  const size = parseCheckpoint(parseNote(checkpoint)?.text ?? '')?.size ?? 0;
  const vkey = readText(join(directory, 'vkey')).trim();
  return { vkey, checkpoint, entries: () => readEntries(directory, size) };
}

/** Entries up to the size of the checkpoint; a missing or broken bundle ends them, and the verifier says so. */
function* readEntries(directory: string, size: number): Generator<LedgerEntry, void, void> {
  // What is not UTF-8 becomes another text, whose hash is another one.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for (let from = 0; from < size; from += TILE_WIDTH) {
    const width = Math.min(TILE_WIDTH, size - from);
    const leaves = readBundle(join(directory, tilePath('entries', from / TILE_WIDTH, width)));
    for (const [at, leaf] of leaves.entries()) yield { index: from + at, leaf: decoder.decode(leaf) };
    if (leaves.length !== width) return;
  }
}

function readBundle(file: string): readonly Uint8Array[] {
  let bundle: Uint8Array;
  try {
    bundle = readFileSync(file);
  } catch {
    return [];
  }
  const leaves = decodeBundle(bundle);
  if (leaves !== undefined) return leaves;
  throw new Failure('verification_failed', 'bundle.malformed', `${file} is not a bundle of entries.`);
}
