import { EventEmitter } from 'node:events';
import type { Store } from '../../src/ports.ts';
import { TURN } from '../../src/stores/sqlite/protocol.ts';
import type { TurnMessage, WorkerOptions, WorkerThread } from '../../src/stores/sqlite/protocol.ts';
import { openStoreOver, type SqliteOptions } from '../../src/stores/sqlite/store.ts';
import { lastWords, WorkerSide } from '../../src/stores/sqlite/worker-side.ts';

/** The worker's side in the main thread, so that its disk can be taken away at any operation, and again by the same seed. */
export class InlineWorker extends EventEmitter implements WorkerThread {
  readonly #messages: TurnMessage[] = [];
  readonly #words: Int32Array;
  #side: WorkerSide | null = null;
  #turn = 0;
  #isOver = false;

  constructor(options: WorkerOptions) {
    super();
    this.#words = new Int32Array(options.words);
    setImmediate(() => {
      this.#attempt(() => (this.#side = new WorkerSide(options, this.#port)));
      this.#poll();
    });
  }

  readonly #port = {
    answer: (message: unknown): void =>
      void setImmediate(() => this.#isOver || this.emit('message', message)),
    takeMessage: (): TurnMessage => {
      const message = this.#messages.shift();
      if (message === undefined) throw new RangeError('a turn came without its message');
      return message;
    },
  };

  postMessage(message: TurnMessage): void {
    this.#messages.push(structuredClone(message));
  }

  /** What the thread does when nothing has come for a while. */
  idle(): void {
    this.#attempt(() => this.#side?.settle());
  }

  terminate(): void {
    this.#isOver = true;
    setImmediate(() => this.emit('exit'));
  }

  #poll(): void {
    if (this.#isOver || this.#side === null) return;
    const turn = this.#words[TURN] ?? 0;
    if (turn !== this.#turn) {
      this.#turn = turn;
      this.#attempt(() => this.#side?.take() === false && (this.#side = null));
    }
    setImmediate(() => this.#poll());
  }

  #attempt(work: () => unknown): void {
    try {
      work();
    } catch (error) {
      this.#side = null;
      setImmediate(() => this.emit('message', { kind: 'failed', failure: lastWords(error) }));
    }
  }
}

/** A store whose two sides share a thread. */
export async function openInlineStore(
  options: SqliteOptions,
): Promise<{ readonly store: Store; readonly worker: InlineWorker }> {
  let worker: InlineWorker | null = null;
  const store = await openStoreOver(options, (data) => (worker = new InlineWorker(data)));
  return { store, worker: worker as unknown as InlineWorker }; // openStoreOver has called it
}
