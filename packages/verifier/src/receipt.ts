import { canonicalize, parseCanonical } from './canonical.ts';
import type { JsonValue } from './canonical.ts';
import { isObject } from './leaf-members.ts';
import type { JsonObject } from './leaf-members.ts';

export const RECEIPT_VERSION = 'sallyport/receipt/v1';

/** A statement and its parameters have up to 5 MiB and stand in the receipt twice, quoted twice. */
const MAX_RECEIPT_CHARACTERS = 67_108_864;
/** An action has a handful: decision, review, votes, grant, intent, outcome. */
const MAX_RECEIPT_ENTRIES = 1_000;

export interface ReceiptEntry {
  readonly index: number;
  /** The entry as it is in the log. */
  readonly leaf: string;
  /** The values that the leaf commits to; null where it commits to none, or where they are withheld or erased. */
  readonly aside: string | null;
  /** A C2SP tlog-proof of the leaf at `index`, with its checkpoint and without extra data. */
  readonly proof: string;
}

/** The offline proof of one action (spec/receipt.md). */
export interface Receipt {
  readonly action: string;
  /** In the order of the log. */
  readonly entries: readonly ReceiptEntry[];
  readonly origin: string;
  /** The log's verifier key, for the reader's convenience: whom to trust is the verifier's to say. */
  readonly publicKey: string;
}

/** The one file of a receipt: canonical JSON, without a newline at its end. */
export function encodeReceipt({ action, entries, origin, publicKey }: Receipt): string {
  return canonicalize({
    action,
    entries: entries.map(({ aside, index, leaf, proof }) => ({ aside, index, leaf, proof })),
    origin,
    publicKey,
    version: RECEIPT_VERSION,
  });
}

function hasExactly(value: JsonObject, names: readonly string[]): boolean {
  const own = Object.keys(value);
  return own.length === names.length && names.every((name) => own.includes(name));
}

function decodeEntry(value: JsonValue): ReceiptEntry | undefined {
  if (!isObject(value) || !hasExactly(value, ['aside', 'index', 'leaf', 'proof'])) return undefined;
  const { aside, index, leaf, proof } = value;
  if (typeof leaf !== 'string' || typeof proof !== 'string' || typeof index !== 'number') return undefined;
  if (typeof aside !== 'string' && aside !== null) return undefined;
  return { index, leaf, aside, proof };
}

/**
 * Strict: undefined for what `encodeReceipt` does not write, but for one newline that an editor may have added. No
 * further members: nothing that no signature covers is to ride along.
 */
export function decodeReceipt(text: string): Receipt | undefined {
  const parsed = parseCanonical(text.endsWith('\n') ? text.slice(0, -1) : text, MAX_RECEIPT_CHARACTERS);
  if (!parsed.ok || !isObject(parsed.value)) return undefined;
  if (!hasExactly(parsed.value, ['action', 'entries', 'origin', 'publicKey', 'version'])) return undefined;
  const { action, entries, origin, publicKey, version } = parsed.value;
  if (typeof action !== 'string' || typeof origin !== 'string' || typeof publicKey !== 'string')
    return undefined;
  if (version !== RECEIPT_VERSION || !Array.isArray(entries)) return undefined;
  const values = entries as readonly JsonValue[];
  const decoded = values.map(decodeEntry).filter((entry) => entry !== undefined);
  const isWhole = decoded.length === values.length && decoded.length <= MAX_RECEIPT_ENTRIES;
  return isWhole ? { action, entries: decoded, origin, publicKey } : undefined;
}
