import { fromBase64, toBase64 } from './bytes.ts';
import { HASH_BYTES } from './hash.ts';
import { verifyNote } from './note.ts';
import type { NoteRefusal, VerifierKey, VerifySignature } from './note.ts';

/** What a log commits to (C2SP tlog-checkpoint, "Note text"). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** Opaque; ours has none. */
  readonly extensions: readonly string[];
}

const DECIMAL = /^(0|[1-9][0-9]*)$/;

/** An ASCII decimal without leading zeros, up to 2^53 - 1; undefined for anything else. */
export function parseDecimal(text: string): number | undefined {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The text to be signed. Throws RangeError where a line would be empty or hold a newline. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root, extensions } = checkpoint;
  const text = [origin, String(size), toBase64(root), ...extensions].map((line) => `${line}\n`).join('');
  if (parseCheckpoint(text) === undefined || text.split('\n').length !== extensions.length + 4) {
    throw new RangeError('no checkpoint has such an origin, size, root or extension');
  }
  return text;
}

/** Strict: the one text of a checkpoint, or undefined. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const lines = text.split('\n');
  if (lines.pop() !== '' || lines.includes('')) return undefined;
  // What is missing is refused as an empty line is: no size is one, and no root.
  const [origin = '', sizeText = '', rootText = '', ...extensions] = lines;
  const size = parseDecimal(sizeText);
  const root = fromBase64(rootText);
  if (size === undefined || root?.length !== HASH_BYTES) return undefined;
  return { origin, size, root, extensions };
}

/** `checkpoint.malformed`: signed, but no checkpoint; `checkpoint.other_origin`: of a log of another name. */
export type CheckpointRefusal = NoteRefusal | 'checkpoint.malformed' | 'checkpoint.other_origin';

export type OpenCheckpointResult =
  | { readonly ok: true; readonly checkpoint: Checkpoint }
  | { readonly ok: false; readonly code: CheckpointRefusal };

/**
 * Accepts a signed checkpoint of the log that the key belongs to: the key's name is the origin, as "Signatures"
 * recommends and as our logs hold to.
 */
export async function openCheckpoint(
  note: string,
  key: VerifierKey,
  verify: VerifySignature,
): Promise<OpenCheckpointResult> {
  const opened = await verifyNote(note, [key], verify);
  if (!opened.ok) return opened;
  const checkpoint = parseCheckpoint(opened.text);
  if (checkpoint === undefined) return { ok: false, code: 'checkpoint.malformed' };
  if (checkpoint.origin !== key.name) return { ok: false, code: 'checkpoint.other_origin' };
  return { ok: true, checkpoint };
}
