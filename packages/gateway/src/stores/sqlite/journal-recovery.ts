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
import { decode, halfOf, openRecord } from './journal-format.ts';
import type { DecodedRecord, JournalRecord } from './journal-format.ts';

const FILL_BYTES = 1 << 20;

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
  const found = [0, half].flatMap((from) => recordsOf(readHalf(path, from, half), size));
  found.sort((a, b) => a.record.firstIndex - b.record.firstIndex);
  const following: JournalRecord[] = [];
  let next = size;
  for (const decoded of found) {
    if (decoded.record.firstIndex !== next) continue;
    following.push(openRecord(decoded, key));
    next += decoded.record.run.count;
  }
  return following;
}

function recordsOf(half: Buffer, size: number): DecodedRecord[] {
  const records: DecodedRecord[] = [];
  let at = 0;
  for (let read = decode(half); read !== undefined; read = decode(half.subarray(at))) {
    at += read.length;
    if (read.record.firstIndex >= size) records.push(read);
  }
  return records;
}

function readHalf(path: string, from: number, length: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    let at = 0;
    for (let read = -1; read !== 0 && at < length; at += read)
      read = readSync(file, bytes, at, length - at, from + at);
    return bytes.subarray(0, at);
  } finally {
    closeSync(file);
  }
}
