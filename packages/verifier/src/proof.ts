import { fromBase64, toBase64 } from './bytes.ts';
import { openCheckpoint, parseDecimal } from './checkpoint.ts';
import type { Checkpoint, CheckpointRefusal } from './checkpoint.ts';
import { HASH_BYTES } from './hash.ts';
import type { Hash } from './hash.ts';
import { verifyInclusion } from './merkle.ts';
import type { VerifierKey, VerifySignature } from './note.ts';

/** C2SP tlog-proof, "Format". */
const HEADER = 'c2sp.org/tlog-proof@v1';
const EXTRA = 'extra ';
const INDEX = 'index ';
/** A tree whose size is at most 2^53 - 1 has no longer path. */
const MAX_HASHES = 53;
const MAX_PROOF_CHARACTERS = 1_048_576;

/** Everything that proves the inclusion of one entry, but the entry. */
export interface Proof {
  readonly index: number;
  /** From the leaf's sibling upwards. */
  readonly hashes: readonly Uint8Array[];
  /** The signed note, verbatim. */
  readonly checkpoint: string;
  /** Not covered by any signature: never to be believed. Null: none. */
  readonly extra: Uint8Array | null;
}

export function encodeProof({ index, hashes, checkpoint, extra }: Proof): string {
  const lines = [
    HEADER,
    ...(extra === null ? [] : [`${EXTRA}${toBase64(extra)}`]),
    `${INDEX}${index}`,
    ...hashes.map(toBase64),
    '',
  ];
  return `${lines.join('\n')}\n${checkpoint}`;
}

function parseHead(lines: readonly string[]): Omit<Proof, 'checkpoint'> | undefined {
  const [header, ...rest] = lines;
  const extraText = rest[0]?.startsWith(EXTRA) === true ? rest.shift()?.slice(EXTRA.length) : undefined;
  const extra = extraText === undefined ? null : fromBase64(extraText);
  const indexText = rest.shift();
  if (header !== HEADER || extra === undefined || indexText?.startsWith(INDEX) !== true) return undefined;
  const index = parseDecimal(indexText.slice(INDEX.length));
  const hashes = rest.map(fromBase64).filter((hash) => hash?.length === HASH_BYTES);
  if (index === undefined || hashes.length !== rest.length || hashes.length > MAX_HASHES) return undefined;
  return { index, hashes: hashes as Uint8Array[], extra };
}

/** Strict: the one text of a proof, or undefined. The checkpoint in it is neither parsed nor verified. */
export function parseProof(text: string): Proof | undefined {
  const blank = text.length > MAX_PROOF_CHARACTERS ? -1 : text.indexOf('\n\n');
  if (blank < 0) return undefined;
  const head = parseHead(text.slice(0, blank).split('\n'));
  return head === undefined ? undefined : { ...head, checkpoint: text.slice(blank + 2) };
}

/** `proof.malformed`: no proof; `proof.not_included`: the hashes do not lead from the leaf to the signed root. */
export type ProofRefusal = CheckpointRefusal | 'proof.malformed' | 'proof.not_included';

export type VerifyProofResult =
  | { readonly ok: true; readonly index: number; readonly checkpoint: Checkpoint }
  | { readonly ok: false; readonly code: ProofRefusal };

/** What a verifier brings along: hashing, signatures, and the log's key. */
export interface Trust {
  readonly key: VerifierKey;
  readonly hash: Hash;
  readonly verify: VerifySignature;
}

/** C2SP tlog-proof, "Verifying a tlog proof", without cosignatures, whose lines are ignored as unknown signers. */
export async function verifyProof(
  text: string,
  leafHash: Uint8Array,
  trust: Trust,
): Promise<VerifyProofResult> {
  const proof = parseProof(text);
  if (proof === undefined) return { ok: false, code: 'proof.malformed' };
  const opened = await openCheckpoint(proof.checkpoint, trust.key, trust.verify);
  if (!opened.ok) return opened;
  const { size, root } = opened.checkpoint;
  const { index, hashes } = proof;
  const included = await verifyInclusion({ index, size, leafHash, proof: hashes, root }, trust.hash);
  if (!included) return { ok: false, code: 'proof.not_included' };
  return { ok: true, index, checkpoint: opened.checkpoint };
}
