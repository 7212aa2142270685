/** One entry of every kind, with a canary wherever a value is sensitive. */
import { hash } from 'node:crypto';
import { sampleClosing, sampleUse } from '../../src/stores/compliance-break-glass.ts';
import { sampleReview, sampleStanding } from '../../src/stores/compliance-samples.ts';
import { breakGlassEntry, breakGlassReviewEntry, underBreakGlass } from '../../src/core/break-glass-entry.ts';
import { canaryEntry } from '../../src/core/canary.ts';
import { erasureEntry, keyEntry } from '../../src/core/custody-entries.ts';
import type { Description } from '../../src/core/describe.ts';
import { answerEntry, previewEntry, questionEntry } from '../../src/core/clarification-entries.ts';
import {
  attemptMembers,
  decisionEntry,
  grantEntry,
  intentEntry,
  outcomeEntry,
  retractionEntry,
  reviewEntry,
  sealAction,
  voteEntry,
  type SealedEntry,
} from '../../src/core/entry.ts';
import { heartbeatEntry } from '../../src/core/heartbeat-entry.ts';
import { passkeyEntry } from '../../src/core/passkey.ts';
import type { Passkey } from '../../src/core/passkey.ts';
import type { Review } from '../../src/core/review.ts';
import { sealTerms, standingEntry, standingVoteEntry } from '../../src/core/standing-entry.ts';

export const CANARY = 'canary-7f';
const sealing = {
  salt: 'c2FsdHNhbHRzYWx0c2FsdA',
  sha256Base64url: (text: string): string => hash('sha256', text, 'base64url'),
};
const at = 1_760_000_000_000;
const base = sampleReview(1);
const demand = {
  policy: 'p',
  approvers: [{ kind: 'group', name: 'g' }],
  calendar: null,
  controls: ['c'],
  escalation: [{ afterMs: 1, approvers: [{ kind: 'person', name: 'x' }] }],
  excluded: ['e'],
  expiresInMs: 1,
  passkeyFromRisk: null,
  quorum: 1,
  rejections: 1,
  remindersMs: [],
  reason: CANARY,
} as const;
const datasets = [
  {
    dataset: 'd',
    access: ['read'],
    basis: 'parsed',
    classes: ['pii'],
    columns: [{ name: 'c', uses: ['read'], classes: ['pii'] }],
  },
] as const;
const risk = { score: 1, signals: [{ name: 's', weight: 1, explanation: CANARY }] };
const review: Review = {
  ...base,
  subject: {
    ...base.subject,
    command: CANARY,
    statedTask: CANARY,
    title: CANARY,
    demands: [demand],
    datasets,
    risk,
  },
};
const { requester, target } = review.subject;
const decision = { effect: 'review', demands: [demand], policies: ['p'], reasons: [CANARY] } as const;
const description: Description = {
  operation: 'sql:select',
  title: 'SELECT',
  datasets: [],
  functions: [{ name: 'now', effect: 'none' }],
  reach: 'none',
  rowLimit: 1,
  filtered: true,
  unknown: [CANARY],
  flags: ['f'],
};
const circumstances = { requester, target, operation: 'sql:select', description, datasets, risk, decision };
const members = attemptMembers(circumstances);
const attempt = {
  action: review.subject.action,
  atMs: at,
  sealed: sealAction(CANARY, sealing),
  members,
};
const vote: Review['votes'][number] = {
  person: 'sam',
  identity: 'sam',
  kind: 'approve',
  reason: CANARY,
  digest: 'd',
  rendering: 'r',
  atMs: at,
  channel: 'cli',
  passkey: null,
  retractedAtMs: null,
};
const answer = { by: 'a', kind: 'agent', text: CANARY, atMs: at, channel: 'api' } as const;
const question = {
  id: 1,
  by: 'sam',
  to: 'agent',
  text: CANARY,
  atMs: at,
  channel: 'cli',
  answer: null,
} as const;
const finding = { kind: 'count', title: CANARY, text: CANARY, basis: 'counted' } as const;
const standing = sampleStanding(1, { sample: review.subject, reason: CANARY });
const passkey = {
  id: 'pky_1',
  person: 'sam',
  identity: 'sam',
  label: CANARY,
  key: 'k',
  origin: 'https://o',
  rpId: 'o',
  vouchedBy: 'pky_0',
} as unknown as Passkey;

const prepared = sampleUse(1);
const use = {
  ...prepared,
  reason: CANARY,
  subject: { ...prepared.subject, digest: CANARY, salt: CANARY, title: CANARY, unknown: [CANARY] },
};

export const everyEntry: readonly SealedEntry[] = [
  decisionEntry(attempt, review.id),
  intentEntry(attempt, { review: review.id, grant: 'gra_1' }),
  intentEntry(attempt, { standing: standing.id }),
  reviewEntry({ ...review, supersedes: review.id }, 'c', at),
  reviewEntry({ ...review, state: { status: 'superseded', resolvedAtMs: at, by: review.id } }, 'c', at),
  voteEntry(review, vote, 'c', sealing),
  retractionEntry(review, { ...vote, retractedAtMs: at }, 'c', { ...sealing, channel: 'cli' }),
  questionEntry(review, question, 'c', sealing),
  answerEntry(review, { question: 1, answer }, 'c', sealing),
  previewEntry(review, { atMs: at, findings: [finding] }, 'c', sealing),
  grantEntry(
    {
      id: 'gra_1',
      review: review.id,
      binding: { digest: 'd', agent: 'a', target: 't', environment: 'e' },
      issuedAtMs: at,
      expiresAtMs: at,
      state: { status: 'live' },
    },
    review.subject.action,
    'c',
  ),
  outcomeEntry(
    review.subject.action,
    at,
    { status: 'succeeded', rows: 1, bytes: 1, durationMs: 1, code: '' },
    null,
  ),
  standingEntry(standing, at, sealTerms(CANARY, CANARY, sealing).aside),
  standingEntry({ ...standing, state: { status: 'revoked', atMs: at, by: 'sam', reason: CANARY } }, at, null),
  standingVoteEntry(standing, vote, sealing),
  passkeyEntry(passkey, 'registered', at),
  underBreakGlass(intentEntry(attempt, null), use.id),
  breakGlassEntry(use, sealing),
  breakGlassReviewEntry(use, { ...sampleClosing, text: CANARY }, sealing),
  heartbeatEntry({ gateway: 'g', beat: 0, entries: 1, periodMs: 60_000 }, at),
  erasureEntry(
    { by: 'sam', identity: 'sam', subject: { kind: 'agent', name: 'a' }, reason: CANARY },
    at,
    sealing,
  ),
  keyEntry({ previous: 'p', next: 'n', signature: 's' }, at),
  canaryEntry(
    {
      ...review,
      state: { status: 'expired', resolvedAtMs: at },
      votes: [vote],
      canary: { flaw: CANARY, atMs: at },
    },
    'n',
    at,
    sealing,
  ),
];
