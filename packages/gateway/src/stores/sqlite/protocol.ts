import type { UsageShape } from '../../core/entry.ts';
import type { OutcomeStatus } from '../../core/execution.ts';
import type { Subject } from '../../core/subject.ts';
import type { CommitResult, Mutation, Reads, StoreErrorCode } from '../store.ts';
import type { ArenaBuffers } from './arena.ts';

/**
 * Main thread and worker take turns. The main thread writes the words below, adds one to `TURN` and wakes the worker,
 * which sleeps on that word: six times quicker and four times cheaper than waking it with a message. What doesn't fit
 * into an arena travels in one `TurnMessage`, announced by `MESSAGES`. The worker answers each turn with one message;
 * only then does the next turn begin.
 */
export const TURN = 0;
export const MESSAGES = 1;
export const ARENA = 2;
export const ENTRIES = 3;
export const LEAF_BYTES = 4;
export const ASIDE_BYTES = 5;
export const USAGES = 6;
/** 1: the entries are in the journal, so nobody waits for the database to have them. */
export const IS_JOURNALLED = 7;
/** 1: the journal waits for the database to have all up to here. */
export const MUST_COMMIT = 8;
export const WORDS = 9;

/** No entries in this turn. */
export const NO_ARENA = -1;

export const STATUSES: readonly OutcomeStatus[] = ['succeeded', 'failed', 'refused', 'unknown'];

/** A change: its mutations, and how many of the batch's entries, from `first` on, stand or fall with it. */
export interface Segment {
  readonly first: number;
  readonly count: number;
  readonly mutations: readonly Mutation[];
}

export type AnyAsk = { [K in keyof Reads]: { readonly kind: K; readonly ask: Reads[K]['ask'] } }[keyof Reads];

export interface TurnMessage {
  /** An arena that the worker hasn't seen; `keep` false: for this turn only. */
  readonly arena: { readonly number: number; readonly buffers: ArenaBuffers; readonly keep: boolean } | null;
  /** Shapes without a row yet. Usages name rows, and the first of these as -1, the second as -2. */
  readonly shapes: readonly UsageShape[];
  /** Subjects without a row yet; heads name the first of these as `NEW_SUBJECT`. */
  readonly subjects: readonly Subject[];
  readonly segments: readonly Segment[];
  readonly reads: readonly AnyAsk[];
  readonly close: boolean;
}

export interface Failure {
  readonly code: StoreErrorCode;
  readonly message: string;
}

/** What came of one segment. `Failure`: a bug of the caller; the rest of the batch stands. */
export type SegmentAnswer = CommitResult | Failure;
export type ReadAnswer = { readonly answer: Reads[keyof Reads]['answer'] } | Failure;

/** The database has a turn of entries from the journal: the most frequent answer is the cheapest to pass on. */
export const TAKEN = 0;

/**
 * `open`: the database is ready and has a log of this size; records of the journal are sealed with this key. `durable`: the turn is on disk, with what came of its
 * segments. `applied`: the database has the log up to this size, durably. `read`: the answers of the turn's questions,
 * in order, sent behind its `TAKEN` or `durable`. `closed`: the last word. `failed`: nothing since the last `durable`
 * counts, and nothing will.
 */
export type WorkerMessage =
  | typeof TAKEN
  | { readonly kind: 'open'; readonly size: number; readonly journalKey: Uint8Array }
  | {
      readonly kind: 'durable';
      readonly segments: readonly SegmentAnswer[];
      readonly shapeRows: readonly number[];
      readonly subjectRows: readonly number[];
      readonly size: number;
    }
  | { readonly kind: 'applied'; readonly size: number }
  | { readonly kind: 'read'; readonly answers: readonly ReadAnswer[] }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface WorkerOptions {
  readonly directory: string;
  readonly file: string;
  readonly journal: string;
  readonly walBytes: number;
  readonly maxBytes: number | null;
  readonly words: SharedArrayBuffer;
}

/** What the main thread needs of the thread that has the database. */
export interface WorkerThread {
  postMessage(message: TurnMessage): void;
  on(event: 'message', listener: (message: WorkerMessage) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  terminate(): unknown;
}
