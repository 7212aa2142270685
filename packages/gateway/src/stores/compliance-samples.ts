import type { EntryKind, SealedEntry, UsageShape } from '../core/entry.ts';
import type { Grant, GrantBinding } from '../core/grant.ts';
import { makeId } from '../core/ids.ts';
import type { ActionId, GrantId, ReviewId, StandingId } from '../core/ids.ts';
import type { Review, ReviewState } from '../core/review.ts';
import type { StandingGrant } from '../core/standing.ts';
import type { StandingBinding } from './store.ts';

export const START_MS = Date.UTC(2026, 10, 21, 9, 30);

/** Ids in the order of their numbers. */
function random(number: number): Uint8Array {
  const bytes = new Uint8Array(10);
  new DataView(bytes.buffer).setUint32(6, number);
  return bytes;
}

export const actionId = (number: number, atMs = START_MS): ActionId => makeId('act', atMs, random(number));
export const reviewId = (number: number): ReviewId => makeId('rev', START_MS + number, random(number));
export const grantId = (number: number): GrantId => makeId('gra', START_MS + number, random(number));

export function sampleEntry(
  kind: EntryKind,
  action: ActionId | null,
  more: Partial<SealedEntry> = {},
): SealedEntry {
  const atMs = more.atMs ?? START_MS;
  return {
    kind,
    action,
    atMs,
    leaf: `{"action":"${action}","at":${atMs},"kind":"${kind}"}`,
    aside: null,
    usage: null,
    ...more,
  };
}

export const sampleBinding: GrantBinding = {
  digest: 'ab'.repeat(32),
  agent: 'agent-1',
  target: 'prod-db',
  environment: 'production',
};

export function sampleReview(
  number: number,
  more: { binding?: GrantBinding; revision?: number; state?: ReviewState } = {},
): Review {
  const { digest, agent, target, environment } = more.binding ?? {
    ...sampleBinding,
    digest: String(number).padStart(64, '0'),
  };
  return {
    id: reviewId(number),
    revision: more.revision ?? 1,
    state: more.state ?? { status: 'pending' },
    openedAtMs: START_MS,
    announcedUntilMs: START_MS,
    expiresAtMs: START_MS + 600_000,
    schedule: [],
    votes: [],
    questions: [],
    preview: null,
    supersedes: null,
    shape: 'f'.repeat(64),
    subject: {
      action: actionId(number),
      digest,
      commitment: 'c',
      salt: 's',
      requester: {
        agent,
        agentGroups: [],
        parties: ['ann'],
        sponsor: 'ann',
        onBehalfOf: 'ann',
        onBehalfOfBasis: 'configured',
        session: 'ses_1',
        client: '127.0.0.1:5000',
      },
      target: { name: target, protocol: 'postgres', environment },
      command: 'SELECT e_mail FROM customers -- 中\u2028🙂',
      parameters: [{ type: 25, format: 'text', value: null }],
      preconditions: {},
      operation: 'sql:select',
      title: 'SELECT',
      datasets: [],
      functions: [],
      rowLimit: null,
      unknown: [],
      risk: { score: 1, signals: [] },
      reasons: [],
      policies: [],
      demands: [],
      statedTask: '',
      holding: [],
    },
  };
}

export function sampleGrant(number: number, more: Partial<Grant> = {}): Grant {
  return {
    id: grantId(number),
    review: reviewId(number),
    binding: sampleBinding,
    issuedAtMs: START_MS,
    expiresAtMs: START_MS + 60_000,
    state: { status: 'live' },
    ...more,
  };
}

export function sampleShape(agent: string, key = agent): UsageShape {
  return {
    key,
    agent,
    onBehalfOf: 'ann',
    target: 'prod-db',
    environment: 'production',
    operation: 'sql:select',
    datasets: '[]',
    reviewed: false,
  };
}

export const standingId = (number: number): StandingId =>
  makeId('std', START_MS + number, new Uint8Array(10).fill(number));

export const sampleStandingBinding: StandingBinding = {
  agent: 'agent-1',
  onBehalfOf: 'ann',
  target: 'prod-db',
  environment: 'production',
};

export function sampleStanding(number: number, more: Partial<StandingGrant> = {}): StandingGrant {
  const { id: review, subject: sample } = sampleReview(number);
  const binding = sampleStandingBinding;
  return {
    id: standingId(number),
    review,
    terms: {
      agent: binding.agent,
      onBehalfOf: binding.onBehalfOf,
      target: sample.target,
      operation: 'sql:select',
      template: 'ab'.repeat(32),
      preconditions: {},
      fields: [],
      datasets: [],
      functions: [],
      maxUses: 2,
      maxRowsPerUse: 10,
      maxRows: 15,
      validFromMs: START_MS,
      validUntilMs: START_MS + 60_000,
    },
    digest: 'cd'.repeat(32),
    commitment: 'c',
    sample,
    proposedBy: 'kim',
    reason: 'r',
    proposedAtMs: START_MS,
    schedule: [],
    votesUntilMs: START_MS + 30_000,
    votes: [],
    uses: [],
    revision: 1,
    state: { status: 'live', atMs: START_MS },
    ...more,
  };
}
