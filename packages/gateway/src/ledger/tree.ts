import {
  HASH_BYTES,
  emptyEdge,
  frontierOf,
  growTiles,
  openCheckpoint,
  openHandover,
  parseCheckpoint,
  parseNote,
  readEdge,
  rootOf,
} from '@sallyport/verifier';
import type { Checkpoint, ReadTile, Sha256, Tile, TileEdge, VerifierKey } from '@sallyport/verifier';
import { hash } from 'node:crypto';
import { limits } from '../limits.ts';
import type { CheckpointRow, Clock, Hashing, Store } from '../ports.ts';
import { verifyEd25519 } from './ed25519.ts';
import { LedgerError } from './error.ts';
import { readHandovers } from './handovers.ts';
import type { LedgerKeys } from './keys.ts';

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

export interface PublishedPorts {
  readonly store: Store;
  readonly keys: Pick<LedgerKeys, 'origin' | 'verifier' | 'vkey'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly hashing: Hashing;
}

export interface Published {
  readonly edge: TileEdge;
  /** The least size of the next checkpoint: it covers the hand-over to the key in use. */
  readonly leastSize: number;
}

/**
 * The published tree, as far as the next one needs it. Throws where what is published is not by this key and of this
 * name, later than now, or not in itself consistent: a log that goes on from there would prove nothing.
 */
export async function readPublished(ports: PublishedPorts): Promise<Published> {
  const { store, hashing } = ports;
  const row = await store.read('checkpoint', {});
  if (row === null) return { edge: emptyEdge, leastSize: await lastHandover(ports) };
  const { size, root } = await openPublished(row, ports);
  if (size !== row.size || size > (await store.read('size', {}))) {
    const message = `${STORE} has fewer entries than the ${size} of its checkpoint: restore it from its backup`;
    throw new LedgerError('log.inconsistent', message);
  }
  const sha256 = sha256Of(hashing);
  const edge = await readEdge(size, tilesOf(store));
  if (Buffer.compare(rootOf(frontierOf(edge, sha256), sha256), root) !== 0) {
    const message = `the published tiles in ${STORE} are not those of the published checkpoint: restore it from its backup`;
    throw new LedgerError('log.inconsistent', message);
  }
  return { edge, leastSize: await lastHandover(ports) };
}

/** What an operator knows the state by. */
const STORE = 'store.db of the state folder';

async function lastHandover({ store }: PublishedPorts): Promise<number> {
  return ((await store.read('handovers', {})).at(-1) ?? -1) + 1;
}

async function openPublished(row: CheckpointRow, ports: PublishedPorts): Promise<Checkpoint> {
  const { store, keys, clock } = ports;
  const claimed = parseCheckpoint(parseNote(row.note)?.text ?? '');
  if (claimed === undefined) throw new LedgerError('log.inconsistent', `the checkpoint in ${STORE} is none`);
  if (claimed.origin !== keys.origin) {
    const way = 'set `origin` back, or give the other log a state folder of its own';
    const message = `the log in ${STORE} is ${claimed.origin}, the configuration says ${keys.origin}: ${way}`;
    throw new LedgerError('log.other_origin', message);
  }
  const key = await keyOfCheckpoint(claimed.size, store, keys);
  const opened = await openCheckpoint(row.note, key, verifyEd25519);
  if (!opened.ok) {
    const way = 'restore ledger-key.pem of this state folder (or the token that holds the key)';
    const message = `the checkpoint published in ${STORE} is not by the key in use (${opened.code}): ${way}`;
    throw new LedgerError('log.other_key', message);
  }
  if (row.atMs > clock.nowMs() + limits.clockBackMs) {
    const at = new Date(row.atMs).toISOString();
    const message = `the last checkpoint in ${STORE} is of ${at}, which is later than now: set this machine's clock right, or restore what belongs to it`;
    throw new LedgerError('log.future', message);
  }
  return opened.checkpoint;
}

/** The key in use, unless the last hand-over to it is not covered yet: then the one before. */
async function keyOfCheckpoint(
  size: number,
  store: Store,
  keys: PublishedPorts['keys'],
): Promise<VerifierKey> {
  const last = (await readHandovers(store)).at(-1);
  if (last === undefined || last.index < size || last.handover.next !== keys.vkey) return keys.verifier;
  const opened = await openHandover(last.handover, { hash: sha256Bytes, verify: verifyEd25519 });
  return opened?.previous ?? keys.verifier;
}

const sha256Bytes = (data: Uint8Array): Uint8Array => hash('sha256', data, 'buffer');

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
