import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import {
  frontierOf,
  openCheckpoint,
  parseCheckpoint,
  parseNote,
  parseVkey,
  readEdge,
  rootOf,
} from '@sallyport/verifier';
import type { Checkpoint } from '@sallyport/verifier';
import type { CheckpointRow, Hashing, Store } from '../ports.ts';
import { verifyEd25519 } from './ed25519.ts';
import { LedgerError, type LedgerErrorCode } from './error.ts';
import { readHandovers } from './handovers.ts';
import type { LedgerKeys } from './keys.ts';
import { sha256Of, tilesOf } from './tree.ts';

export interface MirrorCheckPorts {
  readonly store: Store;
  readonly keys: Pick<LedgerKeys, 'origin' | 'vkey'>;
  readonly hashing: Hashing;
}

/** The key that signs checkpoints of this size, as the log itself hands it on. */
export async function vkeyAt(size: number, { store, keys }: MirrorCheckPorts): Promise<string> {
  const handovers = await readHandovers(store);
  const last = handovers.findLast(({ index }) => index < size);
  return last?.handover.next ?? handovers[0]?.handover.previous ?? keys.vkey;
}

/** A server that serves the one would serve the other: keys and values lie in the state folder. */
export async function refuseStateFolder(directory: string, state: string): Promise<void> {
  const [parent, secret] = await Promise.all([realpath(dirname(directory)), realpath(state)]);
  const ours = await realpath(directory).catch(() => join(parent, basename(directory)));
  const isWithin = (inner: string, outer: string): boolean => {
    const path = relative(outer, inner);
    return path !== '..' && !path.startsWith(`..${sep}`);
  };
  if (!isWithin(ours, secret) && !isWithin(secret, ours)) return;
  const message = `${directory} and the state folder ${state} lie in each other: name a folder apart from it in ledger.publish.directory`;
  throw new LedgerError('mirror.in_state', message);
}

/**
 * The checkpoint that a folder holds, which `published` has to continue: of this origin, by the key of its size, no
 * larger, and over the same entries. Anything else is somebody else's, or shows that this log went back: it rejects with
 * a `LedgerError`, and nothing is written over.
 */
export async function checkHeld(
  held: { readonly note: string; readonly directory: string },
  published: CheckpointRow | null,
  ports: MirrorCheckPorts,
): Promise<Checkpoint> {
  const file = join(held.directory, 'checkpoint');
  const refuse = (code: LedgerErrorCode, what: string): never => {
    const way = 'name another folder in ledger.publish.directory, or empty this one if nobody relies on it';
    throw new LedgerError(code, `${file} ${what}: ${way}`);
  };
  const claimed = parseCheckpoint(parseNote(held.note)?.text ?? '');
  if (claimed === undefined) return refuse('mirror.malformed', 'is no checkpoint');
  const { origin } = ports.keys;
  if (claimed.origin !== origin)
    return refuse('mirror.other_origin', `is of the log ${claimed.origin}, and this one is ${origin}`);
  const vkey = await vkeyAt(claimed.size, ports);
  const key = await parseVkey(vkey, sha256Of(ports.hashing));
  const opened = key === undefined ? undefined : await openCheckpoint(held.note, key, verifyEd25519);
  if (opened?.ok !== true) return refuse('mirror.other_key', 'is not by this log’s key');
  const size = published?.size ?? 0;
  if (claimed.size > size)
    return refuse('mirror.ahead', `covers ${claimed.size} entries, and this log's covers ${size}`);
  if (Buffer.compare(await rootAt(claimed.size, ports), claimed.root) !== 0)
    return refuse('mirror.forked', `covers other entries than the first ${claimed.size} of this log`);
  return opened.checkpoint;
}

/** The root over the log's first entries. */
async function rootAt(size: number, { store, hashing }: MirrorCheckPorts): Promise<Uint8Array> {
  const sha256 = sha256Of(hashing);
  return rootOf(frontierOf(await readEdge(size, tilesOf(store)), sha256), sha256);
}
