import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  writeSync,
  writevSync,
} from 'node:fs';
import { dirname } from 'node:path';
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
/** Magic, checksum of all that follows it, first index (f64), then five lengths (u32). */
const HEADER_BYTES = 40;
const CHECKED_FROM = 8;
const FLOAT_BYTES = 8;
const FILL_BYTES = 1 << 20;

/**
 * Where entries are durable before the database has them: one file, written full once and then over and over, so that a
 * record costs one write and one fdatasync of blocks that the file has already. A commit of the same entries to the
 * database writes four pages and more. The database takes them over in bulk; then the file starts anew.
 *
 * A record counts where its checksum is right and its first index is the size of the log up to it. Those of an earlier
 * round have smaller indices, and what a crash cut short has another checksum.
 */
export class Journal {
  readonly #file: number;
  readonly #bytes: number;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #at = 0;

  constructor(path: string, bytes: number) {
    this.#file = openSync(path, 'a+', 0o600);
    closeSync(this.#file);
    this.#file = openSync(path, 'r+');
    const present = fstatSync(this.#file).size;
    this.#bytes = Math.max(bytes, present);
    if (present < bytes) {
      this.#fill(present);
      syncFolderOf(path);
    }
  }

  #fill(from: number): void {
    const zeros = Buffer.alloc(FILL_BYTES);
    for (let at = from; at < this.#bytes; at += FILL_BYTES) {
      writeSync(this.#file, zeros, 0, Math.min(FILL_BYTES, this.#bytes - at), at);
    }
    fsyncSync(this.#file);
  }

  /** Whether there is something that the database may not have. */
  get isEmpty(): boolean {
    return this.#at === 0;
  }

  hasRoom(run: Run, usages: number): boolean {
    return this.#at + lengthOf(run, usages) <= this.#bytes;
  }

  /** Returns when the record is on disk. `hasRoom` must hold. */
  append({ firstIndex, run, usages }: JournalRecord): void {
    const floats = Buffer.from(usages.buffer, usages.byteOffset, usages.byteLength);
    const parts = [run.heads, run.leaves, run.asides, floats];
    const header = this.#header;
    header.writeUInt32LE(MAGIC, 0);
    header.writeDoubleLE(firstIndex, CHECKED_FROM);
    [run.count, ...parts.map((part) => part.length)].forEach((length, at) => {
      header.writeUInt32LE(length, 16 + at * 4);
    });
    header.writeUInt32LE(checksum(header, parts), 4);
    let written = writevSync(this.#file, [header, ...parts], this.#at);
    const whole = lengthOf(run, usages.length / USAGE_FIELDS);
    if (written < whole) written += this.#writeRest(Buffer.concat([header, ...parts]), written);
    fdatasyncSync(this.#file);
    this.#at += whole;
  }

  #writeRest(record: Buffer, from: number): number {
    let at = from;
    while (at < record.length) at += writeSync(this.#file, record, at, record.length - at, this.#at + at);
    return at - from;
  }

  /** The database has everything: the next record goes to the beginning. */
  restart(): void {
    this.#at = 0;
  }

  /** The records that follow a log of this size. What is read is not written over before `restart`. */
  *recover(size: number): Generator<JournalRecord> {
    let next = size;
    let at = 0;
    for (;;) {
      const record = this.#read(at);
      if (record === undefined) return;
      at += lengthOf(record.run, record.usages.length / USAGE_FIELDS);
      if (record.firstIndex !== next) continue;
      next += record.run.count;
      this.#at = at;
      yield record;
    }
  }

  #read(at: number): JournalRecord | undefined {
    const header = this.#readBytes(at, HEADER_BYTES);
    if (header === undefined || header.readUInt32LE(0) !== MAGIC) return undefined;
    const [count = 0, ...lengths] = [16, 20, 24, 28, 32].map((offset) => header.readUInt32LE(offset));
    const parts: Buffer[] = [];
    let from = at + HEADER_BYTES;
    for (const length of lengths) {
      const part = this.#readBytes(from, length);
      if (part === undefined) return undefined;
      parts.push(part);
      from += length;
    }
    const [heads, leaves, asides, floats] = parts;
    if (heads === undefined || leaves === undefined || asides === undefined || floats === undefined)
      return undefined;
    if (checksum(header, parts) !== header.readUInt32LE(4)) return undefined;
    const usages = new Float64Array(new Uint8Array(floats).buffer);
    return { firstIndex: header.readDoubleLE(CHECKED_FROM), run: { heads, leaves, asides, count }, usages };
  }

  #readBytes(at: number, length: number): Buffer | undefined {
    if (at + length > this.#bytes) return undefined;
    const bytes = Buffer.alloc(length);
    return readSync(this.#file, bytes, 0, length, at) === length ? bytes : undefined;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** A file's name is its folder's data: without this a loss of power could take the file with all that it holds. */
function syncFolderOf(path: string): void {
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

function checksum(header: Buffer, parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => crc32(part, sum), crc32(header.subarray(CHECKED_FROM)));
}

function lengthOf(run: Run, usages: number): number {
  const { heads, leaves, asides } = run;
  return HEADER_BYTES + heads.length + leaves.length + asides.length + usages * USAGE_FIELDS * FLOAT_BYTES;
}
