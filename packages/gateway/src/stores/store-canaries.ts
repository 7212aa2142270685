/** The part of the contract of stores that is about canaries (spec/attention.md). */
import type { Canary } from '../core/canary.ts';
import type { ActionId } from '../core/ids.ts';

export type CanaryMutation =
  /** When the next canary is to be opened; replaces what was there. No condition. */
  | { readonly kind: 'canary.plan'; readonly dueAtMs: number }
  /**
   * Keeps the nonce of a canary, and when the next one is due in the place of `dueAtMs`. Refused with `canary.not_due`
   * where another instant, or none, is planned, and with `canary.too_many` where `most` were opened after `sinceMs`.
   */
  | {
      readonly kind: 'canary.open';
      readonly canary: Canary;
      readonly dueAtMs: number;
      readonly nextDueAtMs: number;
      readonly budget: { readonly most: number; readonly sinceMs: number };
    }
  /**
   * Forgets the nonce and the flaw of a canary whose review is over, and marks the decisions on it: they count towards
   * nobody's budget any more. `canary.missing` where there is none that is open.
   */
  | { readonly kind: 'canary.reveal'; readonly action: ActionId };

export type CanaryConflict = 'canary.not_due' | 'canary.too_many' | 'canary.missing';

export interface CanaryReads {
  /** Those that are not revealed, oldest first: a handful. */
  openCanaries: { ask: Record<never, never>; answer: readonly Canary[] };
  /** How many were opened after `sinceMs`, revealed ones too. */
  canariesOpened: { ask: { readonly sinceMs: number }; answer: number };
  /** Null: none is planned. */
  canaryPlan: { ask: Record<never, never>; answer: number | null };
}
