import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';

/** What can happen at an operation of the disk. */
export type Fault =
  /** The power goes: nothing of the operation happened, all of it, or some of its bytes. */
  | { readonly kind: 'crash'; readonly when: 'before' | 'after' | 'torn' }
  /** It fails, and so does every later one of its kind. */
  | { readonly kind: 'error'; readonly code: 'EIO' | 'ENOSPC' | 'EROFS' };

export interface DiskChance {
  /** A number from 0 to before `below`. */
  pick(below: number): number;
}

export type Operation = 'write' | 'sync' | 'rename' | 'checkpoint' | 'journal mode';

/** The smallest part of a file that a disk writes whole. */
const SECTOR_BYTES = 512;
/** Of SQLite's log (walformat, "WAL Header"). */
const LOG_HEAD_BYTES = 32;

const real = {
  openSync: fs.openSync,
  closeSync: fs.closeSync,
  writeSync: fs.writeSync,
  write: fs.write,
  fsyncSync: fs.fsyncSync,
  fdatasyncSync: fs.fdatasyncSync,
  renameSync: fs.renameSync,
};

interface OpenFile {
  readonly path: string;
  readonly isDurable: boolean;
}

export class PowerLoss extends Error {
  readonly code = 'EIO';
  constructor() {
    super('EIO: the power is gone');
    this.name = 'PowerLoss';
  }
}

/**
 * One folder on a disk that forgets: what was written and not synced may be lost in a crash, sector by sector, and so may
 * names of files whose folder was not synced. Stands in for Node's file operations and SQLite's commits and checkpoints,
 * whose own writes are found by looking at the files. SQLite is trusted to sync as it documents (walformat, "Checkpoint
 * Algorithm"): its log before a checkpoint, its database behind it, and the first page when the log's mode
 * is set. strace shows the same.
 */
export class CrashDisk {
  readonly directory: string;
  readonly operations: Operation[] = [];
  /** Whether syncs do what they say. */
  lies = false;
  isDead = false;
  readonly #chance: DiskChance;
  readonly #files = new Map<number, OpenFile>();
  readonly #databases = new Set<Database.Database>();
  readonly #durable = new Map<string, Buffer>();
  #fault: { readonly at: number; readonly fault: Fault } | null = null;
  #failing: { readonly kind: Operation; readonly code: string } | null = null;

  constructor(directory: string, chance: DiskChance) {
    this.directory = directory;
    this.#chance = chance;
    this.settle();
  }

  /** Everything that is there is durable: how a test begins. */
  settle(): void {
    for (const name of fs.readdirSync(this.directory)) this.#keep(join(this.directory, name));
  }

  /** @param at counted from the operations that were made already. */
  arm(at: number, fault: Fault): void {
    this.#fault = { at: this.operations.length + at, fault };
  }

  install(): void {
    fs.openSync = ((path: string, flags: number | string, mode?: number) =>
      this.#open(path, flags, mode)) as never;
    fs.closeSync = (file) => {
      this.#files.delete(file);
      real.closeSync(file);
    };
    fs.writeSync = ((file: number, bytes: Uint8Array | string, ...where: number[]) =>
      this.#write(file, bytes, where)) as never;
    fs.write = ((
      file: number,
      bytes: Uint8Array,
      offset: number,
      length: number,
      at: number,
      done: WriteDone,
    ) => this.#writeAway(file, [bytes, offset, length, at], done)) as never;
    fs.fsyncSync = (file) => this.#sync(file);
    fs.fdatasyncSync = (file) => this.#sync(file);
    fs.renameSync = (from, to) => this.#rename(String(from), String(to));
    syncBuiltinESMExports();
    const pragma = (database: Database.Database, text: string, run: () => unknown): unknown => {
      if (!this.#isMine(database.name)) return run();
      this.#databases.add(database);
      if (text === 'journal_mode = WAL')
        return this.#operate(
          'journal mode',
          () => this.#afterwards(run),
          () => undefined,
        );
      return /^wal_checkpoint\((?!NOOP)/.test(text) ? this.#checkpoint(run) : run();
    };
    Database.prototype.pragma = function (text, options) {
      return pragma(this, text, () => realPragma.call(this, text, options));
    };
  }

  /** Closes what a dead process would have left to the kernel. Call when its image is written. */
  release(): void {
    for (const database of this.#databases) database.close();
    for (const file of this.#files.keys()) real.closeSync(file);
    this.#files.clear();
  }

  uninstall(): void {
    Object.assign(fs, real);
    syncBuiltinESMExports();
    Database.prototype.pragma = realPragma;
  }

  #isMine(path: string): boolean {
    return dirname(path) === this.directory;
  }

  #open(path: string, flags: number | string, mode?: number): number {
    if (this.#isMine(path) && this.isDead) throw new PowerLoss();
    const file = real.openSync(path, flags, mode);
    const isDurable = typeof flags === 'number' && (flags & fs.constants.O_DSYNC) === fs.constants.O_DSYNC;
    if (this.#isMine(path) || path === this.directory) this.#files.set(file, { path, isDurable });
    return file;
  }

  /** Does the work, unless the disk is to die or to fail here. `torn`: what is durable of half an operation. */
  #operate<T>(kind: Operation, work: () => T, torn: () => void): T {
    if (this.isDead) throw new PowerLoss();
    if (this.#failing?.kind === kind) throw failed(this.#failing.code);
    const armed = this.#fault?.at === this.operations.length ? this.#fault.fault : null;
    this.operations.push(kind);
    if (armed?.kind === 'error') {
      this.#failing = { kind, code: armed.code };
      throw failed(armed.code);
    }
    if (armed === null) return work();
    if (armed.when === 'after') work();
    if (armed.when === 'torn') torn();
    this.isDead = true;
    throw new PowerLoss();
  }

  #write(file: number, bytes: Uint8Array | string, where: readonly number[]): number {
    const open = this.#files.get(file);
    const write = (): number => (real.writeSync as (...all: unknown[]) => number)(file, bytes, ...where);
    if (open === undefined) return write();
    const work = (): number => {
      const written = write();
      if (open.isDurable) this.#keep(open.path);
      return written;
    };
    const torn = (): void => {
      write();
      this.#keepSome(open.path);
    };
    return this.#operate('write', work, torn);
  }

  #writeAway(file: number, [bytes, ...where]: [Uint8Array, number, number, number], done: WriteDone): void {
    setImmediate(() => {
      let written = 0;
      try {
        written = this.#write(file, bytes, where);
      } catch (error) {
        return done(error as Error, 0);
      }
      return done(null, written);
    });
  }

  #sync(file: number): void {
    const open = this.#files.get(file);
    if (open === undefined) return real.fdatasyncSync(file);
    const work = (): void => {
      if (this.lies) return;
      if (open.path === this.directory) this.#keepNames();
      else this.#keep(open.path);
    };
    // A file that SQLite's commit is in has been written by then; half a sync keeps some of it.
    this.#operate('sync', work, () => this.#keepSome(open.path));
  }

  #rename(from: string, to: string): void {
    if (!this.#isMine(to)) return real.renameSync(from, to);
    const work = (): void => {
      real.renameSync(from, to);
      const bytes = this.#durable.get(from);
      // The name is durable with its folder; the bytes move with the file.
      if (bytes !== undefined) this.#durable.set(to, bytes);
    };
    this.#operate('rename', work, work);
  }

  /** SQLite makes a database's first page durable before it has a log. */
  #afterwards(run: () => unknown): unknown {
    const answer = run();
    for (const name of fs.readdirSync(this.directory))
      if (name.endsWith('.db')) this.#keep(join(this.directory, name));
    return answer;
  }

  #checkpoint(run: () => unknown): unknown {
    const database = [...fs.readdirSync(this.directory)].filter((name) => name.endsWith('.db'));
    const keep = (): void => {
      if (this.lies) return;
      for (const name of database) this.#keep(join(this.directory, name));
    };
    const work = (): unknown => {
      const answer = run();
      keep();
      return answer;
    };
    const torn = (): void => {
      for (const name of fs.readdirSync(this.directory))
        if (name.endsWith('-wal') && !this.lies) this.#keep(join(this.directory, name));
      run();
      for (const name of database) this.#keepSome(join(this.directory, name));
    };
    return this.#operate('checkpoint', work, torn);
  }

  #keep(path: string): void {
    if (fs.existsSync(path)) this.#durable.set(path, fs.readFileSync(path));
  }

  #keepNames(): void {
    for (const name of fs.readdirSync(this.directory)) {
      const path = join(this.directory, name);
      if (!this.#durable.has(path)) this.#durable.set(path, Buffer.alloc(0));
    }
  }

  #keepSome(path: string): void {
    if (path === this.directory || !fs.existsSync(path)) return;
    this.#durable.set(path, this.#leftOf(path));
  }

  /**
   * What is left of a file when the power goes. SQLite begins its log anew with a header that it syncs in front of the first
   * frame (strace shows it), so that no part of the log before is taken for one of this.
   */
  #leftOf(path: string): Buffer {
    const [before, now] = [this.#durable.get(path) ?? Buffer.alloc(0), fs.readFileSync(path)];
    if (!path.endsWith('-wal') || this.lies || hasHeadOf(before, now)) return this.#partOf(before, now);
    const isBegun = this.#chance.pick(8) !== 0;
    const begun = Buffer.concat([before, Buffer.alloc(Math.max(LOG_HEAD_BYTES - before.length, 0))]);
    now.copy(begun, 0, 0, isBegun ? LOG_HEAD_BYTES : this.#chance.pick(LOG_HEAD_BYTES));
    return isBegun ? this.#partOf(begun, now) : begun;
  }

  /** Some of what was written since the last sync: whole sectors, and one that is torn at any byte. */
  #partOf(before: Buffer, now: Buffer): Buffer {
    const some = Buffer.alloc(this.#chance.pick(2) === 0 ? now.length : Math.max(before.length, 0));
    before.copy(some, 0, 0, Math.min(before.length, some.length));
    const keeps = this.#chance.pick(4);
    for (let at = 0; at < Math.min(now.length, some.length); at += SECTOR_BYTES) {
      const end = Math.min(at + SECTOR_BYTES, now.length, some.length);
      if (now.subarray(at, end).equals(some.subarray(at, end))) continue;
      // None, all, or as the dice fall; of one in eight only a part.
      const isKept = keeps === 0 ? false : keeps === 1 ? true : this.#chance.pick(2) === 0;
      const until = this.#chance.pick(8) === 0 ? at + this.#chance.pick(end - at + 1) : end;
      if (isKept) now.copy(some, at, at, until);
    }
    return some;
  }

  /** What is there when the power is back: all that is durable, and some of the rest. */
  writeImage(directory: string): void {
    for (const name of fs.readdirSync(this.directory)) {
      const path = join(this.directory, name);
      // SQLite's shared memory and rollback journal are made anew.
      if (name.endsWith('-shm')) continue;
      const durable = this.#durable.get(path);
      if (durable === undefined && this.#chance.pick(2) === 0) continue;
      const mode = fs.statSync(path).mode & 0o777;
      fs.writeFileSync(join(directory, name), this.#leftOf(path), { mode });
    }
    for (const [path, bytes] of this.#durable) {
      const target = join(directory, basename(path));
      if (!fs.existsSync(path)) fs.writeFileSync(target, bytes, { mode: 0o600 });
    }
  }
}

const hasHeadOf = (one: Buffer, other: Buffer): boolean =>
  one.subarray(0, LOG_HEAD_BYTES).equals(other.subarray(0, LOG_HEAD_BYTES));

type WriteDone = (error: Error | null, written: number) => void;
const realPragma = Database.prototype.pragma;

const words = {
  EIO: 'i/o error',
  ENOSPC: 'no space left on device',
  EROFS: 'read-only file system',
} as const;

function failed(code: string): Error {
  const error = new Error(`${code}: ${words[code as keyof typeof words]}`);
  return Object.assign(error, { code });
}
