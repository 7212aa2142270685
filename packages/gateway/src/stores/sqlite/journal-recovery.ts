import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import type { CipherKey } from 'node:crypto';
import { dirname } from 'node:path';
import { decode, halfOf, HEADER_BYTES, openRecord, statedLength } from './journal-format.ts';
import type { DecodedRecord, JournalRecord } from './journal-format.ts';

const FILL_BYTES = 1 << 20;
/** Read at a time: memory of both halves at once would stay with the process. Most records are shorter. */
const WINDOW_BYTES = 1 << 18;

/**
 * Makes the journal's file, or makes it longer: written full, so that no record has to wait for blocks to be found. What
 * was in it must be in the database: its halves are others then.
 */
export function prepareJournal(path: string, bytes: number): void {
  closeSync(openSync(path, 'a+', 0o600));
  const file = openSync(path, 'r+');
  try {
    const present = fstatSync(file).size;
    if (present >= bytes) return;
    const zeros = Buffer.alloc(FILL_BYTES);
    for (let at = present; at < bytes; at += FILL_BYTES)
      writeSync(file, zeros, 0, Math.min(FILL_BYTES, bytes - at), at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  syncFolderOf(path);
}

/** Overwrites whatever is in the journal's file. All of it must be in the database. */
export function wipeJournal(path: string): void {
  const file = openSync(path, 'r+');
  try {
    const zeros = Buffer.alloc(FILL_BYTES);
    const bytes = fstatSync(file).size;
    for (let at = 0; at < bytes; at += FILL_BYTES)
      writeSync(file, zeros, 0, Math.min(FILL_BYTES, bytes - at), at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A file's name is its folder's data: without this a loss of power could take the file with all that it holds. */
function syncFolderOf(path: string): void {
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/**
 * The records that follow a log of this size, in order. A record counts where its checksum is right and its first index
 * is the size of the log up to it. Those of an earlier round have smaller indices, and what a crash cut short has
 * another checksum.
 */
export function recoverJournal(path: string, size: number, key: CipherKey): JournalRecord[] {
  if (!existsSync(path)) return [];
  const half = halfOf(statSync(path).size);
  const file = openSync(path, 'r');
  try {
    const found = [0, half].flatMap((from) => recordsOf(file, { from, length: half }, size));
    found.sort((a, b) => a.record.firstIndex - b.record.firstIndex);
    const following: JournalRecord[] = [];
    let next = size;
    for (const decoded of found) {
      if (decoded.record.firstIndex !== next) continue;
      following.push(openRecord(decoded, key));
      next += decoded.record.run.count;
    }
    return following;
  } finally {
    closeSync(file);
  }
}

interface Half {
  readonly from: number;
  readonly length: number;
}

/** The half's records from its beginning on, but for those of an earlier round. */
function recordsOf(file: number, half: Half, size: number): DecodedRecord[] {
  const records: DecodedRecord[] = [];
  let memory = Buffer.alloc(Math.min(WINDOW_BYTES, half.length));
  let window = readAt(file, memory, half, 0);
  let at = 0;
  for (;;) {
    const length = statedLength(window) ?? HEADER_BYTES;
    if (length > window.length) {
      if (length > half.length - at) return records;
      if (length > memory.length) memory = Buffer.alloc(length);
      window = readAt(file, memory, half, at);
      if (window.length < length) return records;
      continue;
    }
    const found = decode(window);
    if (found === undefined) return records;
    if (found.record.firstIndex >= size) records.push(copyOf(found));
    window = window.subarray(found.length);
    at += found.length;
  }
}

/** What a record has are views of what was read, whose memory is used again. */
function copyOf(decoded: DecodedRecord): DecodedRecord {
  const { heads, leaves, asides, count } = decoded.record.run;
  const run = {
    heads: Buffer.from(heads),
    leaves: Buffer.from(leaves),
    asides: Buffer.from(asides),
    count,
  };
  return { ...decoded, record: { ...decoded.record, run } };
}

/** What the half has at this place, as far as the window reaches. */
function readAt(file: number, window: Buffer, { from, length }: Half, at: number): Buffer {
  const wanted = Math.min(window.length, length - at);
  let done = 0;
  for (let read = -1; read !== 0 && done < wanted; done += read)
    read = readSync(file, window, done, wanted - done, from + at + done);
  return window.subarray(0, done);
}
