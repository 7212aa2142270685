import { equalBytes } from './bytes.ts';
import { HASH_BYTES, nodeInput } from './hash.ts';
import type { Hash } from './hash.ts';
import type { ReadSubtree } from './subtree.ts';

/** The leaves `begin` ≤ index < `end`. */
interface Range {
  readonly begin: number;
  readonly end: number;
}

/** The largest power of two that is smaller than `count`, which is at least 2 (RFC 6962 §2.1). */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/** By doubling, because the logarithm of a large number is rounded. */
function isPowerOfTwo(count: number): boolean {
  return count === 1 || splitOf(count) * 2 === count;
}

function assertSizes(smaller: number, larger: number): void {
  if (!Number.isSafeInteger(larger) || !Number.isSafeInteger(smaller) || smaller < 0 || smaller > larger) {
    throw new RangeError('a proof is asked for what the tree does not hold');
  }
}

/** PATH(m, D[n]) of RFC 6962 §2.1.1 as the ranges whose roots it lists. */
function inclusionRanges(index: number, size: number): Range[] {
  const ranges: Range[] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    const middle = begin + splitOf(end - begin);
    const isLeft = index < middle;
    ranges.push(isLeft ? { begin: middle, end } : { begin, end: middle });
    [begin, end] = isLeft ? [begin, middle] : [middle, end];
  }
  return ranges.reverse();
}

/** PROOF(m, D[n]) of RFC 6962 §2.1.2 as the ranges whose roots it lists; 0 < oldSize < newSize. */
function consistencyRanges(oldSize: number, newSize: number): Range[] {
  const ranges: Range[] = [];
  let [begin, end] = [0, newSize];
  while (end !== oldSize) {
    const middle = begin + splitOf(end - begin);
    const isLeft = oldSize <= middle;
    ranges.push(isLeft ? { begin: middle, end } : { begin, end: middle });
    [begin, end] = isLeft ? [begin, middle] : [middle, end];
  }
  // SUBPROOF(m, D[m], true) is empty: the verifier has that root, because it is the old tree's.
  if (begin > 0) ranges.push({ begin, end });
  return ranges.reverse();
}

/** MTH(D[begin:end]) of RFC 6962 §2.1, out of complete subtrees. */
async function rangeRoot({ begin, end }: Range, read: ReadSubtree, hash: Hash): Promise<Uint8Array> {
  const count = end - begin;
  if (isPowerOfTwo(count)) return read(Math.log2(count), begin / count);
  const middle = begin + splitOf(count);
  const left = await rangeRoot({ begin, end: middle }, read, hash);
  return hash(nodeInput(left, await rangeRoot({ begin: middle, end }, read, hash)));
}

/** The root of the tree of the first `size` leaves (RFC 6962 §2.1). */
export async function treeRoot(size: number, read: ReadSubtree, hash: Hash): Promise<Uint8Array> {
  return size === 0 ? hash(new Uint8Array()) : rangeRoot({ begin: 0, end: size }, read, hash);
}

async function rootsOf(ranges: readonly Range[], read: ReadSubtree, hash: Hash): Promise<Uint8Array[]> {
  const roots: Uint8Array[] = [];
  for (const range of ranges) roots.push(await rangeRoot(range, read, hash));
  return roots;
}

/** The proof that the leaf at `index` is in the tree of `size` (RFC 6962 §2.1.1), from its sibling upwards. */
export async function inclusionProof(
  index: number,
  size: number,
  read: ReadSubtree,
  hash: Hash,
): Promise<Uint8Array[]> {
  assertSizes(index + 1, size);
  return rootsOf(inclusionRanges(index, size), read, hash);
}

/** The proof that the tree of `newSize` continues that of `oldSize` (RFC 6962 §2.1.2); empty from 0 and to itself. */
export async function consistencyProof(
  oldSize: number,
  newSize: number,
  read: ReadSubtree,
  hash: Hash,
): Promise<Uint8Array[]> {
  assertSizes(oldSize, newSize);
  if (oldSize === 0) return [];
  return rootsOf(consistencyRanges(oldSize, newSize), read, hash);
}

const half = (value: number): number => Math.floor(value / 2);
const isOdd = (value: number): boolean => value % 2 === 1;

/** A place on a level of the tree, and the last place of that level (`fn` and `sn` of RFC 9162 §2.1.3.2). */
interface Position {
  readonly at: number;
  readonly last: number;
}

const parent = ({ at, last }: Position): Position => ({ at: half(at), last: half(last) });

/** Up to the level on which this right-most node has a sibling to its left. */
function skipLoneLevels(from: Position): Position {
  let position = from;
  while (!isOdd(position.at) && position.at > 0) position = parent(position);
  return position;
}

export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

function isProof(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === HASH_BYTES);
}

/** RFC 9162 §2.1.3.2. False for any claim that is not proved, whatever its shape. */
export async function verifyInclusion(claim: InclusionClaim, hash: Hash): Promise<boolean> {
  const { index, size, leafHash, proof, root } = claim;
  const exists = Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size;
  if (!exists || !isProof([leafHash, ...proof])) return false;
  let position: Position = { at: index, last: size - 1 };
  let computed = leafHash;
  for (const sibling of proof) {
    if (position.last === 0) return false;
    const isRight = isOdd(position.at) || position.at === position.last;
    computed = await hash(isRight ? nodeInput(sibling, computed) : nodeInput(computed, sibling));
    position = parent(isRight ? skipLoneLevels(position) : position);
  }
  return position.last === 0 && equalBytes(computed, root);
}

export interface ConsistencyClaim {
  readonly oldSize: number;
  readonly oldRoot: Uint8Array;
  readonly newSize: number;
  readonly newRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

function lowestPosition(oldSize: number, newSize: number): Position {
  let position: Position = { at: oldSize - 1, last: newSize - 1 };
  while (isOdd(position.at)) position = parent(position);
  return position;
}

/** Both roots as the proof makes them out, or undefined where it has the wrong length. */
async function rebuildRoots(
  start: Position,
  hashes: readonly Uint8Array[],
  hash: Hash,
): Promise<{ readonly oldRoot: Uint8Array; readonly newRoot: Uint8Array } | undefined> {
  const [first, ...rest] = hashes;
  if (first === undefined) return undefined;
  let position = start;
  let [oldRoot, newRoot] = [first, first];
  for (const sibling of rest) {
    if (position.last === 0) return undefined;
    const isRight = isOdd(position.at) || position.at === position.last;
    if (isRight) oldRoot = await hash(nodeInput(sibling, oldRoot));
    newRoot = await hash(isRight ? nodeInput(sibling, newRoot) : nodeInput(newRoot, sibling));
    position = parent(isRight ? skipLoneLevels(position) : position);
  }
  return position.last === 0 ? { oldRoot, newRoot } : undefined;
}

/**
 * RFC 9162 §2.1.4.2. The empty tree is continued by every tree, and every tree by itself, with an empty proof. False
 * for any claim that is not proved, whatever its shape.
 */
export async function verifyConsistency(claim: ConsistencyClaim, hash: Hash): Promise<boolean> {
  const { oldSize, oldRoot, newSize, newRoot, proof } = claim;
  const exist = Number.isSafeInteger(oldSize) && Number.isSafeInteger(newSize);
  if (!exist || oldSize < 0 || oldSize > newSize || !isProof([oldRoot, newRoot, ...proof])) return false;
  if (oldSize === newSize) return proof.length === 0 && equalBytes(oldRoot, newRoot);
  if (oldSize === 0) return proof.length === 0 && equalBytes(oldRoot, await hash(new Uint8Array()));
  if (proof.length === 0) return false;
  const hashes = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof;
  const rebuilt = await rebuildRoots(lowestPosition(oldSize, newSize), hashes, hash);
  if (rebuilt === undefined) return false;
  return equalBytes(rebuilt.oldRoot, oldRoot) && equalBytes(rebuilt.newRoot, newRoot);
}
