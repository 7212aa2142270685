import { afterEach, describe, expect, test } from 'vitest';
import { makeSite, type Ran, type Site } from '../support/policy-tools.ts';

const policies = `
@id("read") @reason("Agents may read.")
permit (principal is Agent, action in Action::"data:read", resource is Target);
@id("write") @reason("Agents may write.")
permit (principal is Agent, action in Action::"data:write", resource is Target);
@id("bulk") @reason("Bulk reads of classified data ask a steward.") @review("group:stewards") @quorum("2")
forbid (principal is Agent, action in Action::"data:read", resource is Target)
when { context.classesRead.contains("pii") && !(context has rowLimit && context.rowLimit <= 100) };
@id("never") @reason("Never in one go.")
forbid (principal is Agent, action == Action::"sql:delete", resource is Target) unless { context.filtered };
`;

const schema = `
schema:
  shop:
    tables:
      public.customers: {columns: [id, full_name, email, country], key: [id]}
      public.orders: [id, customer_id, total]
      public.contacts: {columns: [address], view: SELECT customers.email AS address FROM public.customers}
    functions:
      public.touch: {volatility: volatile}
`;
const sites: Site[] = [];
afterEach(() => sites.splice(0).forEach((site) => site.remove()));

async function run(cases: string, ...options: string[]): Promise<Ran> {
  const site = makeSite({ 'policies/a.cedar': policies, 'policies/a.test.yaml': cases });
  sites.push(site);
  return site.run(['test', ...options]);
}

const one = (body: string): string =>
  `${schema}\ncases:\n  - {name: it, agent: reporter, target: shop, ${body}}\n`;

describe('a statement is described without its target', () => {
  test.each([
    ['columns of the catalog of classes', 'sql: SELECT email FROM customers', 'review'],
    ['unclassified columns', 'sql: SELECT country FROM customers', 'allow'],
    ['a limit', 'sql: SELECT email FROM customers LIMIT 5', 'allow'],
    ['a key that is pinned', 'sql: SELECT email FROM customers WHERE id = 1', 'allow'],
    ['a view, by what is under it', 'sql: SELECT address FROM contacts', 'review'],
    ['a star', 'sql: SELECT * FROM customers c JOIN orders o ON o.customer_id = c.id', 'review'],
    ['an aggregate of the server', 'sql: "SELECT count(*), max(total) FROM orders"', 'allow'],
    ['a delete of everything', 'sql: DELETE FROM orders', 'deny'],
    ['a delete of some rows', 'sql: DELETE FROM orders WHERE id = 1', 'allow'],
    ['of several statements the gravest', 'sql: "SELECT 1; DELETE FROM orders"', 'deny'],
    ['no SQL at all', 'sql: SELEC email', 'deny'],
    ['what no policy permits', 'sql: CREATE TABLE t (a int)', 'deny'],
  ])('%s: %s is %s', async (_, sql, effect) => {
    const ran = await run(one(`${sql.replace(/^sql: ([^"].*)$/, 'sql: "$1"')}, expect: ${effect}`));
    expect(ran.stdout).toMatch(/^ok /);
    expect(ran.code).toBe(0);
  });

  test('what an action does can be written down as well', async () => {
    const action = 'action: {operation: sql:delete, datasets: {public.orders: {access: [write]}}}';
    expect((await run(one(`${action}, expect: deny, rules: [never], reason: in one go`))).code).toBe(0);
  });

  test('without the tables of the target the case fails, and says what to write', async () => {
    const ran = await run(
      'cases:\n  - {name: it, agent: reporter, target: shop, sql: SELECT 1, expect: allow}\n',
    );
    expect(ran.stdout).toContain('write them under schema, or describe an action');
    expect(ran.code).toBe(6);
  });
});

describe('what is expected is compared', () => {
  const email = 'sql: SELECT email FROM customers';

  test('effect, rules and demands as they are', async () => {
    const ran = await run(one(`${email}, expect: review, rules: [bulk], demands: [2 of group:stewards]`));
    expect(ran.code).toBe(0);
  });

  test.each([
    ['expect: allow', 'expected allow, is review (bulk): Bulk reads of classified data ask a steward.'],
    ['expect: review, rules: [never]', 'expected the rules never, are bulk'],
    ['expect: review, rules: [nver]', 'there is no rule nver'],
    [
      'expect: review, demands: [1 of group:stewards]',
      'expected the demands 1 of group:stewards, are 2 of group:stewards',
    ],
    ['expect: review, reason: nothing like it', 'expected a reason with "nothing like it"'],
    ['onBehalfOf: sam, expect: allow', 'expected allow, is review'],
  ])('%s fails, with its line', async (expected, said) => {
    const ran = await run(one(`${email}, ${expected}`));
    expect(ran.stdout).toMatch(/^FAIL .*a\.test\.yaml:12 it$/m);
    expect(ran.stdout).toContain(said);
    expect(ran.code).toBe(6);
  });

  test('rules that no case reaches are listed; a permit beneath a review counts as reached', async () => {
    const ran = await run(one(`${email}, expect: review`));
    expect(ran.stdout).toContain('2 of 4 rules about actions reached; no case reaches write, never');
  });

  test('as JSON', async () => {
    const ran = await run(one(`${email}, expect: allow`), '--json');
    expect(JSON.parse(ran.stdout)).toMatchObject({
      failed: 1,
      results: [{ passed: false, line: 12 }],
      missed: ['write', 'never'],
    });
  });
});

describe('files that make no sense are refused', () => {
  test.each([
    ['cases: [{nme: x}]', /a\.test\.yaml:1:\d+: cases\[0\]/],
    ['cases: {', /a\.test\.yaml:1:\d+/],
  ])('%s', async (text, said) => {
    const ran = await run(text);
    expect(ran.stderr).toMatch(said);
    expect(ran.code).toBe(1);
  });

  test.each([
    ['reportr', 'shop', 'there is no agent "reportr"; did you mean "reporter"?'],
    ['reporter', 'shp', 'there is no target "shp"; did you mean "shop"?'],
  ])('agent %s on %s', async (agent, target, said) => {
    const ran = await run(
      `cases:\n  - {name: it, agent: ${agent}, target: ${target}, sql: SELECT 1, expect: allow}\n`,
    );
    expect(ran.stdout).toContain(said);
    expect(ran.code).toBe(6);
  });

  test('a directory without cases', async () => {
    const site = makeSite({ 'policies/a.cedar': policies });
    sites.push(site);
    const ran = await site.run(['test']);
    expect(ran.stderr).toContain('there is no *.test.yaml in');
    expect(ran.code).toBe(1);
  });
});
