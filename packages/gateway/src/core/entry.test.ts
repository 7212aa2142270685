import { createHash } from 'node:crypto';
import { canonicalize, type JsonValue } from '@sallyport/verifier';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalAction, type Action } from './action.ts';
import type { Description } from './describe.ts';
import type { Decision } from './decide.ts';
import {
  attemptMembers,
  decisionEntry,
  grantEntry,
  intentEntry,
  noticeEntry,
  outcomeEntry,
  reviewEntry,
  sealAction,
  voteEntry,
  type Circumstances,
} from './entry.ts';
import { usageShape } from './usage-shape.ts';
import type { Requester } from './identity.ts';
import { demand, DIGEST, requester, review, target } from '../../test/support/subjects.ts';

const sha256Base64url = (text: string): string => createHash('sha256').update(text).digest('base64url');
const sealing = { salt: 'AAAAAAAAAAAAAAAAAAAAAA', sha256Base64url };
const parse = (text: string): JsonValue => JSON.parse(text) as JsonValue;

const decisions: Decision[] = [
  { effect: 'allow', policies: ['reads'], reasons: [] },
  { effect: 'deny', code: 'policy.forbidden', policies: ['no-drop'], reasons: ['No.'] },
  { effect: 'review', policies: ['classified-reads'], reasons: ['Personal data.'], demands: [demand()] },
];

const describedAs = (given: Partial<Description>): Description => ({
  operation: 'sql:select',
  title: 'SELECT',
  datasets: [],
  functions: [{ name: 'lower', effect: 'none' }],
  reach: 'none',
  rowLimit: 5,
  filtered: true,
  unknown: [],
  flags: ['locking'],
  ...given,
});

const circumstances = (given: Partial<Circumstances> = {}): Circumstances => ({
  requester,
  target,
  operation: 'sql:select',
  description: describedAs({}),
  datasets: [
    {
      dataset: 'public.customers',
      access: ['read'],
      basis: 'parsed',
      columns: [{ name: 'email', uses: ['read'], classes: ['pii'] }],
      classes: ['pii'],
    },
  ],
  risk: { score: 40, signals: [{ name: 'classified', weight: 40, explanation: 'Reads personal data.' }] },
  decision: decisions[0] as Decision,
  ...given,
});

const nasty = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    ',"risk":{"score":',
    '"',
    '\\',
    '\u2028',
    '\u0000',
    '","kind":"outcome',
    'é',
    '\ud83d\ude00',
  ),
);

describe('leaves are canonical JSON whatever stands in them', () => {
  const attempt = (given: Partial<Circumstances>) => ({
    action: review().subject.action,
    atMs: 1_234,
    sealed: sealAction('{}', sealing),
    members: attemptMembers(circumstances(given)),
  });
  test('attempts: allowed, denied, reviewed and approved', () => {
    fc.assert(
      fc.property(nasty, nasty, fc.constantFrom(...decisions), (agent, task, decision) => {
        const hostile: Requester = { ...requester, agent, client: task };
        const made = attempt({ requester: hostile, decision, operation: task });
        const leaves = [
          decisionEntry(made, null),
          decisionEntry(made, 'rev_1'),
          intentEntry(made, null),
          intentEntry(made, { review: 'rev_1', grant: 'gra_1' }),
        ].map((entry) => entry.leaf);
        for (const leaf of leaves) expect(canonicalize(parse(leaf))).toBe(leaf);
      }),
    );
  });
  test('outcomes, votes, grants, reviews and notices', () => {
    fc.assert(
      fc.property(nasty, fc.nat(), (text, count) => {
        const outcome = {
          status: 'succeeded',
          rows: count,
          bytes: count,
          durationMs: count,
          code: text,
        } as const;
        const voted = {
          person: text,
          kind: 'reject',
          reason: text,
          digest: DIGEST,
          atMs: count,
          channel: 'cli',
          identity: 'sam',
          rendering: 'e'.repeat(64),
          passkey: null,
          retractedAtMs: null,
        } as const;
        const binding = { digest: DIGEST, agent: text, target: text, environment: text };
        const granted = {
          id: 'gra_1',
          review: 'rev_1',
          binding,
          issuedAtMs: 1,
          expiresAtMs: 2,
          state: { status: 'live' },
        } as const;
        const entries = [
          outcomeEntry('act_1', count, outcome, null),
          voteEntry(review(), voted, 'subject', sealing),
          grantEntry(granted, 'act_1', 'subject'),
          reviewEntry(review(), 'subject', count),
          noticeEntry('gateway.started', { version: text }, count),
        ];
        for (const entry of entries) expect(canonicalize(parse(entry.leaf))).toBe(entry.leaf);
      }),
    );
  });
  test('law 7: a denied attempt carries the same members as an allowed one', () => {
    const keys = (leaf: string): string[] => Object.keys(parse(leaf) as object);
    expect(keys(decisionEntry(attempt({}), null).leaf)).toEqual(keys(intentEntry(attempt({}), null).leaf));
  });
});

describe('law 8: values are beside the leaf', () => {
  const secret = 'CANARY-4000001234567899';
  test('what is unknown may quote the agent’s text: the leaf only says that something is', () => {
    const description = describedAs({ unknown: [`The type ${secret} is not known to the catalog.`] });
    const { beforeKind } = attemptMembers(circumstances({ description }));
    expect(beforeKind).not.toContain(secret);
    expect(beforeKind).toContain('"unknown":true');
  });
  test('the command, its parameters and a voter’s words are in no leaf, and the leaf commits to them', () => {
    const action = {
      ...review().subject,
      requester,
      target,
      command: `SELECT '${secret}'`,
      parameters: [{ type: 25, format: 'text', value: secret }] as const,
    };
    const sealed = sealAction(canonicalAction(action), sealing);
    const entry = intentEntry(
      { action: 'act_1', atMs: 1, sealed, members: attemptMembers(circumstances()) },
      null,
    );
    expect(entry.leaf).not.toContain('CANARY');
    expect(entry.aside).toContain('CANARY');
    expect(entry.leaf).toContain(`"commitment":"${sha256Base64url(entry.aside ?? '')}"`);
    const vote = {
      person: 'sam',
      kind: 'reject',
      reason: secret,
      digest: DIGEST,
      atMs: 1,
      channel: 'cli',
      identity: 'sam',
      rendering: 'e'.repeat(64),
      passkey: null,
      retractedAtMs: null,
    } as const;
    expect(voteEntry(review(), vote, 'subject', sealing).leaf).not.toContain('CANARY');
  });
  test('equal actions have different commitments under different salts', () => {
    const other = { ...sealing, salt: 'BBBBBBBBBBBBBBBBBBBBBB' };
    expect(sealAction('{}', sealing).commitment).not.toBe(sealAction('{}', other).commitment);
  });
});

describe('A2: equal digests mean equal bytes', () => {
  const action = (given: Partial<Action>): Omit<Action, 'id'> => ({
    requester,
    target,
    command: 'SELECT 1',
    parameters: [],
    preconditions: {},
    ...given,
  });
  const forms = (commands: readonly string[]): Set<string> =>
    new Set(commands.map((command) => canonicalAction(action({ command }))));
  test('white space, comments and look-alikes are never folded', () => {
    const commands = [
      'DELETE FROM t -- x\nWHERE id = 1',
      'DELETE FROM t -- x WHERE id = 1',
      'DELETE FROM t -- x\r\nWHERE id = 1',
      'DELETE FROM t -- x\u2028WHERE id = 1',
      'DELETE FROM t # x\nWHERE id = 1',
      'DELETE FROM t\tWHERE id = 1',
      'DELETE FROM t\u00a0WHERE id = 1',
      "DELETE FROM t WHERE id = '1\n'",
      "DELETE FROM t WHERE id = '1 '",
      'DELETE FROM t WHERE id = 1;',
      'delete from t where id = 1',
    ];
    expect(forms(commands).size).toBe(commands.length);
  });
  test('property: a canonical form gives back exactly what went in, and is RFC 8785', () => {
    const parameter = fc.record({
      type: fc.nat(),
      format: fc.constantFrom('text' as const, 'binary' as const),
      value: fc.option(nasty),
    });
    fc.assert(
      fc.property(
        nasty,
        fc.array(parameter, { maxLength: 4 }),
        fc.dictionary(fc.string({ minLength: 1 }), nasty),
        (command, parameters, preconditions) => {
          const form = canonicalAction(action({ command, parameters, preconditions }));
          const read = parse(form) as unknown as Pick<Action, 'command' | 'parameters' | 'preconditions'>;
          expect(read.command).toBe(command);
          expect(read.parameters).toEqual(parameters);
          expect({ ...read.preconditions }).toEqual({ ...preconditions });
          expect(canonicalize(parse(form))).toBe(form);
        },
      ),
    );
  });
  test('A1: every bound field changes the digest', () => {
    const base = canonicalAction(action({}));
    const changes: Partial<Action>[] = [
      { command: 'SELECT 2' },
      { parameters: [{ type: 23, format: 'text', value: '1' }] },
      { preconditions: { search_path: 'evil' } },
      { target: { ...target, name: 'other' } },
      { target: { ...target, environment: 'staging' } },
      { target: { ...target, protocol: 'mysql' } },
      { requester: { ...requester, agent: 'other' } },
      { requester: { ...requester, onBehalfOf: 'ben' } },
    ];
    for (const change of changes) expect(canonicalAction(action(change))).not.toBe(base);
    const typed = (type: number) =>
      canonicalAction(action({ parameters: [{ type, format: 'text', value: '1' }] }));
    expect(typed(23)).not.toBe(typed(25));
  });
});

test('usage of equal circumstances has equal keys', () => {
  expect(usageShape(circumstances(), false).key).toBe(usageShape(circumstances(), false).key);
  expect(usageShape(circumstances(), true).key).not.toBe(usageShape(circumstances(), false).key);
});
