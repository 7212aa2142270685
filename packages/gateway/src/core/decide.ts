/** What one matching review policy demands; all demands of a decision are to be met. */
export interface Demand {
  readonly policy: string;
  /** Who may approve: members of any of these groups, or these people. */
  readonly approvers: readonly Approver[];
  /** How many distinct people must approve; at least 1. */
  readonly quorum: number;
  /** How long the review stays open, from its opening. */
  readonly expiresInMs: number;
  readonly reason: string;
  /** Controls that this demand gives evidence for: `SOC2:CC6.1`. */
  readonly controls: readonly string[];
}

export interface Approver {
  readonly kind: 'group' | 'person';
  readonly name: string;
}

/**
 * The verdict of policy on one action. Shared between actions for which the policies see the same attributes, so it
 * holds nothing of a single action.
 */
export type Decision =
  | { readonly effect: 'allow'; readonly policies: readonly string[]; readonly reasons: readonly string[] }
  | {
      readonly effect: 'deny';
      readonly policies: readonly string[];
      readonly reasons: readonly string[];
      readonly code: DenialCode;
    }
  | {
      readonly effect: 'review';
      readonly policies: readonly string[];
      readonly reasons: readonly string[];
      /** Never empty. */
      readonly demands: readonly Demand[];
    };

/** Why policy said no: a plain `forbid`, no `permit` at all, or an evaluation that failed (law 3). */
export type DenialCode = 'policy.forbidden' | 'policy.not_permitted' | 'policy.error';

/** Whether two decisions rest on the same people. Controls and reasons may be reworded without touching that. */
export const sameDemands = (a: readonly Demand[], b: readonly Demand[]): boolean =>
  demandKeys(a) === demandKeys(b);

function demandKeys(demands: readonly Demand[]): string {
  const keys = demands.map(({ policy, quorum, approvers }) => {
    const who = approvers.map((approver) => `${approver.kind}:${approver.name}`).sort();
    return [policy, quorum.toString(), ...who].join('\u0000');
  });
  return keys.sort().join('\u0001');
}
