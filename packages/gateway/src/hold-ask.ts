import type { Judgement } from './connectors/connector.ts';
import type { AttemptMembers, Sealed } from './core/entry.ts';
import type { GrantBinding } from './core/grant.ts';
import type { ActionId } from './core/ids.ts';
import type { ReviewSubject } from './core/review.ts';

/** What the pipeline hands over when policy demands a review. */
export interface HoldAsk {
  readonly judgement: Judgement;
  readonly digest: string;
  readonly sealed: Sealed;
  readonly salt: string;
  readonly holding: readonly string[];
  readonly attempt: {
    readonly action: ActionId;
    readonly atMs: number;
    readonly sealed: Sealed;
    readonly members: AttemptMembers;
  };
}

export function bindingOf(ask: HoldAsk): GrantBinding {
  const { requester, target } = ask.judgement.action;
  return { digest: ask.digest, agent: requester.agent, target: target.name, environment: target.environment };
}

export function subjectOf(ask: HoldAsk): ReviewSubject {
  const { action, description, datasets, risk, decision, statedTask } = ask.judgement;
  if (decision.effect !== 'review') throw new Error(`hold() of a decision to ${decision.effect}`);
  const { requester, target, command, parameters, preconditions } = action;
  const { operation, title, functions, rowLimit, unknown } = description;
  return {
    action: action.id,
    digest: ask.digest,
    commitment: ask.sealed.commitment,
    salt: ask.salt,
    requester,
    target,
    command,
    parameters,
    preconditions,
    operation,
    title,
    datasets,
    functions,
    rowLimit,
    unknown,
    risk,
    reasons: decision.reasons,
    policies: decision.policies,
    demands: decision.demands,
    statedTask,
    holding: ask.holding,
  };
}
