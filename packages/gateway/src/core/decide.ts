/** What one matching review policy demands; all demands of a decision are to be met. */
export interface Demand {
  readonly policy: string;
  /** Who may approve: members of any of these groups, or these people. */
  readonly approvers: readonly Approver[];
  /** Who may approve besides, once the review has waited that long. In the order of their delays. */
  readonly escalation: readonly EscalationStep[];
  /** How many distinct people must approve; at least 1. */
  readonly quorum: number;
  /** How many distinct people must reject to end the review; at least 1. */
  readonly rejections: number;
  /** How long people have to meet it, from the review's opening. */
  readonly expiresInMs: number;
  /** When those who may approve are reminded, from the review's opening. */
  readonly remindersMs: readonly number[];
  /** The calendar in whose working time delays count; null: they count around the clock. */
  readonly calendar: string | null;
  /** From this risk on an approval counts only with a passkey's signature; null: never. */
  readonly passkeyFromRisk: number | null;
  /** People whose approval doesn't count here, such as the author of the policy. */
  readonly excluded: readonly string[];
  readonly reason: string;
  /** Controls that this demand gives evidence for: `SOC2:CC6.1`. */
  readonly controls: readonly string[];
  /** Where its reviews are told, by the names that the configuration gives; absent: as the configuration says. */
  readonly channels?: readonly string[];
}

export interface Approver {
  readonly kind: 'group' | 'person';
  readonly name: string;
}

export interface EscalationStep {
  readonly afterMs: number;
  readonly approvers: readonly Approver[];
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

/** Whether all of these demands are among those. */
export const areAmong = (some: readonly Demand[], all: readonly Demand[]): boolean =>
  some.every((demand) => all.some((other) => sameDemands([demand], [other])));

function demandKeys(demands: readonly Demand[]): string {
  const keys = demands.map((demand) => {
    const { policy, calendar, quorum, rejections, passkeyFromRisk, excluded } = demand;
    const steps = demand.escalation.map(({ afterMs, approvers }) => `${afterMs}:${who(approvers)}`);
    const people = [who(demand.approvers), ...steps, `except ${[...excluded].sort().join(',')}`];
    return [policy, calendar ?? '', quorum, rejections, passkeyFromRisk ?? 'none', ...people].join('\u0000');
  });
  return keys.sort().join('\u0001');
}

const who = (approvers: readonly Approver[]): string =>
  approvers
    .map(({ kind, name }) => `${kind}:${name}`)
    .sort()
    .join(',');
