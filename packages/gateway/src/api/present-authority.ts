import type {
  Approvers,
  Delegation,
  ForeseenActionRequest,
  ForeseenApprovers,
  PolicyChange,
  PolicyChangeSummary,
  PolicySet,
} from '@sallyport/sdk/contract';
import { statusOfDelegation, type Delegation as CoreDelegation } from '../core/delegation.ts';
import type { Standing } from '../core/electorate.ts';
import type { Entitlement } from '../core/entitlement.ts';
import { fileChanges, statusOfChange, type PolicyChange as CoreChange } from '../core/policy-change.ts';
import type { Review } from '../core/review.ts';
import type * as ports from '../ports.ts';
import { timestamp } from './present.ts';

export function presentDelegation(delegation: CoreDelegation, nowMs: number): Delegation {
  const { id, from, to, fromMs, untilMs, origin, revoked } = delegation;
  return {
    id,
    status: statusOfDelegation(delegation, nowMs),
    from,
    to,
    since: timestamp(fromMs),
    until: timestamp(untilMs),
    origin,
    revokedBy: revoked?.by ?? null,
  };
}

export const presentApprovers = (
  review: Review,
  standings: readonly Standing[],
  entitlements: readonly (readonly Entitlement[])[],
  nowMs: number,
): Approvers => ({
  review: review.id,
  readAt: timestamp(nowMs),
  demands: standings.map(({ demand, approvals, met }, index) => ({
    policy: demand.policy,
    quorum: demand.quorum,
    approvals,
    met,
    people: presentPeople(entitlements[index] ?? []),
  })),
});

const presentPeople = (people: readonly Entitlement[]): ForeseenApprovers['demands'][number]['people'] =>
  people.map((each) => ({ ...each, delegators: [...each.delegators], policies: [...each.policies] }));

export const presentForeseen = (
  { agent, action }: ForeseenActionRequest,
  { atMs, decision, demands }: ports.ForeseenAction,
): ForeseenApprovers => ({
  readAt: timestamp(atMs),
  agent,
  target: action.target,
  operation: action.operation,
  effect: decision.effect,
  reasons: [...decision.reasons],
  demands: demands.map(({ demand, enough, people }) => ({
    policy: demand.policy,
    quorum: demand.quorum,
    enough,
    people: presentPeople(people),
  })),
});

export const presentPolicySet = ({ version, builtIn, files, observed }: ports.PolicySet): PolicySet => ({
  version,
  builtIn,
  files: files.map(({ name, text }) => ({ name, text })),
  observed: observed.map((each) => ({ ...each, problems: [...each.problems] })),
});

export function presentPolicyChangeSummary(change: CoreChange, nowMs: number): PolicyChangeSummary {
  const { id, author, reason, base, version, proposedAtMs, expiresAtMs, state } = change;
  return {
    id,
    status: statusOfChange(change, nowMs),
    author,
    reason,
    base,
    version,
    proposedAt: timestamp(proposedAtMs),
    expiresAt: timestamp(expiresAtMs),
    decidedBy: 'by' in state ? state.by : null,
  };
}

/** Everything that is voted on (law 6). */
export function presentPolicyChange(change: CoreChange, nowMs: number): PolicyChange {
  const { differences, replay, state } = change;
  const { sinceMs, changed, ...counts } = replay;
  return {
    ...presentPolicyChangeSummary(change, nowMs),
    digest: change.digest,
    files: fileChanges(change.baseFiles, change.files).map((file) => ({ ...file })),
    rules: differences.map(({ id, change: kind, parts }) => ({
      id,
      change: kind,
      parts: parts.map((part) => ({ ...part })),
    })),
    replay: {
      ...counts,
      since: timestamp(sinceMs),
      changed: changed.map(({ atMs, before, after, ...each }) => ({
        ...each,
        at: timestamp(atMs),
        before: [...before],
        after: [...after],
      })),
      reviews: counts.reviews.map((each) => ({ ...each })),
    },
    rejection: state.status === 'rejected' ? state.reason : null,
  };
}
