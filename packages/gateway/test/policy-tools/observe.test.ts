import { afterEach, expect, test } from 'vitest';
import { makeSite, type Site } from '../support/policy-tools.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const sites: Site[] = [];
afterEach(() => sites.splice(0).forEach((site) => site.remove()));

const leaf = (id: string, enforced: string, observed: string | null, agoMs = 1_000): string =>
  JSON.stringify({
    action: id,
    at: NOW - agoMs,
    kind: 'intent',
    decision: { effect: enforced, policies: ['may'] },
    ...(observed === null ? {} : { observed: { draft: 'd1', effect: observed, policies: ['draft-rule'] } }),
    operation: 'sql:select',
    requester: { agent: 'reporter' },
    target: { name: 'shop' },
  });

test('what an observed draft would have decided otherwise is counted and listed; the rest is not', async () => {
  const site = makeSite({});
  sites.push(site);
  const lines = [
    leaf('a', 'allow', 'review'),
    leaf('b', 'allow', 'allow'),
    leaf('c', 'allow', null),
    leaf('d', 'allow', 'deny', 30 * 86_400_000),
    'not an entry with "observed":{"draft":',
  ];
  const { code, stdout } = await site.run(['observe'], lines);
  expect(code).toBe(0);
  expect(stdout).toContain('2 actions');
  expect(stdout).toContain('shop: 1 as decided; the draft would have held 1, allowed 0, denied 0 more');
  expect(stdout).toMatch(/a {2}reporter on shop.*was allow, draft: review \(draft-rule\)/);
});

test('who can approve a statement is answered by the configuration, with why and why not', async () => {
  const permit = `@id("read") @reason("May.") permit (principal is Agent, action in Action::"data:read", resource is Target);
@id("ask") @reason("Ask.") @review("group:stewards") forbid (principal is Agent, action in Action::"data:read", resource is Target);
@id("named") @reason("Named.") permit (principal is Person, action == Action::"review:approve", resource is Review) when { context.named };`;
  const cases = `schema: { shop: { tables: { public.customers: [id, email] } } }\ncases: []\n`;
  const site = makeSite({ 'policies/a.cedar': permit, 'policies/a.test.yaml': cases });
  sites.push(site);
  const asked = ['--sql', 'SELECT id FROM customers', '--agent', 'reporter', '--target', 'shop'];
  const { code, stdout } = await site.run(['who-can-approve', ...asked]);
  expect(code).toBe(0);
  expect(stdout).toContain('can  sam is named: group:stewards');
  expect(stdout).toContain('ana stands behind the request');
  expect(stdout).toContain('eve is disabled');
});
