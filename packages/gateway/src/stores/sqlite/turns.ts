import type { Batch } from './batch.ts';
import {
  ARENA,
  ASIDE_BYTES,
  ENTRIES,
  IS_JOURNALLED,
  LEAF_BYTES,
  MESSAGES,
  MUST_COMMIT,
  NO_ARENA,
  TURN,
  USAGES,
} from './protocol.ts';
import type { WorkerThread } from './protocol.ts';

/** The main thread's end of the turns: one batch at a time. */
export class Turns {
  readonly #worker: WorkerThread;
  readonly #words: Int32Array;
  /** The batch that the worker has. */
  current: Batch | null = null;

  constructor(worker: WorkerThread, words: Int32Array) {
    this.#worker = worker;
    this.#words = words;
  }

  /** Nothing may become durable before the worker's commit: the indices behind it depend on what it refuses. */
  get isCommitting(): boolean {
    return this.current?.isCommitted === true;
  }

  give(batch: Batch, close: boolean): void {
    this.current = batch;
    const message = batch.message(close);
    if (message !== null) this.#worker.postMessage(message);
    const words = this.#words;
    words[MESSAGES] = message === null ? 0 : 1;
    words[ARENA] = batch.entries === 0 ? NO_ARENA : batch.arena.number;
    words[ENTRIES] = batch.entries;
    words[LEAF_BYTES] = batch.leafBytes;
    words[ASIDE_BYTES] = batch.asideBytes;
    words[USAGES] = batch.usages;
    words[IS_JOURNALLED] = batch.isCommitted ? 0 : 1;
    words[MUST_COMMIT] = batch.mustCommit ? 1 : 0;
    Atomics.add(words, TURN, 1);
    Atomics.notify(words, TURN);
  }
}
