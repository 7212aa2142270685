/** The part of the contract of stores that is about who decides, and by what policies (spec/policy.md). */
import type { Delegation } from '../core/delegation.ts';
import type { PolicyChangeId } from '../core/ids.ts';
import type { PolicyChange } from '../core/policy-change.ts';

/** Who may decide in whose place, and what policies are to become: no value of anybody's. */
export type GovernanceRecord = Delegation | PolicyChange;

/** Replaces the record of that id whose revision is `record.revision - 1`, or none where that is 0; else `governance.conflict`. */
export type GovernanceMutation = { readonly kind: 'governance.put'; readonly record: GovernanceRecord };

export type GovernanceConflict = 'governance.conflict';

export interface GovernanceReads {
  /** Newest first; `before` as in `reviews`. */
  delegations: {
    ask: { readonly limit: number; readonly before: string | null };
    answer: readonly Delegation[];
  };
  policyChange: { ask: { readonly id: PolicyChangeId }; answer: PolicyChange | null };
  /** Newest first; `before` as in `reviews`. */
  policyChanges: {
    ask: { readonly limit: number; readonly before: string | null };
    answer: readonly PolicyChange[];
  };
}
