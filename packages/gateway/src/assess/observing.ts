/** Drafts of policies that are observed: asked for the record, and never enforced. */
import type { Observed } from '../core/observed.ts';
import type { Target } from '../core/identity.ts';
import { limits } from '../limits.ts';
import type { PolicyEngine, PolicyRequest } from '../ports.ts';

/** Drafts by target: asked for the record alone, so that nothing of them is ever enforced. */
export interface DraftPolicies {
  of(target: string): Pick<PolicyEngine, 'decide' | 'version' | 'moment' | 'readsRisk'> | undefined;
  /** Whether any of them reads the target's estimate of rows; absent: none does. */
  readonly readEstimates?: boolean;
}

/** While it stays the same, so do decisions on this target: those in force, and those that are observed. */
export function momentOf(
  { policy, drafts }: { readonly policy: PolicyEngine; readonly drafts?: DraftPolicies },
  { name }: Target,
): string {
  const { moment = policy.version } = policy;
  const draft = drafts?.of(name);
  return draft === undefined ? moment : `${moment} ${draft.moment ?? draft.version}`;
}

/** What a draft would decide. Whatever it says, and whatever becomes of it, changes nothing else. */
export function observedBy(
  draft: ReturnType<DraftPolicies['of']>,
  request: PolicyRequest,
): { readonly observed?: Observed } {
  if (draft === undefined) return {};
  const { effect, policies } = draft.decide(request);
  const observed = { draft: draft.version, effect, policies: policies.slice(0, limits.observedPolicies) };
  return { observed };
}
