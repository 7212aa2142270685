import type { Replay, StandingGrant, StandingSummary } from '@sallyport/sdk/contract';
import * as core from '../core/standing.ts';
import { votingOn } from '../core/standing-changes.ts';
import type * as ports from '../ports.ts';
import { presentDataset, presentDemand, presentVote, timestamp } from './present.ts';

/** What every form of it tells. */
function presentBounds(grant: core.StandingGrant, nowMs: number) {
  const { id, review, terms, proposedBy, proposedAtMs } = grant;
  const { agent, onBehalfOf, target, operation, maxUses, maxRows, validFromMs, validUntilMs } = terms;
  return {
    id,
    status: core.statusOf(grant, nowMs),
    review,
    agent,
    onBehalfOf,
    target: { ...target },
    operation,
    proposedBy,
    proposedAt: timestamp(proposedAtMs),
    validFrom: timestamp(validFromMs),
    validUntil: timestamp(validUntilMs),
    maxUses,
    maxRows,
  };
}

export function presentStandingSummary(grant: core.StandingGrant, nowMs: number): StandingSummary {
  return {
    ...presentBounds(grant, nowMs),
    datasets: grant.terms.datasets.map((each) => each.dataset),
    uses: grant.uses.length,
    rows: core.rowsUsed(grant),
  };
}

/** Everything, for the person who decides. */
export function presentStanding(
  grant: core.StandingGrant,
  shown: ports.Shown & { readonly readAtMs: number },
): StandingGrant {
  const { terms, sample, uses, votes, state } = grant;
  const voting = votingOn(grant);
  const ended = state.status === 'rejected' || state.status === 'revoked' ? state : null;
  return {
    ...presentBounds(grant, shown.readAtMs),
    readAt: timestamp(shown.readAtMs),
    digest: grant.digest,
    rendering: shown.rendering,
    reason: grant.reason,
    command: sample.command,
    template: terms.template,
    preconditions: { ...terms.preconditions },
    fields: terms.fields.map(presentField),
    datasets: terms.datasets.map(presentDataset),
    functions: [...terms.functions],
    maxRowsPerUse: terms.maxRowsPerUse,
    votesUntil: timestamp(grant.votesUntilMs),
    demands: shown.standings.map((standing, index) => presentDemand(voting, standing, index)),
    votes: votes.map(presentVote),
    used: uses.map(({ action, atMs, rows, settled }) => ({ action, at: timestamp(atMs), rows, settled })),
    end: ended === null ? null : { at: timestamp(ended.atMs), by: ended.by, reason: ended.reason },
  };
}

function presentField({ constraint, orders, ...field }: core.FieldTerm): StandingGrant['fields'][number] {
  const own = constraint.kind === 'oneOf' ? { ...constraint, values: [...constraint.values] } : constraint;
  return { ...field, orders: [...orders], constraint: own };
}

export function presentReplay(replay: ports.Replay): Replay {
  const { sinceMs, complete, examined, coveredCount, covered, nearMisses } = replay;
  const each = ({ atMs, action, operation, uncovered }: ports.Replayed) => ({
    action,
    at: timestamp(atMs),
    operation,
    uncovered: uncovered === null ? null : { ...uncovered },
  });
  return {
    since: timestamp(sinceMs),
    complete,
    examined,
    coveredCount,
    covered: covered.map(each),
    nearMisses: nearMisses.map(each),
  };
}
