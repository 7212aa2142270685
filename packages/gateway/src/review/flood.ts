/** How many reviews an agent may open: so many at once, so many a minute (threat B11). */
import { giveBack, spend, type Rate } from '../core/budget.ts';
import { refusal, type Refusal } from '../core/reasons.ts';
import type { Clock } from '../ports.ts';
import type { Limits } from '../limits.ts';

export interface FloodPorts {
  readonly clock: Clock;
  readonly limits: Pick<
    Limits,
    'pendingReviewsPerAgent' | 'reviewsPerAgentPerMinute' | 'reviewsPerAgentBurst'
  >;
}

interface Share {
  pending: number;
  wholeAtMs: number | undefined;
  /** Requests turned away since this process started. */
  refused: number;
}

/** An agent's share of people's attention, as far as this process knows. */
export interface AgentShare {
  readonly agent: string;
  readonly pending: number;
  readonly refused: number;
}

/**
 * Kept in memory: the pending ones are counted again at each start, and the budget is whole then. Its time is monotonic,
 * so that setting the clock refills nothing and locks nobody out.
 */
export class Flood {
  readonly #ports: FloodPorts;
  readonly #shares = new Map<string, Share>();

  constructor(ports: FloodPorts) {
    this.#ports = ports;
  }

  get #rate(): Rate {
    const { reviewsPerAgentPerMinute: perMinute, reviewsPerAgentBurst: burst } = this.#ports.limits;
    return { perMinute, burst };
  }

  /**
   * Takes what one review costs, or says why there is none to be had. Whoever takes it hands it back (`cancel`) where no
   * review came of it, and says when the review is over (`ended`).
   */
  take(agent: string): Refusal | undefined {
    const { clock, limits } = this.#ports;
    const share = this.#shareOf(agent);
    const most = limits.pendingReviewsPerAgent;
    if (share.pending >= most) {
      share.refused += 1;
      const message = `${most.toString()} reviews of this agent are pending, which is the limit.`;
      return refusal('review.too_many', { message });
    }
    const spent = spend(share.wholeAtMs, this.#rate, clock.monotonicMs());
    share.wholeAtMs = spent.wholeAtMs;
    if (spent.waitMs > 0) {
      share.refused += 1;
      return tooFast(this.#rate, spent.waitMs);
    }
    share.pending += 1;
    return undefined;
  }

  /** What was taken opened no review of its own. */
  cancel(agent: string): void {
    const share = this.#shareOf(agent);
    this.ended(agent);
    if (share.wholeAtMs !== undefined) share.wholeAtMs = giveBack(share.wholeAtMs, this.#rate);
  }

  /** At start: a review of an earlier process, which costs nothing now. */
  resumed(agent: string): void {
    this.#shareOf(agent).pending += 1;
  }

  ended(agent: string): void {
    const share = this.#shareOf(agent);
    share.pending = Math.max(0, share.pending - 1);
  }

  shares(): readonly AgentShare[] {
    return [...this.#shares].map(([agent, { pending, refused }]) => ({ agent, pending, refused }));
  }

  /** Agents are those of the configuration, so there are never many. */
  #shareOf(agent: string): Share {
    const known = this.#shares.get(agent);
    if (known !== undefined) return known;
    const share: Share = { pending: 0, wholeAtMs: undefined, refused: 0 };
    this.#shares.set(agent, share);
    return share;
  }
}

function tooFast({ perMinute, burst }: Rate, waitMs: number): Refusal {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
  const message = `This agent has asked for more reviews than people can read: ${perMinute.toString()} a minute, ${burst.toString()} at once.`;
  const wait = `${retryAfterSeconds.toString()} second${retryAfterSeconds === 1 ? '' : 's'}`;
  const hint = `Send it again in ${wait}. A standing grant for the like of it needs no review each time.`;
  return refusal('review.too_fast', { message, hint, retryAfterSeconds });
}
