/** C2SP tlog-cosignature: what a witness says of a checkpoint, with Ed25519 (`cosignature/v1`). */
import { concatBytes, encodeUtf8, equalBytes } from './bytes.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { parseNote, signedText } from './note.ts';
import type { NoteSigner, VerifierKey, VerifySignature } from './note.ts';

const TIMESTAMP_BYTES = 8;
const SIGNATURE_BYTES = 64;

/**
 * "Ed25519 signed message": the header line, the time, and the whole text of the checkpoint. Throws RangeError for a
 * time that is no whole number of seconds, and for a text that no note could carry.
 */
export function cosignedMessage(text: string, timestampSeconds: number): Uint8Array {
  if (!Number.isSafeInteger(timestampSeconds) || timestampSeconds < 0)
    throw new RangeError('a cosignature is made at a whole second since 1970');
  return concatBytes(encodeUtf8(`cosignature/v1\ntime ${timestampSeconds}\n`), signedText(text));
}

/**
 * A signer for `signNote` that cosigns at the given time. `signer` has the id of a cosigner: `keyIdOf` with the type
 * `cosignature`. What it states is that no larger consistent tree of that log was seen before: see to it first.
 */
export function cosigner(signer: NoteSigner, timestampSeconds: number): NoteSigner {
  const timestamp = new Uint8Array(TIMESTAMP_BYTES);
  new DataView(timestamp.buffer).setBigUint64(0, BigInt(timestampSeconds));
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return {
    name: signer.name,
    id: signer.id,
    sign: (text) =>
      concatBytes(timestamp, signer.sign(cosignedMessage(decoder.decode(text), timestampSeconds))),
  };
}

export interface Cosignature {
  readonly key: VerifierKey;
  /** When the witness says that it saw the checkpoint. No clock of ours is asked ("Use of timestamps"). */
  readonly timestampSeconds: number;
}

/**
 * `note.malformed`: no note; `checkpoint.malformed`: a note, but no checkpoint; `cosignature.bad`: a line that claims
 * to be by one of the witnesses is not.
 */
export type CosignatureRefusal = 'note.malformed' | 'checkpoint.malformed' | 'cosignature.bad';

export type VerifyCosignaturesResult =
  /** One for each witness that cosigned: the latest, where one did so more than once. */
  | { readonly ok: true; readonly cosignatures: readonly Cosignature[] }
  | { readonly ok: false; readonly code: CosignatureRefusal };

/** The seconds of a `timestamped_signature`; undefined where it has another length, or a time beyond 2^53 - 1. */
function timestampOf(signature: Uint8Array): number | undefined {
  if (signature.length !== TIMESTAMP_BYTES + SIGNATURE_BYTES) return undefined;
  const view = new DataView(signature.buffer, signature.byteOffset, TIMESTAMP_BYTES);
  const seconds = Number(view.getBigUint64(0));
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}

/**
 * The cosignatures of a checkpoint by the given witnesses. Lines by others are ignored; one wrong line under a known
 * name and ID refuses the whole note (C2SP signed-note, "Signatures"). It says nothing of the log's own signature.
 */
export async function verifyCosignatures(
  note: string,
  witnesses: readonly VerifierKey[],
  verify: VerifySignature,
): Promise<VerifyCosignaturesResult> {
  const parsed = parseNote(note);
  if (parsed === undefined) return { ok: false, code: 'note.malformed' };
  if (parseCheckpoint(parsed.text) === undefined) return { ok: false, code: 'checkpoint.malformed' };
  const latest = new Map<VerifierKey, number>();
  for (const { name, id, signature } of parsed.signatures) {
    const key = witnesses.find((known) => known.name === name && equalBytes(known.id, id));
    if (key === undefined) continue;
    const seconds = timestampOf(signature);
    if (seconds === undefined) return { ok: false, code: 'cosignature.bad' };
    const message = cosignedMessage(parsed.text, seconds);
    const isGood = await verify(key.publicKey, message, signature.slice(TIMESTAMP_BYTES));
    if (!isGood) return { ok: false, code: 'cosignature.bad' };
    latest.set(key, Math.max(seconds, latest.get(key) ?? 0));
  }
  const cosignatures = [...latest].map(([key, timestampSeconds]) => ({ key, timestampSeconds }));
  return { ok: true, cosignatures };
}
