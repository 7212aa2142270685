import type { Channel } from '../channels/channel.ts';
import { type Rate, spend } from '../core/budget.ts';
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
  readonly #wholeAtMs = new Map<Rate, number>();

  constructor(name: string, channel: Channel | undefined, ports: { clock: Clock; stopping: AbortSignal }) {
    this.name = name;
    this.channel = channel;
    this.#clock = ports.clock;
    this.#stopping = ports.stopping;
  }

  /**
   * Null where the gateway stops before it is this one's turn.
   * @param isChange it changes a message that is there, of which platforms let fewer through.
   */
  async turn<T>(isChange: boolean, run: () => Promise<T>): Promise<T | null> {
    // Before it takes a place: whoever waits for a change keeps no other destination's message waiting.
    if (isChange) await this.#paced(this.channel?.grouping?.changes ?? null);
    await this.#slots.enter();
    try {
      await this.#paced(this.channel?.pace ?? null);
      return this.#stopping.aborted ? null : await run();
    } finally {
      this.#slots.leave();
    }
  }

  async #paced(rate: Rate | null): Promise<void> {
    for (;;) {
      if (rate === null || this.#stopping.aborted) return;
      const { wholeAtMs, waitMs } = spend(this.#wholeAtMs.get(rate), rate, this.#clock.monotonicMs());
      this.#wholeAtMs.set(rate, wholeAtMs);
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
