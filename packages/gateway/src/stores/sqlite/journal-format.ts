import { crc32 } from 'node:zlib';
import { USAGE_FIELDS } from './arena.ts';
import type { Run } from './entries.ts';

/** Entries in a row, from `firstIndex` on, and what they add to the usage totals by rows of `shapes`. */
export interface JournalRecord {
  readonly firstIndex: number;
  readonly run: Run;
  readonly usages: Float64Array;
}

const MAGIC = 0x534a_4e31; // "SJN1"
/** Magic, checksum of all that follows it, first index (f64), then five lengths (u32) and four spare bytes. */
export const HEADER_BYTES = 40;
const CHECKSUM_AT = 4;
const CHECKED_FROM = 8;
const LENGTHS_AT = [16, 20, 24, 28, 32] as const;
const FLOAT_BYTES = 8;

/** The length of each of the halves of a file of this size: the first begins at 0, the second behind it. */
export const halfOf = (bytes: number): number => Math.floor(bytes / 2);

export function lengthOf({ run, usages }: JournalRecord): number {
  const { heads, leaves, asides } = run;
  return HEADER_BYTES + heads.length + leaves.length + asides.length + usages.length * FLOAT_BYTES;
}

/** Writes the record to the beginning of `memory`, which is as long as the record or longer. */
export function encode(record: JournalRecord, memory: Buffer): Buffer {
  const { firstIndex, run, usages } = record;
  const floats = new Uint8Array(usages.buffer, usages.byteOffset, usages.byteLength);
  const parts = [run.heads, run.leaves, run.asides, floats];
  memory.writeUInt32LE(MAGIC, 0);
  memory.writeDoubleLE(firstIndex, CHECKED_FROM);
  let at = HEADER_BYTES;
  LENGTHS_AT.forEach((lengthAt, which) => {
    memory.writeUInt32LE(which === 0 ? run.count : (parts[which - 1]?.length ?? 0), lengthAt);
  });
  memory.fill(0, HEADER_BYTES - 4, HEADER_BYTES);
  for (const part of parts) {
    memory.set(part, at);
    at += part.length;
  }
  memory.writeUInt32LE(crc32(memory.subarray(CHECKED_FROM, at)), CHECKSUM_AT);
  return memory.subarray(0, at);
}

/** The record at the beginning of `bytes`, in views of them; undefined where there is none, or a damaged one. */
export function decode(
  bytes: Buffer,
): { readonly record: JournalRecord; readonly length: number } | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readUInt32LE(0) !== MAGIC) return undefined;
  const [count = 0, ...lengths] = LENGTHS_AT.map((at) => bytes.readUInt32LE(at));
  const length = lengths.reduce((sum, part) => sum + part, HEADER_BYTES);
  if (length > bytes.length || (lengths[3] ?? 0) % (USAGE_FIELDS * FLOAT_BYTES) !== 0) return undefined;
  if (crc32(bytes.subarray(CHECKED_FROM, length)) !== bytes.readUInt32LE(CHECKSUM_AT)) return undefined;
  let at = HEADER_BYTES;
  const parts = lengths.map((part) => bytes.subarray(at, (at += part)));
  const [heads, leaves, asides, floats] = parts;
  if (heads === undefined || leaves === undefined || asides === undefined || floats === undefined)
    return undefined;
  const usages = new Float64Array(new Uint8Array(floats).buffer);
  const record = {
    firstIndex: bytes.readDoubleLE(CHECKED_FROM),
    run: { heads, leaves, asides, count },
    usages,
  };
  return { record, length };
}
