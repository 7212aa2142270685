/** The part of ports.ts that is about people's attention. */
import type { Pace, ReviewerFigures } from './core/attention.ts';
import type { Principal } from './core/identity.ts';
import type { Review } from './core/review.ts';

/** How people decide, over a span of time, and what waits for them now. */
export interface AttentionReport {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly pace: Pace;
  /** Null: no bound. */
  readonly approvalsPerHour: number | null;
  /** False: there are more decisions than were looked at, which are the newest. */
  readonly complete: boolean;
  /** False: more reviews are pending than were looked at, which are the newest. */
  readonly queuesComplete: boolean;
  readonly pending: number;
  readonly standingsProposed: number;
  readonly reviewers: readonly {
    readonly person: string;
    /** Pending reviews that this person could decide on now. */
    readonly queue: number;
    /** Null: they decided nothing in the span. */
    readonly figures: ReviewerFigures | null;
  }[];
  /** As far as this process knows: what waits of each agent, and how often it was told to back off. */
  readonly agents: readonly { readonly agent: string; readonly pending: number; readonly refused: number }[];
}

/** What a surface tells and asks about people's attention. It changes no review and decides nothing. */
export interface AttentionDesk {
  /** This principal is about to see the whole review. */
  shown(review: Review, principal: Principal): void;
  report(span: { readonly sinceMs: number; readonly untilMs: number }): Promise<AttentionReport>;
}
