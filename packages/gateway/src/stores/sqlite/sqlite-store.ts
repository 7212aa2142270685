import type { SealedEntry } from '../../core/entry.ts';
import { limits } from '../../limits.ts';
import { StoreError } from '../store.ts';
import type { Change, CommitResult, Durability, Mutation, Reads, Store, Urgency } from '../store.ts';
import type { ArenaRoom } from './arena.ts';
import { Arenas } from './arenas.ts';
import { Batch, assertValid, roomFor } from './batch.ts';
import type { Journal } from './journal.ts';
import { TAKEN } from './protocol.ts';
import type { AnyAsk, Failure, ReadAnswer, WorkerMessage, WorkerThread } from './protocol.ts';
import { Saver } from './saver.ts';
import { ShapeRows } from './shape-rows.ts';
import { SubjectRows } from './subject-rows.ts';
import { Turns } from './turns.ts';

/** An intent, and the outcome of the one before it. */
const LONELY_ENTRIES = 2;
/** Batches that the database has not taken over yet; beyond, the journal waits for it, so that memory is bounded. */
const MOST_BATCHES = 16;
/** Shapes whose rows are known; beyond, the memory of them starts anew. */
const KNOWN_SHAPES = 4096;
/** The same of subjects. */
const KNOWN_SUBJECTS = 16_384;
/** What is in the journal goes to the database at the latest when nothing has been added for so long. */
const HAND_OVER_MS = 50;

/** The main thread's side: what is queued, what is durable, and who is told. */
export class SqliteStore implements Store {
  readonly #worker: WorkerThread;
  readonly #turns: Turns;
  readonly #openJournal: (key: Uint8Array) => Journal;
  #saver: Saver | undefined;
  readonly #opening = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #closing = Promise.withResolvers<void>();
  #failure: StoreError | null = null;
  #isClosing = false;
  /** In order, those that the worker has not been given; the last one still takes entries, unless it is closed. */
  #batches: Batch[] = [];
  /** Batches that the worker has taken, whose questions it still answers. */
  readonly #answering: Batch[] = [];
  #isScheduled = false;
  /** Somebody waits for something that is not saved yet. */
  #isAwaited = false;
  /** The last flush was one caller's. */
  #isLonely = true;
  #laterTimer: NodeJS.Timeout | undefined;
  #handOverTimer: NodeJS.Timeout | undefined;
  #queued = 0;
  readonly #arenas = new Arenas();
  readonly #shapeRows = new ShapeRows(KNOWN_SHAPES);
  readonly #subjectRows = new SubjectRows(KNOWN_SUBJECTS);

  constructor(worker: WorkerThread, words: Int32Array, openJournal: (key: Uint8Array) => Journal) {
    this.#worker = worker;
    this.#turns = new Turns(worker, words);
    this.#openJournal = openJournal;
    worker.on('message', (message: WorkerMessage) => {
      this.#receive(message);
    });
    worker.on('error', (error: Error) => {
      this.#fail({ code: 'store.failed', message: error.message });
    });
    worker.on('exit', () => {
      this.#ended.resolve();
      this.#fail({ code: this.#isClosing ? 'store.closed' : 'store.failed', message: 'the worker ended' });
    });
  }

  get opened(): Promise<void> {
    return this.#opening.promise;
  }

  get queued(): number {
    return this.#queued;
  }

  append(entry: SealedEntry, urgency: Urgency = 'now'): Durability {
    assertValid(entry);
    const refusal = this.#refusal();
    if (refusal !== null) return failedDurability(refusal);
    const batch = this.#batchFor([entry], false);
    this.#write(batch, entry);
    if (urgency === 'now' && this.#isLonely) this.#flushSoon();
    else this.#scheduleLater();
    return batch.durability;
  }

  async commit(change: Change): Promise<CommitResult> {
    change.entries.forEach(assertValid);
    const refusal = this.#refusal();
    if (refusal !== null) throw refusal;
    const last = this.#batches.at(-1);
    // An erasure takes what was queued before it, so that has to be in the database first.
    if (last !== undefined && change.mutations.some(isErasure)) last.isClosed = true;
    const batch = this.#batchFor(change.entries, true);
    for (const entry of change.entries) this.#write(batch, entry);
    this.#flushSoon();
    return batch.addChange(change.mutations, change.entries.length);
  }

  async read<K extends keyof Reads>(kind: K, ask: Reads[K]['ask']): Promise<Reads[K]['answer']> {
    const refusal = this.#refusal();
    if (refusal !== null) throw refusal;
    this.#flushSoon();
    // The pair is one of the union's, which the compiler can't see through the type parameter.
    const answer = await this.#batchFor([], false).addRead({ kind, ask } as AnyAsk);
    if ('answer' in answer) return answer.answer;
    throw new StoreError(answer.code, answer.message);
  }

  async close(): Promise<void> {
    if (this.#failure !== null) return this.#ended.promise;
    if (!this.#isClosing) {
      this.#isClosing = true;
      this.#flushSoon();
    }
    await this.#closing.promise;
  }

  #refusal(): StoreError | null {
    if (this.#failure !== null) return this.#failure;
    return this.#isClosing ? new StoreError('store.closed', 'the store is closed') : null;
  }

  /** The batch for these entries: the one being filled, or another behind it. */
  #batchFor(entries: readonly SealedEntry[], isChange: boolean): Batch {
    const room = roomFor(entries);
    const needsCommit = isChange || this.#mustNotJournal(entries, room);
    const last = this.#batches.at(-1);
    if (last !== undefined && !last.isClosed && last.hasRoom(room) && this.#suits(last, room, needsCommit)) {
      if (needsCommit) last.commitWhole();
      return last;
    }
    const batch = this.#newBatch(room);
    if (needsCommit) batch.commitWhole();
    this.#batches.push(batch);
    return batch;
  }

  /** The journal names usages by rows of their shapes, and subjects by theirs, and has no room for giants. */
  #mustNotJournal(entries: readonly SealedEntry[], room: ArenaRoom): boolean {
    if (bytesOf(room) > (this.#saver?.mostBytes ?? 0)) return true;
    return entries.some(
      ({ usage, aside, subject }) =>
        (usage !== null && this.#shapeRows.of(usage.shape) === undefined) ||
        (aside !== null && this.#subjectRows.of(subject) === undefined),
    );
  }

  #newBatch(room: ArenaRoom): Batch {
    return new Batch(this.#arenas.take(room), this.#flushSoon);
  }

  #suits(batch: Batch, room: ArenaRoom, needsCommit: boolean): boolean {
    if (batch.isCommitted) return true;
    if (needsCommit) return !batch.hasSaved;
    const mostBytes = this.#saver?.mostBytes ?? 0;
    return room.entries === 0 || batch.unsavedBytes + bytesOf(room) <= mostBytes;
  }

  #write(batch: Batch, entry: SealedEntry): void {
    const { usage, subject } = entry;
    const shapeRow = usage === null ? undefined : this.#shapeRows.of(usage.shape);
    batch.write(entry, shapeRow, this.#subjectRows.of(subject));
    this.#queued += 1;
  }

  /**
   * A flush begins behind the callbacks of this turn of the event loop: what they queue goes together. While callers
   * come one by one it begins when the entry is made, so that the disk works while the target does. Where many come, it
   * begins when the first of them waits: fewer flushes for as many statements.
   */
  readonly #flushSoon = (): void => {
    this.#isAwaited = true;
    if (this.#isScheduled || this.#failure !== null) return;
    this.#isScheduled = true;
    setImmediate(this.#begin);
  };

  readonly #begin = (): void => {
    this.#isScheduled = false;
    this.#advance();
  };

  /** One timer for all that nobody waits for; whatever flushes before it takes them along. */
  #scheduleLater(): void {
    if (this.#isScheduled || this.#laterTimer !== undefined) return;
    this.#laterTimer = setTimeout(() => {
      this.#laterTimer = undefined;
      this.#flushSoon();
    }, limits.unawaitedFlushMs);
  }

  /** Saves what can be saved, and gives the worker what it is to have. Called when anything has changed. */
  #advance(): void {
    if (this.#failure !== null) return;
    if (this.#isAwaited) this.#isAwaited = !this.#saveAll();
    this.#handOver();
  }

  /** Whether there is nothing left to save. */
  #saveAll(): boolean {
    for (const batch of this.#batches.slice(0, MOST_BATCHES)) {
      if (batch.isCommitted || (batch.unsaved > 0 && !this.#save(batch))) return false;
    }
    return this.#batches.length <= MOST_BATCHES;
  }

  #save(batch: Batch): boolean {
    if (this.#saver === undefined || this.#turns.isCommitting) return false;
    this.#isLonely = batch.unsaved <= LONELY_ENTRIES;
    return this.#saver.save(batch);
  }

  /** Gives the worker the first batch, if it is free and the batch is whole. */
  #handOver(): void {
    if (this.#failure !== null || this.#turns.current !== null) return;
    const [first] = this.#batches;
    const writing = this.#saver?.writing ?? null;
    // The indices of a commit's entries depend on every record before it.
    if (writing !== null && (writing === first || first?.isCommitted !== false)) return;
    if (first === undefined) {
      if (this.#isClosing) this.#turns.give(this.#newBatch(roomFor([])), true);
    } else if (first.isCommitted || this.#isDue(first)) {
      this.#batches.shift();
      this.#turns.give(first, this.#isClosing && this.#batches.length === 0);
    } else if (first.hasSaved) this.#handOverLater();
  }

  /** A batch from the journal goes when it is full, or when somebody asks. */
  #isDue(batch: Batch): boolean {
    if (batch.unsaved > 0) return false;
    return batch.isClosed || batch.hasReaders || this.#batches.length > 1 || this.#isClosing;
  }

  #handOverLater(): void {
    if (this.#handOverTimer !== undefined) return;
    const [batch] = this.#batches;
    const entries = batch?.entries ?? 0;
    this.#handOverTimer = setTimeout(() => {
      this.#handOverTimer = undefined;
      if (batch !== undefined && batch === this.#batches[0] && batch.entries === entries)
        batch.isClosed = true;
      this.#handOver();
    }, HAND_OVER_MS);
  }

  #receive(message: WorkerMessage): void {
    if (message === TAKEN) return this.#taken();
    switch (message.kind) {
      case 'open':
        return this.#open(message.size, message.journalKey);
      case 'durable':
        return this.#committed(message);
      case 'applied':
        this.#saver?.applied(message.size);
        return this.#advance();
      case 'read':
        return this.#answer(message.answers);
      case 'closed':
        this.#failure = new StoreError('store.closed', 'the store is closed');
        this.#release();
        return this.#closing.resolve();
      case 'failed':
        this.#fail(message.failure);
    }
  }

  #open(size: number, journalKey: Uint8Array): void {
    try {
      this.#saver = new Saver(this.#openJournal(journalKey), size, {
        saved: (entries) => (this.#queued -= entries),
        free: () => this.#advance(),
        failed: (error) => this.#fail(mediumFailed(error)),
      });
      this.#opening.resolve();
    } catch (error) {
      this.#fail(mediumFailed(error));
    }
  }

  #committed({ segments, shapeRows, subjectRows, size }: Extract<WorkerMessage, { kind: 'durable' }>): void {
    const batch = this.#turns.current;
    if (batch === null) return;
    if (this.#saver !== undefined) {
      this.#saver.size = size;
      // A commit takes everything over, and an erasure wiped the journal: it begins anew.
      this.#saver.applied(size);
    }
    this.#queued -= batch.entries;
    this.#shapeRows.learn(batch.shapes, shapeRows);
    this.#subjectRows.learn(batch.subjects, subjectRows);
    batch.settle(segments);
    this.#taken();
  }

  /** The worker is free, and so is the memory that it read. */
  #taken(): void {
    const batch = this.#turns.current;
    if (batch === null) return;
    this.#turns.current = null;
    this.#arenas.giveBack(batch.arena);
    if (batch.hasReaders) this.#answering.push(batch);
    this.#advance();
  }

  #answer(answers: readonly ReadAnswer[]): void {
    const readers = this.#answering.shift()?.takeReaders() ?? [];
    readers.forEach((reader, at) => {
      reader.resolve(answers[at] ?? { code: 'store.failed', message: 'the worker left a question out' });
    });
  }

  /** Law 3: everything that waits is rejected, and everything that comes. */
  #fail(failure: Failure): StoreError {
    if (this.#failure !== null) return this.#failure;
    const error = new StoreError(failure.code, failure.message);
    this.#failure = error;
    this.#opening.reject(error);
    const waiting = [...this.#answering, this.#turns.current, ...this.#batches];
    this.#batches = [];
    this.#queued = 0;
    for (const batch of waiting) batch?.fail(error);
    if (this.#isClosing) this.#closing.reject(error);
    this.#release();
    void this.#worker.terminate();
    return error;
  }

  #release(): void {
    clearTimeout(this.#laterTimer);
    clearTimeout(this.#handOverTimer);
    this.#saver?.close();
    this.#saver = undefined;
  }
}

const isErasure = ({ kind }: Mutation): boolean => kind === 'subject.erase';

/** The most of a record that entries of this room take. */
const bytesOf = ({ leafBytes, asideBytes, entries }: ArenaRoom): number =>
  leafBytes + asideBytes + entries * 96;

function mediumFailed(error: unknown): Failure {
  return { code: 'store.failed', message: error instanceof Error ? error.message : String(error) };
}

function failedDurability(error: StoreError): Durability {
  const done = Promise.reject(error);
  done.catch(() => undefined);
  return { durable: false, done };
}
