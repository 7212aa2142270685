import { HASH_BYTES } from './hash.ts';

/** Hashes of a full tile, and entries of a full bundle (C2SP tlog-tiles, "Merkle Tree"). */
export const TILE_WIDTH = 256;

const MAX_LEVEL = 63;

/** `index` counts tiles within the level; `width` counts hashes, 1 to 256. */
export interface TileCoordinates {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/**
 * Supplies the first `width` hashes of a tile, or more; 32 bytes each. Asked only for tiles of the tree that it was
 * made for. Throws or rejects where it can't: a tree without its tiles proves nothing.
 */
export type ReadTile = (level: number, index: number, width: number) => Uint8Array | Promise<Uint8Array>;

function isCount(value: number, from: number, to: number): boolean {
  return Number.isSafeInteger(value) && value >= from && value <= to;
}

/**
 * The path below the log's prefix, `tile/0/x001/x234/067.p/17`, for a tile or for a bundle of entries
 * (C2SP tlog-tiles, "Merkle Tree" and "Log entries"). Throws RangeError for coordinates that no tree has.
 */
export function tilePath(level: number | 'entries', index: number, width: number = TILE_WIDTH): string {
  const known = level === 'entries' || isCount(level, 0, MAX_LEVEL);
  if (!known || !isCount(index, 0, Number.MAX_SAFE_INTEGER) || !isCount(width, 1, TILE_WIDTH)) {
    throw new RangeError('no tree has such a tile');
  }
  let path = String(index % 1000).padStart(3, '0');
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`;
  }
  return `tile/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** How many hashes the tree of `size` has at a level: one for each full subtree of 256^level leaves. */
export function levelWidth(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** Every tile that the tree of `newSize` has and the tree of `oldSize` has not or has narrower; by level and index. */
export function changedTiles(oldSize: number, newSize: number): TileCoordinates[] {
  const tiles: TileCoordinates[] = [];
  for (let level = 0; levelWidth(level, newSize) > 0; level++) {
    const before = levelWidth(level, oldSize);
    const after = levelWidth(level, newSize);
    for (let start = before - (before % TILE_WIDTH); start < after && before < after; start += TILE_WIDTH) {
      tiles.push({ level, index: start / TILE_WIDTH, width: Math.min(TILE_WIDTH, after - start) });
    }
  }
  return tiles;
}

/** The partial tiles at the right edge of a tree: at most one a level (C2SP tlog-tiles, "Partial Tiles"). */
export function partialTiles(size: number): TileCoordinates[] {
  const tiles: TileCoordinates[] = [];
  for (let level = 0; levelWidth(level, size) > 0; level++) {
    const width = levelWidth(level, size) % TILE_WIDTH;
    if (width > 0) tiles.push({ level, index: levelWidth(level + 1, size), width });
  }
  return tiles;
}

/** The `at`-th hash of a tile. */
export function hashAt(hashes: Uint8Array, at: number): Uint8Array {
  return hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
}
