import type { SealedEntry } from '../../core/entry.ts';
import { limits } from '../../limits.ts';
import { StoreError } from '../store.ts';
import type { CommitResult, Durability, Mutation } from '../store.ts';
import { HEAD_BYTES, ID_BYTES, KINDS, USAGE_FIELDS, writeHead } from './arena.ts';
import type { ArenaBuffers, ArenaRoom } from './arena.ts';
import { STATUSES } from './protocol.ts';
import type { AnyAsk, ReadAnswer, Segment, SegmentAnswer, TurnMessage } from './protocol.ts';

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

class BatchDurability implements Durability {
  readonly #poll: () => void;
  isSettled = false;
  readonly done: Promise<void>;
  readonly waiting: Waiting<void>;

  /** `poll` settles what the worker has done already, whether or not its message has come. */
  constructor(poll: () => void) {
    this.#poll = poll;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Nobody need wait for an outcome entry; whoever releases a result waits, and sees the rejection.
    promise.catch(() => undefined);
    this.done = promise;
    this.waiting = { resolve, reject };
  }

  get durable(): boolean {
    if (!this.isSettled) this.#poll();
    return this.isSettled;
  }
}

/** Everything that is committed together: entries in an arena, the changes and questions in between them. */
export class Batch {
  readonly arena: Arena;
  readonly durability: BatchDurability;
  /** The worker's turn that it is. */
  turn = 0;
  readonly shapes: TurnMessage['shapes'][number][] = [];
  forgetShapesBelow = 0;
  entries = 0;
  leafBytes = 0;
  asideBytes = 0;
  usages = 0;
  readonly #segments: Segment[] = [];
  readonly #changes: Waiting<CommitResult>[] = [];
  readonly #asks: AnyAsk[] = [];
  #readers: Waiting<ReadAnswer>[] = [];

  constructor(arena: Arena, poll: () => void) {
    this.arena = arena;
    this.durability = new BatchDurability(poll);
  }

  hasRoom({ entries, leafBytes, asideBytes }: ArenaRoom): boolean {
    const { heads, leaves, asides } = this.arena;
    return (
      (this.entries + entries) * HEAD_BYTES <= heads.length &&
      this.leafBytes + leafBytes <= leaves.length &&
      this.asideBytes + asideBytes <= asides.length
    );
  }

  /** The caller has made sure of the room. `shape`: the number of the usage's shape. */
  write(entry: SealedEntry, shape: number): void {
    const { heads, leaves, asides } = this.arena;
    leaves[this.leafBytes] = 0;
    const leafBytes = leaves.write(entry.leaf, this.leafBytes + 1, 'utf8');
    const asideBytes = entry.aside === null ? -1 : asides.write(entry.aside, this.asideBytes, 'utf8');
    const kind = KIND_NUMBERS.get(entry.kind) ?? 0;
    writeHead(heads, this.entries, entry.action, { kind, leafBytes, asideBytes, atMs: entry.atMs });
    if (entry.usage !== null) this.#writeUsage(entry.usage, shape);
    this.leafBytes += leafBytes + 1;
    this.asideBytes += Math.max(0, asideBytes);
    this.entries += 1;
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
    const extras = this.shapes.length + this.#segments.length + this.#asks.length + this.forgetShapesBelow;
    if (!isNews && extras === 0 && !close) return null;
    if (isNews) arena.known = true;
    return {
      arena: isNews ? { number: arena.number, buffers: arena.buffers, keep: arena.keep } : null,
      shapes: this.shapes,
      forgetShapesBelow: this.forgetShapesBelow,
      segments: this.#segments,
      reads: this.#asks,
      close,
    };
  }

  settle(answers: readonly SegmentAnswer[]): void {
    this.durability.isSettled = true;
    this.durability.waiting.resolve();
    this.#changes.forEach((change, at) => {
      const answer = answers[at];
      if (answer !== undefined && 'ok' in answer) change.resolve(answer);
      else change.reject(new StoreError('store.invalid', answer?.message ?? 'the worker left a change out'));
    });
  }

  /** Nothing of it can be refused: being on disk is all the answer there is. */
  get isPlain(): boolean {
    return this.#segments.length === 0;
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
    this.durability.waiting.reject(error);
    for (const waiting of [...this.#changes, ...this.#readers]) waiting.reject(error);
  }
}
