import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendLeafHash,
  consistencyProof,
  emptyFrontier,
  emptyRoot,
  inclusionProof,
  leafInput,
  nodeInput,
  rootOf,
  tileSubtrees,
  verifyConsistency,
  verifyInclusion,
  webCryptoVerifier,
} from './index.ts';
import type { Frontier, ReadSubtree } from './index.ts';
import { hex, makeLog, sha256, unhex, utf8 } from '../test/support.ts';

interface Vectors {
  readonly leaves: readonly string[];
  readonly roots: readonly string[];
  readonly inclusion: readonly {
    readonly index: number;
    readonly size: number;
    readonly proof: readonly string[];
  }[];
  readonly consistency: readonly {
    readonly from: number;
    readonly to: number;
    readonly proof: readonly string[];
  }[];
}

const path = new URL('../../../vectors/ledger/merkle.json', import.meta.url);
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors;
const vectorHashes = vectors.leaves.map((leaf) => sha256(leafInput(unhex(leaf))));
const rootAt = (size: number): Uint8Array => unhex(vectors.roots[size]!);

/** MTH(D[n]) exactly as RFC 6962 §2.1 defines it: the yardstick for everything cleverer. */
function definedRoot(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return sha256(new Uint8Array());
  if (hashes.length === 1) return hashes[0]!;
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return sha256(nodeInput(definedRoot(hashes.slice(0, split)), definedRoot(hashes.slice(split))));
}

const subtreesOf =
  (hashes: readonly Uint8Array[]): ReadSubtree =>
  async (height, index) =>
    definedRoot(hashes.slice(index * 2 ** height, (index + 1) * 2 ** height));

const SIZE = 300;
const leaves = Array.from({ length: SIZE }, (_, at) => `{"entry":${at}}`);
const hashes = leaves.map((leaf) => sha256(leafInput(utf8(leaf))));
const roots = Array.from({ length: SIZE + 1 }, (_, size) => definedRoot(hashes.slice(0, size)));
const log = makeLog(leaves.map((leaf) => ({ leaf, aside: null })));

/** Subtrees of a smaller tree, as its own tiles give them. */
function subtreesAt(size: number): ReadSubtree {
  return tileSubtrees(size, log.readTile, sha256);
}

const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

describe('the tree', () => {
  it.each(vectors.roots.map((root, size) => ({ root, size })))(
    'of $size published leaves has the published root',
    ({ root, size }) => {
      let frontier: Frontier = emptyFrontier;
      for (const hash of vectorHashes.slice(0, size)) frontier = appendLeafHash(frontier, hash, sha256);
      expect(hex(rootOf(frontier, sha256))).toBe(root);
    },
  );

  it('has the defined root at every size, and its frontier is not changed by appending to it', () => {
    let frontier: Frontier = emptyFrontier;
    expect(rootOf(frontier, sha256)).toEqual(emptyRoot(sha256));
    for (const [size, hash] of hashes.entries()) {
      const next = appendLeafHash(frontier, hash, sha256);
      expect(hex(rootOf(frontier, sha256))).toBe(hex(roots[size]!));
      expect(hex(rootOf(next, sha256))).toBe(hex(roots[size + 1]!));
      frontier = next;
    }
  });

  it('refuses a frontier that was tampered with', () => {
    expect(() => appendLeafHash({ size: 3, roots: [hashes[0]!] }, hashes[1]!, sha256)).toThrow(RangeError);
  });
});

describe('an inclusion proof', () => {
  it.each(vectors.inclusion)(
    'of leaf $index in $size is the published one, and verifies',
    async ({ index, size, proof }) => {
      const made = await inclusionProof(index, size, subtreesOf(vectorHashes), sha256);
      expect(made.map(hex)).toEqual(proof);
      const claim = {
        index,
        size,
        leafHash: vectorHashes[index]!,
        proof: proof.map(unhex),
        root: rootAt(size),
      };
      expect(await verifyInclusion(claim, sha256)).toBe(true);
      expect(await verifyInclusion(claim, webCryptoVerifier().hash)).toBe(true);
    },
  );

  it('made from tiles verifies at every size up to 300, and for no other leaf', async () => {
    for (let size = 1; size <= SIZE; size++) {
      const read = subtreesAt(size);
      for (const index of new Set([
        0,
        size >> 1,
        (size * 7) % (size - 1 || 1),
        (size * 13 + 5) % size,
        size - 1,
      ])) {
        const proof = await inclusionProof(index, size, read, sha256);
        const claim = { index, size, leafHash: hashes[index]!, proof, root: roots[size]! };
        expect(await verifyInclusion(claim, sha256)).toBe(true);
        expect(await verifyInclusion({ ...claim, leafHash: hashes[(index + 1) % SIZE]! }, sha256)).toBe(
          false,
        );
      }
    }
  });

  it('made from tiles verifies for every leaf of a tree', async () => {
    for (const size of [11, 64, 257]) {
      const read = subtreesAt(size);
      for (let index = 0; index < size; index++) {
        const proof = await inclusionProof(index, size, read, sha256);
        const claim = { index, size, leafHash: hashes[index]!, proof, root: roots[size]! };
        expect(await verifyInclusion(claim, sha256)).toBe(true);
      }
    }
  });

  it('with any bit, index, size or length changed proves nothing', async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 2, max: SIZE }),
      fc.nat(),
      fc.nat(),
      fc.nat(255),
      async (size, indexSeed, hashSeed, bit) => {
        const index = indexSeed % size;
        const proof = await inclusionProof(index, size, subtreesAt(size), sha256);
        const claim = { index, size, leafHash: hashes[index]!, proof, root: roots[size]! };
        const at = hashSeed % proof.length;
        const changed = [
          { ...claim, proof: proof.map((hash, which) => (which === at ? flip(hash, bit) : hash)) },
          { ...claim, proof: proof.toSpliced(at, 1) },
          { ...claim, proof: proof.toSpliced(at, 0, proof[at]!) },
          { ...claim, proof: [...proof, roots[1]!] },
          { ...claim, proof: [proof[0]!.subarray(1), ...proof.slice(1)] },
          { ...claim, leafHash: flip(claim.leafHash, bit) },
          { ...claim, root: flip(claim.root, bit) },
          { ...claim, index: index ^ 1 },
          { ...claim, index: -1 },
          { ...claim, index: size },
          { ...claim, index: index + 0.5 },
          { ...claim, size: index },
        ];
        for (const other of changed) expect(await verifyInclusion(other, sha256)).toBe(false);
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  it('of an inner node as if it were a leaf proves nothing', async () => {
    // A tree of two leaves, taken for one of one leaf whose entry is the two hashes.
    const forged = sha256(leafInput(Buffer.concat([hashes[0]!, hashes[1]!])));
    expect(
      await verifyInclusion({ index: 0, size: 1, leafHash: forged, proof: [], root: roots[2]! }, sha256),
    ).toBe(false);
  });

  it('that is longer or shorter than the claimed tree is high proves nothing, though its root is real', async () => {
    const [first, second] = [hashes[0]!, hashes[1]!];
    const tooLong = { index: 0, size: 1, leafHash: second, proof: [first], root: roots[2]! };
    const tooShort = { index: 0, size: 2, leafHash: first, proof: [], root: roots[1]! };
    expect(await verifyInclusion(tooLong, sha256)).toBe(false);
    expect(await verifyInclusion(tooShort, sha256)).toBe(false);
  });

  it('whose hashes are cut elsewhere than at 32 bytes proves nothing, though their concatenation is real', async () => {
    const joined = Buffer.concat([hashes[0]!, hashes[1]!]);
    const claim = { index: 0, size: 2, leafHash: joined, proof: [new Uint8Array()], root: roots[2]! };
    expect(await verifyInclusion(claim, sha256)).toBe(false);
  });

  it('is refused for a leaf that the tree does not hold', async () => {
    await expect(inclusionProof(5, 5, subtreesAt(5), sha256)).rejects.toThrow(RangeError);
    await expect(inclusionProof(-2, 5, subtreesAt(5), sha256)).rejects.toThrow(RangeError);
    await expect(inclusionProof(0.5, 5, subtreesAt(5), sha256)).rejects.toThrow(RangeError);
  });

  it('asks for the right subtrees in a tree of almost 2^53 leaves', async () => {
    const size = 2 ** 53 - 1;
    const asked: string[] = [];
    const read: ReadSubtree = async (height, index) => {
      asked.push(`${height}:${index}`);
      return hashes[height]!;
    };
    const index = 2 ** 52 + 2;
    const proof = await inclusionProof(index, size, read, sha256);
    expect(asked).toHaveLength(new Set(asked).size);
    expect(asked[0]).toBe(`0:${2 ** 52 + 3}`);
    expect(asked.at(-1)).toBe('52:0');
    expect(proof).toHaveLength(53);
    const root = proof.reduce((node, sibling, level) => {
      const isRight = Math.floor(index / 2 ** level) % 2 === 1;
      return sha256(isRight ? nodeInput(sibling, node) : nodeInput(node, sibling));
    }, hashes[0]!);
    expect(await verifyInclusion({ index, size, leafHash: hashes[0]!, proof, root }, sha256)).toBe(true);
  });
});

describe('the root of a range', () => {
  it('of 2^52 - 1 leaves is not taken for that of a complete subtree', async () => {
    const asked: string[] = [];
    const read: ReadSubtree = async (height, index) => {
      asked.push(`${height}:${index}`);
      return hashes[height]!;
    };
    await inclusionProof(0, 2 ** 53 - 1, read, sha256);
    expect(asked).not.toContain('52:1');
    expect(asked).toContain(`0:${2 ** 53 - 2}`);
  });
});

describe('a consistency proof', () => {
  it.each(vectors.consistency)(
    'from $from to $to is the published one, and verifies',
    async ({ from, to, proof }) => {
      const made = await consistencyProof(from, to, subtreesOf(vectorHashes), sha256);
      expect(made.map(hex)).toEqual(proof);
      const claim = {
        oldSize: from,
        oldRoot: rootAt(from),
        newSize: to,
        newRoot: rootAt(to),
        proof: proof.map(unhex),
      };
      expect(await verifyConsistency(claim, sha256)).toBe(true);
    },
  );

  it('made from tiles verifies between all sizes', async () => {
    for (const newSize of [1, 2, 3, 7, 8, 9, 64, 100, 255, 256, 257, SIZE]) {
      const read = subtreesAt(newSize);
      for (let oldSize = 0; oldSize <= newSize; oldSize++) {
        const proof = await consistencyProof(oldSize, newSize, read, sha256);
        const claim = { oldSize, oldRoot: roots[oldSize]!, newSize, newRoot: roots[newSize]!, proof };
        expect(await verifyConsistency(claim, sha256)).toBe(true);
      }
    }
  });

  it('with any bit, size or length changed proves nothing', async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 2, max: SIZE }),
      fc.nat(),
      fc.nat(),
      fc.nat(255),
      async (newSize, oldSeed, hashSeed, bit) => {
        const oldSize = 1 + (oldSeed % (newSize - 1));
        const proof = await consistencyProof(oldSize, newSize, subtreesAt(newSize), sha256);
        const claim = { oldSize, oldRoot: roots[oldSize]!, newSize, newRoot: roots[newSize]!, proof };
        const at = hashSeed % proof.length;
        const changed = [
          { ...claim, proof: proof.map((hash, which) => (which === at ? flip(hash, bit) : hash)) },
          { ...claim, proof: proof.toSpliced(at, 1) },
          { ...claim, proof: [...proof, roots[1]!] },
          { ...claim, proof: [] },
          { ...claim, oldRoot: flip(claim.oldRoot, bit) },
          { ...claim, newRoot: flip(claim.newRoot, bit) },
          { ...claim, oldSize: newSize, newSize: oldSize },
          { ...claim, oldSize: -1 },
          { ...claim, newSize: newSize + 0.5 },
        ];
        for (const other of changed) expect(await verifyConsistency(other, sha256)).toBe(false);
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  it('from the empty tree is empty, and fits the empty root alone', async () => {
    expect(await consistencyProof(0, 5, subtreesAt(5), sha256)).toEqual([]);
    const claim = { oldSize: 0, oldRoot: roots[0]!, newSize: 5, newRoot: roots[5]!, proof: [] };
    expect(await verifyConsistency(claim, sha256)).toBe(true);
    expect(await verifyConsistency({ ...claim, oldRoot: roots[1]! }, sha256)).toBe(false);
    expect(await verifyConsistency({ ...claim, proof: [roots[1]!] }, sha256)).toBe(false);
  });

  it('that is longer or shorter than the claimed trees are high proves nothing, though its roots are real', async () => {
    const tooShort = { oldSize: 1, oldRoot: roots[1]!, newSize: 4, newRoot: roots[2]!, proof: [hashes[1]!] };
    expect(await verifyConsistency(tooShort, sha256)).toBe(false);
    const [extra, proof] = [hashes[9]!, await consistencyProof(3, 4, subtreesAt(4), sha256)];
    const below = {
      oldRoot: sha256(nodeInput(extra, roots[3]!)),
      newRoot: sha256(nodeInput(extra, roots[4]!)),
    };
    const tooLong = { oldSize: 3, newSize: 4, ...below, proof: [...proof, extra] };
    expect(await verifyConsistency(tooLong, sha256)).toBe(false);
  });

  it('does not join two histories that forked', async () => {
    const forked = [...hashes.slice(0, 90), hashes[200]!, ...hashes.slice(91, 150)];
    const proof = await consistencyProof(100, 150, subtreesOf(forked), sha256);
    const claim = { oldSize: 100, oldRoot: roots[100]!, newSize: 150, newRoot: definedRoot(forked), proof };
    expect(await verifyConsistency(claim, sha256)).toBe(false);
  });
});
