import type { SealedEntry } from '../../core/entry.ts';

/**
 * The memory that one batch of entries is written to by the main thread and read from by the worker, without a copy or
 * a message in between. A batch belongs to the main thread until it is posted and to the worker until it is answered,
 * so the two never touch it at once.
 *
 * `heads`: a record of 48 bytes for each entry: action id (30 bytes, zero where there is none), kind, the high byte of the
 * aside's subject, bytes of the leaf (u16), the rest of the subject (u16), bytes of the aside plus one (u32, zero where
 * there is none), time (f64). The subject is a row of the database; from `NEW_SUBJECT` on, one that the turn brings.
 * `leaves`: each leaf in UTF-8 behind the 0x00 with which RFC 6962 §2.1 hashes it.
 * `asides`: the asides in UTF-8, one after the other.
 * `usages`: six f64 for each entry that counts: ordinal in the batch, shape, status, time, rows, bytes.
 * Numbers are little-endian, as on every platform for which the database library is built.
 */
export interface ArenaBuffers {
  readonly heads: SharedArrayBuffer;
  readonly leaves: SharedArrayBuffer;
  readonly asides: SharedArrayBuffer;
  readonly usages: SharedArrayBuffer;
}

export const ID_BYTES = 30;
export const HEAD_BYTES = 48;
const KIND_AT = 30;
const SUBJECT_HIGH_AT = 31;
const LEAF_BYTES_AT = 32;
const SUBJECT_LOW_AT = 34;
const ASIDE_BYTES_AT = 36;
const TIME_AT = 40;
export const USAGE_FIELDS = 6;
/** The first of the subjects without a row yet; what is left has room for the subjects of one turn. */
export const NEW_SUBJECT = 0xff_00_00;
const FLOAT_BYTES = 8;

/** Stored in files: a kind's place never changes. */
export const KINDS: readonly SealedEntry['kind'][] = [
  'decision',
  'review',
  'vote',
  'grant',
  'intent',
  'outcome',
  'notice',
  'question',
  'answer',
  'preview',
  'standing',
  'passkey',
  'break_glass',
  'break_glass_review',
  'heartbeat',
  'erasure',
  'key',
  'canary',
];
export const INTENT = KINDS.indexOf('intent');
export const OUTCOME = KINDS.indexOf('outcome');

export interface ArenaRoom {
  readonly entries: number;
  readonly leafBytes: number;
  readonly asideBytes: number;
}

export function allocateArena(room: ArenaRoom): ArenaBuffers {
  return {
    heads: new SharedArrayBuffer(room.entries * HEAD_BYTES),
    leaves: new SharedArrayBuffer(room.leafBytes),
    asides: new SharedArrayBuffer(room.asideBytes),
    usages: new SharedArrayBuffer(room.entries * USAGE_FIELDS * FLOAT_BYTES),
  };
}

/** One head, read where it lies: in an arena or in a stored bundle. */
export interface Head {
  readonly kind: number;
  readonly leafBytes: number;
  /** -1 where there is no aside. */
  readonly asideBytes: number;
  readonly atMs: number;
}

export function writeHead(heads: Buffer, ordinal: number, action: string | null, head: Head): void {
  const at = ordinal * HEAD_BYTES;
  if (action === null) heads.fill(0, at, at + ID_BYTES);
  else heads.write(action, at, ID_BYTES, 'latin1');
  heads[at + KIND_AT] = head.kind;
  heads[at + SUBJECT_HIGH_AT] = 0;
  heads.writeUInt16LE(head.leafBytes, at + LEAF_BYTES_AT);
  heads.writeUInt16LE(0, at + SUBJECT_LOW_AT);
  heads.writeUInt32LE(head.asideBytes + 1, at + ASIDE_BYTES_AT);
  heads.writeDoubleLE(head.atMs, at + TIME_AT);
}

export function readHead(heads: Buffer, ordinal: number): Head {
  const at = ordinal * HEAD_BYTES;
  return {
    kind: heads[at + KIND_AT] ?? 0,
    leafBytes: leafBytesOf(heads, ordinal),
    asideBytes: asideBytesOf(heads, ordinal),
    atMs: heads.readDoubleLE(at + TIME_AT),
  };
}

export function subjectAt(heads: Buffer, ordinal: number): number {
  const at = ordinal * HEAD_BYTES;
  return (heads[at + SUBJECT_HIGH_AT] ?? 0) * 0x1_00_00 + heads.readUInt16LE(at + SUBJECT_LOW_AT);
}

export function setSubject(heads: Buffer, ordinal: number, subject: number): void {
  if (subject >= NEW_SUBJECT + 0x1_00_00) throw new RangeError('more subjects than an entry can name');
  const at = ordinal * HEAD_BYTES;
  heads[at + SUBJECT_HIGH_AT] = Math.floor(subject / 0x1_00_00);
  heads.writeUInt16LE(subject % 0x1_00_00, at + SUBJECT_LOW_AT);
}

export function kindOf(heads: Buffer, ordinal: number): number {
  return heads[ordinal * HEAD_BYTES + KIND_AT] ?? 0;
}

export function leafBytesOf(heads: Buffer, ordinal: number): number {
  return heads.readUInt16LE(ordinal * HEAD_BYTES + LEAF_BYTES_AT);
}

export function asideBytesOf(heads: Buffer, ordinal: number): number {
  return heads.readUInt32LE(ordinal * HEAD_BYTES + ASIDE_BYTES_AT) - 1;
}

/** Empty where the entry is about no action. */
export function actionOf(heads: Buffer, ordinal: number): string {
  const at = ordinal * HEAD_BYTES;
  return heads[at] === 0 ? '' : heads.toString('latin1', at, at + ID_BYTES);
}
