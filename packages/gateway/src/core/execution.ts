import type { ActionId, GrantId, ReviewId, StandingId } from './ids.ts';

/** How an action ended. `unknown`: the gateway died or lost the target after dispatch; never retried by itself. */
export type OutcomeStatus = 'succeeded' | 'failed' | 'refused' | 'unknown';

/** What came of an authorized action. */
export interface Outcome {
  readonly status: OutcomeStatus;
  /** Rows returned or changed. */
  readonly rows: number;
  /** Bytes of the result's rows as they passed the gateway. */
  readonly bytes: number;
  readonly durationMs: number;
  /** The target's own error code (an SQLSTATE), or ours; empty where it succeeded. */
  readonly code: string;
}

/** Permission to perform, for which an INTENT entry has been queued. */
export interface Authorization {
  readonly action: ActionId;
  readonly review: ReviewId | null;
  readonly grant: GrantId | null;
  /** The standing grant that it is a use of. */
  readonly standing: StandingId | null;
}
