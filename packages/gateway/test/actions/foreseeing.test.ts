/** Who could approve a call that nobody has submitted, through the gateway's own answer. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openActions, type OpenActions } from '../support/actions-site.ts';

const cli = fileURLToPath(new URL('../../../cli/bin/sallyport.js', import.meta.url));
let at: OpenActions;
beforeAll(async () => {
  at = await openActions();
});
afterAll(() => at.close());

async function ask(token: string, action: unknown, ...more: readonly string[]) {
  const env = { PATH: process.env['PATH'], SALLYPORT_URL: at.url, SALLYPORT_TOKEN: token };
  const args = [cli, 'policy', 'who-can-approve', '--action', '-', ...more];
  const child = spawn(process.execPath, args, { env });
  child.stdin.end(typeof action === 'string' ? action : JSON.stringify(action));
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (said += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

const refund = { target: 'billing', operation: 'invoice.refund', arguments: { invoice: 1 } };
const by = ['--agent', 'refunder'];

test('a call that would be held: who could approve it, and why the others could not', async () => {
  const { code, said } = await ask(at.site.tokens.sam, refund, ...by);
  expect(said).toContain('invoice.refund by refunder on billing: held for a review');
  expect(said).toMatch(/can {2}sam is named: group:data-stewards/);
  expect(said).toMatch(/no {3}ana stands behind the request/);
  expect(code).toBe(0);
});

test('on behalf of the only approver nobody is left: it ends with 6', async () => {
  const { code, said } = await ask(at.site.tokens.sam, { ...refund, onBehalfOf: 'sam' }, ...by);
  expect(said).toContain('too few people can');
  expect(code).toBe(6);
});

test('what is allowed or denied asks nobody', async () => {
  const allowed = await ask(at.site.tokens.sam, { ...refund, operation: 'report.render' }, ...by, '--json');
  expect(JSON.parse(allowed.said)).toMatchObject({ effect: 'allow', demands: [] });
  const denied = await ask(at.site.tokens.sam, { ...refund, operation: 'card.dump' }, ...by, '--json');
  expect(JSON.parse(denied.said)).toMatchObject({ effect: 'deny', demands: [] });
});

test.each([
  ['an agent that is not there', refund, ['--agent', 'nobody'], 'There is no agent nobody', 1],
  ['no agent', refund, [], '--agent NAME', 1],
  ['an unknown target', { ...refund, target: 'shop' }, by, 'protocol `api`', 2],
  [
    'a person whom the agent may not act for',
    { ...refund, onBehalfOf: 'kim' },
    by,
    'not entitled to act for kim',
    1,
  ],
  ['an unknown member', { ...refund, amount: 7 }, by, 'body.action: has a key that is not known', 1],
  ['no JSON', '{', by, 'standard input is not JSON', 1],
])('%s is said, and ends so', async (_, action, more, words, code) => {
  const answer = await ask(at.site.tokens.sam, action, ...more);
  expect(answer.said).toContain(words);
  expect(answer.code).toBe(code);
});

test('an agent is told nothing, and the only thing recorded of all this is that it asked (threat B12)', async () => {
  const size = async (): Promise<number> => (await at.sam.ledgerStatus()).size;
  const before = await size();
  await ask(at.site.tokens.sam, refund, ...by);
  expect(await size()).toBe(before);
  const { code, said } = await ask(at.site.tokens.refunder, refund, ...by);
  expect(said).toContain('access.people_only');
  expect(code).toBe(2);
  expect(await size()).toBe(before + 1);
});
