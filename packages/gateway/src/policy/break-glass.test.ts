import { beforeAll, describe, expect, test } from 'vitest';
import { exampleOfShippedPolicy } from '../../test/support/break-glass-site.ts';
import { description, pack, request } from '../../test/support/policy.ts';
import { person } from '../../test/support/subjects.ts';
import type { PolicyRequest } from '../ports.ts';
import { createPolicyEngine, type LoadedEngine } from './engine.ts';

/** With the file that the pack has about it, and nothing else of the pack: each check of a policy takes its time. */
const shipped = pack.filter(({ name }) => name === '65-break-glass.cedar');

async function engineOf(...texts: readonly string[]): Promise<LoadedEngine> {
  const more = texts.map((text, index) => ({ name: `9${index}.cedar`, text }));
  return load([...shipped, ...more]);
}

async function load(policies: typeof pack): Promise<LoadedEngine> {
  const loaded = await createPolicyEngine({ policies, names: null });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error, null, 1));
  return loaded.value;
}

const call = (parts: Partial<PolicyRequest> = {}): PolicyRequest =>
  request({
    target: { name: 'billing', protocol: 'api', environment: 'production' },
    description: { ...description, operation: 'call:perform', title: 'service.restart' },
    ...parts,
  });
const sam = person('sam', ['on-call']);
const kim = person('kim', ['security']);
const everyGroup = person('root', ['on-call', 'security', 'data-stewards', 'database-owners']);

describe('by the policies that come with the gateway', () => {
  let engine: LoadedEngine;
  // All of them are checked, which takes its time on a busy machine.
  beforeAll(async () => {
    engine = await load(pack);
  }, 60_000);

  test('nobody breaks glass, and nobody reviews it: it is off until somebody writes who', () => {
    expect(engine.breakGlass(everyGroup, 'break_glass:run', call())).toBeNull();
    expect(engine.breakGlass(everyGroup, 'break_glass:review', call())).toBeNull();
  });

  test('and their own example, those on call run in production and security reviews', async () => {
    const own = await engineOf(exampleOfShippedPolicy());
    expect(own.breakGlass(sam, 'break_glass:run', call())).toEqual(['on-call-breaks-glass']);
    expect(own.breakGlass(kim, 'break_glass:run', call())).toBeNull();
    expect(own.breakGlass(kim, 'break_glass:review', call())).toEqual(['security-reviews-break-glass']);
    expect(own.breakGlass(sam, 'break_glass:review', call())).toBeNull();
    const elsewhere = { name: 'billing', protocol: 'api', environment: 'staging' };
    expect(own.breakGlass(sam, 'break_glass:run', call({ target: elsewhere }))).toBeNull();
    expect(own.breakGlass({ ...sam, disabled: true }, 'break_glass:run', call())).toBeNull();
  });

  test('secrets are forbidden to those who may do the rest', async () => {
    const own = await engineOf(exampleOfShippedPolicy());
    const column = { name: 'hash', uses: ['read'], classes: ['secret'] } as const;
    const dataset = {
      dataset: 'users',
      access: ['read'],
      basis: 'declared',
      columns: [column],
      classes: [],
    } as const;
    expect(own.breakGlass(sam, 'break_glass:run', call({ datasets: [dataset] }))).toBeNull();
  });
});

test('a forbid wins over the permit, and a policy that fails is a no', async () => {
  const by = (condition: string) =>
    `@id("own") @reason("Not this.") forbid (principal is Person, action == Action::"break_glass:run", resource is Target) when { ${condition} };`;
  const run = async (condition: string) =>
    (await engineOf(exampleOfShippedPolicy(), by(condition))).breakGlass(sam, 'break_glass:run', call());
  expect(await run('context.operation == "service.restart"')).toBeNull();
  expect(await run('context.operation == "other" && context.person == "sam"')).toEqual([
    'on-call-breaks-glass',
  ]);
  expect(await run('context.risk + 9223372036854775807 > 0 && context.risk > 100')).toEqual([
    'on-call-breaks-glass',
  ]);
  const overflows = call({ risk: { score: 50, signals: [] } });
  const engine = await engineOf(exampleOfShippedPolicy(), by('context.risk + 9223372036854775807 > 0'));
  expect(engine.breakGlass(sam, 'break_glass:run', overflows)).toBeNull();
});

test('whatever agents may is no right of people’s to break glass, and @review over it does not load', async () => {
  const agents = '@id("all") @reason("All.") permit (principal is Agent, action, resource);';
  expect((await engineOf(agents)).breakGlass(sam, 'break_glass:run', call())).toBeNull();
  const asked = `@id("ask") @reason("Ask.") @review("group:security") forbid (principal is Person, action == Action::"break_glass:run", resource is Target);`;
  const policies = [...shipped, { name: '99.cedar', text: asked }];
  expect(await createPolicyEngine({ policies, names: null })).toMatchObject({
    ok: false,
    error: [{ code: 'policy.review_scope' }],
  });
});
