import { closeSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { StoreError } from '../store.ts';
import type { Failure, WorkerOptions } from './protocol.ts';
import { VERSIONS } from './schema.ts';

/** `PRAGMA application_id`, so that another program's database is not taken for ours: "SlyP". */
const APPLICATION_ID = 0x536c7950;
/** A commit of one entry writes one page, a large one writes a system call a page: measured best of 4, 8 and 16 KiB. */
export const PAGE_BYTES = 8192;
/** The library takes 16 MiB unless it is told; what is read again soon after it was written fits into less. */
const CACHE_KIB = 4096;

const SCHEMA_VERSION = VERSIONS.length;

/** What a failure of the library means, and what one does about it. */
export function failureOf(error: unknown): Failure {
  if (error instanceof StoreError)
    return { code: error.code, message: error.message.slice(error.code.length + 2) };
  const code = error instanceof Database.SqliteError ? error.code : '';
  const message =
    error instanceof Error ? `${error.message}${code === '' ? '' : ` (${code})`}` : String(error);
  if (code.startsWith('SQLITE_BUSY')) {
    return {
      code: 'store.locked',
      message: 'another process has this state directory open; stop it, or use another',
    };
  }
  if (code.startsWith('SQLITE_CONSTRAINT') || code === 'SQLITE_TOOBIG')
    return { code: 'store.invalid', message };
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB')
    return { code: 'store.corrupt', message };
  return { code: 'store.failed', message };
}

/**
 * Opens, or makes, the database. Its lock is the kernel's and held from here to the end of the process, however that
 * ends (`locking_mode=EXCLUSIVE`): a second process is refused and a killed one leaves nothing to clean up.
 */
export function openDatabase(options: WorkerOptions): Database.Database {
  // Made here, because the library gives its files the rights of the database file, and makes that with the umask's.
  closeSync(openSync(options.file, 'a', 0o600));
  const database = new Database(options.file, { timeout: 0 });
  try {
    configure(database);
    migrate(database);
    if (options.maxBytes !== null) {
      database.pragma(`max_page_count = ${Math.ceil(options.maxBytes / PAGE_BYTES)}`);
    }
    fillLog(database, options.walBytes);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function configure(database: Database.Database): void {
  database.pragma(`page_size = ${PAGE_BYTES}`);
  database.pragma('locking_mode = EXCLUSIVE');
  // Before anything is written, so that what is not ours stays as it is.
  assertOurs(database);
  database.pragma('journal_mode = WAL');
  // A commit writes its frames and doesn't wait; the engine makes them durable itself, with fdatasync. FULL would use
  // fsync, which writes the file's times as well and takes twice as long. Checkpoints keep their own order and syncs.
  database.pragma('synchronous = NORMAL');
  // The worker decides when: between flushes, not inside of one.
  database.pragma('wal_autocheckpoint = 0');
  database.pragma('trusted_schema = OFF');
  // What is deleted or replaced is overwritten with zeros.
  database.pragma('secure_delete = ON');
  database.pragma(`cache_size = -${CACHE_KIB}`);
  // From here on the lock is held: an exclusive one is kept once it is taken.
  database.exec('BEGIN IMMEDIATE; COMMIT');
}

/** Throws where there is a schema that this release can't use. */
function assertOurs(database: Database.Database): void {
  const application = database.pragma('application_id', { simple: true });
  const version = Number(database.pragma('user_version', { simple: true }));
  const tables = database.prepare<[], number>('SELECT count(*) FROM sqlite_schema').pluck().get();
  if (application === 0 && version === 0 && tables === 0) return;
  if (application !== APPLICATION_ID) {
    throw new StoreError('store.corrupt', 'the file is not a store of Sallyport');
  }
  if (version > SCHEMA_VERSION) {
    const message = `the store has schema ${version}, this release knows ${SCHEMA_VERSION}: start a newer release`;
    throw new StoreError('store.newer', message);
  }
}

function migrate(database: Database.Database): void {
  assertOurs(database);
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version === SCHEMA_VERSION) return;
  database.exec('BEGIN IMMEDIATE');
  for (const step of VERSIONS.slice(version)) {
    if (typeof step === 'string') database.exec(step);
    else step(database);
  }
  database.pragma(`application_id = ${APPLICATION_ID}`);
  database.pragma(`user_version = ${SCHEMA_VERSION}`);
  database.exec('COMMIT');
}

/**
 * Writes the log's file full and takes it back, so that later commits overwrite blocks that the file has already.
 * A small cache makes the pages spill into the log before the transaction ends.
 */
export function fillLog(database: Database.Database, walBytes: number): void {
  const cachePages = Number(database.pragma('cache_size', { simple: true }));
  database.pragma('cache_size = 8');
  database.exec('BEGIN IMMEDIATE');
  database.prepare('INSERT INTO scratch (filler) VALUES (zeroblob(?))').run(walBytes);
  database.exec('ROLLBACK');
  database.pragma(`cache_size = ${cachePages}`);
}
