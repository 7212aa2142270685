/** Standing grants over the whole way of an action: proposed, voted on, used, ended, with the clock in the test's hand. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { decodeLeaf } from '../../../../verifier/src/leaf.ts';
import { Rules } from '../../../../verifier/src/rules.ts';
import { attempt, description, makeWorld, type World } from '../../../test/support/standing-world.ts';
import { person, requester, reviewed } from '../../../test/support/subjects.ts';
import type { Approval, Attempt, Judgement } from '../../connectors/connector.ts';
import { prepareParser } from '../../connectors/postgres/describe/index.ts';
import type { Decision } from '../../core/decide.ts';
import type { Description } from '../../core/describe.ts';
import type { Person } from '../../core/identity.ts';
import type { StandingGrant } from '../../core/standing.ts';
import { limits } from '../../limits.ts';
import type { StandingWish } from '../../ports.ts';

let world: World;
beforeAll(() => prepareParser());
beforeEach(() => {
  world = makeWorld();
});

const judged = (given: Partial<Attempt> = {}): Judgement => world.gate.judge(attempt(given));
const voter = (name: string): Person => world.people.find((one) => one.name === name) ?? person(name);
const wish = (given: Partial<StandingWish> = {}): StandingWish => ({
  constraints: [],
  maxUses: 2,
  maxRowsPerUse: null,
  maxRows: null,
  validFromMs: null,
  validUntilMs: world.clock.nowMs() + 7_200_000,
  ...given,
});

async function proposed(given: Partial<StandingWish> = {}): Promise<StandingGrant> {
  const held = await world.gate.hold(judged(), []);
  if (!held.ok) throw new Error(held.error.code);
  const ask = { review: held.value.review, proposer: voter('sam'), wish: wish(given), reason: 'all morning' };
  const made = await world.standing.propose(ask);
  if (!made.ok) throw new Error(made.error.code);
  return made.value;
}

async function vote(grant: StandingGrant, by: string): Promise<string> {
  const { rendering } = world.standing.show(grant);
  const said = { kind: 'approve', reason: '', channel: 'api', digest: grant.digest, rendering } as const;
  const voted = await world.standing.vote({ ...said, standing: grant.id, voter: voter(by) });
  return voted.ok ? voted.value.state.status : voted.error.code;
}

async function live(given: Partial<StandingWish> = {}): Promise<StandingGrant> {
  const grant = await proposed(given);
  expect(await vote(grant, 'kim')).toBe('live');
  return grant;
}

const revoke = (grant: StandingGrant) =>
  world.standing.revoke({ standing: grant.id, revoker: voter('kim'), reason: 'done', channel: 'api' });

/** Up to the point where the connector would send the bytes. */
async function covered(given: Partial<Attempt> = {}): Promise<Approval | null> {
  const held = await world.gate.hold(judged(given), []);
  if (!held.ok) throw new Error(held.error.code);
  if (held.value.standing === null) return null;
  const settled = await held.value.settled;
  return settled.ok ? settled.value : null;
}

async function use(approval: Approval | null, given: Partial<Attempt> = {}) {
  if (approval === null) throw new Error('not covered');
  return world.gate.authorizeApproved(judged(given), approval);
}

const codeOf = (result: Awaited<ReturnType<typeof use>>): string => (result.ok ? 'runs' : result.error.code);

async function leaves(): Promise<Record<string, unknown>[]> {
  const rows = await world.store.read('entries', { from: 0, limit: 1_000 });
  return rows.map(({ leaf }) => JSON.parse(leaf) as Record<string, unknown>);
}

async function findings(): Promise<string[]> {
  const rows = await world.store.read('entries', { from: 0, limit: 1_000 });
  const found: string[] = [];
  const rules = new Rules(({ code }) => void found.push(code));
  for (const { index, leaf } of rows) {
    const decoded = decodeLeaf(leaf);
    if (decoded.ok) rules.observe(index, decoded.leaf);
    else found.push(decoded.detail);
  }
  return found;
}

test('a covered action runs under the grant, whose INTENT names it, and the ledger holds', async () => {
  const grant = await live();
  const used = await use(await covered());
  expect(used).toMatchObject({ ok: true, value: { standing: grant.id, review: null, grant: null } });
  if (!used.ok) return;
  const outcome = { status: 'succeeded', rows: 3, bytes: 9, durationMs: 1, code: '' } as const;
  world.gate.record(used.value, outcome);
  const stored = await world.store.read('standing', { id: grant.id });
  expect(stored?.uses).toEqual([
    { action: used.value.action, atMs: world.clock.nowMs(), rows: 3, settled: true },
  ]);
  const intent = (await leaves()).find((leaf) => leaf['kind'] === 'intent');
  expect(intent).toMatchObject({ standing: grant.id, action: used.value.action });
  expect(Object.keys(intent ?? {})).toEqual(Object.keys(intent ?? {}).toSorted());
  expect(await findings()).toEqual([]);
});

test('of a use that nobody knows the end of, the rows stay taken: lost connections make no more of them', async () => {
  const grant = await live({ maxUses: 5, maxRows: 20 });
  for (let use = 0; use < 2; use++) {
    const used = await world.gate.authorizeApproved(judged(), (await covered())!);
    if (!used.ok) throw new Error(used.error.code);
    const lost = { status: 'unknown', rows: 0, bytes: 0, durationMs: 1, code: 'target.lost' } as const;
    world.gate.record(used.value, lost);
  }
  expect(await covered()).toBeNull();
  const stored = await world.store.read('standing', { id: grant.id });
  expect(stored?.uses.map(({ rows, settled }) => ({ rows, settled }))).toEqual([
    { rows: 10, settled: false },
    { rows: 10, settled: false },
  ]);
  const entries = await world.store.read('entries', { from: 0, limit: 100 });
  expect(entries.filter(({ kind }) => kind === 'outcome')).toHaveLength(2);
});

test('a clock that is set back gives a grant no more time (B5)', async () => {
  await live();
  world.clock.advance(3_600_000);
  expect(await covered()).not.toBeNull();
  world.clock.set(-3_600_000);
  world.clock.advance(3_600_000 - 1);
  const last = (await covered())!;
  world.clock.advance(1);
  expect(await covered()).toBeNull();
  const used = await world.gate.authorizeApproved(judged(), last);
  expect(used).toMatchObject({ ok: false, error: { code: 'standing.changed' } });
});

test('a leaf holds no value of the terms (law 8)', async () => {
  await live({
    constraints: [{ name: 'literal 1', constraint: { kind: 'oneOf', values: ['CH', 'canary'] } }],
  });
  await use(await covered());
  const text = JSON.stringify(await leaves());
  expect(text).not.toContain('canary');
  expect(text).not.toContain('country');
});

describe('2 uses and 50 who come at once', () => {
  test('exactly 2 run', async () => {
    const grant = await live();
    const approvals = await Promise.all(Array.from({ length: 50 }, () => covered()));
    expect(approvals.every((approval) => approval !== null)).toBe(true);
    const ends = await Promise.all(approvals.map((approval) => use(approval)));
    expect(ends.map(codeOf).filter((code) => code === 'runs')).toHaveLength(2);
    expect(new Set(ends.map(codeOf))).toEqual(new Set(['runs', 'standing.changed']));
    expect(
      (await leaves()).filter((leaf) => leaf['standing'] === grant.id && leaf['kind'] === 'intent'),
    ).toHaveLength(2);
    expect(await covered()).toBeNull();
    expect(await findings()).toEqual([]);
  });
});

describe('between the look and the use (A5, B6, B7)', () => {
  const changes: readonly (readonly [
    what: string,
    code: string,
    change: (grant: StandingGrant) => unknown,
  ])[] = [
    ['it is revoked', 'standing.changed', (grant) => revoke(grant)],
    ['its time ends', 'standing.changed', () => world.clock.advance(7_200_000)],
    [
      'its approver is disabled',
      'standing.changed',
      () => (world.people = [person('kim', ['stewards'], true), person('ana')]),
    ],
    [
      'its approver leaves the group',
      'standing.changed',
      () => (world.people = [person('kim', []), person('ana')]),
    ],
    ['policy demands more people', 'standing.changed', () => policy(reviewed({ quorum: 2 }))],
    [
      'policy forbids it',
      'policy.forbidden',
      () => policy({ effect: 'deny', code: 'policy.forbidden', policies: [], reasons: ['No.'] }),
    ],
    ['the agent is gone', 'identity.revoked', () => (world.agents = [])],
    [
      'the person for whom it acts is gone',
      'identity.revoked',
      () => (world.people = world.people.filter((one) => one.name !== 'ana')),
    ],
  ];
  const policy = (decision: Decision): void => {
    world.decision = decision;
    world.version = '2';
  };

  test.each(changes)('%s: it doesn’t run (%s), and the attempt is recorded', async (_what, code, change) => {
    const grant = await live();
    const approval = await covered();
    await change(grant);
    expect(codeOf(await use(approval))).toBe(code);
    // A clock that goes on ends the review that the grant was made of, too.
    const kinds = (await leaves()).map((leaf) => leaf['kind']).filter((kind) => kind !== 'review');
    expect(kinds.slice(-2)).toEqual(['decision', 'notice']);
    expect((await leaves()).filter((leaf) => leaf['kind'] === 'intent')).toEqual([]);
    expect(await findings()).toEqual([]);
  });

  test('other bytes come: they don’t run', async () => {
    await live();
    const command = "SELECT email FROM customers WHERE country = 'DE' LIMIT 10";
    expect(codeOf(await use(await covered(), { command }))).toBe('standing.changed');
  });
});

describe('not covered', () => {
  test('what the connector finds to be more, though the bytes are the same', async () => {
    await live();
    expect(await covered()).not.toBeNull();
    const worse: readonly Partial<Description>[] = [
      { rowLimit: null },
      { rowLimit: 11 },
      { reach: 'outside' },
      { unknown: ['a name'] },
      { flags: ['hiddenEffects'] },
      { functions: [{ name: 'f', effect: 'none' }] },
    ];
    for (const more of worse) expect(await covered({ description: { ...description, ...more } })).toBeNull();
  });

  test('an agent whose credential the approver holds by now (law 4)', async () => {
    await live();
    expect(await covered({ requester: { ...requester, parties: ['ana', 'kim'] } })).toBeNull();
  });

  test('an action that is asked instead of another one: that one has to end', async () => {
    const grant = await live();
    expect(await covered({ supersedes: grant.review })).toBeNull();
  });
});

describe('the vote', () => {
  test('takes every demand of the action’s policy, by distinct people', async () => {
    world.decision = reviewed({ quorum: 2 });
    const grant = await proposed();
    expect(await vote(grant, 'kim')).toBe('proposed');
    expect(await vote(grant, 'kim')).toBe('vote.duplicate');
    expect(await covered()).toBeNull();
    expect(await vote(grant, 'sam')).toBe('live');
  });

  test('ends with the demand’s time', async () => {
    const grant = await proposed();
    world.clock.advance(1_800_000);
    expect(await vote(grant, 'kim')).toBe('standing.over');
  });

  test('of a policy that asks for a passkey isn’t taken without one', async () => {
    world.decision = reviewed({ passkeyFromRisk: 0 });
    expect(await vote(await proposed(), 'kim')).toBe('vote.passkey_required');
  });

  test('is a conflict once the policies have changed (A4)', async () => {
    const grant = await proposed();
    const { rendering } = world.standing.show(grant);
    world.version = '2';
    const said = { kind: 'approve', reason: '', channel: 'api', digest: grant.digest, rendering } as const;
    const voted = await world.standing.vote({ ...said, standing: grant.id, voter: voter('kim') });
    expect(voted).toMatchObject({ ok: false, error: { code: 'vote.rendering_mismatch' } });
  });
});

test('law 3: where the ledger can’t record, nothing is proposed, voted or used', async () => {
  const grant = await proposed();
  const { store } = world;
  const commit = store.commit.bind(store);
  store.commit = () => Promise.reject(new Error('disk'));
  expect(await vote(grant, 'kim')).toBe('ledger.unavailable');
  store.commit = commit;
  expect(await vote(grant, 'kim')).toBe('live');
  const approval = await covered();
  store.commit = () => Promise.reject(new Error('disk'));
  expect(codeOf(await use(approval))).toBe('ledger.unavailable');
  store.commit = commit;
  expect((await store.read('standing', { id: grant.id }))?.uses).toEqual([]);
});

test('an agent has so many standing grants at most (B11)', async () => {
  const held = await world.gate.hold(judged(), []);
  if (!held.ok) throw new Error(held.error.code);
  const ask = { review: held.value.review, proposer: voter('sam'), wish: wish(), reason: 'again' };
  for (let made = 0; made < limits.standingsPerAgent; made++) await world.standing.propose(ask);
  expect(await world.standing.propose(ask)).toMatchObject({ error: { code: 'standing.too_many' } });
});
