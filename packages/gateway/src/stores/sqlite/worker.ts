import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { failureOf, openDatabase } from './database.ts';
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
  TURN,
  USAGES,
} from './protocol.ts';
import type { TurnMessage, WorkerMessage, WorkerOptions } from './protocol.ts';
import { Engine } from './engine.ts';
import type { Turn } from './engine.ts';

/** Idle for so long, the worker moves the logs into the database, so that no flush has to wait for it later. */
const IDLE_MS = 50;

const NOTHING: TurnMessage = {
  arena: null,
  shapes: [],
  subjects: [],
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

/** One turn; false when it was the last. */
function take(engine: Engine, words: Int32Array): boolean {
  const message = words[MESSAGES] === 0 ? NOTHING : takeMessage();
  const turn = turnOf(words);
  if (turn.isJournalled) {
    engine.takeOver(message, turn);
    answer(TAKEN);
  } else answer({ kind: 'durable', ...engine.flush(message, turn) });
  if (message.reads.length > 0)
    answer({ kind: 'read', answers: message.reads.map((read) => engine.read(read)) });
  if (message.close) engine.close();
  else engine.checkpointIfFull();
  return !message.close;
}

function run(options: WorkerOptions): void {
  const words = new Int32Array(options.words);
  const engine = new Engine(openDatabase(options), options);
  answer({ kind: 'open', size: engine.size, journalKey: engine.journalKey });
  let told = engine.applied;
  const tell = (): void => {
    if (engine.applied > told) answer({ kind: 'applied', size: engine.applied });
    told = engine.applied;
  };
  let turn = 0;
  for (;;) {
    // Only a new number is a new turn: the waking for one that was seen already may come after it was taken.
    while (Atomics.load(words, TURN) === turn) {
      if (Atomics.wait(words, TURN, turn, IDLE_MS) !== 'timed-out') continue;
      engine.settle();
      tell();
      Atomics.wait(words, TURN, turn);
    }
    turn = Atomics.load(words, TURN);
    if (!take(engine, words)) return answer({ kind: 'closed' });
    tell();
  }
}

try {
  run(workerData as WorkerOptions);
} catch (error) {
  const { code, message } = failureOf(error);
  // Callers' bugs are answered where they happen; one that gets here has left the store in an unknown state.
  answer({ kind: 'failed', failure: { code: code === 'store.invalid' ? 'store.failed' : code, message } });
}
