import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { encodeBundle, HASH_BYTES, TILE_WIDTH } from '@sallyport/verifier';
import type { ReadFile } from '@sallyport/verifier';
import { reasonOf } from './connection.ts';
import { Failure } from './failure.ts';

/** The gateway's database, and its write-ahead log. */
const DATABASE = 'store.db';
const LOG = 'store.db-wal';
/** `PRAGMA application_id` of a gateway's database: "SlyP". */
const APPLICATION_ID = 0x536c7950;
/** SQLite's "WAL Header": another one says that the log was begun anew. */
const LOG_HEAD_BYTES = 32;
/** As `tilePath` writes it: level, groups of three digits of the index, width of a partial tile. */
const TILE_PATH = /^tile\/(entries|\d+)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d+))?$/;
/** A log is begun anew after megabytes; whoever meets that so often reads slower than the gateway writes. */
const MAX_COPIES = 5;

export const isStateFolder = (directory: string): boolean => existsSync(join(directory, DATABASE));

/** A ledger in the files of C2SP tlog-tiles, wherever they come from. */
export interface LedgerFiles {
  readonly read: ReadFile;
  /** Entries that are there and under no checkpoint yet. */
  readonly notCovered: number;
  readonly close: () => void;
}

/**
 * The ledger in a gateway's state folder, of which nothing is changed: its database is copied, with the gateway running or
 * not, and the copy is read. Entries that are in the gateway's journal and not in the database yet are not read.
 */
export function openState(directory: string): LedgerFiles {
  const copy = mkdtempSync(join(tmpdir(), 'sallyport-verify-'));
  const discard = (): void => rmSync(copy, { recursive: true, force: true });
  try {
    copyState(directory, copy);
    const ledger = new StateLedger(directory, join(copy, DATABASE));
    return {
      read: async (path) => ledger.read(path),
      notCovered: ledger.size - ledger.covered,
      close: () => {
        ledger.close();
        discard();
      },
    };
  } catch (error) {
    discard();
    throw error;
  }
}

/**
 * Database, then log. What a running gateway moves into the database meanwhile is in its log too, until that is begun
 * anew; then the copies may not belong together, and others are made.
 */
function copyState(directory: string, copy: string): void {
  for (let copies = 0; copies < MAX_COPIES; copies++) {
    const before = headOfLog(directory);
    copyOf(DATABASE, directory, copy);
    if (before !== null) copyOf(LOG, directory, copy);
    if (before === headOfLog(directory)) return;
    rmSync(join(copy, LOG), { force: true });
  }
  const detail = `${join(directory, LOG)} was begun anew each time that the folder was copied: verify at the gateway, or when it writes less.`;
  throw new Failure('unreachable', 'state.busy', detail);
}

/** Null where there is no log: the gateway was stopped. */
function headOfLog(directory: string): string | null {
  const path = join(directory, LOG);
  if (!existsSync(path)) return null;
  const head = Buffer.alloc(LOG_HEAD_BYTES);
  const file = openSync(path, 'r');
  readSync(file, head, 0, LOG_HEAD_BYTES, 0);
  closeSync(file);
  return head.toString('hex');
}

function copyOf(name: string, from: string, to: string): void {
  try {
    copyFileSync(join(from, name), join(to, name), constants.COPYFILE_FICLONE);
  } catch (error) {
    throw new Failure(
      'not_found',
      'file.unreadable',
      `${join(from, name)} can't be copied: ${reasonOf(error)}`,
    );
  }
}

/** Entries that were committed together. */
interface BundleRow {
  readonly first_index: number;
  readonly leaves: Uint8Array;
}

class StateLedger {
  readonly #directory: string;
  readonly #database: DatabaseSync;
  readonly size: number;
  /** By the checkpoint; no more than there are. */
  readonly covered: number;
  #last: { readonly first: number; readonly leaves: readonly Uint8Array[] } | null = null;

  constructor(directory: string, file: string) {
    this.#directory = directory;
    this.#database = new DatabaseSync(file);
    this.size = this.#attempt(() => {
      this.#assertOurs();
      return Number(this.#one('SELECT max(first_index + count) AS size FROM bundles')?.['size'] ?? 0);
    });
    const checkpoint = this.#attempt(() => this.#one('SELECT size FROM checkpoint'));
    this.covered = Math.min(Number(checkpoint?.['size'] ?? 0), this.size);
  }

  close(): void {
    this.#database.close();
  }

  read(path: string): Uint8Array | undefined {
    return this.#attempt(() => {
      if (path === 'checkpoint') return this.#checkpoint();
      const [, level, position = '', partial = TILE_WIDTH] = TILE_PATH.exec(path) ?? [];
      if (level === undefined) return undefined;
      const [index, width] = [Number(position.replaceAll(/[x/]/g, '')), Number(partial)];
      return level === 'entries'
        ? this.#bundle(index * TILE_WIDTH, width)
        : this.#tile(Number(level), index, width);
    });
  }

  /** Closed codes for what a damaged or foreign file makes of a question. */
  #attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof Failure) throw error;
      const path = join(this.#directory, DATABASE);
      const reason = error instanceof Error ? error.message : String(error);
      const detail = `${path} is damaged, or no database of a gateway (${reason}): nothing in it is proved. Restore it from a backup, or verify an export.`;
      throw new Failure('verification_failed', 'state.corrupt', detail);
    }
  }

  #assertOurs(): void {
    if (this.#one('PRAGMA application_id')?.['application_id'] === APPLICATION_ID) return;
    const detail = `${join(this.#directory, DATABASE)} is not a gateway's database.`;
    throw new Failure('not_found', 'state.foreign', detail);
  }

  #one(sql: string, ...values: number[]): Readonly<Record<string, unknown>> | undefined {
    return this.#database.prepare(sql).get(...values);
  }

  #checkpoint(): Uint8Array | undefined {
    const note = this.#one('SELECT note FROM checkpoint')?.['note'];
    return typeof note === 'string' ? new TextEncoder().encode(note) : undefined;
  }

  #tile(level: number, index: number, width: number): Uint8Array | undefined {
    const hashes = this.#one('SELECT hashes FROM tiles WHERE level = ? AND position = ?', level, index)?.[
      'hashes'
    ];
    return hashes instanceof Uint8Array ? hashes.subarray(0, width * HASH_BYTES) : undefined;
  }

  /** Up to the first entry that is not there. */
  #bundle(start: number, width: number): Uint8Array {
    const entries: Uint8Array[] = [];
    for (let next = start; next < start + width;) {
      const found = this.#leavesFrom(next).slice(0, start + width - next);
      if (found.length === 0) break;
      entries.push(...found);
      next += found.length;
    }
    return encodeBundle(entries);
  }

  /** Of the row that has the entry, from that on. */
  #leavesFrom(index: number): readonly Uint8Array[] {
    const end = this.#last === null ? 0 : this.#last.first + this.#last.leaves.length;
    if (this.#last === null || index < this.#last.first || index >= end) {
      const sql =
        'SELECT first_index, leaves FROM bundles WHERE first_index <= ? ORDER BY first_index DESC LIMIT 1';
      const row = this.#one(sql, index) as BundleRow | undefined;
      if (row === undefined) return [];
      this.#last = { first: row.first_index, leaves: split(row.leaves) };
    }
    return this.#last.leaves.slice(index - this.#last.first);
  }
}

/** Each leaf stands behind the 0x00 with which RFC 6962 §2.1 hashes it, and JSON has no such byte. */
function split(leaves: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < leaves.length;) {
    const next = leaves.indexOf(0, at + 1);
    const end = next === -1 ? leaves.length : next;
    found.push(leaves.subarray(at + 1, end));
    at = end;
  }
  return found;
}
