import { createSecretKey, type KeyObject } from 'node:crypto';
import { closeSync, fstatSync, write, writeSync } from 'node:fs';
import { limits } from '../../limits.ts';
import { openJournalFile } from './journal-file.ts';
import { OVERHEAD_BYTES, encode, halfOf, paddedTo } from './journal-format.ts';
import type { JournalRecord } from './journal-format.ts';

/** After so many writes off the thread, one on it finds out whether the disk is quick again. */
const PROBE_WRITES = 256;
/** So many more slow writes than quick ones say that the disk is slow; one that takes long says nothing. */
const SLOW_WRITES = 8;

interface Half {
  /** Where its next record goes, from its beginning. */
  at: number;
  /** The size of the log after its last record. */
  end: number;
}

/**
 * Where entries are durable before the database has them: one file, written full once and then over and over, in two
 * halves: while the database takes over what is in one, the other is written. A record costs one write, which returns
 * when it is on disk (O_DSYNC), of blocks that the file has already.
 *
 * Written by the main thread: a thread that is woken for the write and wakes the main thread after it takes as long as
 * the disk. Where the disk is slow the main thread has better things to do than to wait, and the write goes to libuv's
 * thread pool.
 */
export class Journal {
  readonly #file: number;
  readonly #unitBytes: number;
  readonly #halfBytes: number;
  readonly #halves: readonly [Half, Half] = [
    { at: 0, end: 0 },
    { at: 0, end: 0 },
  ];
  readonly #memory: Buffer;
  readonly #key: KeyObject;
  readonly #nowMs: () => number;
  #current: 0 | 1 = 0;
  #applied = 0;
  /** Slow writes less quick ones, of late. */
  #slowWrites = 0;
  #writesAway = 0;

  /** @param key seals the asides in the records; of this process alone. */
  constructor(path: string, nowMs: () => number, key: Uint8Array) {
    this.#key = createSecretKey(key);
    const { file, unitBytes, memory } = openJournalFile(path);
    this.#file = file;
    this.#unitBytes = unitBytes;
    this.#memory = memory;
    this.#halfBytes = halfOf(fstatSync(file).size);
    this.#nowMs = nowMs;
  }

  /** No record may hold more. */
  get mostBytes(): number {
    return this.#halfBytes - OVERHEAD_BYTES;
  }

  /** The database has the log up to this size, durably. */
  free(size: number): void {
    this.#applied = Math.max(this.#applied, size);
  }

  /**
   * Makes room for a record: `none` where there is room only when the database has more, `other` where the record will
   * be the first of the other half, so that the database should take over what is in this one.
   */
  roomFor(recordBytes: number): 'here' | 'other' | 'none' {
    const length = paddedTo(this.#unitBytes, recordBytes);
    const half = this.#halves[this.#current];
    if (half.end <= this.#applied) half.at = 0;
    if (half.at + length <= this.#halfBytes) return 'here';
    const other = this.#halves[this.#current === 0 ? 1 : 0];
    if (other.end > this.#applied || length > this.#halfBytes) return 'none';
    other.at = 0;
    this.#current = this.#current === 0 ? 1 : 0;
    return 'other';
  }

  /** Whether the disk has been so quick that waiting for it costs less than being woken. */
  get isQuick(): boolean {
    return this.#slowWrites < SLOW_WRITES || this.#writesAway >= PROBE_WRITES;
  }

  /** Returns when the record is on disk. `roomFor` must have made room. */
  append(record: JournalRecord): void {
    const { bytes, at } = this.#place(record);
    const startMs = this.#nowMs();
    for (let done = 0; done < bytes.length;)
      done += writeSync(this.#file, bytes, done, bytes.length - done, at + done);
    const isSlow = this.#nowMs() - startMs > limits.journalStallMs;
    // One quick write after many away is enough to go on here.
    if (!isSlow && this.#writesAway > 0) this.#slowWrites = 0;
    else this.#slowWrites = Math.max(0, Math.min(SLOW_WRITES, this.#slowWrites + (isSlow ? 1 : -1)));
    this.#writesAway = 0;
  }

  /** As `append`, in another thread; `done` is called when the record is on disk, or with what went wrong. One at a time. */
  appendAway(record: JournalRecord, done: (error: Error | null) => void): void {
    const { bytes, at } = this.#place(record);
    this.#writesAway += 1;
    const rest = (from: number): void => {
      write(this.#file, bytes, from, bytes.length - from, at + from, (error, written) => {
        if (error !== null || from + written >= bytes.length) done(error);
        else rest(from + written);
      });
    };
    rest(0);
  }

  #place(record: JournalRecord): { readonly bytes: Buffer; readonly at: number } {
    const bytes = encode(record, this.#memory, this.#key, this.#unitBytes);
    const half = this.#halves[this.#current];
    const at = this.#current * this.#halfBytes + half.at;
    half.at += bytes.length;
    half.end = record.firstIndex + record.run.count;
    return { bytes, at };
  }

  close(): void {
    closeSync(this.#file);
  }
}
