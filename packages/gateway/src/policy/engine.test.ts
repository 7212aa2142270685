import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { description, pack, request, requester, target } from '../../test/support/policy.ts';
import type { Agent, Person } from '../core/identity.ts';
import type { Review } from '../core/review.ts';
import type { PolicyRequest } from '../ports.ts';
import { createPolicyEngine, type LoadedEngine } from './engine.ts';

async function engineOf(...texts: readonly string[]): Promise<LoadedEngine> {
  const policies = texts.map((text, index) => ({ name: `${index}.cedar`, text }));
  const loaded = await createPolicyEngine({ policies, names: null });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error, null, 1));
  return loaded.value;
}

const packText = pack.map(({ text }) => text).join('\n');
const permit = (id: string, when = ''): string =>
  `@id("${id}") @reason("It may.") permit (principal is Agent, action in Action::"sql", resource is Target) ${when};`;
const review = (id: string, annotations: string, when = ''): string =>
  `@id("${id}") @reason("Ask ${id}.") ${annotations} forbid (principal is Agent, action in Action::"sql", resource is Target) ${when};`;

describe('the way to a decision', () => {
  test('what no policy permits is denied', async () => {
    const engine = await engineOf(permit('narrow', 'when { context.title == "BEGIN" }'));
    expect(engine.decide(request())).toMatchObject({
      effect: 'deny',
      code: 'policy.not_permitted',
      policies: [],
    });
  });

  test('a plain forbid wins over permit and review, and gives its reason', async () => {
    const never =
      '@id("never") @reason("Never ever.") forbid (principal is Agent, action, resource is Target);';
    const engine = await engineOf(permit('all'), never, review('ask', '@review("group:a")'));
    expect(engine.decide(request())).toEqual({
      effect: 'deny',
      code: 'policy.forbidden',
      policies: ['never'],
      reasons: ['Never ever.'],
    });
  });

  test('a review without a permit is a deny', async () => {
    const engine = await engineOf(review('ask', '@review("group:a")'));
    expect(engine.decide(request())).toMatchObject({ effect: 'deny', code: 'policy.not_permitted' });
  });

  test('every matching review policy adds its own demand', async () => {
    const engine = await engineOf(
      permit('all'),
      review(
        'one',
        '@review("group:a, person:sam@example.com") @quorum("2") @expires("4h") @controls("SOC2:CC6.1 X:1")',
      ),
      review('two', '@review("person:kim")'),
      review('other', '@review("person:kim")', 'when { context.unknown }'),
    );
    expect(engine.decide(request())).toMatchObject({
      effect: 'review',
      policies: ['one', 'two'],
      reasons: ['Ask one.', 'Ask two.'],
      demands: [
        {
          policy: 'one',
          approvers: [
            { kind: 'group', name: 'a' },
            { kind: 'person', name: 'sam@example.com' },
          ],
          quorum: 2,
          expiresInMs: 14_400_000,
          controls: ['SOC2:CC6.1', 'X:1'],
        },
        {
          policy: 'two',
          approvers: [{ kind: 'person', name: 'kim' }],
          quorum: 1,
          expiresInMs: 1_800_000,
          controls: [],
        },
      ],
    });
  });

  test.each([
    ['a permit', permit('broken', 'when { context.risk + 9223372036854775807 > 0 }'), permit('all')],
    [
      'a review',
      permit('all'),
      review('broken', '@review("group:a")', 'when { context.risk + 9223372036854775807 > 0 }'),
    ],
  ])('an evaluation error of %s is a deny', async (_, ...texts) => {
    const engine = await engineOf(...texts);
    expect(engine.decide(request({ risk: { score: 1, signals: [] } }))).toMatchObject({
      effect: 'deny',
      code: 'policy.error',
      policies: ['broken'],
    });
  });

  test('an operation that the schema does not have is a deny, however wide the permit', async () => {
    const engine = await engineOf('@id("all") @reason("Everything.") permit (principal, action, resource);');
    const unheard = { ...description, operation: 'sql:summon' };
    expect(engine.decide(request({ description: unheard }))).toMatchObject({
      effect: 'deny',
      code: 'policy.error',
    });
  });

  test('two engines in one thread keep to their own policies', async () => {
    const open = await engineOf(permit('all'));
    const shut = await engineOf(permit('none', 'when { context.risk > 99 }'));
    for (let round = 0; round < 3; round++) {
      expect(open.evaluate(request()).effect).toBe('allow');
      expect(shut.evaluate(request()).effect).toBe('deny');
    }
  });

  test('a decision is shared, so nobody can change it', async () => {
    const engine = await engineOf(permit('all'), review('ask', '@review("group:a")'));
    const decision = engine.decide(request());
    expect(engine.decide(request({ description: { ...description } }))).toBe(decision);
    expect(Object.isFrozen(decision)).toBe(true);
    if (decision.effect !== 'review') throw new Error(decision.effect);
    const [demand] = decision.demands;
    expect(
      [decision.demands, demand, demand?.approvers, demand?.controls, decision.reasons].every(
        Object.isFrozen,
      ),
    ).toBe(true);
  });

  test('the version changes with a byte of a policy and not with the order of files', async () => {
    const [one, other] = [
      { name: 'a', text: permit('a') },
      { name: 'b', text: permit('b') },
    ];
    const versions = await Promise.all(
      [
        [one, other],
        [other, one],
        [one, { ...other, text: `${other.text} ` }],
      ].map(async (policies) => {
        const loaded = await createPolicyEngine({ policies, names: null });
        return loaded.ok ? loaded.value.version : '';
      }),
    );
    expect(versions[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(versions[1]).toBe(versions[0]);
    expect(versions[2]).not.toBe(versions[0]);
  });
});

describe('the memo', () => {
  const conditions = [
    'context.risk > 50',
    'context.signals.contains("a")',
    'context has rowLimit && context.rowLimit <= 100',
    'context has estimatedRows && context.estimatedRows > 100',
    'context.bounded',
    'context.classesRead.contains("pii")',
    'context.classesWritten.contains("pii")',
    'context.datasets.contains("t1")',
    'context.columnsFiltered.contains("t1.c")',
    'principal in Group::"g1"',
    'principal == Agent::"a1"',
    'principal.sponsor == "ana"',
    'resource in Environment::"production"',
    'resource.protocol == "postgresql"',
    'context.onBehalfOf == "kim"',
    'context.onBehalfOfBasis == "asserted"',
    'context.functionsEffect == "effects"',
    'context.flags.containsAny(["setRole", "locking"])',
    'context.unknown',
    'context.writes',
    'context.title like "D*"',
    'context == context',
  ];
  const pick = <T>(...values: T[]) => fc.constantFrom(...values);
  const subset = (...values: string[]) => fc.subarray(values);

  const datasets = fc.array(
    fc.record({
      dataset: pick('t1', 't2'),
      access: fc.subarray<'read' | 'write'>(['read', 'write']),
      basis: pick<'parsed' | 'unknown'>('parsed', 'unknown'),
      classes: subset('pii', 'pci'),
      columns: fc.array(
        fc.record({
          name: pick('c', 'd'),
          uses: fc.subarray<'read' | 'filtered' | 'written'>(['read', 'filtered', 'written']),
          classes: subset('pii'),
        }),
        { maxLength: 2 },
      ),
    }),
    { maxLength: 2 },
  );
  const requests: fc.Arbitrary<PolicyRequest> = fc.record({
    requester: fc.record({
      agent: pick('a1', 'a2'),
      agentGroups: subset('g1', 'g2'),
      parties: subset('ana', 'kim'),
      sponsor: pick('ana', 'bob'),
      onBehalfOf: pick('ana', 'kim'),
      onBehalfOfBasis: pick('configured', 'asserted'),
      session: fc.string(),
      client: fc.string(),
    }),
    target: fc.record({
      name: pick('x', 'y'),
      protocol: pick('postgresql'),
      environment: pick('production', 'test'),
    }),
    description: fc.record({
      operation: pick('sql:select', 'sql:delete', 'sql:set'),
      title: pick('SELECT', 'DELETE', 'DROP TABLE'),
      datasets: fc.constant([]),
      functions: fc.array(fc.record({ name: pick('f', 'g'), effect: pick('none', 'reads', 'effects') }), {
        maxLength: 2,
      }),
      reach: pick('none', 'transaction', 'outside'),
      rowLimit: pick(null, 5, 500),
      filtered: fc.boolean(),
      unknown: subset('something'),
      flags: subset('setRole', 'locking', 'other'),
    }),
    datasets,
    risk: fc.record({
      score: pick(0, 60),
      signals: fc
        .subarray(['a', 'b'])
        .map((names) => names.map((name) => ({ name, weight: 1, explanation: name }))),
    }),
    estimatedRows: pick(5, 5_000),
  });
  const parts = fc.array(fc.record({ kind: pick('permit', 'forbid', 'review'), when: pick(...conditions) }), {
    minLength: 1,
    maxLength: 4,
  });

  test(
    'answers as an evaluation would, whatever the policies and requests',
    { timeout: 60_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(
          parts,
          fc.array(requests, { minLength: 2, maxLength: 12 }),
          async (policies, seen) => {
            const texts = policies.map(({ kind, when }, index) => {
              const condition = `when { ${when} }`;
              if (kind === 'review') return review(`p${index}`, '@review("group:a")', condition);
              const text = permit(`p${index}`, condition);
              return kind === 'permit' ? text : text.replace('permit (', 'forbid (');
            });
            const engine = await engineOf(permit('usually', 'when { context.risk < 60 }'), ...texts);
            // The same objects in other company: what one request leaves in the memo must not answer another.
            const mixed = seen.flatMap((one, index) => {
              const other = seen[(index + 1) % seen.length] ?? one;
              return [
                one,
                { ...one, requester: other.requester },
                { ...one, target: other.target },
                { ...one, datasets: other.datasets, risk: other.risk },
                { ...one, estimatedRows: other.estimatedRows ?? 0 },
              ];
            });
            for (const each of [...mixed, ...mixed])
              expect(engine.decide(each)).toEqual(engine.evaluate(each));
          },
        ),
        { numRuns: 10 },
      );
    },
  );

  test('the same question gets the same decision, not an equal one: it wasn’t asked of the engine again', async () => {
    const engine = await engineOf(packText);
    const asked = request({ datasets: [] });
    expect(engine.decide(asked)).toBe(engine.decide(asked));
    expect(engine.evaluate(asked)).not.toBe(engine.decide(asked));
  });

  test('ids, addresses and texts that no policy reads make no new entry', async () => {
    const engine = await engineOf(packText);
    const first = engine.decide(request());
    const other = {
      ...requester,
      session: 'ses_2',
      client: '10.0.0.1:2',
      agent: 'another',
      onBehalfOf: 'kim',
    };
    expect(engine.decide(request({ requester: other, description: { ...description } }))).toBe(first);
  });
});

const person: Person = {
  kind: 'person',
  name: 'sam',
  displayName: 'Sam',
  identity: 'sam',
  groups: ['data-stewards'],
  disabled: false,
};
const agent: Agent = {
  kind: 'agent',
  name: 'reporter',
  groups: ['data-stewards'],
  sponsor: 'ana',
  mayActFor: [],
  credentialOwner: 'ana',
};

const pending = {
  id: 'rev_1',
  subject: {
    requester,
    target,
    operation: 'sql:select',
    datasets: [],
    risk: { score: 40, signals: [] },
    demands: [
      {
        policy: 'p',
        approvers: [{ kind: 'group', name: 'data-stewards' }],
        escalation: [],
        quorum: 1,
        expiresInMs: 1,
        reason: '',
        controls: [],
      },
    ],
  },
} as unknown as Review;

describe('what the default policies let people do', () => {
  test('a person whom a demand names may decide, anybody else may not', async () => {
    const engine = await engineOf(packText);
    expect(engine.mayApprove(person, pending)).toBe(true);
    expect(engine.mayApprove({ ...person, groups: ['analysts'] }, pending)).toBe(false);
  });

  test('nobody decides on what an agent asked for them, or answers to them for, and no disabled person decides', async () => {
    const engine = await engineOf(packText);
    expect(engine.mayApprove({ ...person, name: 'ana' }, pending)).toBe(false);
    expect(engine.mayApprove({ ...person, disabled: true }, pending)).toBe(false);
  });

  test('what is remembered of one vote answers none in which anything that policies see is different', async () => {
    const subject = { ...pending.subject };
    const changes: Record<string, [Person, Review['subject']]> = {
      'principal.disabled': [{ ...person, disabled: true }, subject],
      'principal in Group::"others"': [{ ...person, groups: [...person.groups, 'others'] }, subject],
      'principal.name == "kim"': [{ ...person, name: 'kim' }, subject],
      'resource.agent == "x"': [person, { ...subject, requester: { ...requester, agent: 'x' } }],
      'resource.sponsor == "x"': [person, { ...subject, requester: { ...requester, sponsor: 'x' } }],
      'resource.onBehalfOf == "x"': [person, { ...subject, requester: { ...requester, onBehalfOf: 'x' } }],
      'resource.target == "x"': [person, { ...subject, target: { ...target, name: 'x' } }],
      'resource in Environment::"x"': [person, { ...subject, target: { ...target, environment: 'x' } }],
      'context.environment == "x"': [person, { ...subject, target: { ...target, environment: 'x' } }],
      'resource.operation == "sql:delete"': [person, { ...subject, operation: 'sql:delete' }],
      'resource.risk == 41': [person, { ...subject, risk: { score: 41, signals: [] } }],
      'context.ownRequest': [person, { ...subject, requester: { ...requester, sponsor: 'sam' } }],
      '!context.named': [person, { ...subject, demands: [] }],
    };
    const engine = await engineOf(`@id("all") @reason("Any.") permit (principal, action, resource);
      @id("not") @reason("No.") forbid (principal is Person, action == Action::"review:approve", resource is Review)
      when { ${Object.keys(changes).join(' || ')} };`);
    expect(engine.mayApprove(person, pending)).toBe(true);
    const refused = Object.entries(changes).filter(
      ([, [who, what]]) => !engine.mayApprove(who, { ...pending, subject: what }),
    );
    expect(refused.map(([condition]) => condition)).toEqual(Object.keys(changes));
    expect(engine.mayApprove(person, pending)).toBe(true);
  });

  test('people read and vote, agents only ask how their reviews stand', async () => {
    const engine = await engineOf(packText);
    const actions = [
      'api:reviews.list',
      'api:reviews.vote',
      'api:ledger.read',
      'api:usage.read',
      'api:attention.read',
      'api:reviews.state',
    ];
    expect(actions.filter((action) => engine.mayCall(person, action))).toEqual(actions);
    expect(actions.filter((action) => engine.mayCall(agent, action))).toEqual(['api:reviews.state']);
    expect(actions.filter((action) => engine.mayCall({ ...person, disabled: true }, action))).toEqual([]);
  });

  test('an action that the schema does not have is refused, and so is one that is not of the API', async () => {
    const engine = await engineOf('@id("all") @reason("Everything.") permit (principal, action, resource);');
    expect(engine.mayCall(person, 'api:reviews.burn')).toBe(false);
    expect(engine.mayCall(person, 'sql:select')).toBe(false);
  });
});
