import type { Demand } from './decide.ts';
import type { ActionId, GrantId, ReviewId } from './ids.ts';
import type { Requester, Target } from './identity.ts';
import type { Parameter, Preconditions } from './action.ts';
import type { Risk } from './risk.ts';
import type { DatasetUsage } from './usage.ts';
import type { FunctionReference } from './describe.ts';

/** One person's judgment. `digest` is the digest that this person was shown. */
export interface Vote {
  readonly person: string;
  readonly kind: 'approve' | 'reject';
  /** Required for a rejection; the person's own words. */
  readonly reason: string;
  readonly digest: string;
  readonly atMs: number;
  /** The surface through which it came: `cli`, `api`, `console`, … */
  readonly channel: string;
}

/** Everything that a person needs in order to judge, established by the gateway except where it says otherwise. */
export interface ReviewSubject {
  readonly action: ActionId;
  /** SHA-256 of the canonical action, 64 lower-case hexadecimal digits. */
  readonly digest: string;
  /** What the ledger knows the action by: the commitment to its canonical form, and the salt of that commitment. */
  readonly commitment: string;
  readonly salt: string;
  readonly requester: Requester;
  readonly target: Target;
  readonly command: string;
  readonly parameters: readonly Parameter[];
  readonly preconditions: Preconditions;
  readonly operation: string;
  readonly title: string;
  readonly datasets: readonly DatasetUsage[];
  readonly functions: readonly FunctionReference[];
  readonly rowLimit: number | null;
  readonly unknown: readonly string[];
  readonly risk: Risk;
  readonly reasons: readonly string[];
  readonly policies: readonly string[];
  readonly demands: readonly Demand[];
  /** The agent's own words about its task: untrusted (law 9). Empty where it said nothing. */
  readonly statedTask: string;
  /** What waits while this review is pending, in words: an open transaction and its locks. Empty: nothing waits. */
  readonly holding: readonly string[];
}

interface ReviewBase {
  readonly id: ReviewId;
  readonly subject: ReviewSubject;
  readonly openedAtMs: number;
  /** The earliest expiry of its demands. At this instant it is expired. */
  readonly expiresAtMs: number;
  /** Votes in the order in which they were accepted. */
  readonly votes: readonly Vote[];
  /** Grows by one with each transition; a write names the revision that it replaces. */
  readonly revision: number;
}

export type ReviewState =
  | { readonly status: 'pending' }
  | { readonly status: 'approved'; readonly resolvedAtMs: number; readonly grant: GrantId }
  | {
      readonly status: 'rejected';
      readonly resolvedAtMs: number;
      readonly by: string;
      readonly reason: string;
    }
  | { readonly status: 'expired'; readonly resolvedAtMs: number }
  | { readonly status: 'withdrawn'; readonly resolvedAtMs: number; readonly reason: string };

export type ReviewStatus = ReviewState['status'];

/** The durable request for human judgment of one action. */
export interface Review extends ReviewBase {
  readonly state: ReviewState;
}
