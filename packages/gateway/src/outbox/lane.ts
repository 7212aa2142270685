import type { Channel } from '../channels/channel.ts';
import { spend } from '../core/budget.ts';
import { limits } from '../limits.ts';
import type { Clock } from '../ports.ts';
import { Slots } from './slots.ts';

/** What all destinations of one channel share: how many attempts at once, and how many a minute. */
export class Lane {
  readonly name: string;
  /** Undefined: deliveries wait for a channel that the configuration doesn't have any more. */
  readonly channel: Channel | undefined;
  readonly #clock: Clock;
  readonly #stopping: AbortSignal;
  readonly #slots = new Slots(limits.deliveriesAtOncePerChannel);
  #wholeAtMs: number | undefined;

  constructor(name: string, channel: Channel | undefined, ports: { clock: Clock; stopping: AbortSignal }) {
    this.name = name;
    this.channel = channel;
    this.#clock = ports.clock;
    this.#stopping = ports.stopping;
  }

  /** Null where the gateway stops before it is this one's turn. */
  async turn<T>(run: () => Promise<T>): Promise<T | null> {
    await this.#slots.enter();
    try {
      await this.#paced();
      return this.#stopping.aborted ? null : await run();
    } finally {
      this.#slots.leave();
    }
  }

  async #paced(): Promise<void> {
    for (;;) {
      if (this.channel === undefined || this.#stopping.aborted) return;
      const { wholeAtMs, waitMs } = spend(this.#wholeAtMs, this.channel.pace, this.#clock.monotonicMs());
      this.#wholeAtMs = wholeAtMs;
      if (waitMs <= 0) return;
      await this.#sleep(waitMs);
    }
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        this.#stopping.removeEventListener('abort', wake);
        resolve();
      };
      const cancel = this.#clock.after(delayMs, wake);
      this.#stopping.addEventListener('abort', wake);
    });
  }
}
