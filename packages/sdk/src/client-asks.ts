/** What the methods of the client are asked with. */
import type { ActionState, ReviewStatus, StandingStatus } from './contract/index.ts';

export interface ReviewFilter {
  readonly status?: ReviewStatus;
  readonly agent?: string;
  /** As `Review.requester.session` says it. */
  readonly session?: string;
  /** The target's name. */
  readonly target?: string;
  /** The least risk score. */
  readonly minRisk?: number;
  /** Only those that look like it: `shape` of a review. */
  readonly shape?: string;
  readonly limit?: number;
  /** `next` of the page before. */
  readonly before?: string;
}

export interface StandingFilter {
  readonly status?: StandingStatus;
  readonly agent?: string;
  readonly limit?: number;
  /** `next` of the page before. */
  readonly before?: string;
}

export interface BreakGlassFilter {
  /** Of their review. */
  readonly state?: 'open' | 'closed';
  readonly limit?: number;
  /** `next` of the page before. */
  readonly before?: string;
}

export interface DeliveryFilter {
  /** Default: `dead`. */
  readonly state?: 'waiting' | 'dead';
  readonly channel?: string;
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface UsageFilter {
  readonly agent?: string;
  /** RFC 3339; the default is 24 hours before `until`. */
  readonly since?: string;
  /** RFC 3339; the default is now. */
  readonly until?: string;
}

export interface LedgerEntry {
  readonly index: number;
  readonly leaf: string;
}

/** How a request can be repeated without being made twice. */
export interface Repeatable {
  /** `Idempotency-Key`: 1 to 200 visible characters, another for each request. */
  readonly idempotencyKey?: string;
}

export interface ActionWait {
  /** How long the gateway may keep the answer back while there is no news; at most 60. */
  readonly seconds?: number;
  /** The state that the caller knows: only another one is news. */
  readonly known?: KnownAction;
  readonly signal?: AbortSignal;
}

/** A state of an action with its entity tag. */
export interface KnownAction {
  readonly state: ActionState;
  readonly etag: string;
}
