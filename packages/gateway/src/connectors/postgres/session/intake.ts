import { limits } from '../../../limits.ts';
import { FrameSplitter, type FrameError } from '../wire/frames.ts';
import { frontend } from '../wire/messages.ts';

export interface IntakeOptions {
  /** Handles one message. A promise where the next one has to wait for it; it rejects where the ledger is lost. */
  readonly handle: (frame: Buffer) => Promise<void> | undefined;
  /** More is kept than should be, or less again. */
  readonly crowded: () => void;
  /** What was received has been handled, as far as it could be. */
  readonly settled: () => void;
  readonly malformed: (error: FrameError) => void;
  readonly ledgerLost: () => void;
  /** The gateway itself failed on a message, and can't go on with what follows it. */
  readonly broken: (error: unknown) => void;
}

/** The most that one message of a client may be; the body of what is refused is never read. */
export const FRAME_RULES = {
  maxBytes(type: number): number {
    if (type === frontend.bind) return limits.parameterBytes + limits.startupBytes;
    if (type === frontend.copyData) return limits.copyDataBytes;
    return limits.statementBytes + limits.startupBytes;
  },
};

/** A client's messages, one at a time: what arrives while one waits is kept, up to a bound, and then left in the socket. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #splitter = new FrameSplitter(FRAME_RULES);
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #ended = false;
  /** A message waits, and with it all that come after it. */
  isBusy = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  get isCrowded(): boolean {
    return this.#keptBytes > limits.bufferedBytes;
  }

  /** Never throws: what one client sends must not end the others' sessions. */
  push(chunk: Buffer): void {
    this.#guard(() => {
      const error = this.#splitter.push(chunk, (_type, frame) => this.#receive(frame));
      if (error !== null) this.#options.malformed(error);
      else this.#options.settled();
    });
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.end();
      this.#options.broken(error);
    }
  }

  #receive(frame: Buffer): void {
    if (this.#ended) return;
    if (!this.isBusy) return this.#handle(frame);
    this.#kept.push(frame);
    this.#keptBytes += frame.length;
    if (this.isCrowded) this.#options.crowded();
  }

  #handle(frame: Buffer): void {
    const wait = this.#options.handle(frame);
    if (wait === undefined) return;
    this.isBusy = true;
    wait.then(() => this.#guard(() => this.#continue()), this.#options.ledgerLost);
  }

  #continue(): void {
    this.isBusy = false;
    while (!this.isBusy && !this.#ended) {
      const next = this.#kept.shift();
      if (next === undefined) break;
      this.#keptBytes -= next.length;
      this.#handle(next);
    }
    this.#options.crowded();
    this.#options.settled();
  }

  /** Nothing that arrived or arrives is handled any more. */
  end(): void {
    this.#ended = true;
    this.#kept = [];
    this.#keptBytes = 0;
  }
}
