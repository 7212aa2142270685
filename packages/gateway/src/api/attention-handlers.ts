import type {
  AttentionQuery,
  AttentionReport,
  ReviewGroups,
  ReviewGroupQuery,
} from '@sallyport/sdk/contract';
import type { z } from 'zod';
import type { Principal } from '../core/identity.ts';
import { timeOfId } from '../core/ids.ts';
import { limits } from '../limits.ts';
import type * as ports from '../ports.ts';
import type { ApiDeps } from './deps.ts';
import { presentSummary, timestamp } from './present.ts';
import type { Call, Reply } from './route.ts';

const dayMs = 86_400_000;

/** What waits, by what looks alike. */
export async function readGroups(
  { query }: Call<unknown, z.output<typeof ReviewGroupQuery>, unknown>,
  _principal: Principal,
  { store }: ApiDeps,
): Promise<Reply> {
  const groups = await store.read('reviewGroups', { agent: query.agent ?? null, limit: query.limit });
  const body: ReviewGroups = {
    groups: groups.map(({ shape, count, oldest, newest }) => ({
      shape,
      count,
      oldestOpenedAt: timestamp(timeOfId(oldest)),
      newestOpenedAt: timestamp(newest.openedAtMs),
      newest: presentSummary(newest),
    })),
  };
  return { kind: 'json', body };
}

/** How people decide. Of people, for people: an agent learns nothing of who is tired. */
export async function readAttention(
  { query }: Call<unknown, z.output<typeof AttentionQuery>, unknown>,
  _principal: Principal,
  { attention, clock }: ApiDeps,
): Promise<Reply> {
  const untilMs = query.until === undefined ? clock.nowMs() : Date.parse(query.until);
  const sinceMs = query.since === undefined ? untilMs - dayMs : Date.parse(query.since);
  if (sinceMs >= untilMs || untilMs - sinceMs > limits.usageSpanMs) {
    const days = limits.usageSpanMs / dayMs;
    const detail = `since is before until, by ${days} days at most.`;
    return { kind: 'problem', code: 'request.invalid', detail };
  }
  return { kind: 'json', body: presentAttention(await attention.report({ sinceMs, untilMs })) };
}

function presentAttention(report: ports.AttentionReport): AttentionReport {
  return {
    since: timestamp(report.sinceMs),
    until: timestamp(report.untilMs),
    complete: report.complete,
    wordsPerMinute: report.pace.wordsPerMinute,
    minimumReadingMs: report.pace.minimumReadingMs,
    approvalsPerHour: report.approvalsPerHour,
    pending: report.pending,
    queuesComplete: report.queuesComplete,
    standingGrantsProposed: report.standingsProposed,
    reviewers: report.reviewers.map(({ person, queue, figures }) => ({
      person,
      queue,
      decided: figures?.decided ?? 0,
      approved: figures?.approved ?? 0,
      shareApproved: figures === null ? null : figures.approved / figures.decided,
      medianDecideMs: figures?.medianDecideMs ?? null,
      medianReadMs: figures?.medianReadMs ?? null,
      fasterThanReading: figures?.hasty ?? 0,
      canaries: figures?.canaries ?? 0,
      canariesApproved: figures?.canariesApproved ?? 0,
      lastDecidedAt: figures === null ? null : timestamp(figures.lastAtMs),
    })),
    agents: report.agents.map((agent) => ({ ...agent })),
  };
}
