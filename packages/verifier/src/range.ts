import { TILE_WIDTH, levelWidth, partialTiles } from './tile.ts';
import type { TileCoordinates } from './tile.ts';

/** How many hashes a tile has in the tree of `size`. */
export function tileWidthAt(level: number, index: number, size: number): number {
  return Math.min(TILE_WIDTH, levelWidth(level, size) - index * TILE_WIDTH);
}

/**
 * The tiles by which the entries `from` ≤ index < `until` of the tree of `size` are proved: those that span them, level
 * by level, and the right edge, which makes the root. By level and index, one after
 * the other: a checkpoint may claim any size.
 */
export function* rangeTiles(
  from: number,
  until: number,
  size: number,
): Generator<TileCoordinates, void, void> {
  const edge = partialTiles(size);
  for (let level = 0; levelWidth(level, size) > 0; level++) {
    const span = TILE_WIDTH ** (level + 1);
    const first = Math.floor(from / span);
    const last = from < until ? Math.floor((until - 1) / span) : first - 1;
    const right = edge.find((tile) => tile.level === level);
    for (let index = first; index <= last; index++) {
      const width = tileWidthAt(level, index, size);
      if (width > 0) yield { level, index, width };
    }
    if (right !== undefined && (right.index < first || right.index > last)) yield right;
  }
}
