import type { UsageShape } from '../../core/entry.ts';
import type { OutcomeStatus } from '../../core/execution.ts';
import type { CommitResult, Mutation, Reads, StoreErrorCode } from '../store.ts';
import type { ArenaBuffers } from './arena.ts';

/**
 * Main thread and worker take turns. The main thread writes the words below, adds one to `TURN` and wakes the worker,
 * which sleeps on that word: six times quicker and four times cheaper than waking it with a message. What doesn't fit
 * into an arena travels in one `TurnMessage`, announced by `MESSAGES`. The worker answers each turn with one message,
 * a `TurnAnswer`; only then does the next turn begin.
 */
export const TURN = 0;
export const MESSAGES = 1;
export const ARENA = 2;
export const ENTRIES = 3;
export const LEAF_BYTES = 4;
export const ASIDE_BYTES = 5;
export const USAGES = 6;
/**
 * The last turn of nothing but entries that is on disk, set before its message is sent: a main thread that has much to
 * do learns of it sooner, and gives the worker its next turn.
 */
export const DONE = 7;
export const WORDS = 8;

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
  readonly shapes: readonly { readonly number: number; readonly shape: UsageShape }[];
  /** After this turn, shapes with smaller numbers are not used again. */
  readonly forgetShapesBelow: number;
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

/** A turn without segments is on disk: the most frequent answer is the cheapest to pass on. */
export const DURABLE = 0;

/**
 * `open`: the database is ready. `durable`: the turn is on disk, with what came of its segments. `read`: the answers of
 * the turn's questions, in order, sent behind its `durable`. `closed`: the last word. `failed`: nothing
 * since the last `durable` counts, and nothing will.
 */
export type WorkerMessage =
  | typeof DURABLE
  | { readonly kind: 'open' }
  | { readonly kind: 'durable'; readonly segments: readonly SegmentAnswer[] }
  | { readonly kind: 'read'; readonly answers: readonly ReadAnswer[] }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface WorkerOptions {
  readonly file: string;
  readonly walBytes: number;
  readonly maxBytes: number | null;
  readonly words: SharedArrayBuffer;
}
