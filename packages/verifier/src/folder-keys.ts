import { decodeBundle } from './bundle.ts';
import type { ReadFile } from './folder-tiles.ts';
import { KeyChain } from './handover.ts';
import type { HandoverTrust } from './handover.ts';
import { decodeLeaf } from './leaf.ts';
import type { VerifierKey } from './note.ts';
import { TILE_WIDTH, tilePath } from './tile.ts';

/** A checkpoint may claim any size; a folder that lacks so many bundles is no log. */
const MAX_MISSING = 1_000;
/** How the canonical text of a hand-over has its kind. */
const MARK = '"kind":"key"';

export interface FolderEntries {
  readonly read: ReadFile;
  readonly size: number;
  readonly from: number;
  readonly until: number;
}

/** The keys from the trusted one on, as the hand-overs among a folder's entries say, before the entries are verified. */
export async function chainIn(
  { read, size, from, until }: FolderEntries,
  trusted: { readonly vkey: string; readonly key: VerifierKey },
  trust: HandoverTrust,
): Promise<KeyChain> {
  const chain = new KeyChain(trusted.vkey, trusted.key, trust);
  let missing = 0;
  for (let start = from; start < until && missing < MAX_MISSING; start += TILE_WIDTH) {
    const bytes = await read(tilePath('entries', start / TILE_WIDTH, Math.min(TILE_WIDTH, size - start)));
    if (bytes === undefined) missing++;
    else await observeAll(chain, start, decodeBundle(bytes) ?? []);
  }
  return chain;
}

async function observeAll(chain: KeyChain, start: number, entries: readonly Uint8Array[]): Promise<void> {
  for (const [at, entry] of entries.entries()) {
    const text = new TextDecoder().decode(entry);
    const decoded = text.includes(MARK) ? decodeLeaf(text) : undefined;
    if (decoded?.ok === true && decoded.leaf.kind === 'key')
      await chain.observe(start + at, decoded.leaf.key);
  }
}
