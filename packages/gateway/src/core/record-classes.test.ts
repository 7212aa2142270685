import { describe, expect, test } from 'vitest';
import { sampleClosing, sampleUse } from '../stores/compliance-break-glass.ts';
import { sampleGrant, sampleReview, sampleStanding } from '../stores/compliance-samples.ts';
import { sampleSubmission } from '../stores/compliance-submissions.ts';
import { erase, join, split, unclassified, type Classes } from './classes.ts';
import type { BreakGlassUse } from './break-glass.ts';
import {
  breakGlassClasses,
  erasedBreakGlass,
  erasedReview,
  grantClasses,
  reviewClasses,
  standingClasses,
  submissionClasses,
} from './record-classes.ts';
import type { Review } from './review.ts';

const base = sampleReview(1);
const vote: Review['votes'][number] = {
  person: 'sam',
  identity: 'sam',
  kind: 'approve',
  reason: 'canary',
  digest: 'canary',
  rendering: 'r',
  atMs: 1,
  channel: 'cli',
  passkey: null,
  retractedAtMs: null,
};
const review: Review = {
  ...base,
  subject: {
    ...base.subject,
    digest: 'canary',
    salt: 'canary',
    command: 'canary',
    title: 'canary',
    parameters: [{ type: 25, format: 'text', value: 'canary' }],
    preconditions: { version: 'canary' },
    unknown: ['canary'],
    statedTask: 'canary',
    holding: ['canary'],
    risk: { score: 3, signals: [{ name: 'n', weight: 3, explanation: 'canary' }] },
  },
  votes: [vote],
  questions: [
    {
      id: 1,
      by: 'sam',
      to: 'agent',
      text: 'canary',
      atMs: 1,
      channel: 'cli',
      answer: { by: 'a', kind: 'agent', text: 'canary', atMs: 2, channel: 'api' },
    },
    { id: 2, by: 'sam', to: 'agent', text: 'canary', atMs: 1, channel: 'cli', answer: null },
  ],
  shape: 'canary',
  preview: { atMs: 1, findings: [{ kind: 'count', title: 'canary', text: 'canary', basis: 'counted' }] },
  state: { status: 'withdrawn', resolvedAtMs: 2, reason: 'canary' },
};

const prepared = sampleUse(1);
const use: BreakGlassUse = {
  ...prepared,
  subject: {
    ...prepared.subject,
    digest: 'canary',
    salt: 'canary',
    declared: { ...prepared.subject.declared, command: 'canary', statedTask: 'canary' },
    preconditions: { version: 'canary' },
    unknown: ['canary'],
    risk: { score: 3, signals: [{ name: 'n', weight: 3, explanation: 'canary' }] },
  },
  reason: 'canary',
  passkey: {
    ...prepared.passkey,
    authenticatorData: 'canary',
    clientDataJSON: 'canary',
    signature: 'canary',
    nonce: 'canary',
  },
  closing: { ...sampleClosing, text: 'canary' },
};

const records: readonly (readonly [string, object, Classes])[] = [
  ['review', review, reviewClasses],
  ['grant', sampleGrant(1), grantClasses],
  ['standing grant', sampleStanding(1, { votes: [vote] }), standingClasses],
  ['submission', sampleSubmission(1), submissionClasses],
  ['use of break-glass', use, breakGlassClasses],
];

describe('every field of a stored record has a class', () => {
  test.each(records)('%s', (_, record, classes) => {
    expect(unclassified(record, classes)).toEqual([]);
  });

  test.each(records)('%s: comes back whole from its two parts', (_, record, classes) => {
    const { open, sealed } = split(record, classes);
    const [first, second] = [open, sealed].map((part): unknown => JSON.parse(JSON.stringify(part)));
    expect(join(first, second)).toEqual(JSON.parse(JSON.stringify(record)));
  });
});

test('no value of a review is in its open part, nor left by an erasure', () => {
  expect(JSON.stringify(split(review, reviewClasses).open)).not.toContain('canary');
  const left = erasedReview(review, 9);
  expect(JSON.stringify(left)).not.toContain('canary');
  expect(left).toMatchObject({
    erasedAtMs: 9,
    subject: {
      requester: review.subject.requester,
      target: review.subject.target,
      command: '',
      parameters: [],
    },
    votes: [{ person: 'sam', kind: 'approve', reason: '' }],
    questions: [{ answer: { by: 'a', text: '' } }, { answer: null }],
    preview: null,
    state: { status: 'withdrawn', reason: '' },
  });
});

test('no value of a use of break-glass is in its open part, nor left by an erasure', () => {
  expect(JSON.stringify(split(use, breakGlassClasses).open)).not.toContain('canary');
  const left = erasedBreakGlass(use, 9);
  expect(JSON.stringify(left)).not.toContain('canary');
  expect(left).toMatchObject({
    erasedAtMs: 9,
    person: 'sam',
    reason: '',
    passkey: { passkey: use.passkey.passkey, signature: '', clientDataJSON: '' },
    grant: use.grant,
    subject: { requester: use.subject.requester, declared: { operation: 'service.restart', command: '' } },
    closing: { person: 'kim', finding: 'justified', text: '' },
  });
});

test('a field without a class is sensitive: it is sealed, and erased', () => {
  const record = {
    id: 1,
    subject: { added: 'canary' },
    added: { deep: 'canary' },
    votes: [{ added: 'canary' }],
  };
  const classes = { id: 'open', subject: { members: {} }, votes: [{}] } as const satisfies Classes;
  expect(split(record, classes).open).toEqual({ id: 1, subject: {}, votes: [{}] });
  expect(unclassified(record, classes)).toEqual(['subject.added', 'added', 'votes.added']);
  expect(erase(record, classes)).toEqual({ id: 1, subject: {}, votes: [{}] });
});
