/** What an approval is bound to: any part of it changed, left out or used again is refused (threats A1, A2, A3, A5, A6). */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFakeClock, createFakeRandom } from '../../test/support/fake-clock.ts';
import {
  agent,
  attempt,
  demand,
  noPasskeys,
  person,
  requester,
  target,
} from '../../test/support/subjects.ts';
import type { Approval, Attempt } from '../connectors/connector.ts';
import { canonicalAction, type Action } from '../core/action.ts';
import type { GrantBinding } from '../core/grant.ts';
import { limits } from '../limits.ts';
import { Pipeline } from '../pipeline.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import { hashing } from '../system.ts';
import { Desk } from './desk.ts';

const approved: Attempt = attempt({
  command: 'SELECT email FROM customers WHERE id = $1 -- one\n',
  parameters: [{ type: 23, format: 'text', value: '7' }],
  preconditions: { search_path: 'public' },
});

async function approvedWorld() {
  const clock = createFakeClock(1_700_000_000_000);
  const store = createMemoryStore();
  const people = [person('sam', ['stewards']), person('ana'), person('ben')];
  const directory = {
    agent: () => agent,
    person: (name: string) => people.find((one) => one.name === name),
    people: () => people,
  };
  const decision = { effect: 'review', policies: ['p'], reasons: ['r'], demands: [demand()] } as const;
  const policy = { version: '1', decide: () => decision, mayApprove: () => true, mayCall: () => true };
  const calendars = { workingTime: (_: string, fromMs: number, durationMs: number) => fromMs + durationMs };
  const shared = {
    clock,
    random: createFakeRandom('1'),
    hashing,
    store,
    policy,
    directory,
    calendars,
    passkeys: noPasskeys,
  };
  const nothing = () => undefined;
  const log = { reviewUndecidable: nothing, voteTaken: nothing, voteRefused: nothing };
  const events = { publish: nothing, subscribe: () => nothing };
  const desk = new Desk({ ...shared, events, publicUrl: '', limits, log });
  const gate = new Pipeline({ ...shared, classifier: { classify: () => [] } }, desk);
  const held = await gate.hold(gate.judge(approved), []);
  if (!held.ok) throw new Error(held.error.code);
  const review = await store.read('review', { id: held.value.review });
  if (review === null) throw new Error('no review');
  const { rendering } = desk.show(review);
  const voter = people[0]!;
  const said = { kind: 'approve', reason: '', channel: 'api', rendering } as const;
  await desk.vote({ ...said, review: review.id, voter, digest: review.subject.digest });
  const settled = await held.value.settled;
  if (!settled.ok) throw new Error(settled.error.code);
  return { store, gate, review, approval: settled.value };
}

/** Each differs from what was approved in one bound member. */
const changes: readonly [string, Partial<Attempt>][] = [
  ['another agent', { requester: { ...requester, agent: 'other' } }],
  ['another person for whom it acts', { requester: { ...requester, onBehalfOf: 'ben' } }],
  ['another target', { target: { ...target, name: 'other-db' } }],
  ['another environment', { target: { ...target, environment: 'staging' } }],
  ['another protocol', { target: { ...target, protocol: 'mysql' } }],
  ['one more space', { command: 'SELECT email FROM customers WHERE id = $1  -- one\n' }],
  ['no line feed behind the comment', { command: 'SELECT email FROM customers WHERE id = $1 -- one' }],
  ['a carriage return', { command: 'SELECT email FROM customers WHERE id = $1 -- one\r\n' }],
  ['a no-break space', { command: 'SELECT email FROM customers WHERE id =\u00a0$1 -- one\n' }],
  ['another value', { parameters: [{ type: 23, format: 'text', value: '8' }] }],
  ['another type', { parameters: [{ type: 25, format: 'text', value: '7' }] }],
  ['another format', { parameters: [{ type: 23, format: 'binary', value: '7' }] }],
  ['NULL for the value', { parameters: [{ type: 23, format: 'text', value: null }] }],
  ['one parameter less', { parameters: [] }],
  ['one parameter more', { parameters: [...approved.parameters, ...approved.parameters] }],
  ['another search path', { preconditions: { search_path: 'evil, public' } }],
  ['no precondition', { preconditions: {} }],
  ['one more precondition', { preconditions: { search_path: 'public', role: 'admin' } }],
];

describe('an approval', () => {
  test('is good for what was approved, once (A3)', async () => {
    const { gate, approval } = await approvedWorld();
    expect(await gate.authorizeApproved(gate.judge(approved), approval)).toMatchObject({ ok: true });
    expect(await gate.authorizeApproved(gate.judge(approved), approval)).toMatchObject({
      error: { code: 'grant.spent' },
    });
  });
  test.each(changes)('is not good for %s (A1, A5)', async (_, change) => {
    const { gate, approval, store } = await approvedWorld();
    const refused = await gate.authorizeApproved(gate.judge({ ...approved, ...change }), approval);
    expect(refused).toMatchObject({ ok: false, error: { code: 'action.altered' } });
    const rows = await store.read('entries', { from: 0, limit: 100 });
    expect(rows.map((row) => row.kind)).not.toContain('intent');
    expect(rows.at(-1)?.leaf).toContain('"code":"action.altered"');
  });
  test.each<[string, (approval: Approval) => Approval]>([
    ['another review', (given) => ({ ...given, review: 'rev_01hzzzzzzzzzzzzzzzzzzzzzzy' })],
    ['another grant', (given) => ({ ...given, grant: 'gra_01hzzzzzzzzzzzzzzzzzzzzzzy' })],
    ['no review', (given) => ({ ...given, review: '' }) as unknown as Approval],
    ['no grant', (given) => ({ ...given, grant: undefined }) as unknown as Approval],
  ])('under the name of %s is none (A6)', async (_, change) => {
    const { gate, approval } = await approvedWorld();
    const refused = await gate.authorizeApproved(gate.judge(approved), change(approval));
    expect(refused).toMatchObject({ ok: false, error: { code: 'grant.missing' } });
  });
});

describe('a grant', () => {
  const fields: readonly (keyof GrantBinding)[] = ['digest', 'agent', 'target', 'environment'];
  const spend = async (change: (binding: GrantBinding) => Partial<GrantBinding>) => {
    const { store, review, approval } = await approvedWorld();
    const { subject } = review;
    const binding = {
      digest: subject.digest,
      agent: subject.requester.agent,
      target: subject.target.name,
      environment: subject.target.environment,
    };
    const spent = change(binding) as GrantBinding;
    const mutation = {
      kind: 'grant.spend',
      id: 'grant' in approval ? approval.grant : 'gra_none',
      binding: spent,
      action: subject.action,
    } as const;
    const done = await store.commit({ mutations: [{ ...mutation, atMs: 1_700_000_000_000 }], entries: [] });
    return done.ok ? 'spent' : done.error.code;
  };
  test('is spent with all that it is bound to', async () => {
    expect(await spend((binding) => binding)).toBe('spent');
  });
  test.each(fields)('is not spent with another %s, an empty one or none (A6)', async (field) => {
    expect(await spend((binding) => ({ ...binding, [field]: 'else' }))).toBe('grant.mismatch');
    expect(await spend((binding) => ({ ...binding, [field]: '' }))).toBe('grant.mismatch');
    expect(await spend(({ [field]: _, ...others }) => others)).toBe('grant.mismatch');
  });
});

test('A2 property: equal digests mean equal actions, whatever the text', () => {
  const seeds = ['a', ' ', '\t', '\r\n', '\n', '\u00a0', '\u2028', '--', '#', "'", '"', '\\', '\u0000', '🙂'];
  const text = fc.array(fc.constantFrom(...seeds), { maxLength: 6 }).map((parts) => parts.join(''));
  const parameter = fc.record({
    type: fc.constantFrom(23, 25),
    format: fc.constantFrom('text' as const, 'binary' as const),
    value: fc.option(text),
  });
  const action = fc.record({
    requester: fc.record({ agent: text, onBehalfOf: text }),
    target: fc.record({ name: text, environment: text, protocol: text }),
    command: text,
    parameters: fc.array(parameter, { maxLength: 2 }),
    preconditions: fc.dictionary(fc.constantFrom('a', 'b'), text),
  }) as unknown as fc.Arbitrary<Action>;
  const members = ({ requester: who, target: where, ...rest }: Action) => ({
    ...rest,
    preconditions: Object.entries(rest.preconditions).sort(),
    who: [who.agent, who.onBehalfOf],
    where: [where.name, where.environment, where.protocol],
  });
  fc.assert(
    fc.property(action, action, (one, other) => {
      const isSame = JSON.stringify(members(one)) === JSON.stringify(members(other));
      expect(canonicalAction(one) === canonicalAction(other)).toBe(isSame);
    }),
    { numRuns: 2_000 },
  );
});
