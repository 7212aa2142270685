import type { Channel, Grouping } from '../channels/channel.ts';
import { drained, outlook, spend } from '../core/budget.ts';
import { type CrowdStep, type Head, nextStep } from '../core/crowding.ts';
import type { Delivery, SentMessage } from '../core/delivery.ts';
import type { Clock, Reads } from '../ports.ts';

type Next = Reads['nextDelivery']['answer'];

/** How much one destination can take, as far as this process has sent it anything; the platform has the last word. */
export class Room {
  readonly #clock: Clock;
  readonly #grouping: Grouping;
  readonly #shows: Channel['shows'];
  #wholeAtMs: number | undefined;
  #isFlood = false;
  #groupFromMs = -Infinity;

  constructor(clock: Clock, grouping: Grouping, shows: Channel['shows']) {
    this.#clock = clock;
    this.#grouping = grouping;
    this.#shows = shows;
  }

  /** How far a crowd has to be counted to be told from none. */
  get countTo(): number {
    return this.#grouping.pace.burst + 1;
  }

  next(delivery: Delivery, message: SentMessage | null, { cards, calls }: Next): CrowdStep {
    const nowMs = this.#clock.monotonicMs();
    const { pace } = this.#grouping;
    const { waitMs, wholeInMs } = outlook(this.#wholeAtMs, pace, nowMs);
    if (wholeInMs <= 0) this.#isFlood = false;
    return nextStep({
      head: headOf(delivery, message, this.#shows),
      cards,
      calls,
      most: pace.burst,
      waitMs,
      wholeInMs,
      isFlood: this.#isFlood,
      groupInMs: Math.max(0, this.#groupFromMs - nowMs),
    });
  }

  spendOne(): void {
    this.#wholeAtMs = spend(this.#wholeAtMs, this.#grouping.pace, this.#clock.monotonicMs()).wholeAtMs;
  }

  /** A message for many: single ones come back when the destination has had time to take as many as it can. */
  spendAll(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#wholeAtMs = drained(this.#grouping.pace, nowMs);
    this.#isFlood = true;
    this.#groupFromMs = nowMs + this.#grouping.everyMs;
  }
}

export function headOf({ notice }: Delivery, message: SentMessage | null, shows: Channel['shows']): Head {
  const { kind } = notice;
  if (kind === 'question' || kind === 'answer') return 'own';
  // Who is told each event has no message that stands for a review.
  if (shows === 'events') return kind === 'escalate' ? 'call' : 'card';
  if (message !== null && message.group === undefined) return 'own';
  if (kind === 'escalate') return 'call';
  return message === null ? 'card' : 'member';
}
