import type { Dataset, Demand, Review, ReviewState, ReviewSummary } from '@sallyport/sdk/contract';
import type * as core from '../core/review.ts';
import type { Demand as CoreDemand } from '../core/decide.ts';
import type { DatasetUsage } from '../core/usage.ts';

export const timestamp = (timeMs: number): string => new Date(timeMs).toISOString();

/** For lists and events: what it is about, and nothing that would do to decide on. */
export function presentSummary(review: core.Review): ReviewSummary {
  const { subject, state } = review;
  return {
    id: review.id,
    status: state.status,
    openedAt: timestamp(review.openedAtMs),
    expiresAt: timestamp(review.expiresAtMs),
    revision: review.revision,
    agent: subject.requester.agent,
    onBehalfOf: subject.requester.onBehalfOf,
    target: { ...subject.target },
    operation: subject.operation,
    title: subject.title,
    datasets: subject.datasets.map((dataset) => dataset.dataset),
    classes: classesOf(subject.datasets),
    riskScore: subject.risk.score,
    approvals: new Set(review.votes.filter((vote) => vote.kind === 'approve').map((vote) => vote.person))
      .size,
    quorum: Math.max(0, ...subject.demands.map((demand) => demand.quorum)),
  };
}

/** Everything, for the person who decides. */
export function presentReview(review: core.Review, readAtMs: number, publicUrl: string): Review {
  const { subject, state } = review;
  return {
    id: review.id,
    action: subject.action,
    status: state.status,
    openedAt: timestamp(review.openedAtMs),
    expiresAt: timestamp(review.expiresAtMs),
    readAt: timestamp(readAtMs),
    revision: review.revision,
    url: `${publicUrl}/reviews/${review.id}`,
    digest: subject.digest,
    requester: { ...subject.requester, agentGroups: [...subject.requester.agentGroups] },
    target: { ...subject.target },
    operation: subject.operation,
    title: subject.title,
    command: subject.command,
    parameters: subject.parameters.map((parameter) => ({ ...parameter })),
    preconditions: { ...subject.preconditions },
    datasets: subject.datasets.map(presentDataset),
    functions: subject.functions.map((use) => ({ ...use })),
    rowLimit: subject.rowLimit,
    unknown: [...subject.unknown],
    risk: { score: subject.risk.score, signals: subject.risk.signals.map((signal) => ({ ...signal })) },
    reasons: [...subject.reasons],
    policies: [...subject.policies],
    demands: subject.demands.map(presentDemand),
    untrusted: { statedTask: subject.statedTask },
    holding: [...subject.holding],
    votes: review.votes.map(({ atMs, ...vote }) => ({ ...vote, at: timestamp(atMs) })),
    resolution: presentResolution(state),
  };
}

/** For the agent that caused it: not who decides, nor who has voted how. */
export function presentState(review: core.Review): ReviewState {
  const resolution = presentResolution(review.state);
  return {
    id: review.id,
    status: review.state.status,
    openedAt: timestamp(review.openedAtMs),
    expiresAt: timestamp(review.expiresAtMs),
    revision: review.revision,
    resolution: resolution === null ? null : { at: resolution.at, reason: resolution.reason },
  };
}

function presentResolution(state: core.ReviewState): Review['resolution'] {
  switch (state.status) {
    case 'pending':
      return null;
    case 'approved':
    case 'expired':
      return { at: timestamp(state.resolvedAtMs), by: null, reason: null };
    case 'rejected':
      return { at: timestamp(state.resolvedAtMs), by: state.by, reason: state.reason };
    case 'withdrawn':
      return { at: timestamp(state.resolvedAtMs), by: null, reason: state.reason };
  }
}

function presentDemand(demand: CoreDemand): Demand {
  return {
    policy: demand.policy,
    approvers: demand.approvers.map((approver) => ({ ...approver })),
    quorum: demand.quorum,
    expiresInSeconds: demand.expiresInMs / 1_000,
    reason: demand.reason,
    controls: [...demand.controls],
  };
}

function presentDataset(usage: DatasetUsage): Dataset {
  return {
    dataset: usage.dataset,
    access: [...usage.access],
    basis: usage.basis,
    columns: usage.columns.map((column) => ({
      name: column.name,
      uses: [...column.uses],
      classes: [...column.classes],
    })),
    classes: [...usage.classes],
  };
}

function classesOf(datasets: readonly DatasetUsage[]): string[] {
  const classes = datasets.flatMap((d) => [...d.classes, ...d.columns.flatMap((column) => column.classes)]);
  return [...new Set(classes)].toSorted();
}
