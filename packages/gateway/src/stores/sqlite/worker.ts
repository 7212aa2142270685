import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { failureOf, openDatabase } from './database.ts';
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
} from './protocol.ts';
import type { TurnMessage, WorkerMessage, WorkerOptions } from './protocol.ts';
import { Engine } from './engine.ts';

/** Idle for so long, the worker moves the logs into the database, so that no flush has to wait for it later. */
const IDLE_MS = 50;

const NOTHING: TurnMessage = {
  arena: null,
  shapes: [],
  forgetShapesBelow: 0,
  segments: [],
  reads: [],
  close: false,
};

function answer(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

function takeMessage(): TurnMessage {
  const received = parentPort === null ? undefined : receiveMessageOnPort(parentPort);
  if (received === undefined) throw new RangeError('a turn came without its message');
  return received.message as TurnMessage;
}

/** One turn; false when it was the last. */
function take(engine: Engine, words: Int32Array, turn: number): boolean {
  const word = (at: number): number => words[at] ?? 0;
  const message = word(MESSAGES) === 0 ? NOTHING : takeMessage();
  const segments = engine.flush(message, {
    arena: word(ARENA) === NO_ARENA ? null : word(ARENA),
    entries: word(ENTRIES),
    leafBytes: word(LEAF_BYTES),
    asideBytes: word(ASIDE_BYTES),
    usages: word(USAGES),
  });
  if (segments.length === 0) Atomics.store(words, DONE, turn);
  answer(segments.length === 0 ? DURABLE : { kind: 'durable', segments });
  if (message.reads.length > 0)
    answer({ kind: 'read', answers: message.reads.map((read) => engine.read(read)) });
  if (message.close) engine.close();
  else engine.checkpointIfFull();
  return !message.close;
}

function run(options: WorkerOptions): void {
  const words = new Int32Array(options.words);
  const engine = new Engine(openDatabase(options), options.walBytes);
  answer({ kind: 'open' });
  let turn = 0;
  for (;;) {
    if (Atomics.wait(words, TURN, turn, IDLE_MS) === 'timed-out') {
      engine.settle();
      Atomics.wait(words, TURN, turn);
    }
    turn = Atomics.load(words, TURN);
    if (!take(engine, words, turn)) return answer({ kind: 'closed' });
  }
}

try {
  run(workerData as WorkerOptions);
} catch (error) {
  const { code, message } = failureOf(error);
  // Callers' bugs are answered where they happen; one that gets here has left the store in an unknown state.
  answer({ kind: 'failed', failure: { code: code === 'store.invalid' ? 'store.failed' : code, message } });
}
