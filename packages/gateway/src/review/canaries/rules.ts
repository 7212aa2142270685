import type { Agent, Target } from '../../core/identity.ts';

/** A request that nobody should approve. */
export interface CanaryRequest {
  readonly agent: Agent;
  readonly target: Target;
  /** Exactly what is asked for, as the target's connector digests it. */
  readonly command: string;
  /** What the agent would say of it. */
  readonly statedTask: string;
  /** Why it should be rejected. */
  readonly flaw: string;
  /** The address that it is said to come from. */
  readonly client: string;
}

/** What the configuration says of canaries. */
export interface CanaryRules {
  readonly perWeek: number;
  /** In whose working time they are opened; null: at any time. */
  readonly calendar: { readonly name: string; readonly weeklyMs: number } | null;
  /** At least one. */
  readonly requests: readonly CanaryRequest[];
}
