import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changedTiles,
  decodeBundle,
  emptyEdge,
  encodeBundle,
  frontierOf,
  growTiles,
  inclusionProof,
  partialTiles,
  readEdge,
  rootOf,
  tilePath,
  tileSubtrees,
} from './index.ts';
import { TileStore, hex, leafHash, makeLog, sha256, utf8 } from '../test/support.ts';

interface Vectors {
  readonly paths: readonly {
    readonly level: number | 'entries';
    readonly index: number;
    readonly width: number;
    readonly path: string;
  }[];
  readonly trees: readonly {
    readonly size: number;
    readonly levels: readonly { readonly full: number; readonly partial: number }[];
  }[];
}

const path = new URL('../../../vectors/ledger/tiles.json', import.meta.url);
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors;

const hashesOf = (from: number, to: number): Uint8Array =>
  Buffer.concat(Array.from({ length: to - from }, (_, at) => leafHash(`${from + at}`)));

describe('tile paths', () => {
  it.each(vectors.paths)('$path', ({ level, index, width, path: expected }) => {
    expect(tilePath(level, index, width)).toBe(expected);
  });

  it.each([
    [64, 0, 256],
    [-1, 0, 256],
    [0, -1, 256],
    [0, 0.5, 256],
    [0, 0, 0],
    [0, 0, 257],
  ])('no tree has level %d, index %d, width %d', (level, index, width) => {
    expect(() => tilePath(level, index, width)).toThrow(RangeError);
  });
});

describe('the tiles of a tree', () => {
  it.each(vectors.trees)('of $size leaves', ({ size, levels }) => {
    const tiles = changedTiles(0, size);
    const counted = levels.map((_, level) => {
      const ofLevel = tiles.filter((tile) => tile.level === level);
      const partial = ofLevel.filter((tile) => tile.width < 256);
      return { full: ofLevel.length - partial.length, partial: partial[0]?.width ?? 0 };
    });
    expect(counted).toEqual(levels);
    expect(tiles.filter((tile) => tile.width < 256)).toEqual(partialTiles(size));
  });

  it('grow to the same tiles, edge and root in one step and in many, and every change is published', () => {
    const sizes = fc.uniqueArray(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sizes, (unsorted) => {
        const steps = unsorted.toSorted((left, right) => left - right);
        let edge = emptyEdge;
        const store = new TileStore();
        for (const size of steps) {
          const grown = growTiles(edge, hashesOf(edge.size, size), sha256);
          const places = grown.tiles.map(({ level, index, hashes }) => ({
            level,
            index,
            width: hashes.length / 32,
          }));
          expect(places).toEqual(changedTiles(edge.size, size));
          store.publish(grown.tiles);
          edge = grown.edge;
        }
        const atOnce = growTiles(emptyEdge, hashesOf(0, edge.size), sha256);
        expect(edge.rows.map(hex)).toEqual(atOnce.edge.rows.map(hex));
        for (const { level, index, hashes } of atOnce.tiles) {
          expect(hex(store.read(level, index, hashes.length / 32) as Uint8Array)).toBe(hex(hashes));
        }
      }),
      { numRuns: 15 },
    );
  });

  it('span three levels, and prove entries in a tree of 70,000', async () => {
    const entries = Array.from({ length: 70_000 }, (_, at) => ({ leaf: `${at}`, aside: null }));
    const log = makeLog(entries);
    const edge = await readEdge(70_000, log.readTile);
    expect(edge.rows.map((row) => row.length / 32)).toEqual([112, 17, 1]);
    const root = hex(rootOf(frontierOf(edge, sha256), sha256));
    for (const index of [0, 255, 256, 65_535, 65_536, 69_999]) {
      const proof = await inclusionProof(index, 70_000, tileSubtrees(70_000, log.readTile, sha256), sha256);
      const { verifyInclusion } = await import('./index.ts');
      const claim = {
        index,
        size: 70_000,
        leafHash: leafHash(`${index}`),
        proof,
        root: Buffer.from(root, 'hex'),
      };
      expect(await verifyInclusion(claim, sha256)).toBe(true);
    }
  });

  it('give back the edge of any earlier size, so that a writer can go on after a crash', async () => {
    const { tiles } = growTiles(emptyEdge, hashesOf(0, 600), sha256);
    const store = new TileStore();
    store.publish(tiles);
    for (const size of [0, 1, 255, 256, 257, 511, 512, 600]) {
      const edge = await readEdge(size, store.read);
      expect(edge).toEqual(growTiles(emptyEdge, hashesOf(0, size), sha256).edge);
      expect(growTiles(edge, hashesOf(size, 600), sha256).edge.rows.map(hex)).toEqual(
        growTiles(emptyEdge, hashesOf(0, 600), sha256).edge.rows.map(hex),
      );
    }
  });

  it('that are narrower than the tree needs are an error, not a wrong root', async () => {
    const short = (): Uint8Array => hashesOf(0, 4);
    await expect(readEdge(5, short)).rejects.toThrow(RangeError);
    await expect(tileSubtrees(5, short, sha256)(0, 4)).rejects.toThrow(RangeError);
  });

  it('are each read once for one reader', async () => {
    const log = makeLog(Array.from({ length: 520 }, (_, at) => ({ leaf: `${at}`, aside: null })));
    const asked: string[] = [];
    const read = tileSubtrees(
      520,
      (level, index, width) => (asked.push(`${level}/${index}/${width}`), log.readTile(level, index, width)),
      sha256,
    );
    await inclusionProof(3, 520, read, sha256);
    await inclusionProof(4, 520, read, sha256);
    expect(asked.toSorted()).toEqual(['0/0/256', '0/2/8', '1/0/2']);
  });
});

describe('entry bundles', () => {
  it('hold entries behind their lengths', () => {
    expect(hex(encodeBundle([utf8('ab'), utf8('')]))).toBe('000261620000');
    expect(encodeBundle([])).toEqual(new Uint8Array());
  });

  it('come back as they went in', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (entries) => {
        expect(decodeBundle(encodeBundle(entries))?.map(hex)).toEqual(entries.map(hex));
      }),
    );
  });

  it('are refused when their lengths lie', () => {
    expect(decodeBundle(Uint8Array.of(0))).toBeUndefined();
    expect(decodeBundle(Uint8Array.of(0, 2, 1))).toBeUndefined();
    expect(decodeBundle(Uint8Array.of(0, 1, 1, 0))).toBeUndefined();
  });

  it('take entries of 65,535 bytes and no longer', () => {
    const [entry] = decodeBundle(encodeBundle([new Uint8Array(65_535)])) ?? [];
    expect(entry?.length).toBe(65_535);
    expect(() => encodeBundle([new Uint8Array(65_536)])).toThrow(RangeError);
  });
});
