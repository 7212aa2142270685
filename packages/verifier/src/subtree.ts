import { HASH_BYTES, nodeInput } from './hash.ts';
import type { Hash } from './hash.ts';
import { TILE_WIDTH, hashAt, levelWidth } from './tile.ts';
import type { ReadTile } from './tile.ts';

/** Binary levels that one tile spans. */
const TILE_HEIGHT = 8;

/** Supplies the root of the complete subtree over the leaves `index * 2^height` up to `(index + 1) * 2^height`. */
export type ReadSubtree = (height: number, index: number) => Promise<Uint8Array>;

/** Calls `make` for the first of equal keys alone. */
function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

/**
 * Reads subtrees of the tree of `size` from its tiles. In the life of a reader each tile is read once and each node
 * hashed once, so take one reader for all proofs of a tree and drop it with them.
 */
export function tileSubtrees(size: number, readTile: ReadTile, hash: Hash): ReadSubtree {
  const tiles = new Map<string, Promise<Uint8Array>>();
  const nodes = new Map<string, Promise<Uint8Array>>();

  const readHash = async (level: number, at: number): Promise<Uint8Array> => {
    const index = Math.floor(at / TILE_WIDTH);
    const offset = at % TILE_WIDTH;
    const width = Math.min(TILE_WIDTH, levelWidth(level, size) - index * TILE_WIDTH);
    const read = async (): Promise<Uint8Array> => readTile(level, index, width);
    const hashes = await remembered(tiles, `${level}/${index}`, read);
    if (hashes.length < (offset + 1) * HASH_BYTES)
      throw new RangeError('a tile is narrower than the tree needs');
    return hashAt(hashes, offset);
  };

  const readSubtree: ReadSubtree = (height, index) => {
    if (height % TILE_HEIGHT === 0) return readHash(height / TILE_HEIGHT, index);
    return remembered(nodes, `${height}/${index}`, async () => {
      const left = await readSubtree(height - 1, index * 2);
      return hash(nodeInput(left, await readSubtree(height - 1, index * 2 + 1)));
    });
  };
  return readSubtree;
}
