import { emptyRoot, nodeInput } from './hash.ts';
import type { Sha256 } from './hash.ts';

/**
 * What one has to remember of a tree to append to it: the roots of its complete subtrees, left to right, one for each
 * bit of `size` that is set. Immutable; appending costs one hash on average.
 */
export interface Frontier {
  readonly size: number;
  readonly roots: readonly Uint8Array[];
}

export const emptyFrontier: Frontier = { size: 0, roots: [] };

export function appendLeafHash(frontier: Frontier, leafHash: Uint8Array, sha256: Sha256): Frontier {
  const roots = frontier.roots.slice();
  let hash = leafHash;
  // Sizes exceed 32 bits, so they are halved, not shifted. A frontier of odd size has a last root.
  for (let rest = frontier.size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
    const left = roots.pop();
    if (left === undefined) throw new RangeError('the frontier has fewer roots than its size says');
    hash = sha256(nodeInput(left, hash));
  }
  roots.push(hash);
  return { size: frontier.size + 1, roots };
}

/** The root of the tree (RFC 6962 §2.1). */
export function rootOf(frontier: Frontier, sha256: Sha256): Uint8Array {
  if (frontier.roots.length === 0) return emptyRoot(sha256);
  return frontier.roots.reduceRight((right, left) => sha256(nodeInput(left, right)));
}
