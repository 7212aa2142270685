import type { SealedEntry, UsageShape } from '../../core/entry.ts';
import { limits } from '../../limits.ts';
import { StoreError } from '../store.ts';
import type { CommitResult, Durability, Mutation } from '../store.ts';
import { NO_SUBJECT, type Subject } from '../../core/subject.ts';
import { HEAD_BYTES, ID_BYTES, KINDS, NEW_SUBJECT, USAGE_FIELDS, setSubject, writeHead } from './arena.ts';
import type { ArenaBuffers, ArenaRoom } from './arena.ts';
import { STATUSES } from './protocol.ts';
import type { AnyAsk, ReadAnswer, Segment, SegmentAnswer, TurnMessage } from './protocol.ts';
import type { JournalRecord } from './journal-format.ts';

/** UTF-16 to UTF-8: a code unit becomes three bytes at most. */
const MAX_BYTES_PER_UNIT = 3;
const KIND_NUMBERS = new Map(KINDS.map((kind, number) => [kind, number]));
const STATUS_NUMBERS = new Map(STATUSES.map((status, number) => [status, number]));

/** The main thread's view of one arena's memory. `number` is how the worker knows it. */
export interface Arena {
  readonly number: number;
  readonly keep: boolean;
  readonly buffers: ArenaBuffers;
  readonly heads: Buffer;
  readonly leaves: Buffer;
  readonly asides: Buffer;
  readonly usages: Float64Array;
  known: boolean;
}

export function makeArena(number: number, keep: boolean, buffers: ArenaBuffers): Arena {
  return {
    number,
    keep,
    buffers,
    heads: Buffer.from(buffers.heads),
    leaves: Buffer.from(buffers.leaves),
    asides: Buffer.from(buffers.asides),
    usages: new Float64Array(buffers.usages),
    known: false,
  };
}

/** The most that these entries can take. */
export function roomFor(entries: readonly SealedEntry[]): ArenaRoom {
  let leafBytes = 0;
  let asideBytes = 0;
  for (const { leaf, aside } of entries) {
    leafBytes += 1 + leaf.length * MAX_BYTES_PER_UNIT;
    if (aside !== null) asideBytes += aside.length * MAX_BYTES_PER_UNIT;
  }
  return { entries: entries.length, leafBytes, asideBytes };
}

/** Throws `store.invalid` before anything is written, so that a bug of one caller touches no other. */
export function assertValid(entry: SealedEntry): void {
  const { leaf, action, usage } = entry;
  const mayBeTooLong = leaf.length * MAX_BYTES_PER_UNIT > limits.entryBytes;
  if (mayBeTooLong && Buffer.byteLength(leaf) > limits.entryBytes) {
    throw new StoreError('store.invalid', `an entry has more than ${limits.entryBytes} bytes`);
  }
  if (action !== null && action.length !== ID_BYTES) {
    throw new StoreError('store.invalid', `an entry names no action: ${action}`);
  }
  if (usage !== null && !(Number.isSafeInteger(usage.rows) && Number.isSafeInteger(usage.bytes))) {
    throw new StoreError('store.invalid', 'rows and bytes are whole numbers');
  }
}

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (reason: StoreError) => void;
}

/** What becomes durable at once. `onWait` is called when somebody begins to wait for it. */
export class Flush implements Durability {
  durable = false;
  readonly #onWait: () => void;
  #error: Error | null = null;
  #waiting: PromiseWithResolvers<void> | undefined;

  constructor(onWait: () => void) {
    this.#onWait = onWait;
  }

  /** Made for those who ask: most find it durable and never wait. */
  get done(): Promise<void> {
    if (this.#waiting === undefined) {
      this.#waiting = Promise.withResolvers<void>();
      if (!this.durable) this.#onWait();
      // Nobody need wait for an outcome entry; whoever releases a result waits, and sees the rejection.
      this.#waiting.promise.catch(() => undefined);
      if (this.#error !== null) this.#waiting.reject(this.#error);
      else if (this.durable) this.#waiting.resolve();
    }
    return this.#waiting.promise;
  }

  settle(): void {
    this.durable = true;
    this.#waiting?.resolve();
  }

  fail(error: Error): void {
    this.#error = error;
    this.#waiting?.reject(error);
  }
}

/** How far a batch has got, counted in each of its arena's parts. */
interface Mark {
  readonly entries: number;
  readonly leafBytes: number;
  readonly asideBytes: number;
  readonly usages: number;
}

/**
 * Entries in an arena, with the changes and questions in between them: what the worker is given in one turn. Entries
 * without conditions are saved in the journal, flush by flush, before the worker has them. A batch with a change, or
 * with a usage whose shape has no row yet, becomes durable by the worker's commit, whole.
 */
export class Batch {
  readonly arena: Arena;
  readonly #onWait: () => void;
  readonly shapes: UsageShape[] = [];
  /** Subjects without a row yet. */
  readonly subjects: Subject[] = [];
  entries = 0;
  leafBytes = 0;
  asideBytes = 0;
  usages = 0;
  /** Nothing is added to it any more. */
  isClosed = false;
  /** The journal waits for the database to have this batch. */
  mustCommit = false;
  #saved: Mark = { entries: 0, leafBytes: 0, asideBytes: 0, usages: 0 };
  #flush: Flush | undefined;
  #isCommitted = false;
  readonly #segments: Segment[] = [];
  readonly #changes: Waiting<CommitResult>[] = [];
  readonly #asks: AnyAsk[] = [];
  #readers: Waiting<ReadAnswer>[] = [];

  constructor(arena: Arena, onWait: () => void) {
    this.arena = arena;
    this.#onWait = onWait;
  }

  /** Of what was written last. */
  get durability(): Flush {
    return (this.#flush ??= new Flush(this.#onWait));
  }

  /** Becomes durable by the worker's commit, not in the journal. */
  get isCommitted(): boolean {
    return this.#isCommitted;
  }

  get hasSaved(): boolean {
    return this.#saved.entries > 0;
  }

  get unsaved(): number {
    return this.entries - this.#saved.entries;
  }

  /** At most, as part of a record of the journal. */
  get unsavedBytes(): number {
    const { entries, leafBytes, asideBytes } = this.#saved;
    const fixed = (this.entries - entries) * (HEAD_BYTES + USAGE_FIELDS * Float64Array.BYTES_PER_ELEMENT);
    return fixed + this.leafBytes - leafBytes + this.asideBytes - asideBytes;
  }

  /** The database is to have it soon: with it ends what is in one half of the journal. */
  closeForCommit(): void {
    this.isClosed = true;
    this.mustCommit = true;
  }

  /** Only while nothing of it has been saved. */
  commitWhole(): void {
    this.#isCommitted = true;
  }

  /** What is not saved yet, from this index of the log on. */
  unsavedRecord(firstIndex: number): JournalRecord {
    const { heads, leaves, asides, usages } = this.arena;
    const saved = this.#saved;
    return {
      firstIndex,
      run: {
        heads: heads.subarray(saved.entries * HEAD_BYTES, this.entries * HEAD_BYTES),
        leaves: leaves.subarray(saved.leafBytes, this.leafBytes),
        asides: asides.subarray(saved.asideBytes, this.asideBytes),
        count: this.unsaved,
      },
      usages: usages.subarray(saved.usages * USAGE_FIELDS, this.usages * USAGE_FIELDS),
    };
  }

  /** The record is on its way; what is written from here on belongs to the next one. Settled by the caller. */
  save(): Flush {
    const { entries, leafBytes, asideBytes, usages } = this;
    this.#saved = { entries, leafBytes, asideBytes, usages };
    const flush = this.durability;
    this.#flush = undefined;
    return flush;
  }

  hasRoom({ entries, leafBytes, asideBytes }: ArenaRoom): boolean {
    const { heads, leaves, asides } = this.arena;
    return (
      (this.entries + entries) * HEAD_BYTES <= heads.length &&
      this.leafBytes + leafBytes <= leaves.length &&
      this.asideBytes + asideBytes <= asides.length
    );
  }

  /** The caller has made sure of the room. Rows are of the usage's shape and of the subject; undefined: none yet. */
  write(entry: SealedEntry, shapeRow: number | undefined, subjectRow: number | undefined): void {
    const { heads, leaves, asides } = this.arena;
    leaves[this.leafBytes] = 0;
    const leafBytes = leaves.write(entry.leaf, this.leafBytes + 1, 'utf8');
    const asideBytes = entry.aside === null ? -1 : asides.write(entry.aside, this.asideBytes, 'utf8');
    const kind = KIND_NUMBERS.get(entry.kind) ?? 0;
    writeHead(heads, this.entries, entry.action, { kind, leafBytes, asideBytes, atMs: entry.atMs });
    if (entry.aside !== null)
      setSubject(heads, this.entries, subjectRow ?? this.#newSubject(entry.subject ?? NO_SUBJECT));
    if (entry.usage !== null) this.#writeUsage(entry.usage, shapeRow ?? this.#newShape(entry.usage.shape));
    this.leafBytes += leafBytes + 1;
    this.asideBytes += Math.max(0, asideBytes);
    this.entries += 1;
  }

  /** Its number, as the protocol has it. */
  #newShape(shape: UsageShape): number {
    const known = this.shapes.indexOf(shape);
    return known < 0 ? -this.shapes.push(shape) : -1 - known;
  }

  #newSubject(subject: Subject): number {
    const known = this.subjects.indexOf(subject);
    return NEW_SUBJECT + (known < 0 ? this.subjects.push(subject) - 1 : known);
  }

  #writeUsage(usage: NonNullable<SealedEntry['usage']>, shape: number): void {
    const { usages } = this.arena;
    const at = this.usages * USAGE_FIELDS;
    usages[at] = this.entries;
    usages[at + 1] = shape;
    usages[at + 2] = STATUS_NUMBERS.get(usage.status) ?? 0;
    usages[at + 3] = usage.atMs;
    usages[at + 4] = usage.rows;
    usages[at + 5] = usage.bytes;
    this.usages += 1;
  }

  /** A change whose `count` entries are the last ones written. */
  addChange(mutations: readonly Mutation[], count: number): Promise<CommitResult> {
    this.#segments.push({ first: this.entries - count, count, mutations });
    const { promise, resolve, reject } = Promise.withResolvers<CommitResult>();
    this.#changes.push({ resolve, reject });
    return promise;
  }

  addRead(ask: AnyAsk): Promise<ReadAnswer> {
    this.#asks.push(ask);
    const { promise, resolve, reject } = Promise.withResolvers<ReadAnswer>();
    this.#readers.push({ resolve, reject });
    return promise;
  }

  /** What the arena doesn't hold; null for a batch of nothing but entries. */
  message(close: boolean): TurnMessage | null {
    const { arena } = this;
    const isNews = this.entries > 0 && !arena.known;
    const extras = this.shapes.length + this.subjects.length + this.#segments.length + this.#asks.length;
    if (!isNews && extras === 0 && !close) return null;
    if (isNews) arena.known = true;
    return {
      arena: isNews ? { number: arena.number, buffers: arena.buffers, keep: arena.keep } : null,
      shapes: this.shapes,
      subjects: this.subjects,
      segments: this.#segments,
      reads: this.#asks,
      close,
    };
  }

  /** The worker has committed it. */
  settle(answers: readonly SegmentAnswer[]): void {
    this.durability.settle();
    this.#changes.forEach((change, at) => {
      const answer = answers[at];
      if (answer !== undefined && 'ok' in answer) change.resolve(answer);
      else change.reject(new StoreError('store.invalid', answer?.message ?? 'the worker left a change out'));
    });
  }

  get hasReaders(): boolean {
    return this.#readers.length > 0;
  }

  /** The readers that wait for `read`, in order of their questions. */
  takeReaders(): readonly Waiting<ReadAnswer>[] {
    const readers = this.#readers;
    this.#readers = [];
    return readers;
  }

  fail(error: StoreError): void {
    this.durability.fail(error);
    for (const waiting of [...this.#changes, ...this.#readers]) waiting.reject(error);
  }
}
