import { closeSync, existsSync, fdatasyncSync, openSync } from 'node:fs';
import type { Database, Statement } from 'better-sqlite3';
import type { Reads } from '../store.ts';
import {
  HEAD_BYTES,
  NEW_SUBJECT,
  USAGE_FIELDS,
  asideBytesOf,
  leafBytesOf,
  setSubject,
  subjectAt,
} from './arena.ts';
import { failureOf, fillLog, PAGE_BYTES } from './database.ts';
import { answersOf, type Answers } from './answers.ts';
import { Erasures } from './erasures.ts';
import { EntryLog } from './entries.ts';
import type { Run } from './entries.ts';
import { prepareJournal, recoverJournal, wipeJournal } from './journal-recovery.ts';
import type { AnyAsk, ReadAnswer, Segment, SegmentAnswer, TurnMessage, WorkerOptions } from './protocol.ts';
import { joined, keepOnly, rowsOf } from './runs.ts';
import { fingerprintOf, LeafSubjects, sealStore } from './sealing.ts';
import { SealedRows } from './sealed-rows.ts';
import { State } from './state.ts';
import { Subjects } from './subjects.ts';
import { Vault } from './vault.ts';
import { UsageTotals } from './usage.ts';

/** A checkpoint moves at least so much while nobody waits. */
const WORTHWHILE_BYTES = 1 << 20;
/** A page, and the head of its frame. */
const FRAME_BYTES = PAGE_BYTES + 24;

/** What SQLite says of its log, in frames: all, and those that the database has already. */
interface LogState {
  readonly log: number;
  readonly checkpointed: number;
}

interface Memory {
  readonly heads: Buffer;
  readonly leaves: Buffer;
  readonly asides: Buffer;
  readonly usages: Float64Array;
}

/** What the words of a turn say. */
export interface Turn {
  readonly arena: number | null;
  readonly entries: number;
  readonly leafBytes: number;
  readonly asideBytes: number;
  readonly usages: number;
  /** Its entries are in the journal, so that the database may take its time. */
  readonly isJournalled: boolean;
  /** The journal waits for the database to have all of this. */
  readonly mustCommit: boolean;
}

/** What came of a turn that the main thread waits for. */
export interface Flushed {
  readonly segments: readonly SegmentAnswer[];
  /** The rows of the shapes that the turn brought, in their order. */
  readonly shapeRows: readonly number[];
  /** The same of its subjects. */
  readonly subjectRows: readonly number[];
  /** Of the log. */
  readonly size: number;
}

/** The worker's side of the store: one connection, one transaction for each turn. */
export class Engine {
  readonly #database: Database;
  readonly #walBytes: number;
  /** The write-ahead log, which SQLite keeps as one file for as long as the database is open. */
  readonly #wal: number;
  readonly #journal: string;
  readonly #vault: Vault;
  readonly #subjects: Subjects;
  readonly #erasures: Erasures;
  readonly #log: EntryLog;
  readonly #state: State;
  readonly #usage: UsageTotals;
  readonly #arenas = new Map<number, Memory>();
  readonly #statement: Readonly<Record<'begin' | 'commit' | 'savepoint' | 'release' | 'undo', Statement>>;
  /** A transaction is open, of which everything is in the journal too. */
  #isOpen = false;
  /** The size of the log that the database has, durably. */
  applied = 0;
  /** Of this process alone: what an earlier one wrote to the journal can't be read by it. */
  readonly journalKey: Uint8Array;
  readonly #setRecovery: Statement<[number]>;
  readonly #answers: Answers;
  readonly #logState: Statement<[], LogState>;
  /** Of the log, what the database doesn't have yet: exact after a commit, and at least this while one is open. */
  #logBytes = 0;

  constructor(database: Database, { directory, journal, walBytes }: Omit<WorkerOptions, 'file' | 'words'>) {
    this.#database = database;
    this.#walBytes = walBytes;
    this.#journal = journal;
    this.#wal = openSync(`${database.name}-wal`, 'r+');
    const fingerprint = fingerprintOf(database);
    this.#vault = new Vault(directory, fingerprint);
    this.#subjects = new Subjects(database, this.#vault);
    const rows = new SealedRows(this.#subjects, this.#vault);
    this.#erasures = new Erasures(database, rows, this.#vault);
    const ports = { database, vault: this.#vault, rows, hasValues: existsSync(journal) };
    if (fingerprint === null) database.transaction(sealStore)(ports);
    this.#erasures.forget();
    this.#log = new EntryLog(database, this.#subjects, this.#vault);
    this.#state = new State(database, rows, this.#erasures);
    this.#usage = new UsageTotals(database);
    this.#logState = database.prepare<[], LogState>('PRAGMA wal_checkpoint(NOOP)');
    this.#statement = {
      begin: database.prepare('BEGIN IMMEDIATE'),
      commit: database.prepare('COMMIT'),
      savepoint: database.prepare('SAVEPOINT change'),
      release: database.prepare('RELEASE change'),
      undo: database.prepare('ROLLBACK TO change'),
    };
    this.#setRecovery = database.prepare(
      'INSERT OR REPLACE INTO recovery (only, recover_from) VALUES (1, ?)',
    );
    this.#answers = answersOf({ log: this.#log, state: this.#state, usage: this.#usage });
    this.#recover(journal);
    prepareJournal(journal, walBytes);
    this.#scrub();
    this.journalKey = this.#renewJournalKey();
    this.applied = this.#log.size;
  }

  get size(): number {
    return this.#log.size;
  }

  /** What an earlier process left in the journal, by the path that it would have taken. */
  #recover(path: string): void {
    const key = this.#vault.keyOf(this.#slotOfJournal());
    const records = recoverJournal(path, this.#log.size, key);
    if (records.length === 0) return;
    this.#begin();
    const run = joined(records.map((record) => record.run));
    this.#nameSubjects(run);
    this.#takeOver(run);
    for (const { usages } of records) this.#usage.count(usages);
    this.#commit();
  }

  /** An earlier release's records name no subjects. */
  #nameSubjects({ heads, leaves, count }: Run): void {
    const subjects = new LeafSubjects();
    let at = 0;
    for (let ordinal = 0; ordinal < count; ordinal++) {
      const end = at + 1 + leafBytesOf(heads, ordinal);
      const isUnnamed = asideBytesOf(heads, ordinal) >= 0 && subjectAt(heads, ordinal) === 0;
      if (isUnnamed)
        setSubject(heads, ordinal, this.#subjects.rowOf(subjects.of(leaves.toString('utf8', at + 1, end))));
      at = end;
    }
  }

  #slotOfJournal(): number {
    return this.#database.prepare<[], number>('SELECT journal_slot FROM vault').pluck().get() ?? -1;
  }

  /** Everything that was in the journal is in the database: nobody needs its key any more. */
  #renewJournalKey(): Uint8Array {
    const before = this.#slotOfJournal();
    const slot = this.#vault.allocate();
    this.#begin();
    this.#database.prepare('UPDATE vault SET journal_slot = ?').run(slot);
    this.#commit();
    this.#vault.destroy([before]);
    return new Uint8Array(this.#vault.keyOf(slot).export());
  }

  /**
   * Behind a durable commit, and at start: destroys the keys of what was erased, and overwrites what earlier commits left
   * in the files. Nothing of the journal is needed here, because a commit of state takes all of it over.
   */
  #scrub(): void {
    const { scrub } = this.#erasures;
    if (!this.#erasures.destroyKeys() && scrub === '') return;
    if (scrub === 'plain') this.#database.exec('VACUUM');
    wipeJournal(this.#journal);
    this.#database.pragma('wal_checkpoint(TRUNCATE)');
    this.#begin();
    this.#erasures.settle();
    this.#commit();
    this.#database.pragma('wal_checkpoint(TRUNCATE)');
    fillLog(this.#database, this.#walBytes);
    this.#logBytes = 0;
  }

  /** The database's part in what is durable already: in its own time, in a transaction that may stay open. */
  takeOver(message: TurnMessage, turn: Turn): void {
    if (turn.arena !== null) {
      const memory = this.#memory(turn.arena, message);
      this.#takeOver(runOf(memory, turn));
      this.#usage.count(memory.usages.subarray(0, turn.usages * USAGE_FIELDS));
    }
    if (turn.mustCommit && this.#isOpen) this.#commit();
  }

  /** Returns when everything is on disk. Throws where the medium failed: then the store is to be used no more. */
  flush(message: TurnMessage, turn: Turn): Flushed {
    this.#begin();
    const shapeRows = this.#usage.learn(message.shapes);
    const subjectRows = message.subjects.map((subject) => this.#subjects.rowOf(subject));
    if (turn.arena !== null)
      resolveSubjects(this.#memory(turn.arena, message).heads, turn.entries, subjectRows);
    const refused: Segment[] = [];
    const segments = message.segments.map((segment) => this.#apply(segment, refused));
    if (turn.arena !== null) this.#append(this.#memory(turn.arena, message), turn, refused);
    this.#commit();
    if (message.segments.some(erases)) this.#scrub();
    return { segments, shapeRows, subjectRows, size: this.#log.size };
  }

  #begin(): void {
    if (!this.#isOpen) this.#statement.begin.run();
    this.#isOpen = true;
  }

  #takeOver(run: Run): void {
    this.#begin();
    for (const row of rowsOf(run)) this.#log.append(row);
    this.#logBytes += run.heads.length + run.leaves.length + run.asides.length;
  }

  #commit(): void {
    this.#usage.write();
    this.#statement.commit.run();
    this.#isOpen = false;
    fdatasyncSync(this.#wal);
    this.applied = this.#log.size;
    const { log = 0, checkpointed = 0 } = this.#logState.get() ?? {};
    this.#logBytes = (log - checkpointed) * FRAME_BYTES;
  }

  #apply(segment: Segment, refused: Segment[]): SegmentAnswer {
    const dropped = refused.reduce((sum, { count }) => sum + count, 0);
    const firstIndex = this.#log.size + segment.first - dropped;
    if (segment.mutations.length === 0) return { ok: true, value: { firstIndex } };
    this.#statement.savepoint.run();
    const refusal = this.#applyAll(segment, firstIndex);
    if (refusal !== null) {
      this.#statement.undo.run();
      this.#erasures.forget();
      refused.push(segment);
    }
    this.#statement.release.run();
    return refusal ?? { ok: true, value: { firstIndex } };
  }

  /** Null where every condition holds. */
  #applyAll(segment: Segment, firstIndex: number): SegmentAnswer | null {
    try {
      for (const mutation of segment.mutations) {
        const error = this.#state.apply(mutation, firstIndex);
        if (error !== null) return { ok: false, error };
        if (mutation.kind === 'checkpoint.publish') this.#setRecovery.run(this.#log.lowestOpen);
      }
      return null;
    } catch (error) {
      if (isCallersBug(error)) return { code: 'store.invalid', message: messageOf(error) };
      throw error;
    }
  }

  #append(memory: Memory, turn: Turn, refused: readonly Segment[]): void {
    const isKept = (ordinal: number): boolean =>
      !refused.some(({ first, count }) => ordinal >= first && ordinal < first + count);
    const whole = runOf(memory, turn);
    this.#takeOver(refused.length === 0 ? whole : keepOnly(whole, isKept));
    this.#usage.count(this.#usage.resolve(memory.usages, turn.usages, isKept));
  }

  #memory(number: number, { arena }: TurnMessage): Memory {
    const known = this.#arenas.get(number);
    if (known !== undefined) return known;
    if (arena?.number !== number) throw new RangeError('a turn names an unknown arena');
    const memory: Memory = {
      heads: Buffer.from(arena.buffers.heads),
      leaves: Buffer.from(arena.buffers.leaves),
      asides: Buffer.from(arena.buffers.asides),
      usages: new Float64Array(arena.buffers.usages),
    };
    if (arena.keep) this.#arenas.set(number, memory);
    return memory;
  }

  /** A question that the caller got wrong is answered so; a medium that fails here fails the store. */
  read({ kind, ask }: AnyAsk): ReadAnswer {
    try {
      // What was counted and is in no row yet is part of the answer.
      if ((kind === 'usage' || kind === 'habits') && this.#isOpen) this.#usage.write();
      const answer = this.#answers[kind] as (ask: AnyAsk['ask']) => Reads[keyof Reads]['answer'];
      return { answer: answer(ask) };
    } catch (error) {
      if (isCallersBug(error)) return { code: 'store.invalid', message: messageOf(error) };
      throw error;
    }
  }

  checkpointIfFull(): void {
    if (this.#logBytes <= (this.#walBytes * 3) / 4) return;
    // A question may have opened a transaction, inside of which the log can't be moved.
    if (this.#isOpen) this.#commit();
    this.#checkpoint();
  }

  /** Idle: what is open is committed and the log moved, so that no flush has to wait for it later. */
  settle(): void {
    if (this.#isOpen) this.#commit();
    if (this.#logBytes > WORTHWHILE_BYTES) this.#checkpoint();
  }

  #checkpoint(): void {
    this.#database.pragma('wal_checkpoint(PASSIVE)');
    this.#logBytes = 0;
  }

  close(): void {
    this.settle();
    this.#database.close();
    this.#vault.close();
    closeSync(this.#wal);
  }
}

/** Wrong values of one caller leave the medium sound, and the other callers' changes with it. */
function isCallersBug(error: unknown): boolean {
  const { code } = failureOf(error);
  return code === 'store.invalid' || error instanceof TypeError || error instanceof RangeError;
}

const erases = ({ mutations }: Segment): boolean => mutations.some(({ kind }) => kind === 'subject.erase');

/** Rows in place of the numbers of the turn's new subjects. */
function resolveSubjects(heads: Buffer, entries: number, rows: readonly number[]): void {
  if (rows.length === 0) return;
  for (let ordinal = 0; ordinal < entries; ordinal++) {
    const subject = subjectAt(heads, ordinal);
    if (subject >= NEW_SUBJECT) setSubject(heads, ordinal, rows[subject - NEW_SUBJECT] ?? 0);
  }
}

function messageOf(error: unknown): string {
  return failureOf(error).message;
}

function runOf(memory: Memory, turn: Turn): Run {
  return {
    heads: memory.heads.subarray(0, turn.entries * HEAD_BYTES),
    leaves: memory.leaves.subarray(0, turn.leafBytes),
    asides: memory.asides.subarray(0, turn.asideBytes),
    count: turn.entries,
  };
}
