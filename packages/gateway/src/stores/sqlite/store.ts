import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SealedEntry, UsageShape } from '../../core/entry.ts';
import { limits } from '../../limits.ts';
import { StoreError } from '../store.ts';
import type { Change, CommitResult, Durability, Reads, Store, Urgency } from '../store.ts';
import { allocateArena } from './arena.ts';
import type { ArenaRoom } from './arena.ts';
import { Batch, assertValid, makeArena, roomFor } from './batch.ts';
import type { Arena } from './batch.ts';
import {
  ARENA,
  ASIDE_BYTES,
  DONE,
  DURABLE,
  ENTRIES,
  LEAF_BYTES,
  MESSAGES,
  NO_ARENA,
  TURN,
  USAGES,
  WORDS,
} from './protocol.ts';
import type { AnyAsk, Failure, ReadAnswer, SegmentAnswer, WorkerMessage, WorkerOptions } from './protocol.ts';

const FILE_NAME = 'store.db';
/** What a flush takes at most in one go; a larger entry gets an arena of its own. */
const ARENA_ROOM: ArenaRoom = { entries: 4096, leafBytes: 1 << 20, asideBytes: 1 << 20 };
/** An intent, and the outcome of the one before it. */
const LONELY_ENTRIES = 2;
/** One is filled while another is written. */
const SPARE_ARENAS = 2;
/** The write-ahead log's file is written full once, because a commit that extends a file costs half as much again. */
const WAL_BYTES = 16 << 20;
/** Shapes known by identity; beyond, the memory of them starts anew. */
const KNOWN_SHAPES = 4096;

export interface SqliteOptions {
  /** The state directory; made with mode 0700 where it is missing. Held by one process at a time. */
  readonly directory: string;
  /** Size of the write-ahead log between two checkpoints. Default 16 MiB. */
  readonly walBytes?: number;
  /** The database refuses to grow beyond this: the store then fails as on a full disk. Default: no bound. */
  readonly maxBytes?: number;
}

/** Rejects with a `StoreError`: `store.locked`, `store.newer`, `store.corrupt` or `store.failed`. */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  makeDirectory(options.directory);
  const words = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT);
  const workerData: WorkerOptions = {
    file: join(options.directory, FILE_NAME),
    walBytes: options.walBytes ?? WAL_BYTES,
    maxBytes: options.maxBytes ?? null,
    words,
  };
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./worker.${extension}`, import.meta.url), { workerData });
  const store = new SqliteStore(worker, new Int32Array(words));
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

class SqliteStore implements Store {
  readonly #worker: Worker;
  readonly #words: Int32Array;
  readonly #opening = Promise.withResolvers<void>();
  readonly #closing = Promise.withResolvers<void>();
  #failure: StoreError | null = null;
  #isClosing = false;
  /** Filled batches in order; the last one still takes entries. */
  #batches: Batch[] = [];
  /** The batch that the worker has. */
  #flying: Batch | null = null;
  /** Batches that are durable, whose questions the worker still answers. */
  readonly #answering: Batch[] = [];
  /** Turns that were settled before their message came. */
  #early = 0;
  #isScheduled = false;
  /** The last flush was one caller's. */
  #isLonely = true;
  #lastEntries = 0;
  /** Somebody waits for what is queued and not with the worker yet. */
  #isAwaited = false;
  #laterTimer: NodeJS.Timeout | undefined;
  #queued = 0;
  readonly #spareArenas: Arena[] = [];
  #keptArenas = 0;
  #arenaNumber = 0;
  #shapes = new Map<UsageShape, number>();
  #shapeNumber = 0;

  constructor(worker: Worker, words: Int32Array) {
    this.#worker = worker;
    this.#words = words;
    worker.on('message', (message: WorkerMessage) => {
      this.#receive(message);
    });
    worker.on('error', (error: Error) => {
      this.#fail({ code: 'store.failed', message: error.message });
    });
    worker.on('exit', () => {
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
    this.#poll();
    const batch = this.#batchFor([entry], urgency);
    this.#write(batch, entry);
    return batch.durability;
  }

  async commit(change: Change): Promise<CommitResult> {
    change.entries.forEach(assertValid);
    const refusal = this.#refusal();
    if (refusal !== null) throw refusal;
    const batch = this.#batchFor(change.entries);
    for (const entry of change.entries) this.#write(batch, entry);
    return batch.addChange(change.mutations, change.entries.length);
  }

  async read<K extends keyof Reads>(kind: K, ask: Reads[K]['ask']): Promise<Reads[K]['answer']> {
    const refusal = this.#refusal();
    if (refusal !== null) throw refusal;
    // The pair is one of the union's, which the compiler can't see through the type parameter.
    const answer = await this.#batchFor([]).addRead({ kind, ask } as AnyAsk);
    if ('answer' in answer) return answer.answer;
    throw new StoreError(answer.code, answer.message);
  }

  async close(): Promise<void> {
    if (this.#failure !== null) return;
    if (!this.#isClosing) {
      this.#isClosing = true;
      this.#schedule();
    }
    await this.#closing.promise;
  }

  #refusal(): StoreError | null {
    if (this.#failure !== null) return this.#failure;
    return this.#isClosing ? new StoreError('store.closed', 'the store is closed') : null;
  }

  /** The batch for these entries: the one being filled, or another behind it. */
  #batchFor(entries: readonly SealedEntry[], urgency: Urgency = 'now'): Batch {
    if (urgency === 'now') {
      this.#isAwaited = true;
      this.#schedule();
    } else this.#scheduleLater();
    const room = roomFor(entries);
    const last = this.#batches.at(-1);
    if (last?.hasRoom(room) === true) return last;
    const batch = new Batch(this.#arenaFor(room), this.#poll);
    this.#batches.push(batch);
    return batch;
  }

  #arenaFor(room: ArenaRoom): Arena {
    const { entries, leafBytes, asideBytes } = ARENA_ROOM;
    const fits = room.entries <= entries && room.leafBytes <= leafBytes && room.asideBytes <= asideBytes;
    const spare = fits ? this.#spareArenas.pop() : undefined;
    if (spare !== undefined) return spare;
    const keep = fits && this.#keptArenas < SPARE_ARENAS;
    if (keep) this.#keptArenas += 1;
    this.#arenaNumber += 1;
    return makeArena(this.#arenaNumber, keep, allocateArena(fits ? ARENA_ROOM : room));
  }

  #write(batch: Batch, entry: SealedEntry): void {
    batch.write(entry, entry.usage === null ? 0 : this.#shapeOf(entry.usage.shape, batch));
    this.#queued += 1;
  }

  #shapeOf(shape: UsageShape, batch: Batch): number {
    const known = this.#shapes.get(shape);
    if (known !== undefined) return known;
    if (this.#shapes.size >= KNOWN_SHAPES) {
      this.#shapes.clear();
      batch.forgetShapesBelow = this.#shapeNumber + 1;
    }
    this.#shapeNumber += 1;
    this.#shapes.set(shape, this.#shapeNumber);
    batch.shapes.push({ number: this.#shapeNumber, shape });
    return this.#shapeNumber;
  }

  /**
   * One flush at a time, begun behind the callbacks of this turn of the event loop: what they queue goes together. While
   * callers come one by one there is nothing to gather, and the flush begins behind the callback that asked for it.
   */
  #schedule(): void {
    if (this.#isScheduled || this.#flying !== null || this.#failure !== null) return;
    this.#isScheduled = true;
    const begin = (): void => {
      this.#isScheduled = false;
      this.#flush();
    };
    if (this.#isLonely) queueMicrotask(begin);
    else setImmediate(begin);
  }

  /** One timer for all that nobody waits for; whatever flushes before it takes them along. */
  #scheduleLater(): void {
    if (this.#isAwaited || this.#laterTimer !== undefined) return;
    this.#laterTimer = setTimeout(() => {
      this.#laterTimer = undefined;
      if (this.#batches.length > 0) this.#isAwaited = true;
      this.#schedule();
    }, limits.unawaitedFlushMs);
  }

  #flush(): void {
    if (this.#flying !== null) return;
    if (this.#batches.length <= 1) this.#isAwaited = false;
    const batch =
      this.#batches.shift() ??
      (this.#isClosing ? new Batch(this.#arenaFor(roomFor([])), this.#poll) : undefined);
    if (batch === undefined || this.#failure !== null) return;
    this.#flying = batch;
    this.#isLonely = batch.entries <= LONELY_ENTRIES;
    this.#lastEntries = batch.entries;
    const message = batch.message(this.#isClosing && this.#batches.length === 0);
    if (message !== null) this.#worker.postMessage(message);
    const words = this.#words;
    words[MESSAGES] = message === null ? 0 : 1;
    words[ARENA] = batch.entries === 0 ? NO_ARENA : batch.arena.number;
    words[ENTRIES] = batch.entries;
    words[LEAF_BYTES] = batch.leafBytes;
    words[ASIDE_BYTES] = batch.asideBytes;
    words[USAGES] = batch.usages;
    batch.turn = (Atomics.add(words, TURN, 1) + 1) | 0;
    Atomics.notify(words, TURN);
  }

  /** Settles the turn that the worker has done, before its message comes, and begins the next where somebody waits. */
  readonly #poll = (): void => {
    const batch = this.#flying;
    if (batch === null || !batch.isPlain || Atomics.load(this.#words, DONE) !== batch.turn) return;
    this.#early += 1;
    this.#settle([]);
    // As many as went the last time are enough to go; fewer gather others first.
    if (this.#isAwaited && (this.#batches[0]?.entries ?? 0) >= this.#lastEntries) this.#flush();
  };

  #receive(message: WorkerMessage): void {
    if (message === DURABLE) {
      // Turns and their messages have one order, so this one is of a turn that was settled early.
      if (this.#early > 0) this.#early -= 1;
      else this.#settle([]);
      return;
    }
    switch (message.kind) {
      case 'open':
        return this.#opening.resolve();
      case 'durable':
        return this.#settle(message.segments);
      case 'read':
        return this.#answer(message.answers);
      case 'closed':
        this.#failure = new StoreError('store.closed', 'the store is closed');
        return this.#closing.resolve();
      case 'failed':
        return this.#fail(message.failure);
    }
  }

  #settle(segments: readonly SegmentAnswer[]): void {
    const batch = this.#flying;
    if (batch === null) return;
    this.#flying = null;
    this.#queued -= batch.entries;
    if (batch.arena.keep) this.#spareArenas.push(batch.arena);
    if (batch.hasReaders) this.#answering.push(batch);
    batch.settle(segments);
    if (this.#isAwaited || this.#batches.length > 1 || this.#isClosing) this.#schedule();
    else if (this.#batches.length > 0) this.#scheduleLater();
  }

  #answer(answers: readonly ReadAnswer[]): void {
    const readers = this.#answering.shift()?.takeReaders() ?? [];
    readers.forEach((reader, at) => {
      reader.resolve(answers[at] ?? { code: 'store.failed', message: 'the worker left a question out' });
    });
  }

  /** Law 3: everything that waits is rejected, and everything that comes. */
  #fail(failure: Failure): void {
    if (this.#failure !== null) return;
    const error = new StoreError(failure.code, failure.message);
    this.#failure = error;
    this.#opening.reject(error);
    const waiting = [...this.#answering, ...(this.#flying === null ? [] : [this.#flying]), ...this.#batches];
    this.#batches = [];
    this.#queued = 0;
    for (const batch of waiting) batch.fail(error);
    if (this.#isClosing) this.#closing.reject(error);
  }
}

function failedDurability(error: StoreError): Durability {
  const done = Promise.reject(error);
  done.catch(() => undefined);
  return { durable: false, done };
}
