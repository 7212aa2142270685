import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TILE_WIDTH, changedTiles, encodeBundle, parseNote, tilePath } from '@sallyport/verifier';
import type { Store } from '../ports.ts';
import type { LedgerKeys } from './keys.ts';
import { tilesOf } from './tree.ts';

/** For files that hold no secrets, in a directory that whoever exports chooses. */
const PRIVATE_MODE = 0o600;

/**
 * Writes the published log as files for offline verification, in the layout of C2SP tlog-tiles below `directory`, and
 * `vkey` with the verifier key beside them. Streams: one tile and one bundle of 256 entries in memory at a time. The
 * checkpoint comes last, so that what an interrupted export leaves is no log. Asides are not exported. Resolves with
 * the size; rejects where a file exists already, or nothing is published.
 */
export async function writeLog(
  directory: string,
  store: Store,
  keys: Pick<LedgerKeys, 'vkey'>,
): Promise<number> {
  const checkpoint = await store.read('checkpoint', {});
  if (checkpoint === null || parseNote(checkpoint.note) === undefined)
    throw new RangeError('nothing is published');
  const { size, note } = checkpoint;
  const write = async (path: string, content: string | Uint8Array): Promise<void> => {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { flag: 'wx', mode: PRIVATE_MODE });
  };
  await write('vkey', `${keys.vkey}\n`);
  const readTile = tilesOf(store);
  for (const { level, index, width } of changedTiles(0, size)) {
    await write(tilePath(level, index, width), await readTile(level, index, width));
    if (level === 0) await write(tilePath('entries', index, width), await bundleOf(store, index, width));
  }
  await write('checkpoint', note);
  return size;
}

/** The first `width` entries of a bundle, which are durable. */
export async function bundleOf(store: Store, index: number, width: number): Promise<Uint8Array> {
  const rows = await store.read('entries', { from: index * TILE_WIDTH, limit: width });
  return encodeBundle(rows.map(({ leaf }) => Buffer.from(leaf)));
}
