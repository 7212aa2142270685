import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { TURN } from './protocol.ts';
import type { TurnMessage, WorkerMessage, WorkerOptions } from './protocol.ts';
import { lastWords, WorkerSide } from './worker-side.ts';

/** Idle for so long, the worker moves the logs into the database. */
const IDLE_MS = 50;

function answer(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

function takeMessage(): TurnMessage {
  const received = parentPort === null ? undefined : receiveMessageOnPort(parentPort);
  if (received === undefined) throw new RangeError('a turn came without its message');
  return received.message as TurnMessage;
}

function run(options: WorkerOptions): void {
  const words = new Int32Array(options.words);
  const side = new WorkerSide(options, { answer, takeMessage });
  let turn = 0;
  for (;;) {
    // Only a new number is a new turn: the waking for one that was seen already may come after it was taken.
    while (Atomics.load(words, TURN) === turn) {
      if (Atomics.wait(words, TURN, turn, IDLE_MS) !== 'timed-out') continue;
      side.settle();
      Atomics.wait(words, TURN, turn);
    }
    turn = Atomics.load(words, TURN);
    if (!side.take()) return;
  }
}

try {
  run(workerData as WorkerOptions);
} catch (error) {
  answer({ kind: 'failed', failure: lastWords(error) });
}
