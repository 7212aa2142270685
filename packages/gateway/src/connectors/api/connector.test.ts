import { beforeEach, describe, expect, test } from 'vitest';
import { createFakeClock, createFakeRandom, type FakeClock } from '../../../test/support/fake-clock.ts';
import type { Decision } from '../../core/decide.ts';
import type { Agent, Person } from '../../core/identity.ts';
import { err, ok } from '../../core/result.ts';
import { limits } from '../../limits.ts';
import { Pipeline } from '../../pipeline.ts';
import type { SubmissionView, SubmitAsk } from '../../ports.ts';
import { noPasskeys } from '../../../test/support/subjects.ts';
import { BreakGlassGate } from '../../review/break-glass/gate.ts';
import { Desk } from '../../review/desk.ts';
import { createMemoryStore } from '../../stores/memory/store.ts';
import { hashing } from '../../system.ts';
import { ApiConnector } from './connector.ts';

const agent: Agent = {
  kind: 'agent',
  name: 'refunder',
  groups: [],
  sponsor: 'ana',
  mayActFor: [],
  credentialOwner: 'ana',
};
const person: Person = {
  kind: 'person',
  name: 'ana',
  displayName: 'Ana',
  identity: 'ana',
  groups: [],
  disabled: false,
};
const allow: Decision = { effect: 'allow', policies: [], reasons: [] };
const deny: Decision = { effect: 'deny', code: 'policy.forbidden', policies: ['no'], reasons: ['Not now.'] };
const review: Decision = {
  effect: 'review',
  policies: ['ask'],
  reasons: ['Ask.'],
  demands: [
    {
      policy: 'ask',
      approvers: [{ kind: 'person', name: 'sam' }],
      escalation: [],
      quorum: 1,
      rejections: 1,
      expiresInMs: 60_000,
      remindersMs: [],
      calendar: null,
      passkeyFromRisk: null,
      excluded: [],
      reason: 'Ask.',
      controls: [],
    },
  ],
};

let clock: FakeClock;
let store: ReturnType<typeof createMemoryStore>;
let decision: Decision;
let version: string;
let agents: readonly Agent[];
let people: readonly Person[];
let connector: ApiConnector;

function connect(): Promise<ApiConnector> {
  const random = createFakeRandom('1');
  const directory = {
    agent: (name: string) => agents.find((one) => one.name === name),
    person: (name: string) => people.find((one) => one.name === name),
    people: () => people,
  };
  const policy = {
    get version() {
      return version;
    },
    decide: () => decision,
    mayApprove: () => true,
    mayCall: () => true,
  };
  const events = { publish: () => undefined, subscribe: () => () => undefined };
  const log = {
    reviewUndecidable: () => undefined,
    voteTaken: () => undefined,
    voteRefused: () => undefined,
    failed: () => undefined,
  };
  const calendars = { workingTime: (_: string, fromMs: number, durationMs: number) => fromMs + durationMs };
  const shared = { clock, random, hashing, store, policy, directory, calendars, events, limits, log };
  const desk = new Desk({ ...shared, passkeys: noPasskeys, publicUrl: 'http://gate' });
  const breakGlass = new BreakGlassGate({
    ...shared,
    policy: { version, breakGlass: () => null },
    classifier: { classify: () => [] },
    log: { breakGlassRefused: () => undefined },
  });
  const passkeys = {
    ...noPasskeys,
    offerVote: async () => err({ code: 'passkey.none', message: '' } as const),
  };
  return new ApiConnector({
    ...shared,
    breakGlass,
    passkeys,
    gate: new Pipeline({ ...shared, classifier: { classify: () => [] } }, desk),
    publicUrl: 'http://gate',
    targets: [{ name: 'billing', protocol: 'api', environment: 'production' }],
    issuer: { keys: {}, sign: async ({ id }) => `token-of-${id}` },
    checks: {
      proof: async ({ proof }) => (proof === 'good' ? ok('thumbprint') : err('proof.signature')),
      grant: async ({ grant }) => ok({ id: grant.slice('token-of-'.length), agent: agent.name, action: '' }),
    },
  }).start();
}

beforeEach(async () => {
  clock = createFakeClock(1_700_000_000_000);
  store = createMemoryStore();
  decision = allow;
  version = '1';
  agents = [agent];
  people = [person];
  connector = await connect();
});

const ask = (more: Partial<SubmitAsk> = {}): SubmitAsk => ({
  agent,
  target: 'billing',
  operation: 'invoice.refund',
  arguments: { invoice: 7 },
  datasets: [],
  statedTask: '',
  onBehalfOf: null,
  supersedes: null,
  session: null,
  client: '',
  key: null,
  ...more,
});

async function submit(more: Partial<SubmitAsk> = {}): Promise<SubmissionView['submission']> {
  const submitted = await connector.submit(ask(more));
  if (!submitted.ok) throw new Error(submitted.error.code);
  return submitted.value.submission;
}

const codeOf = async (
  answer: Promise<{ ok: true } | { ok: false; error: { code: string } }>,
): Promise<string> => {
  const result = await answer;
  return result.ok ? 'ok' : result.error.code;
};

const grant = ({ id }: { id: SubmissionView['submission']['id'] }, proof = 'good') =>
  connector.grant({ agent, id, proof });

const outcomes = async (): Promise<readonly string[]> =>
  (await store.read('entries', { from: 0, limit: 100 }))
    .filter(({ kind }) => kind === 'outcome')
    .map(({ leaf }) => {
      const { status, code } = (JSON.parse(leaf) as { outcome: { status: string; code: string } }).outcome;
      return `${status} ${code}`;
    });

const stateOf = async ({ id }: { id: SubmissionView['submission']['id'] }) =>
  (await store.read('submission', { id }))?.state;

describe('an outcome that never comes', () => {
  test('is unknown after an hour, once, and a late report is refused', async () => {
    const submission = await submit();
    await grant(submission);
    clock.advance(limits.actionOutcomeMs - 1);
    expect(await outcomes()).toEqual([]);
    clock.advance(1);
    await expect.poll(outcomes).toEqual(['unknown outcome.missing']);
    const outcome = { status: 'succeeded', rows: 0, bytes: 0, code: '' } as const;
    expect(await codeOf(connector.report({ agent, id: submission.id, outcome }))).toBe('action.over');
    expect(await outcomes()).toHaveLength(1);
  });

  test('is unknown when the gateway stops', async () => {
    const submission = await submit();
    await grant(submission);
    await connector.close();
    expect(await outcomes()).toEqual(['unknown gateway.stopped']);
    expect(await stateOf(submission)).toMatchObject({ status: 'ended', outcome: { status: 'unknown' } });
  });

  test('of a process that is gone is taken over as unknown by the next', async () => {
    const submission = await submit();
    await grant(submission);
    connector = await connect();
    expect(await stateOf(submission)).toMatchObject({
      status: 'ended',
      outcome: { code: 'gateway.crashed' },
    });
    expect(await codeOf(grant(submission))).toBe('action.over');
  });
});

describe('between submission and grant', () => {
  test('an allowed action waits five minutes for its caller', async () => {
    const [first, second] = [await submit(), await submit()];
    clock.advance(limits.actionReadyMs - 1);
    expect(await codeOf(grant(first))).toBe('ok');
    clock.advance(1);
    expect(await codeOf(grant(second))).toBe('grant.expired');
  });

  test('the policy of now decides: what it denies is denied, for good (A4)', async () => {
    const submission = await submit();
    decision = deny;
    version = '2';
    expect(await codeOf(grant(submission))).toBe('policy.forbidden');
    expect(await stateOf(submission)).toMatchObject({ status: 'refused', refusal: { message: 'Not now.' } });
    expect(await outcomes()).toEqual([]);
  });

  test('the policy of now decides: what it sends to people waits for them', async () => {
    const submission = await submit();
    decision = review;
    version = '2';
    expect(await codeOf(grant(submission))).toBe('action.pending');
    expect(await stateOf(submission)).toMatchObject({ status: 'review' });
    expect(await codeOf(grant(submission))).toBe('action.pending');
  });

  test('the person for whom the agent acts can be disabled, or the agent’s right taken away (B6)', async () => {
    const submission = await submit();
    people = [{ ...person, disabled: true }];
    expect(await codeOf(grant(submission))).toBe('identity.revoked');
    people = [person];
    const other = { ...agent, sponsor: 'kim' };
    expect(await codeOf(connector.grant({ agent: other, id: submission.id, proof: 'good' }))).toBe(
      'identity.revoked',
    );
    expect(await codeOf(grant(submission))).toBe('ok');
  });

  test('a bad proof spends nothing', async () => {
    const submission = await submit();
    expect(await codeOf(grant(submission, 'bad'))).toBe('proof.signature');
    expect(await codeOf(grant(submission))).toBe('ok');
  });
});

describe('after the grant', () => {
  const redeem = (token: string) =>
    connector.redeem({
      grant: token,
      proof: '',
      method: 'POST',
      url: '',
      target: 'billing',
      operation: '',
      arguments: {},
    });

  test('a token is redeemed once, and not when agent or person are no more (J)', async () => {
    const granted = await grant(await submit());
    if (!granted.ok) throw new Error(granted.error.code);
    const { grant: token } = granted.value;
    agents = [];
    expect(await codeOf(redeem(token))).toBe('identity.revoked');
    agents = [agent];
    people = [{ ...person, disabled: true }];
    expect(await codeOf(redeem(token))).toBe('identity.revoked');
    people = [person];
    expect(await codeOf(redeem(token))).toBe('ok');
    expect(await codeOf(redeem(token))).toBe('grant.spent');
  });

  test('a token lives for its minute, though the clock is set back (B5)', async () => {
    const [early, late] = [await grant(await submit()), await grant(await submit())];
    if (!early.ok || !late.ok) throw new Error('not granted');
    clock.advance(limits.tokenMs - 1);
    expect(await codeOf(redeem(early.value.grant))).toBe('ok');
    clock.set(-3_600_000);
    clock.advance(1);
    expect(await codeOf(redeem(late.value.grant))).toBe('token.expired');
  });

  test('it can’t be given up any more, and a report and a use at the same time are both recorded', async () => {
    const submission = await submit();
    const granted = await grant(submission);
    if (!granted.ok) throw new Error(granted.error.code);
    expect(await codeOf(connector.withdraw({ agent, id: submission.id, reason: '' }))).toBe('action.over');
    const outcome = { status: 'succeeded', rows: 1, bytes: 2, code: '' } as const;
    const both = await Promise.all([
      codeOf(redeem(granted.value.grant)),
      codeOf(connector.report({ agent, id: submission.id, outcome })),
    ]);
    expect(both).toEqual(['ok', 'ok']);
    expect(await stateOf(submission)).toMatchObject({ status: 'ended', token: { usedAtMs: clock.nowMs() } });
  });
});

test('an agent performs a bounded number of actions at once (B13)', async () => {
  const many = await Promise.all(Array.from({ length: limits.actionsPerformedPerAgent }, () => submit()));
  for (const each of many) expect((await grant(each)).ok).toBe(true);
  const refused = await grant(await submit());
  expect(refused).toMatchObject({ ok: false, error: { code: 'limit.exceeded' } });
});

test('and no more of them where their grants are asked for at once (B13)', async () => {
  const many = await Promise.all(Array.from({ length: limits.actionsPerformedPerAgent + 5 }, () => submit()));
  const codes = await Promise.all(many.map((each) => codeOf(grant(each))));
  expect(codes.filter((code) => code === 'limit.exceeded')).toHaveLength(5);
  const [first] = many;
  const outcome = { status: 'succeeded', rows: 0, bytes: 0, code: '' } as const;
  expect(await codeOf(connector.report({ agent, id: first!.id, outcome }))).toBe('ok');
  expect(await codeOf(grant(await submit()))).toBe('ok');
});

test('where the ledger can’t record, nothing is submitted, granted or reported (law 3)', async () => {
  const [submission, performed] = [await submit(), await submit()];
  await grant(performed);
  await store.close();
  expect(await codeOf(connector.submit(ask()))).toBe('ledger.unavailable');
  expect(await codeOf(connector.submit(ask({ key: 'k' })))).toBe('ledger.unavailable');
  expect(await codeOf(grant(submission))).toBe('ledger.unavailable');
  const outcome = { status: 'succeeded', rows: 0, bytes: 0, code: '' } as const;
  expect(await codeOf(connector.report({ agent, id: performed.id, outcome }))).toBe('ledger.unavailable');
});
