import { failureOf, openDatabase } from './database.ts';
import { Engine } from './engine.ts';
import type { Turn } from './engine.ts';
import {
  ARENA,
  ASIDE_BYTES,
  ENTRIES,
  IS_JOURNALLED,
  LEAF_BYTES,
  MESSAGES,
  MUST_COMMIT,
  NO_ARENA,
  TAKEN,
  USAGES,
} from './protocol.ts';
import type { Failure, TurnMessage, WorkerMessage, WorkerOptions } from './protocol.ts';

const NOTHING: TurnMessage = {
  arena: null,
  shapes: [],
  subjects: [],
  segments: [],
  reads: [],
  close: false,
};

/** How the two threads talk, besides the words that they share. */
export interface WorkerPort {
  answer(message: WorkerMessage): void;
  /** The message that came with the turn; throws where there is none. */
  takeMessage(): TurnMessage;
}

function turnOf(words: Int32Array): Turn {
  const word = (at: number): number => words[at] ?? 0;
  return {
    arena: word(ARENA) === NO_ARENA ? null : word(ARENA),
    entries: word(ENTRIES),
    leafBytes: word(LEAF_BYTES),
    asideBytes: word(ASIDE_BYTES),
    usages: word(USAGES),
    isJournalled: word(IS_JOURNALLED) === 1,
    mustCommit: word(MUST_COMMIT) === 1,
  };
}

/** The worker's end of the turns: the database, one turn at a time. */
export class WorkerSide {
  readonly #engine: Engine;
  readonly #words: Int32Array;
  readonly #port: WorkerPort;
  #told: number;

  /** Opens the database, and says so. */
  constructor(options: WorkerOptions, port: WorkerPort) {
    this.#words = new Int32Array(options.words);
    this.#port = port;
    this.#engine = new Engine(openDatabase(options), options);
    port.answer({ kind: 'open', size: this.#engine.size, journalKey: this.#engine.journalKey });
    this.#told = this.#engine.applied;
  }

  /** One turn; false when it was the last. */
  take(): boolean {
    const [engine, port] = [this.#engine, this.#port];
    const message = this.#words[MESSAGES] === 0 ? NOTHING : port.takeMessage();
    const turn = turnOf(this.#words);
    if (turn.isJournalled) {
      engine.takeOver(message, turn);
      port.answer(TAKEN);
    } else port.answer({ kind: 'durable', ...engine.flush(message, turn) });
    if (message.reads.length > 0)
      port.answer({ kind: 'read', answers: message.reads.map((read) => engine.read(read)) });
    if (message.close) {
      engine.close();
      port.answer({ kind: 'closed' });
      return false;
    }
    engine.checkpointIfFull();
    this.#tell();
    return true;
  }

  /** Moves the logs into the database, so that no flush has to wait for it later. */
  settle(): void {
    this.#engine.settle();
    this.#tell();
  }

  #tell(): void {
    if (this.#engine.applied > this.#told) this.#port.answer({ kind: 'applied', size: this.#engine.applied });
    this.#told = this.#engine.applied;
  }
}

/** Callers' bugs are answered where they happen; one that gets here has left the store in an unknown state. */
export function lastWords(error: unknown): Failure {
  const { code, message } = failureOf(error);
  return { code: code === 'store.invalid' ? 'store.failed' : code, message };
}
