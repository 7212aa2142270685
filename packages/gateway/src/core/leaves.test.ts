/** What each entry says, member by member: the words of the ledger are a format (spec/ledger.md). */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { demand, requester, review, target } from '../../test/support/subjects.ts';
import type { Decision } from './decide.ts';
import { answerEntry, previewEntry, questionEntry } from './clarification-entries.ts';
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
} from './entry.ts';
import { usageShape } from './usage-shape.ts';
import type { Vote } from './review.ts';

const sealing = {
  salt: 'c2FsdHNhbHRzYWx0c2FsdA',
  sha256Base64url: (text: string) => createHash('sha256').update(text).digest('base64url'),
};
const leafOf = (entry: SealedEntry): unknown => JSON.parse(entry.leaf);
const asideOf = (entry: SealedEntry): unknown => JSON.parse(entry.aside ?? 'null');

/** A leaf commits to exactly what lies beside it. */
function expectSealed(entry: SealedEntry, aside: object): void {
  expect(asideOf(entry)).toEqual({ ...aside, salt: sealing.salt });
  expect(leafOf(entry)).toMatchObject({ commitment: sealing.sha256Base64url(entry.aside ?? '') });
}

const full = demand({
  escalation: [{ afterMs: 60_000, approvers: [{ kind: 'person', name: 'olga' }] }],
  excluded: ['eve'],
  passkeyFromRisk: 70,
});
const leafOfDemand = {
  calendar: null,
  approvers: [{ kind: 'group', name: 'stewards' }],
  controls: ['SOC2:CC6.1'],
  escalation: [{ afterMs: 60_000, approvers: [{ kind: 'person', name: 'olga' }] }],
  excluded: ['eve'],
  expiresInMs: 1_800_000,
  passkeyFromRisk: 70,
  policy: 'classified-reads',
  quorum: 1,
  rejections: 1,
};
const datasets = [
  {
    dataset: 'public.customers',
    access: ['read'],
    basis: 'parsed',
    columns: [{ name: 'email', uses: ['read', 'filtered'], classes: ['pii'] }],
    classes: ['internal'],
  },
] as const;

const description = {
  operation: 'sql:select',
  title: 'SELECT',
  datasets: [],
  functions: [{ name: 'lower', effect: 'none' }],
  reach: 'none',
  rowLimit: null,
  filtered: true,
  unknown: ['something'],
  flags: ['locking'],
} as const;

function attempt(decision: Decision) {
  const risk = { score: 40, signals: [{ name: 'classified', weight: 40, explanation: 'words' }] };
  const members = attemptMembers({
    requester,
    target,
    operation: 'sql:select',
    description,
    datasets,
    risk,
    decision,
  });
  return { action: 'act_1', atMs: 7, sealed: sealAction('{"form":1}', sealing), members } as const;
}
const attemptLeaf = {
  described: {
    filtered: true,
    flags: ['locking'],
    functions: [{ effect: 'none', name: 'lower' }],
    reach: 'none',
    rowLimit: null,
    title: 'SELECT',
    unknown: true,
  },
  action: 'act_1',
  at: 7,
  operation: 'sql:select',
  requester: {
    agent: 'reporter',
    client: '127.0.0.1:5000',
    onBehalfOf: 'ana',
    onBehalfOfBasis: 'configured',
    parties: ['ana'],
    session: requester.session,
    sponsor: 'ana',
  },
  risk: { score: 40, signals: ['classified'] },
  target: { environment: 'production', name: 'prod-db', protocol: 'postgresql' },
  usage: datasets,
  version: 1,
};
const allowed: Decision = { effect: 'allow', policies: ['reads'], reasons: ['r'] };

describe('an attempt', () => {
  test('that policy allows is an intent', () => {
    const entry = intentEntry(attempt(allowed), null);
    expectSealed(entry, { form: '{"form":1}' });
    expect(leafOf(entry)).toMatchObject({
      ...attemptLeaf,
      kind: 'intent',
      decision: { effect: 'allow', policies: ['reads'] },
    });
    expect(Object.keys(leafOf(entry) as object)).not.toContain('review');
  });
  test('that policy denies says with which code, by which policies', () => {
    const denied: Decision = {
      effect: 'deny',
      code: 'policy.forbidden',
      policies: ['never'],
      reasons: ['r'],
    };
    expect(leafOf(decisionEntry(attempt(denied), null))).toMatchObject({
      ...attemptLeaf,
      kind: 'decision',
      decision: { code: 'policy.forbidden', effect: 'deny', policies: ['never'] },
    });
  });
  test('that is sent to review names it and all demands; approved, it names the grant', () => {
    const held: Decision = { effect: 'review', policies: ['p'], reasons: ['r'], demands: [full] };
    const decision = { demands: [leafOfDemand], effect: 'review', policies: ['p'] };
    expect(leafOf(decisionEntry(attempt(held), 'rev_1'))).toMatchObject({
      ...attemptLeaf,
      kind: 'decision',
      decision,
      review: 'rev_1',
    });
    expect(leafOf(intentEntry(attempt(held), { review: 'rev_1', grant: 'gra_1' }))).toMatchObject({
      ...attemptLeaf,
      kind: 'intent',
      decision,
      review: 'rev_1',
      grant: 'gra_1',
    });
  });
});

test('a review says its demands, what it replaces and what replaced it', () => {
  const opened = review({ supersedes: 'rev_0' }, [full]);
  const shared = {
    action: opened.subject.action,
    at: 9,
    demands: [leafOfDemand],
    expiresAt: opened.expiresAtMs,
    kind: 'review',
    review: opened.id,
    subject: 'subject',
    version: 1,
  };
  expect(leafOf(reviewEntry(opened, 'subject', 9))).toEqual({
    ...shared,
    revision: 1,
    status: 'pending',
    supersedes: 'rev_0',
  });
  const state = { status: 'superseded', resolvedAtMs: 9, by: 'rev_2' as never } as const;
  const replaced = { ...opened, state, supersedes: null };
  expect(leafOf(reviewEntry(replaced, 'subject', 9))).toEqual({
    ...shared,
    revision: 1,
    status: 'superseded',
    supersededBy: 'rev_2',
  });
});

describe('what people say', () => {
  const about = review();
  const shared = { action: about.subject.action, at: 5, review: about.id, subject: 'subject', version: 1 };
  const vote: Vote = {
    person: 'sam',
    identity: 'personnel-7',
    kind: 'approve',
    reason: 'ticket 4711',
    digest: 'd',
    rendering: 'e',
    atMs: 5,
    channel: 'cli',
    passkey: null,
    retractedAtMs: null,
  };
  test('a vote, with the words beside it', () => {
    const entry = voteEntry(about, vote, 'subject', sealing);
    expectSealed(entry, { text: 'ticket 4711' });
    expect(leafOf(entry)).toMatchObject({
      ...shared,
      kind: 'vote',
      vote: {
        channel: 'cli',
        identity: 'personnel-7',
        kind: 'approve',
        person: 'sam',
        rendering: 'e',
        signed: false,
      },
    });
  });
  test('a vote taken back', () => {
    const entry = retractionEntry(about, { ...vote, retractedAtMs: 5 }, 'subject', {
      ...sealing,
      channel: 'api',
    });
    expectSealed(entry, { text: '' });
    expect(leafOf(entry)).toMatchObject({
      ...shared,
      kind: 'vote',
      vote: { channel: 'api', identity: 'personnel-7', kind: 'retract', person: 'sam' },
    });
  });
  test('a question and its answer', () => {
    const answer = { by: 'reporter', kind: 'agent', text: 'so', atMs: 5, channel: 'api' } as const;
    const asked = { id: 2, by: 'sam', to: 'agent', text: 'why', atMs: 5, channel: 'cli', answer } as const;
    const question = questionEntry(about, asked, 'subject', sealing);
    expectSealed(question, { text: 'why' });
    expect(leafOf(question)).toMatchObject({
      ...shared,
      kind: 'question',
      question: { by: 'sam', channel: 'cli', id: 2, to: 'agent' },
    });
    const answered = answerEntry(about, { question: 2, answer }, 'subject', sealing);
    expectSealed(answered, { text: 'so' });
    expect(leafOf(answered)).toMatchObject({
      ...shared,
      kind: 'answer',
      answer: { by: 'reporter', channel: 'api', id: 2, kind: 'agent' },
    });
  });
  test('a preview, of which the leaf tells the kinds alone', () => {
    const finding = { kind: 'count', title: 'Rows', text: '7', basis: 'counted', rows: 7 } as const;
    const entry = previewEntry(about, { atMs: 5, findings: [finding] }, 'subject', sealing);
    expectSealed(entry, { findings: [finding] });
    expect(leafOf(entry)).toMatchObject({ ...shared, kind: 'preview', findings: ['count'] });
  });
});

test('a grant says what it is bound to', () => {
  const binding = { digest: 'd', agent: 'reporter', target: 'prod-db', environment: 'production' };
  const ids = { id: 'gra_1', review: 'rev_1' } as const;
  const grant = { ...ids, binding, issuedAtMs: 5, expiresAtMs: 65, state: { status: 'live' } } as const;
  expect(leafOf(grantEntry(grant, 'act_1', 'subject'))).toEqual({
    action: 'act_1',
    at: 5,
    binding: { agent: 'reporter', environment: 'production', subject: 'subject', target: 'prod-db' },
    expiresAt: 65,
    grant: 'gra_1',
    kind: 'grant',
    review: 'rev_1',
    version: 1,
  });
});

test('an outcome counts towards the usage of its shape, or of none', () => {
  const outcome = { status: 'succeeded', rows: 3, bytes: 9, durationMs: 2, code: '' } as const;
  const risk = { score: 0, signals: [] };
  const circumstances = { requester, target, operation: 'sql:select', datasets, risk, decision: allowed };
  const shape = usageShape(circumstances, true);
  expect(outcomeEntry('act_1', 7, outcome, shape).usage).toEqual({
    shape,
    status: 'succeeded',
    atMs: 7,
    rows: 3,
    bytes: 9,
  });
  expect(outcomeEntry('act_1', 7, outcome, null).usage).toBe(null);
  expect(shape).toMatchObject({ agent: 'reporter', onBehalfOf: 'ana', reviewed: true, target: 'prod-db' });
  expect(JSON.parse(shape.datasets)).toEqual(datasets);
});
