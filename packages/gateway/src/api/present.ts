import type {
  Dataset,
  Demand,
  Question,
  Review,
  ReviewState,
  ReviewSummary,
  Vote,
} from '@sallyport/sdk/contract';
import { needsPasskey, type Standing } from '../core/electorate.ts';
import * as core from '../core/review.ts';
import type { Shown } from '../ports.ts';
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
    session: subject.requester.session,
    target: { ...subject.target },
    operation: subject.operation,
    title: subject.title,
    datasets: subject.datasets.map((dataset) => dataset.dataset),
    classes: classesOf(subject.datasets),
    riskScore: subject.risk.score,
    shape: review.shape,
    openQuestions: core.openQuestions(review).length,
    approvals: core.standingVotes(review).filter((vote) => vote.kind === 'approve').length,
    quorum: Math.max(0, ...subject.demands.map((demand) => demand.quorum)),
  };
}

export interface Showing extends Shown {
  readonly readAtMs: number;
  readonly publicUrl: string;
}

/** Everything, for the person who decides. */
export function presentReview(review: core.Review, showing: Showing): Review {
  const { subject, state } = review;
  const { rendering, standings, readAtMs, publicUrl } = showing;
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
    rendering,
    requester: presentRequester(subject.requester),
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
    demands: standings.map((standing, index) => presentDemand(review, standing, index)),
    untrusted: { statedTask: subject.statedTask },
    holding: [...subject.holding],
    votes: review.votes.map(presentVote),
    questions: review.questions.map(presentQuestion),
    preview:
      review.preview === null
        ? null
        : {
            at: timestamp(review.preview.atMs),
            findings: review.preview.findings.map((each) => ({ ...each })),
          },
    supersedes: review.supersedes,
    shape: review.shape,
    resolution: presentResolution(state),
    canary: presentCanary(review),
    erasedAt: review.erasedAtMs === undefined ? null : timestamp(review.erasedAtMs),
  };
}

function presentCanary({ canary }: core.Review): Review['canary'] {
  return canary === undefined ? null : { flaw: canary.flaw, revealedAt: timestamp(canary.atMs) };
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
    questions: review.questions.filter((question) => question.to === 'agent').map(presentQuestion),
    resolution: resolution === null ? null : { at: resolution.at, reason: resolution.reason },
  };
}

const plain = { by: null, reason: null, supersededBy: null };

function presentResolution(state: core.ReviewState): Review['resolution'] {
  switch (state.status) {
    case 'pending':
      return null;
    case 'approved':
    case 'expired':
      return { ...plain, at: timestamp(state.resolvedAtMs) };
    case 'rejected':
      return { ...plain, at: timestamp(state.resolvedAtMs), by: state.by, reason: state.reason };
    case 'withdrawn':
      return { ...plain, at: timestamp(state.resolvedAtMs), reason: state.reason };
    case 'superseded':
      return { ...plain, at: timestamp(state.resolvedAtMs), supersededBy: state.by };
  }
}

export function presentDemand(review: core.Review, standing: Standing, index: number): Demand {
  const { demand, approvals, met, eligible } = standing;
  const schedule = review.schedule[index];
  const at = (timeMs: number | undefined): string => timestamp(timeMs ?? review.expiresAtMs);
  return {
    policy: demand.policy,
    approvers: demand.approvers.map((approver) => ({ ...approver })),
    escalation: demand.escalation.map((step, number) => ({
      at: at(schedule?.escalationsAtMs[number]),
      approvers: step.approvers.map((approver) => ({ ...approver })),
    })),
    quorum: demand.quorum,
    rejections: demand.rejections,
    expiresAt: at(schedule?.expiresAtMs),
    remindersAt: (schedule?.remindersAtMs ?? []).map(at),
    calendar: demand.calendar,
    passkey: needsPasskey(review, demand),
    excluded: [...demand.excluded],
    approvals,
    met,
    eligible: [...eligible],
    reason: demand.reason,
    controls: [...demand.controls],
  };
}

export function presentVote(vote: core.Vote): Vote {
  const { person, kind, reason, digest, rendering, atMs, channel, passkey, retractedAtMs } = vote;
  const retractedAt = retractedAtMs === null ? null : timestamp(retractedAtMs);
  const at = timestamp(atMs);
  const signed = passkey !== null;
  const basis = core.basisOf(vote);
  const rights = vote.rights === undefined ? {} : { rights: [...vote.rights] };
  return { person, kind, reason, digest, rendering, at, channel, signed, basis, retractedAt, ...rights };
}

const presentAnswer = ({ atMs, ...answer }: core.Answer) => ({ ...answer, at: timestamp(atMs) });

export function presentRequester(requester: core.ReviewSubject['requester']): Review['requester'] {
  return { ...requester, agentGroups: [...requester.agentGroups], parties: [...requester.parties] };
}

function presentQuestion({ atMs, answer, ...question }: core.Question): Question {
  const answered = answer === null ? null : presentAnswer(answer);
  return { ...question, at: timestamp(atMs), answer: answered };
}

export function presentDataset(usage: DatasetUsage): Dataset {
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
    owners: [...(usage.owners ?? [])],
    compliance: [...(usage.compliance ?? [])],
  };
}

function classesOf(datasets: readonly DatasetUsage[]): string[] {
  const classes = datasets.flatMap((d) => [...d.classes, ...d.columns.flatMap((column) => column.classes)]);
  return [...new Set(classes)].toSorted();
}
