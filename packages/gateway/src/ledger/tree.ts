import {
  HASH_BYTES,
  emptyEdge,
  frontierOf,
  growTiles,
  openCheckpoint,
  readEdge,
  rootOf,
} from '@sallyport/verifier';
import type { ReadTile, Sha256, Tile, TileEdge, VerifierKey } from '@sallyport/verifier';
import { createPublicKey, verify } from 'node:crypto';
import type { Hashing, Store } from '../ports.ts';
import { LedgerError } from './error.ts';

/** Leaf hashes that are worked into the tree at once: a millisecond or two, then other work has its turn. */
const CHUNK_ENTRIES = 512;

export function sha256Of(hashing: Hashing): Sha256 {
  return (data) => hashing.sha256(data);
}

/** Tiles as the store has them. */
export function tilesOf(store: Store): ReadTile {
  return async (level, index, width) => {
    const tile = await store.read('tile', { level, index });
    if (tile === null) throw new LedgerError('log.inconsistent', `tile ${level}/${index} is missing`);
    return tile.hashes.subarray(0, width * HASH_BYTES);
  };
}

/**
 * The published tree, as far as the next one needs it. Throws where what is published is not by this key or not in
 * itself consistent: a log that goes on from there would prove nothing.
 */
export async function readPublished(store: Store, key: VerifierKey, hashing: Hashing): Promise<TileEdge> {
  const row = await store.read('checkpoint', {});
  if (row === null) return emptyEdge;
  const opened = await openCheckpoint(row.note, key, verifyEd25519);
  if (!opened.ok) {
    const message = `the published checkpoint is not by this key and origin (${opened.code}): restore the key, or the origin`;
    throw new LedgerError('log.other_key', message);
  }
  const { size, root } = opened.checkpoint;
  if (size !== row.size || size > (await store.read('size', {}))) {
    throw new LedgerError('log.inconsistent', `the log has fewer entries than the ${size} of its checkpoint`);
  }
  const sha256 = sha256Of(hashing);
  const edge = await readEdge(size, tilesOf(store));
  if (Buffer.compare(rootOf(frontierOf(edge, sha256), sha256), root) !== 0) {
    throw new LedgerError(
      'log.inconsistent',
      'the published tiles are not those of the published checkpoint',
    );
  }
  return edge;
}

export interface GrownTree {
  readonly edge: TileEdge;
  /** Every tile that is new or wider than before. */
  readonly tiles: readonly Tile[];
  readonly root: Uint8Array;
}

/** Works the log's entries up to `size` into the tree, a chunk at a time. */
export async function grow(from: TileEdge, size: number, store: Store, hashing: Hashing): Promise<GrownTree> {
  const sha256 = sha256Of(hashing);
  const tiles = new Map<string, Tile>();
  let edge = from;
  while (edge.size < size) {
    const limit = Math.min(CHUNK_ENTRIES, size - edge.size);
    const hashes = await store.read('leafHashes', { from: edge.size, limit });
    if (hashes.length !== limit * HASH_BYTES)
      throw new LedgerError('log.inconsistent', 'the log lost entries');
    const grown = growTiles(edge, hashes, sha256);
    for (const tile of grown.tiles) tiles.set(`${tile.level}/${tile.index}`, tile);
    edge = grown.edge;
  }
  const root = rootOf(frontierOf(edge, sha256), sha256);
  return { edge, tiles: [...tiles.values()], root };
}

/** RFC 8032, over a raw public key. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const x = Buffer.from(publicKey).toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, message, key, signature);
  } catch {
    // Fails closed: what is no key has signed nothing.
    return false;
  }
}
