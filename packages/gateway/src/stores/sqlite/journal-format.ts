import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { CipherKey } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { USAGE_FIELDS } from './arena.ts';
import type { Run } from './entries.ts';
import { StoreError } from '../store.ts';

/** Entries in a row, from `firstIndex` on, and what they add to the usage totals by rows of `shapes`. */
export interface JournalRecord {
  readonly firstIndex: number;
  readonly run: Run;
  readonly usages: Float64Array;
}

const MAGIC = 0x534a_4e32; // "SJN2"
/** An earlier release's records: with asides in plain text. Read once, when its state folder is taken over. */
const PLAIN_MAGIC = 0x534a_4e31; // "SJN1"
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
/** Magic, checksum of all that follows it, first index (f64), then five lengths and the zeros behind the record (u32). */
export const HEADER_BYTES = 40;
/** What a record takes at most besides its entries. */
export const OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;
const CHECKSUM_AT = 4;
const CHECKED_FROM = 8;
const LENGTHS_AT = [16, 20, 24, 28, 32] as const;
const ZEROS_AT = 36;
const FLOAT_BYTES = 8;

/** The length of each of the halves of a file of this size: the first begins at 0, the second behind it. */
export const halfOf = (bytes: number): number => Math.floor(bytes / 2);

export function lengthOf({ run, usages }: JournalRecord): number {
  const { heads, leaves, asides } = run;
  const tag = asides.length > 0 ? TAG_BYTES : 0;
  return HEADER_BYTES + heads.length + leaves.length + asides.length + tag + usages.length * FLOAT_BYTES;
}

/** The next multiple of `unitBytes`. */
export const paddedTo = (unitBytes: number, length: number): number =>
  Math.ceil(length / unitBytes) * unitBytes;

/** Each record of one key begins at another index, so no nonce is used twice. */
function nonceOf(firstIndex: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeDoubleLE(firstIndex);
  return nonce;
}

function sealAsides({ firstIndex, run: { asides } }: JournalRecord, key: CipherKey): Uint8Array[] {
  if (asides.length === 0) return [];
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(firstIndex));
  const sealed = cipher.update(asides);
  cipher.final();
  return [sealed, cipher.getAuthTag()];
}

/**
 * Writes the record to the beginning of `memory`, which is as long as the record or longer. Its asides are sealed.
 *
 * @param unitBytes zeros follow up to a multiple of this
 */
export function encode(record: JournalRecord, memory: Buffer, key: CipherKey, unitBytes = 1): Buffer {
  const { firstIndex, run, usages } = record;
  const floats = new Uint8Array(usages.buffer, usages.byteOffset, usages.byteLength);
  const sealed = sealAsides(record, key);
  const sealedBytes = sealed.reduce((sum, { length }) => sum + length, 0);
  const lengths = [run.count, run.heads.length, run.leaves.length, sealedBytes, floats.length];
  memory.writeUInt32LE(MAGIC, 0);
  memory.writeDoubleLE(firstIndex, CHECKED_FROM);
  LENGTHS_AT.forEach((lengthAt, which) => memory.writeUInt32LE(lengths[which] ?? 0, lengthAt));
  let at = HEADER_BYTES;
  for (const part of [run.heads, run.leaves, ...sealed, floats]) {
    memory.set(part, at);
    at += part.length;
  }
  const end = paddedTo(unitBytes, at);
  memory.writeUInt32LE(end - at, ZEROS_AT);
  memory.fill(0, at, end);
  memory.writeUInt32LE(crc32(memory.subarray(CHECKED_FROM, end)), CHECKSUM_AT);
  return memory.subarray(0, end);
}

export interface DecodedRecord {
  readonly record: JournalRecord;
  /** Whether its asides are sealed: `openRecord` has them in clear. */
  readonly isSealed: boolean;
  /** With the zeros behind it: the next record begins there. */
  readonly length: number;
}

/** The length that the record at the beginning of `bytes` says it has, zeros behind it included; undefined where there is none. */
export function statedLength(bytes: Buffer): number | undefined {
  const magic = bytes.length < HEADER_BYTES ? 0 : bytes.readUInt32LE(0);
  if (magic !== MAGIC && magic !== PLAIN_MAGIC) return undefined;
  const [, ...lengths] = LENGTHS_AT.map((at) => bytes.readUInt32LE(at));
  return lengths.reduce((sum, part) => sum + part, HEADER_BYTES + bytes.readUInt32LE(ZEROS_AT));
}

/** The record at the beginning of `bytes`, in views of them; undefined where there is none, or a damaged one. */
export function decode(bytes: Buffer): DecodedRecord | undefined {
  const length = statedLength(bytes);
  if (length === undefined || length > bytes.length) return undefined;
  const [count = 0, ...lengths] = LENGTHS_AT.map((at) => bytes.readUInt32LE(at));
  if ((lengths[3] ?? 0) % (USAGE_FIELDS * FLOAT_BYTES) !== 0) return undefined;
  if (crc32(bytes.subarray(CHECKED_FROM, length)) !== bytes.readUInt32LE(CHECKSUM_AT)) return undefined;
  let at = HEADER_BYTES;
  const parts = lengths.map((part) => bytes.subarray(at, (at += part)));
  const [heads, leaves, asides, floats] = parts;
  if (heads === undefined || leaves === undefined || asides === undefined || floats === undefined)
    return undefined;
  const usages = new Float64Array(new Uint8Array(floats).buffer);
  const firstIndex = bytes.readDoubleLE(CHECKED_FROM);
  const record = { firstIndex, run: { heads, leaves, asides, count }, usages };
  const isSealed = bytes.readUInt32LE(0) === MAGIC && asides.length > 0;
  return { record, isSealed, length };
}

/** Throws where the key is not the one that the record was sealed with: what it holds was acknowledged. */
export function openRecord({ record, isSealed }: DecodedRecord, key: CipherKey): JournalRecord {
  if (!isSealed) return record;
  const { firstIndex, run } = record;
  const end = run.asides.length - TAG_BYTES;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(firstIndex), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(run.asides.subarray(end));
    const asides = Buffer.concat([decipher.update(run.asides.subarray(0, end)), decipher.final()]);
    return { ...record, run: { ...run, asides } };
  } catch {
    const message = `the journal's entry ${firstIndex} was sealed with another key: restore the state folder as one`;
    throw new StoreError('store.other_key', message);
  }
}
