import type { BreakGlassUse } from '../../core/break-glass.ts';
import type { GrantId } from '../../core/ids.ts';
import type { Clock } from '../../ports.ts';

/**
 * How long a use can still be run, by a clock that nobody sets. A use of an earlier process is over: the person signs
 * again, which costs a touch, and a wall clock that was set back meanwhile revives nothing.
 */
export class Deadlines {
  readonly #clock: Clock;
  /** On the monotonic clock, in the order in which they were begun. */
  readonly #deadlines = new Map<GrantId, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call it when the use has become durable. */
  begin(id: GrantId, lifeMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [each, deadlineMs] of this.#deadlines) if (deadlineMs <= nowMs) this.#deadlines.delete(each);
    this.#deadlines.set(id, nowMs + lifeMs);
  }

  isOver({ id }: Pick<BreakGlassUse['grant'], 'id'>): boolean {
    return this.#clock.monotonicMs() >= (this.#deadlines.get(id) ?? 0);
  }
}
