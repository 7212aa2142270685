import type { BreakGlass, BreakGlassSummary } from '@sallyport/sdk/contract';
import type { BreakGlassUse, PreparedUse } from '../core/break-glass.ts';
import type { Submission } from '../core/submission.ts';
import { presentDataset, presentRequester, timestamp } from './present.ts';

/** For lists and events. */
export function presentUseSummary(use: BreakGlassUse): BreakGlassSummary {
  return {
    ...headOf(use),
    status: use.closing === null ? 'open' : 'closed',
    openedAt: timestamp(use.openedAtMs),
    performed: use.grant.spentAtMs !== null,
    finding: use.closing?.finding ?? null,
  };
}

const headOf = ({ id, person, subject }: BreakGlassUse | PreparedUse) => ({
  id,
  person,
  target: { ...subject.target },
  operation: subject.title,
});

export interface UseShowing {
  readonly readAtMs: number;
  readonly publicUrl: string;
  readonly reviewers: readonly string[];
}

/** What stands still from its preparation on: what is run, and why. */
function wholeOf(
  { id, identity, reason, rendering, subject }: BreakGlassUse | PreparedUse,
  { publicUrl, readAtMs, reviewers }: UseShowing,
) {
  const { action, declared, digest, preconditions, requester, datasets, unknown, risk, policies } = subject;
  return {
    ...{ action, identity, reason, digest, rendering, preconditions: { ...preconditions } },
    url: `${publicUrl}/break-glass/${id}/sign`,
    grantUrl: `${publicUrl}/v1/break-glass/${id}/grant`,
    readAt: timestamp(readAtMs),
    requester: presentRequester(requester),
    command: declared.command,
    parameters: [] as [],
    datasets: datasets.map(presentDataset),
    unknown: [...unknown],
    risk: { score: risk.score, signals: risk.signals.map((signal) => ({ ...signal })) },
    policies: [...policies],
    reviewers: [...reviewers],
  };
}

/** For the person who is about to sign it. */
export function presentPrepared(draft: PreparedUse, showing: UseShowing): BreakGlass {
  return {
    ...headOf(draft),
    ...wholeOf(draft, showing),
    status: 'prepared',
    openedAt: null,
    performed: false,
    finding: null,
    expiresAt: timestamp(draft.expiresAtMs),
    ...{ channel: null, passkey: null, remindedAt: null, outcome: null, review: null, erasedAt: null },
  };
}

export function presentUse(
  use: BreakGlassUse,
  submission: Submission | null,
  showing: UseShowing,
): BreakGlass {
  const { channel, closing, erasedAtMs, grant, openedAtMs, passkey, remindedAtMs } = use;
  const state = submission?.state;
  return {
    ...presentUseSummary(use),
    ...wholeOf(use, showing),
    expiresAt: timestamp(grant.expiresAtMs),
    channel,
    passkey: passkey.passkey,
    remindedAt: remindedAtMs === openedAtMs ? null : timestamp(remindedAtMs),
    outcome: state?.status === 'ended' ? { ...state.outcome } : null,
    review: closing === null ? null : presentClosing(closing),
    erasedAt: erasedAtMs === undefined ? null : timestamp(erasedAtMs),
  };
}

function presentClosing({ atMs, channel, finding, person, text }: NonNullable<BreakGlassUse['closing']>) {
  return { by: person, at: timestamp(atMs), finding, text, channel };
}
