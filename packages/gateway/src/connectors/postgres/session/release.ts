import type { Durability } from '../../../ports.ts';

/** Up to this many bytes, copying is cheaper than giving the read after this one new memory. */
const COPIED_BYTES = 16_384;

/** The part of a socket that the release needs. */
export interface Sink {
  write(bytes: Buffer): boolean;
}

/**
 * The way out to the client, in order. Bytes behind a gate leave when its INTENT is durable (law 7), not before; if the
 * ledger fails they never leave. Neighbouring views of one chunk leave as one write: at load, writes are the cost.
 */
export class Release {
  readonly #sink: Sink;
  readonly #onLedgerLost: () => void;
  readonly #queue: (Buffer | Durability)[] = [];
  #borrowed = 0;
  #waiting = false;
  #isLost = false;
  #memory: ArrayBufferLike | undefined;
  #start = 0;
  #end = 0;
  /** Bytes that wait behind gates. */
  queuedBytes = 0;
  /** Whether the client's socket asked for a pause. */
  saturated = false;

  constructor(sink: Sink, onLedgerLost: () => void) {
    this.#sink = sink;
    this.#onLedgerLost = onLedgerLost;
  }

  /** Whether bytes wait that belong to whoever wrote them: their memory must not be used again. */
  get borrows(): boolean {
    return this.#borrowed > 0;
  }

  get waiting(): boolean {
    return this.#waiting;
  }

  /** Queues bytes; they leave at the next `flush`, together with their neighbours. */
  write(bytes: Buffer): void {
    if (this.#isLost) return;
    const { buffer, byteOffset, length } = bytes;
    if (buffer === this.#memory && byteOffset === this.#end) {
      this.#end += length;
      return;
    }
    this.#endRun();
    this.#memory = buffer;
    this.#start = byteOffset;
    this.#end = byteOffset + length;
  }

  /** What is written from here on waits for this. */
  gate(durability: Durability): void {
    if (durability.durable) return;
    this.#endRun();
    this.#queue.push(durability);
  }

  /** Sends everything that no gate keeps back. */
  flush(): void {
    this.#endRun();
    if (!this.#waiting) this.#drain();
  }

  #endRun(): void {
    if (this.#memory === undefined) return;
    const view = Buffer.from(this.#memory as ArrayBuffer, this.#start, this.#end - this.#start);
    this.#memory = undefined;
    // A few bytes behind a gate are copied, so that they don't keep a whole read's memory.
    const run = this.#queue.length > 0 && view.length <= COPIED_BYTES ? Buffer.from(view) : view;
    if (run === view) this.#borrowed += 1;
    this.#queue.push(run);
    this.queuedBytes += run.length;
  }

  #drain(): void {
    let sent = 0;
    for (const piece of this.#queue) {
      if (!Buffer.isBuffer(piece)) {
        if (piece.durable) {
          sent++;
          continue;
        }
        this.#await(piece);
        break;
      }
      sent++;
      this.queuedBytes -= piece.length;
      if (!this.#sink.write(piece)) this.saturated = true;
    }
    if (sent === this.#queue.length) this.#queue.length = 0;
    else if (sent > 0) this.#queue.splice(0, sent);
    if (this.#queue.length === 0) this.#borrowed = 0;
  }

  #await(gate: Durability): void {
    this.#waiting = true;
    gate.done.then(
      () => {
        this.#waiting = false;
        this.#drain();
      },
      // Fails closed: what waits, and what comes after it, is never released, and the session ends with its last word.
      () => {
        this.#isLost = true;
        this.#waiting = false;
        this.#memory = undefined;
        this.#queue.length = 0;
        this.#borrowed = 0;
        this.#onLedgerLost();
      },
    );
  }
}
