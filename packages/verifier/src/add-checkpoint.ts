/** C2SP tlog-witness, "add-checkpoint": what a log sends to a witness. */
import { fromBase64, toBase64 } from './bytes.ts';
import { parseDecimal } from './checkpoint.ts';
import { HASH_BYTES } from './hash.ts';

/** "The client MUST NOT send more than 63 consistency proof lines." */
const MAX_PROOF_LINES = 63;

export interface AddCheckpoint {
  /** The size of the last checkpoint that the witness cosigned for this log; 0: none. */
  readonly oldSize: number;
  /** RFC 6962 §2.1.2, from `oldSize` to the size of the checkpoint. */
  readonly proof: readonly Uint8Array[];
  /** The checkpoint: a signed note. */
  readonly note: string;
}

export function encodeAddCheckpoint({ oldSize, proof, note }: AddCheckpoint): string {
  const lines = proof.map((hash) => `${toBase64(hash)}\n`);
  return `old ${oldSize}\n${lines.join('')}\n${note}`;
}

/** Strict; undefined for anything else. The note is not looked at. */
export function parseAddCheckpoint(body: string): AddCheckpoint | undefined {
  const blank = body.indexOf('\n\n');
  if (blank < 0) return undefined;
  const [old = '', ...lines] = body.slice(0, blank).split('\n');
  const oldSize = old.startsWith('old ') ? parseDecimal(old.slice('old '.length)) : undefined;
  const proof = lines.map(fromBase64);
  if (oldSize === undefined || proof.length > MAX_PROOF_LINES) return undefined;
  const hashes = proof.filter((hash) => hash?.length === HASH_BYTES);
  if (hashes.length !== proof.length) return undefined;
  // Every one is a hash, as has just been counted.
  return { oldSize, proof: hashes as Uint8Array[], note: body.slice(blank + 2) };
}
