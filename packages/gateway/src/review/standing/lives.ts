import type { StandingId } from '../../core/ids.ts';
import type { StandingGrant } from '../../core/standing.ts';
import type { Limits } from '../../limits.ts';
import type { Clock } from '../../ports.ts';

export interface StandingLifePorts {
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'standingMs'>;
}

/**
 * How long standing grants last, by a clock that nobody sets (threat B5): the stored instant comes an hour later after
 * the wall clock was set back an hour. Counted from when this process first saw the grant live. Set forward, the wall
 * clock ends grants early, which is for the grant itself to say.
 */
export class StandingLives {
  readonly #ports: StandingLifePorts;
  /** On the monotonic clock, in the order in which they were first seen. */
  readonly #deadlines = new Map<StandingId, number>();

  constructor(ports: StandingLifePorts) {
    this.#ports = ports;
  }

  /** Call it with each grant that is live, as soon as it is. */
  isOver({ id, terms }: Pick<StandingGrant, 'id' | 'terms'>): boolean {
    const { clock } = this.#ports;
    const nowMs = clock.monotonicMs();
    const leftMs = terms.validUntilMs - clock.nowMs();
    const deadlineMs = Math.min(nowMs + leftMs, this.#deadlines.get(id) ?? Infinity);
    this.#prune(nowMs);
    this.#deadlines.set(id, deadlineMs);
    return nowMs >= deadlineMs;
  }

  /** Forgets what has been over for longer than any grant lasts. */
  #prune(nowMs: number): void {
    for (const [id, deadlineMs] of this.#deadlines) {
      if (deadlineMs + this.#ports.limits.standingMs > nowMs) return;
      this.#deadlines.delete(id);
    }
  }
}
