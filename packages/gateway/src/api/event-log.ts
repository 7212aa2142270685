import type { ReviewEvent } from '@sallyport/sdk/contract';
import { limits } from '../limits.ts';
import type { Clock, Events } from '../ports.ts';
import { presentUseSummary } from './present-break-glass.ts';
import { presentSummary, timestamp } from './present.ts';

/** An event of the stream with its id, `PROCESS-NUMBER`. */
export interface Numbered {
  readonly id: string;
  readonly event: ReviewEvent;
}

/**
 * What happened in this process, numbered without a gap, the last `limits.apiEventsKept` of them kept for clients that
 * resume. Another process numbers its own, so an id names the process too.
 */
export class EventLog {
  readonly #process: string;
  readonly #clock: Clock;
  readonly #kept: Numbered[] = [];
  readonly #listeners = new Set<(numbered: Numbered) => void>();
  #last = 0;

  constructor(events: Events, clock: Clock) {
    this.#process = clock.nowMs().toString(36);
    this.#clock = clock;
    events.subscribe((event) => {
      const at = timestamp(event.atMs);
      if ('use' in event) this.#append({ kind: event.kind, at, breakGlass: presentUseSummary(event.use) });
      else this.#append({ kind: event.kind, at, review: presentSummary(event.review) });
    });
  }

  /**
   * Calls `listener` for what comes. First come the events after `lastEventId`; where they aren't all known any more, or
   * no id was given, a `stream.reset`: from there on nothing is missed, and what was before it is in the list.
   */
  follow(lastEventId: string | null, listener: (numbered: Numbered) => void): () => void {
    const missed = lastEventId === null ? null : this.#after(lastEventId);
    for (const numbered of missed ?? [this.#reset()]) listener(numbered);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #append(event: ReviewEvent): void {
    this.#last += 1;
    const numbered = { id: `${this.#process}-${this.#last}`, event };
    this.#kept.push(numbered);
    if (this.#kept.length > limits.apiEventsKept) this.#kept.shift();
    for (const listener of [...this.#listeners]) listener(numbered);
  }

  #after(lastEventId: string): readonly Numbered[] | null {
    const [, process, digits] = /^([0-9a-z]+)-(\d{1,15})$/.exec(lastEventId) ?? [];
    const number = Number(digits);
    const oldest = this.#last - this.#kept.length;
    if (process !== this.#process || number < oldest || number > this.#last) return null;
    return this.#kept.slice(number - oldest);
  }

  #reset(): Numbered {
    const event = { kind: 'stream.reset', at: timestamp(this.#clock.nowMs()) } as const;
    return { id: `${this.#process}-${this.#last}`, event };
  }
}
