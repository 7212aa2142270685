import type { Socket } from 'node:net';
import { limits } from '../../../limits.ts';

export interface FlowOptions {
  /** The client's. */
  readonly socket: Pick<Socket, 'pause' | 'resume'>;
  /** More has arrived than is kept. */
  readonly isCrowded: () => boolean;
  /** Messages that the target owes an answer to. */
  readonly unanswered: () => number;
}

/**
 * Whether the client is read (law 12): not while what it has sent waits to be handled, nor while the target takes no
 * more, nor while the target owes it more answers than are kept track of. The target sends what it owes when 8 KiB of it
 * have come together, long before the last of these, so a client that never sends Sync waits for no one but the target.
 */
export class Flow {
  readonly #options: FlowOptions;
  /** The target's socket asked for a pause. */
  #isTargetFull = false;
  #isPaused = false;

  constructor(options: FlowOptions) {
    this.#options = options;
  }

  targetIsFull(isFull: boolean): void {
    this.#isTargetFull = isFull;
    this.update();
  }

  /** Called when any of it may have changed. */
  update(): void {
    const { isCrowded, socket, unanswered } = this.#options;
    const most = this.#isPaused ? limits.unansweredMessages / 2 : limits.unansweredMessages;
    const mustPause = this.#isTargetFull || unanswered() > most || isCrowded();
    if (mustPause === this.#isPaused) return;
    this.#isPaused = mustPause;
    if (mustPause) socket.pause();
    else socket.resume();
  }
}
