import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { StoreError } from '../store.ts';
import type { Store } from '../store.ts';
import { Journal } from './journal.ts';
import { WORDS } from './protocol.ts';
import type { WorkerOptions, WorkerThread } from './protocol.ts';
import { SqliteStore } from './sqlite-store.ts';

const FILE_NAME = 'store.db';
const JOURNAL_NAME = 'store.db-journal-of-entries';
/** The write-ahead log's file is written full once, because a commit that extends a file costs half as much again. */
const WAL_BYTES = 16 << 20;

export interface SqliteOptions {
  /** The state directory; made with mode 0700 where it is missing. Held by one process at a time. */
  readonly directory: string;
  /** Size of the write-ahead log between two checkpoints. Default 16 MiB. */
  readonly walBytes?: number;
  /** The database refuses to grow beyond this: the store then fails as on a full disk. Default: no bound. */
  readonly maxBytes?: number;
  /** By which the disk is found to be slow. Default: it is taken to be quick. */
  readonly monotonicMs?: () => number;
}

/** Rejects with a `StoreError`: `store.locked`, `store.newer`, `store.corrupt`, `store.other_key` or `store.failed`. */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  return openStoreOver(options, startThread);
}

/** The same over another kind of worker: crash tests run it in the thread whose disk they take away. */
export async function openStoreOver(
  options: SqliteOptions,
  start: (workerData: WorkerOptions) => WorkerThread,
): Promise<Store> {
  makeDirectory(options.directory);
  const words = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT);
  const workerData: WorkerOptions = {
    directory: options.directory,
    file: join(options.directory, FILE_NAME),
    journal: join(options.directory, JOURNAL_NAME),
    walBytes: options.walBytes ?? WAL_BYTES,
    maxBytes: options.maxBytes ?? null,
    words,
  };
  const worker = start(workerData);
  const openJournal = (key: Uint8Array): Journal =>
    new Journal(workerData.journal, options.monotonicMs ?? (() => 0), key);
  const store = new SqliteStore(worker, new Int32Array(words), openJournal);
  await store.opened;
  return store;
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StoreError('store.failed', error instanceof Error ? error.message : String(error));
  }
}

function startThread(workerData: WorkerOptions): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Worker(new URL(`./worker.${extension}`, import.meta.url), { workerData });
}
