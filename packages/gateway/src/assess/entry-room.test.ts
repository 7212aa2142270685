/** Statements that touch more than one entry of the ledger can say, over the gate that decides and records them. */
import { beforeEach, describe, expect, test } from 'vitest';
import { decodeLeaf } from '../../../verifier/src/leaf.ts';
import { createFakeClock, createFakeRandom } from '../../test/support/fake-clock.ts';
import { attempt, description } from '../../test/support/standing-world.ts';
import { agent } from '../../test/support/subjects.ts';
import type { Decision } from '../core/decide.ts';
import type { DatasetUsage } from '../core/usage.ts';
import { limits } from '../limits.ts';
import { Pipeline } from '../pipeline.ts';
import type { Desk } from '../review/desk.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import type { Store } from '../stores/store.ts';
import { hashing } from '../system.ts';

let store: Store;
beforeEach(() => {
  store = createMemoryStore();
});

const allow: Decision = { effect: 'allow', policies: ['reads'], reasons: [] };

function gateOf(datasets: readonly DatasetUsage[], decision: Decision = allow): Pipeline {
  const directory = { agent: () => agent, person: () => undefined, people: () => [] };
  const policy = { version: '1', decide: () => decision, mayApprove: () => false, mayCall: () => false };
  const ports = { clock: createFakeClock(), random: createFakeRandom(), hashing, store, policy, directory };
  return new Pipeline({ ...ports, classifier: { classify: () => datasets } }, {} as Desk);
}

const table = (given: Partial<DatasetUsage> = {}): DatasetUsage => ({
  dataset: 'public.wide',
  access: ['read'],
  basis: 'parsed',
  columns: [],
  classes: [],
  ...given,
});
const named = (count: number, prefix: string): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}${at.toString()}`);
const columns = (count: number, classes: readonly string[]): DatasetUsage['columns'] =>
  named(count, 'c').map((name) => ({ name, uses: ['read'], classes }));

async function recorded(): Promise<Record<string, unknown>[]> {
  const entries = await store.read('entries', { from: 0, limit: 10 });
  return entries.map(({ leaf }) => {
    expect(Buffer.byteLength(leaf)).toBeLessThanOrEqual(limits.entryBytes);
    expect(decodeLeaf(leaf)).toMatchObject({ ok: true });
    return JSON.parse(leaf) as Record<string, unknown>;
  });
}

describe('what touches more than an entry can say is denied with that reason, and recorded (laws 3 and 7)', () => {
  test.each([
    [
      'a wide table whose columns have many classes',
      [table({ columns: columns(400, named(8, 'a.long.class.of.data.')) })],
    ],
    ['a table whose own comment has thousands of classes', [table({ classes: named(10_000, 'class.') })]],
    [
      'names that are longer when they are written down',
      [
        table({
          columns: named(90, '\u0001'.repeat(150)).map((name) => ({ name, uses: ['read'], classes: [] })),
        }),
      ],
    ],
    ['more columns than anybody reads', [table({ columns: columns(5_000, []) })]],
  ])('%s', async (_, datasets) => {
    const gate = gateOf(datasets);
    const judgement = gate.judge(attempt({ description: { ...description } }));
    expect(judgement.decision).toMatchObject({ effect: 'deny', code: 'policy.error' });
    const refused = await gate.refuse(judgement);
    expect(refused).toMatchObject({
      code: 'policy.error',
      message: expect.stringContaining('Split it') as string,
    });
    expect(await recorded()).toMatchObject([
      {
        kind: 'decision',
        decision: { effect: 'deny' },
        usage: [{ dataset: 'public.wide', basis: 'unknown', columns: [] }],
      },
    ]);
  });

  test('thousands of tables: none is named, and the attempt is on record', async () => {
    const gate = gateOf(named(2_000, 'a_schema_of_its_own.a_table_').map((dataset) => table({ dataset })));
    const refused = await gate.refuse(gate.judge(attempt({ description: { ...description } })));
    expect(refused.code).toBe('policy.error');
    expect(await recorded()).toMatchObject([{ kind: 'decision', usage: [] }]);
  });

  test('what policy forbids anyhow is forbidden with the policy’s own reason', async () => {
    const forbidden: Decision = {
      effect: 'deny',
      code: 'policy.forbidden',
      policies: ['never'],
      reasons: ['Never.'],
    };
    const gate = gateOf([table({ columns: columns(5_000, []) })], forbidden);
    const refused = await gate.refuse(gate.judge(attempt({ description: { ...description } })));
    expect(refused).toMatchObject({ code: 'policy.forbidden', message: 'Never.' });
    expect(await recorded()).toMatchObject([{ decision: { effect: 'deny', policies: ['never'] } }]);
  });
});

test('what fits is recorded whole', async () => {
  const gate = gateOf([table({ columns: columns(900, []) })]);
  const judgement = gate.judge(attempt({ description: { ...description } }));
  expect(judgement.decision.effect).toBe('allow');
  await gate.authorize(judgement).durability.done;
  const [intent] = await recorded();
  expect((intent?.['usage'] as DatasetUsage[])[0]?.columns).toHaveLength(900);
});
