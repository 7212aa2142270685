import { describe, expect, test } from 'vitest';
import { covered, NOW_MS, standingGrant, terms, useId } from '../../test/support/standing.ts';
import { demand, electorate, person, requester } from '../../test/support/subjects.ts';
import type { Field } from './constraint.ts';
import { isForWhom, statusOf, whyNotCovered, type Candidate, type Findings } from './standing.ts';
import {
  isStillApproved,
  mayRevoke,
  revokeStanding,
  settleStanding,
  spendStanding,
  voteOnStanding,
} from './standing-changes.ts';

type Attempted = Candidate & Findings;
const [literal, number, frozen] = covered.fields as readonly [Field, Field, Field];
const [dataset] = covered.datasets;
if (dataset === undefined) throw new Error('the fixture has a dataset');
const column = { name: 'email', uses: ['read'] as const, classes: ['pii'] };
const withFields = (...fields: readonly Field[]): Partial<Attempted> => ({ fields });
const withColumns = (...columns: (typeof dataset)['columns']): Partial<Attempted> => ({
  datasets: [{ ...dataset, columns }],
});

test('the like of the action is covered', () => {
  expect(whyNotCovered(standingGrant(), covered, NOW_MS)).toBeNull();
  const other = withFields({ ...literal, value: 'DE' }, { ...number, value: '100.0' }, frozen);
  expect(whyNotCovered(standingGrant(), { ...covered, ...other, rowLimit: 0 }, NOW_MS)).toBeNull();
  expect(whyNotCovered(standingGrant(), { ...covered, datasets: [] }, NOW_MS)).toBeNull();
});

/** Everything that a grant is bound to, changed by itself. */
const changes: readonly (readonly [code: string, what: string, change: Partial<Attempted>])[] = [
  ['standing.agent', 'another agent', { agent: 'other' }],
  ['standing.agent', 'on behalf of somebody else', { onBehalfOf: 'ben' }],
  ['standing.agent', 'no agent (A6)', { agent: '' }],
  ['standing.target', 'another target', { target: { ...covered.target, name: 'other' } }],
  ['standing.target', 'another environment', { target: { ...covered.target, environment: 'staging' } }],
  ['standing.target', 'another protocol', { target: { ...covered.target, protocol: 'mysql' } }],
  ['standing.operation', 'another operation', { operation: 'sql:delete' }],
  ['standing.template', 'another template', { template: `${terms.template}x` }],
  ['standing.template', 'the beginning of the template', { template: terms.template.slice(1) }],
  ['standing.preconditions', 'another search path', { preconditions: { search_path: 'evil, public' } }],
  ['standing.preconditions', 'a precondition more', { preconditions: { search_path: 'public', role: 'x' } }],
  ['standing.preconditions', 'a precondition fewer (A6)', { preconditions: {} }],
  ['standing.field', 'a value out of the list', withFields({ ...literal, value: 'ch' }, number, frozen)],
  ['standing.field', 'a look-alike', withFields({ ...literal, value: 'С\u0048' }, number, frozen)],
  ['standing.field', 'a value with a space', withFields({ ...literal, value: 'CH ' }, number, frozen)],
  ['standing.field', 'NULL for a value', withFields({ ...literal, value: null }, number, frozen)],
  ['standing.field', 'a number above', withFields(literal, { ...number, value: '100.01' }, frozen)],
  ['standing.field', 'a number below', withFields(literal, { ...number, value: '0' }, frozen)],
  [
    'standing.field',
    'another spelling of a number',
    withFields(literal, { ...number, value: '1e1' }, frozen),
  ],
  ['standing.field', 'other digits', withFields(literal, { ...number, value: '٤٢' }, frozen)],
  ['standing.field', 'a value for NULL', withFields(literal, number, { ...frozen, value: '' })],
  ['standing.field', 'another type', withFields(literal, { ...number, type: 'type 20, text' }, frozen)],
  ['standing.field', 'another name', withFields(literal, { ...number, name: '$3' }, frozen)],
  ['standing.field', 'a field that decides now', withFields({ ...literal, free: false }, number, frozen)],
  ['standing.field', 'a field fewer', withFields(literal, number)],
  ['standing.field', 'a field more', withFields(literal, number, frozen, frozen)],
  ['standing.field', 'two fields exchanged', withFields(number, literal, frozen)],
  ['standing.datasets', 'another table', { datasets: [{ ...dataset, dataset: 'public.payments' }] }],
  ['standing.datasets', 'a write', { datasets: [{ ...dataset, access: ['read', 'write'] }] }],
  ['standing.datasets', 'a table that isn’t resolved', { datasets: [{ ...dataset, basis: 'unknown' }] }],
  ['standing.datasets', 'a class of the table', { datasets: [{ ...dataset, classes: ['secret'] }] }],
  ['standing.datasets', 'a column more', withColumns({ ...column, name: 'phone' })],
  ['standing.datasets', 'another use of a column', withColumns({ ...column, uses: ['filtered'] })],
  ['standing.datasets', 'a class that is new', withColumns({ ...column, classes: ['pii', 'secret'] })],
  ['standing.demands', 'another quorum', { demands: [demand({ quorum: 2 })] }],
  ['standing.demands', 'other approvers', { demands: [demand({ approvers: [] })] }],
  ['standing.demands', 'another policy', { demands: [demand(), demand({ policy: 'other' })] }],
  ['standing.demands', 'a passkey', { demands: [demand({ passkeyFromRisk: 0 })] }],
  ['standing.demands', 'none', { demands: [] }],
  ['standing.functions', 'another function', { functions: [{ name: 'public.lower', effect: 'none' }] }],
  ['standing.functions', 'one with effects', { functions: [{ name: 'pg_catalog.lower', effect: 'reads' }] }],
  ['standing.flags', 'hidden effects', { flags: ['hiddenEffects'] }],
  ['standing.unknown', 'something that isn’t resolved', { unknown: ['a name'] }],
  ['standing.outside', 'an effect outside', { reach: 'outside' }],
  ['standing.rows', 'no limit of rows', { rowLimit: null }],
  ['standing.rows', 'more rows', { rowLimit: 151 }],
];

test.each(changes)('%s: %s is not covered', (code, _what, change) => {
  expect(whyNotCovered(standingGrant(), { ...covered, ...change }, NOW_MS)?.code).toBe(code);
});

describe('when a grant can be used', () => {
  const why = (nowMs: number, given: Parameters<typeof standingGrant>[0] = {}) =>
    whyNotCovered(standingGrant(given), covered, nowMs)?.code ?? 'covered';

  test('from its begin to before its end (B5)', () => {
    expect([why(999), why(1_000)]).toEqual(['standing.not_yet', 'covered']);
    expect([why(terms.validUntilMs - 1), why(terms.validUntilMs)]).toEqual(['covered', 'standing.expired']);
  });

  test.each([
    { status: 'proposed' },
    { status: 'rejected', atMs: 1, by: 'kim', reason: 'no' },
    { status: 'revoked', atMs: 1, by: 'kim', reason: 'no' },
  ] as const)('not while it is $status', (state) => {
    expect(why(NOW_MS, { state })).toBe('standing.not_live');
  });

  test('not beyond its uses, nor beyond its rows', () => {
    const use = (number: number, rows: number) => ({
      action: useId(number),
      atMs: 1_600,
      rows,
      settled: true,
    });
    expect(why(NOW_MS, { uses: [use(1, 100)] })).toBe('covered');
    expect(why(NOW_MS, { uses: [use(1, 101)] })).toBe('standing.exhausted');
    expect(why(NOW_MS, { uses: [use(1, 0), use(2, 0)] })).toBe('standing.exhausted');
    expect(statusOf(standingGrant({ uses: [use(1, 0), use(2, 0)] }), NOW_MS)).toBe('exhausted');
  });
});

describe('a use', () => {
  const spend = (rows: number, atMs = NOW_MS) =>
    spendStanding(standingGrant(), { action: useId(1), atMs, rows });

  test('takes the rows that it could have, and gives back those that it hadn’t', () => {
    const spent = spend(150);
    if (!spent.ok) throw new Error(spent.error.code);
    expect(whyNotCovered(spent.value, covered, NOW_MS)?.code).toBe('standing.exhausted');
    const settled = settleStanding(spent.value, useId(1), 3);
    expect(settled?.uses).toMatchObject([{ rows: 3, settled: true }]);
    expect(whyNotCovered(settled ?? spent.value, covered, NOW_MS)).toBeNull();
    expect(settleStanding(settled ?? spent.value, useId(1), 0)).toBeUndefined();
    expect(settleStanding(spent.value, useId(2), 0)).toBeUndefined();
  });

  test.each([-1, 0.5, Number.NaN, Infinity])('of %f rows is none', (rows) => {
    expect(spend(rows).ok).toBe(false);
  });
});

describe('who decides', () => {
  const kim = person('kim', ['stewards']);
  const here = { requester, risk: { score: 40, signals: [] } };
  const proposed = standingGrant({ state: { status: 'proposed' }, votes: [] });
  const ballot = (voter: Parameters<typeof voteOnStanding>[1]['voter'], given = {}) => {
    const vote = standingGrant().votes[0];
    if (vote === undefined) throw new Error('the fixture has a vote');
    const cast = { ...vote, person: voter.name, identity: voter.name, atMs: NOW_MS, ...given };
    return { voter, vote: cast, rendering: vote.rendering };
  };

  test('an approver who may not approve any more is no leave (B6, B7)', () => {
    expect(isStillApproved(standingGrant(), here, electorate([kim]))).toBe(true);
    expect(isStillApproved(standingGrant(), here, electorate([]))).toBe(false);
    expect(isStillApproved(standingGrant(), here, electorate([person('kim', [])]))).toBe(false);
    expect(isStillApproved(standingGrant(), here, electorate([person('kim', ['stewards'], true)]))).toBe(
      false,
    );
    expect(isStillApproved(standingGrant(), here, electorate([kim], false))).toBe(false);
  });

  test('a grant never covers the approver’s own agent, whoever it belonged to before (law 4)', () => {
    const own = { ...here, requester: { ...requester, parties: ['ana', 'kim'] } };
    expect(isStillApproved(standingGrant(), own, electorate([kim]))).toBe(false);
  });

  test('an action that is riskier by now needs the passkey that its demand asks for', () => {
    const demands = [demand({ passkeyFromRisk: 50 })];
    const grant = standingGrant({ sample: { ...standingGrant().sample, demands } });
    expect(isStillApproved(grant, here, electorate([kim]))).toBe(true);
    expect(isStillApproved(grant, { ...here, risk: { score: 50, signals: [] } }, electorate([kim]))).toBe(
      false,
    );
  });

  test('a vote is taken while it is proposed, and by the rules of votes', () => {
    const voted = voteOnStanding(proposed, ballot(kim), electorate([kim]));
    expect(voted).toMatchObject({ ok: true, value: { state: { status: 'live' }, revision: 3 } });
    const code = (given: ReturnType<typeof ballot>, grant = proposed): string => {
      const result = voteOnStanding(grant, given, electorate([kim]));
      return result.ok ? result.value.state.status : result.error.code;
    };
    expect(code(ballot(person('ana', ['stewards'])))).toBe('vote.own_request');
    expect(code(ballot(person('olga')))).toBe('vote.not_entitled');
    expect(code(ballot(kim, { digest: 'b'.repeat(64) }))).toBe('vote.digest_mismatch');
    expect(code(ballot(kim, { rendering: 'b'.repeat(64) }))).toBe('vote.rendering_mismatch');
    expect(code(ballot(kim, { kind: 'reject', reason: '' }))).toBe('vote.reason_required');
    expect(code(ballot(kim, { kind: 'reject', reason: 'no' }))).toBe('rejected');
    expect(code(ballot(kim), standingGrant({ votes: [] }))).toBe('standing.over');
    expect(code(ballot(kim, { atMs: proposed.votesUntilMs }))).toBe('standing.over');
  });

  test('whoever could decide, and whoever it is for, may end it; nobody else', () => {
    const may = (who: ReturnType<typeof person>) =>
      mayRevoke(standingGrant(), who, NOW_MS, electorate([kim]));
    expect([may(kim), may(person('ana')), may(person('olga'))]).toEqual([true, true, false]);
    expect(may(person('kim', ['stewards'], true))).toBe(false);
    const revocation = { by: 'kim', reason: 'done', atMs: NOW_MS };
    const revoked = revokeStanding(standingGrant(), revocation);
    expect(revoked).toMatchObject({ ok: true, value: { state: { status: 'revoked', by: 'kim' } } });
    expect(revoked.ok && revokeStanding(revoked.value, revocation).ok).toBe(false);
    expect(revokeStanding(standingGrant(), { ...revocation, atMs: terms.validUntilMs }).ok).toBe(false);
  });
});

test.each(['agent', 'onBehalfOf', 'target', 'environment'] as const)(
  'a grant isn’t for whom %s differs, is missing or empty (A6)',
  (name) => {
    const own = { agent: 'reporter', onBehalfOf: 'ana', target: 'prod-db', environment: 'production' };
    expect(isForWhom(standingGrant(), own)).toBe(true);
    expect(isForWhom(standingGrant(), { ...own, [name]: 'other' })).toBe(false);
    const { [name]: _, ...missing } = own;
    expect(isForWhom(standingGrant(), missing as typeof own)).toBe(false);
    const nobody = name === 'target' || name === 'environment' ? {} : { [name]: '' };
    const grant = standingGrant({ terms: { ...terms, ...nobody } });
    if (Object.keys(nobody).length > 0) expect(isForWhom(grant, { ...own, [name]: '' })).toBe(false);
  },
);

describe('of several members every one counts', () => {
  test('preconditions: one that is equal doesn’t make up for one that isn’t', () => {
    const two = { search_path: 'public', role: 'reader' };
    const grant = standingGrant({ terms: { ...terms, preconditions: two } });
    expect(whyNotCovered(grant, { ...covered, preconditions: two }, NOW_MS)).toBeNull();
    const other = { ...covered, preconditions: { ...two, role: 'owner' } };
    expect(whyNotCovered(grant, other, NOW_MS)?.code).toBe('standing.preconditions');
  });

  test('columns: a known one doesn’t let another one in', () => {
    const secret = { name: 'iban', uses: ['read'] as const, classes: [] };
    const both = { ...covered, ...withColumns(column, secret) };
    expect(whyNotCovered(standingGrant(), both, NOW_MS)?.code).toBe('standing.datasets');
  });

  test('a dataset that couldn’t be established when people voted lets nothing in', () => {
    const unknown = [{ ...dataset, basis: 'unknown' as const }];
    const grant = standingGrant({ terms: { ...terms, datasets: unknown } });
    expect(whyNotCovered(grant, { ...covered, datasets: unknown }, NOW_MS)?.code).toBe('standing.datasets');
  });

  test('uses: settling one leaves the others as they are, and every change is a revision more', () => {
    const uses = [1, 2].map((at) => ({ action: useId(at), atMs: NOW_MS, rows: 100, settled: false }));
    const settled = settleStanding(standingGrant({ uses }), useId(2), 3);
    expect(settled).toMatchObject({ uses: [uses[0], { ...uses[1], rows: 3, settled: true }], revision: 3 });
    const spent = spendStanding(standingGrant(), { action: useId(3), atMs: NOW_MS, rows: 1 });
    expect(spent).toMatchObject({ ok: true, value: { revision: 3 } });
    const revocation = { by: 'kim', reason: 'done', atMs: NOW_MS };
    expect(revokeStanding(standingGrant(), revocation)).toMatchObject({ value: { revision: 3 } });
  });
});

describe('a proposal', () => {
  const proposed = standingGrant({ state: { status: 'proposed' }, votes: [] });
  const kim = person('kim', ['stewards']);

  test('can be ended before anybody voted', () => {
    const revocation = { by: 'ana', reason: 'not needed', atMs: NOW_MS };
    expect(revokeStanding(proposed, revocation)).toMatchObject({
      ok: true,
      value: { state: { status: 'revoked' } },
    });
  });

  test('is ended by nobody whose account is disabled, not even whom the agent acts for', () => {
    expect(mayRevoke(proposed, person('ana', [], true), NOW_MS, electorate([kim]))).toBe(false);
  });

  test('tells an agent that it is one, and a stranger that they are one, even when it is over', () => {
    const [vote] = standingGrant().votes;
    if (vote === undefined) throw new Error('the fixture has a vote');
    const over = { ...vote, atMs: proposed.votesUntilMs };
    const cast = (name: string, groups: readonly string[]) => {
      const voter = person(name, groups);
      const ballot = { voter, vote: { ...over, person: name, identity: name }, rendering: vote.rendering };
      const voted = voteOnStanding(proposed, ballot, electorate([voter]));
      return voted.ok ? '' : voted.error.code;
    };
    expect([cast('olga', []), cast('kim', ['stewards'])]).toEqual(['vote.not_entitled', 'standing.over']);
  });

  test('is voted on no longer than what it would allow lasts', () => {
    const validUntilMs = NOW_MS + 1_000;
    const demands = [demand({ quorum: 2 })];
    const sample = { ...proposed.sample, demands };
    const grant = { ...proposed, sample, terms: { ...terms, validUntilMs }, votesUntilMs: validUntilMs };
    const [vote] = standingGrant().votes;
    if (vote === undefined) throw new Error('the fixture has a vote');
    const ballot = { voter: kim, vote: { ...vote, atMs: NOW_MS }, rendering: vote.rendering };
    const voted = voteOnStanding(grant, ballot, electorate([kim, person('sam', ['stewards'])]));
    expect(voted).toMatchObject({ ok: true, value: { votesUntilMs: validUntilMs } });
  });
});
