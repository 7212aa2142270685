import { concatBytes, equalBytes, toHex } from './bytes.ts';
import { HASH_BYTES, nodeInput } from './hash.ts';
import type { Hash } from './hash.ts';
import { treeRoot } from './merkle.ts';
import { rangeTiles, tileWidthAt } from './range.ts';
import { tileSubtrees } from './subtree.ts';
import { TILE_WIDTH, hashAt, tilePath } from './tile.ts';

/** Reads one file of a folder by its path in C2SP tlog-tiles; undefined where it has none. */
export type ReadFile = (path: string) => Promise<Uint8Array | undefined>;

/** `file.missing`, `file.malformed`: a tile isn't there, or has another length than its path says. */
export type TileFindingCode =
  | 'file.missing'
  | 'file.malformed'
  /** A full tile that is not the one which the tile above commits to. */
  | 'tile.mismatch';

export interface FolderTree {
  readonly size: number;
  readonly read: ReadFile;
  readonly hash: Hash;
  /** `index` is the first entry that the tile spans. Gives false where enough is known to be wrong. */
  readonly report: (code: TileFindingCode, index: number, detail: string) => boolean;
}

/** The root over the 2^n hashes of a full tile; a level at a time, so that an asynchronous hash works on many. */
async function fullTileRoot(hashes: Uint8Array, hash: Hash): Promise<Uint8Array> {
  let row = hashes;
  while (row.length > HASH_BYTES) {
    const lefts = Array.from({ length: row.length / HASH_BYTES / 2 }, (_, pair) => pair * 2);
    const below = row;
    const above = await Promise.all(
      lefts.map(async (at) => hash(nodeInput(hashAt(below, at), hashAt(below, at + 1)))),
    );
    row = concatBytes(...above);
  }
  return row;
}

/** The tiles of a folder, of which few are kept in memory. Those that were refused are not there. */
export class FolderTiles {
  readonly #tree: FolderTree;
  /** Tiles above the lowest level are few, and are asked for again and again. */
  readonly #upper = new Map<string, Uint8Array | undefined>();

  constructor(tree: FolderTree) {
    this.#tree = tree;
  }

  /** The hashes of a tile as the folder has it; undefined where they are not to be had. */
  async hashes(level: number, index: number): Promise<Uint8Array | undefined> {
    const key = `${level}/${index}`;
    if (level > 0 && this.#upper.has(key)) return this.#upper.get(key);
    const width = tileWidthAt(level, index, this.#tree.size);
    const bytes = await this.#tree.read(tilePath(level, index, width));
    const hashes = bytes?.length === width * HASH_BYTES ? bytes : undefined;
    if (level > 0) this.#upper.set(key, hashes);
    return hashes;
  }

  /** Says what is missing and what has another length; then whether each full tile is the one above it names. */
  async check(from: number, until: number): Promise<void> {
    const { size, report } = this.#tree;
    for (const { level, index, width } of rangeTiles(from, until, size)) {
      const first = index * TILE_WIDTH ** (level + 1);
      const path = tilePath(level, index, width);
      const code = await this.#refuse(level, index, width);
      if (code !== null && !report(code, first, path)) return;
    }
  }

  async #refuse(level: number, index: number, width: number): Promise<TileFindingCode | null> {
    if ((await this.hashes(level, index)) === undefined) {
      const isThere = (await this.#tree.read(tilePath(level, index, width))) !== undefined;
      return isThere ? 'file.malformed' : 'file.missing';
    }
    return width === TILE_WIDTH && !(await this.#isNamedAbove(level, index)) ? 'tile.mismatch' : null;
  }

  async #isNamedAbove(level: number, index: number): Promise<boolean> {
    const hashes = await this.hashes(level, index);
    const above = await this.hashes(level + 1, Math.floor(index / TILE_WIDTH));
    // Where the tile above is missing, that is what is reported.
    if (hashes === undefined || above === undefined) return true;
    return equalBytes(await fullTileRoot(hashes, this.#tree.hash), hashAt(above, index % TILE_WIDTH));
  }

  /** The root of the tree of the first `size` entries, in hexadecimal; null where the folder lacks tiles for it. */
  async rootAt(size: number): Promise<string | null> {
    const { hash } = this.#tree;
    const read = tileSubtrees(
      this.#tree.size,
      async (level, index) => {
        const hashes = await this.hashes(level, index);
        if (hashes === undefined) throw new RangeError('the folder lacks a tile');
        return hashes;
      },
      hash,
    );
    try {
      return toHex(await treeRoot(size, read, hash));
    } catch (error) {
      // What a folder lacks it can't prove; `check` says what that is.
      if (error instanceof RangeError) return null;
      throw error;
    }
  }
}
