import { concatBytes } from './bytes.ts';
import type { Frontier } from './frontier.ts';
import { HASH_BYTES, nodeInput } from './hash.ts';
import type { Sha256 } from './hash.ts';
import { TILE_WIDTH, hashAt, levelWidth, partialTiles } from './tile.ts';
import type { ReadTile } from './tile.ts';

/**
 * The right edge of a tree in tiles: the hashes of its partial tile at each level, empty where the level has none.
 * It is all that the next tiles need of the tree before them. Immutable.
 */
export interface TileEdge {
  readonly size: number;
  readonly rows: readonly Uint8Array[];
}

/** A tile to be published; replaces a narrower one at the same place. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
}

export const emptyEdge: TileEdge = { size: 0, rows: [] };

/** The root over 2^n hashes of one level. */
function completeRoot(hashes: Uint8Array, sha256: Sha256): Uint8Array {
  let row = hashes;
  while (row.length > HASH_BYTES) {
    const above = new Uint8Array(row.length / 2);
    for (let at = 0; at < row.length / HASH_BYTES; at += 2) {
      above.set(sha256(nodeInput(hashAt(row, at), hashAt(row, at + 1))), (at / 2) * HASH_BYTES);
    }
    row = above;
  }
  return row.slice();
}

/**
 * Appends leaf hashes (32 bytes each) and gives every tile that this changes, by level and index, with the new edge.
 * Publishing exactly these tiles turns the tiles of the tree before into those of the tree after.
 */
export function growTiles(
  edge: TileEdge,
  leafHashes: Uint8Array,
  sha256: Sha256,
): { readonly tiles: readonly Tile[]; readonly edge: TileEdge } {
  const tileBytes = TILE_WIDTH * HASH_BYTES;
  const tiles: Tile[] = [];
  const rows: Uint8Array[] = [];
  let appended = leafHashes;
  for (let level = 0; level < edge.rows.length || appended.length > 0; level++) {
    const row = concatBytes(edge.rows[level] ?? new Uint8Array(), appended);
    const changed = appended.length > 0;
    const firstIndex = levelWidth(level + 1, edge.size);
    const completed: Uint8Array[] = [];
    for (let start = 0; changed && start < row.length; start += tileBytes) {
      const hashes = row.slice(start, start + tileBytes);
      tiles.push({ level, index: firstIndex + start / tileBytes, hashes });
      if (hashes.length === tileBytes) completed.push(completeRoot(hashes, sha256));
    }
    rows.push(row.slice(completed.length * tileBytes));
    appended = concatBytes(...completed);
  }
  return { tiles, edge: { size: edge.size + leafHashes.length / HASH_BYTES, rows } };
}

/** Reads back the edge of a published tree. Throws RangeError where a tile is narrower than the size demands. */
export async function readEdge(size: number, readTile: ReadTile): Promise<TileEdge> {
  const rows: Uint8Array[] = [];
  for (let level = 0; levelWidth(level, size) > 0; level++) rows.push(new Uint8Array());
  for (const { level, index, width } of partialTiles(size)) {
    const hashes = await readTile(level, index, width);
    if (hashes.length < width * HASH_BYTES) throw new RangeError('a tile is narrower than the tree needs');
    rows[level] = hashes.slice(0, width * HASH_BYTES);
  }
  return { size, rows };
}

/** The frontier of the same tree, from which `rootOf` makes its root. */
export function frontierOf(edge: TileEdge, sha256: Sha256): Frontier {
  const roots: Uint8Array[] = [];
  for (const row of edge.rows.toReversed()) {
    let start = 0;
    for (let width = TILE_WIDTH / 2; width >= 1; width /= 2) {
      const end = start + width * HASH_BYTES;
      if (end > row.length) continue;
      roots.push(completeRoot(row.subarray(start, end), sha256));
      start = end;
    }
  }
  return { size: edge.size, roots };
}
