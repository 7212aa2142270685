/** Every proof of every small tree: what the larger tests draw by chance. */
import { describe, expect, it } from 'vitest';
import {
  consistencyProof,
  emptyEdge,
  frontierOf,
  growTiles,
  readEdge,
  rootOf,
  tileSubtrees,
} from './index.ts';
import { inclusionProof, verifyConsistency, verifyInclusion } from './index.ts';
import { changedTiles, hashAt } from './tile.ts';
import { hex, leafHash, makeLog, sha256, TileStore } from '../test/support.ts';

const SIZE = 20;
const log = makeLog(Array.from({ length: SIZE }, (_, at) => ({ leaf: `${at}`, aside: null })));
const hashesOf = (from: number, to: number): Uint8Array =>
  Buffer.concat(Array.from({ length: to - from }, (_, at) => leafHash(`${from + at}`)));
const readAt = (size: number) => tileSubtrees(size, log.readTile, sha256);
const rootAt = (size: number): Uint8Array =>
  rootOf(frontierOf(growTiles(emptyEdge, hashesOf(0, size), sha256).edge, sha256), sha256);
const roots = Array.from({ length: SIZE + 1 }, (_, size) => rootAt(size));
const root = (size: number): Uint8Array => roots[size] ?? new Uint8Array();

describe('a small tree', () => {
  it('proves each of its entries at each size, and no other', async () => {
    for (let size = 1; size <= SIZE; size++)
      for (let index = 0; index < size; index++) {
        const proof = await inclusionProof(index, size, readAt(size), sha256);
        const claim = { index, size, leafHash: leafHash(`${index}`), proof, root: root(size) };
        expect(await verifyInclusion(claim, sha256)).toBe(true);
        expect(await verifyInclusion({ ...claim, index: (index + 1) % size }, sha256)).toBe(size === 1);
        expect(await verifyInclusion({ ...claim, proof: [...proof, root(size)] }, sha256)).toBe(false);
      }
  });

  it('continues each smaller one, and no other', async () => {
    for (let newSize = 1; newSize <= SIZE; newSize++)
      for (let oldSize = 0; oldSize <= newSize; oldSize++) {
        const proof = await consistencyProof(oldSize, newSize, readAt(newSize), sha256);
        const claim = { oldSize, newSize, oldRoot: root(oldSize), newRoot: root(newSize), proof };
        expect(await verifyConsistency(claim, sha256)).toBe(true);
        const forged = root(oldSize).map((byte) => byte ^ 1);
        expect(await verifyConsistency({ ...claim, oldRoot: forged }, sha256)).toBe(false);
        // Every tree continues the empty one.
        expect(await verifyConsistency({ ...claim, newRoot: forged }, sha256)).toBe(oldSize === 0);
        expect(await verifyConsistency({ ...claim, proof: [...proof, forged] }, sha256)).toBe(false);
      }
  });

  it('continues itself with an empty proof only, and by roots that are hashes', async () => {
    const same = { oldSize: 3, newSize: 3, oldRoot: root(3), newRoot: root(3), proof: [] };
    expect(await verifyConsistency(same, sha256)).toBe(true);
    expect(await verifyConsistency({ ...same, proof: [root(3)] }, sha256)).toBe(false);
    expect(await verifyConsistency({ ...same, newRoot: root(4) }, sha256)).toBe(false);
    const short = root(3).subarray(1);
    expect(await verifyConsistency({ ...same, oldRoot: short, newRoot: short }, sha256)).toBe(false);
    expect(await verifyConsistency({ ...same, oldSize: 0, newSize: 3 }, sha256)).toBe(false);
  });

  it('has no proof for sizes that it never had', async () => {
    await expect(consistencyProof(5, 3, readAt(3), sha256)).rejects.toThrow(RangeError);
    await expect(inclusionProof(3, 3, readAt(3), sha256)).rejects.toThrow(RangeError);
  });
});

describe('the right edge of a tree', () => {
  const sizes = [1, 2, 255, 256, 257, 300, 511, 512, 600];

  it('is read back from the tiles as it was when they were published', async () => {
    const store = new TileStore();
    let edge = emptyEdge;
    for (const size of sizes) {
      const grown = growTiles(edge, hashesOf(edge.size, size), sha256);
      expect(
        grown.tiles.map(({ level, index, hashes }) => ({ level, index, width: hashes.length / 32 })),
      ).toEqual(changedTiles(edge.size, size));
      store.publish(grown.tiles);
      ({ edge } = grown);
      expect(edge.size).toBe(size);
      const read = await readEdge(size, store.read);
      expect({ size: read.size, rows: read.rows.map(hex) }).toEqual({ size, rows: edge.rows.map(hex) });
      expect(hex(rootOf(frontierOf(read, sha256), sha256))).toBe(hex(rootAt(size)));
    }
    // Where the tree was once smaller, its tiles are wider now.
    for (const size of sizes)
      expect(hex(rootOf(frontierOf(await readEdge(size, store.read), sha256), sha256))).toBe(
        hex(rootAt(size)),
      );
    expect(
      hex(hashAt(growTiles(emptyEdge, hashesOf(0, 2), sha256).tiles[0]?.hashes ?? new Uint8Array(), 1)),
    ).toBe(hex(leafHash('1')));
  });

  it('is the same where nothing is appended, and no tile changes', () => {
    const { edge } = growTiles(emptyEdge, hashesOf(0, 300), sha256);
    const grown = growTiles(edge, new Uint8Array(), sha256);
    expect(grown.tiles).toEqual([]);
    expect(grown.edge.rows.map(hex)).toEqual(edge.rows.map(hex));
    expect(changedTiles(300, 300)).toEqual([]);
    expect(changedTiles(300, 301)).toEqual([{ level: 0, index: 1, width: 45 }]);
  });

  it('is not made of a tile that is narrower than the tree', async () => {
    await expect(readEdge(3, () => new Uint8Array(64))).rejects.toThrow(RangeError);
    expect((await readEdge(3, () => new Uint8Array(96))).rows).toEqual([new Uint8Array(96)]);
    expect((await readEdge(0, () => new Uint8Array(96))).rows).toEqual([]);
  });
});
