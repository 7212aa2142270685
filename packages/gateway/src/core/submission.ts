import type { Outcome } from './execution.ts';
import type { ActionId, BreakGlassId, GrantId, ReviewId } from './ids.ts';
import type { Requester, Target } from './identity.ts';
import type { Refusal } from './reasons.ts';

/** A dataset as the caller names it: nobody has checked it. */
export interface DeclaredDataset {
  readonly dataset: string;
  readonly access: readonly ('read' | 'write')[];
  /** Names of columns; empty: all of them. */
  readonly columns: readonly string[];
}

/** What an agent says that it is about to do, where no proxy of ours can see it. */
export interface Declared {
  /** The caller's own verb: `invoice.refund`. */
  readonly operation: string;
  /** Canonical JSON of `{arguments, operation}`: exactly what is shown, digested and performed. */
  readonly command: string;
  readonly datasets: readonly DeclaredDataset[];
  readonly statedTask: string;
  readonly supersedes: ReviewId | null;
}

/** A grant that left the gateway as a signed token. */
export interface IssuedToken {
  /** The token's `jti`. */
  readonly id: GrantId;
  readonly atMs: number;
  readonly expiresAtMs: number;
  /** When a resource server had it marked as used; null: not (yet). */
  readonly usedAtMs: number | null;
}

export type SubmissionState =
  /** Policy allows it; its grant can be asked for before `Submission.deadlineMs`. */
  | { readonly status: 'allowed' }
  /** A person decides; how that stands is in the review. */
  | { readonly status: 'review'; readonly review: ReviewId }
  /** A person broke glass for it; its grant can be asked for while the use's is live. */
  | { readonly status: 'break_glass'; readonly use: BreakGlassId }
  | { readonly status: 'refused'; readonly atMs: number; readonly refusal: Refusal }
  /** Its INTENT is in the ledger, under `action`: the caller performs it, or has. */
  | {
      readonly status: 'granted';
      readonly action: ActionId;
      readonly review: ReviewId | null;
      readonly token: IssuedToken;
    }
  | {
      readonly status: 'ended';
      readonly action: ActionId;
      readonly review: ReviewId | null;
      readonly token: IssuedToken;
      readonly outcome: Outcome;
      readonly atMs: number;
    };

/** An action that was submitted over the API, performed by its caller. */
export interface Submission {
  /** Its action in the ledger, unless it used the approval of another submission of the same bytes. */
  readonly id: ActionId;
  readonly requester: Requester;
  readonly target: Target;
  readonly declared: Declared;
  readonly openedAtMs: number;
  /** Until when an allowed action can be performed. */
  readonly deadlineMs: number;
  /** Until when a store has to keep it. */
  readonly keptUntilMs: number;
  /** Grows by one with each change; a write names the revision that it replaces. */
  readonly revision: number;
  /** When the values in it were erased; absent: they are there. */
  readonly erasedAtMs?: number;
  readonly state: SubmissionState;
}

/** A submission after a change. */
export const changed = (submission: Submission, state: SubmissionState): Submission => ({
  ...submission,
  revision: submission.revision + 1,
  state,
});

type Granted = Extract<SubmissionState, { status: 'granted' }>;

export function ended(submission: Submission, state: Granted, outcome: Outcome, atMs: number): Submission {
  return changed(submission, { ...state, status: 'ended', outcome, atMs });
}

/** Marks the token as used; undefined where it was, or where nothing may be performed any more. */
export function redeemed(submission: Submission, atMs: number): Submission | undefined {
  const { state } = submission;
  if (state.status !== 'granted' || state.token.usedAtMs !== null) return undefined;
  return changed(submission, { ...state, token: { ...state.token, usedAtMs: atMs } });
}
