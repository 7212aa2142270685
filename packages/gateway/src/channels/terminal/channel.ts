import type { Channel, DeliveryView, Sending } from '../channel.ts';
import type { Delivery, Notice } from '../../core/delivery.ts';
import { eventOf } from '../../core/review-events.ts';
import type { Review } from '../../core/review.ts';
import { cardLines } from './card.ts';

/** For development: what other channels would be told, as plain text, one block a delivery. It takes no votes. */
export class TerminalChannel implements Channel {
  readonly name = 'terminal';
  readonly shows = 'events';
  readonly pace = { perMinute: 6_000, burst: 100 };
  readonly #write: (text: string) => void;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  route({ state }: Review, notice: Notice): readonly string[] {
    return eventOf(notice, state.status) === null ? [] : ['terminal'];
  }

  async deliver(delivery: Delivery, view: DeliveryView): Promise<Sending> {
    this.#write(`${cardLines(delivery, view).join('\n')}\n`);
    return { kind: 'sent', reference: null };
  }

  async check(): Promise<readonly string[]> {
    return [];
  }

  async start(): Promise<void> {}

  async close(): Promise<void> {}
}
