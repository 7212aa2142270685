import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunningGateway } from '@sallyport/gateway/main';
import { SallyportError } from '@sallyport/sdk';
import type { ActionRequest } from '@sallyport/sdk/contract';
import { dealings, decide, openActionsSite, type ActionsSite } from '../support/actions-site.ts';
import { checkWholeLedger } from '../support/system-ledger.ts';

let site: ActionsSite;
let gateway: RunningGateway;
let at: ReturnType<typeof dealings>;

beforeEach(async () => {
  site = await openActionsSite({ reviewsPerAgentBurst: 3, reviewsPerAgentPerMinute: 2 });
});

afterEach(async () => {
  await gateway.close();
  site.remove();
});

async function start(attention = ''): Promise<void> {
  if (attention !== '') site.configure((text) => `${text}attention: ${attention}\n`);
  gateway = await site.start();
  at = dealings(site, gateway);
}

const refund = (invoice: number, more: Partial<ActionRequest> = {}): ActionRequest => ({
  target: 'billing',
  operation: 'invoice.refund',
  arguments: { invoice },
  ...more,
});

test('(B11) over the API: 429 with Retry-After, which the SDK hands on; others and what waits already pass', async () => {
  await start();
  for (const invoice of [1, 2, 3]) await at.refunder.submitAction(refund(invoice));
  const answer = await fetch(`${at.url}/v1/actions`, {
    method: 'POST',
    body: JSON.stringify(refund(4)),
    headers: { authorization: `Bearer ${site.tokens.refunder}`, 'content-type': 'application/json' },
  });
  expect(answer.status).toBe(429);
  const problem = (await answer.json()) as Record<string, unknown>;
  expect(problem).toMatchObject({
    code: 'review.too_fast',
    retryAfter: Number(answer.headers.get('retry-after')),
  });
  expect(problem['retryAfter']).toBeGreaterThan(25);
  expect(problem['hint']).toMatch(/^Send it again in \d\d seconds\./);

  const refused = await at.refunder.submitAction(refund(4)).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(SallyportError);
  expect(refused).toMatchObject({ code: 'review.too_fast', status: 429, retryAfterSeconds: 30 });

  // The same bytes join the review that waits; another agent has a budget of its own.
  expect((await at.refunder.submitAction(refund(3))).status).toBe('pending');
  expect((await at.other.submitAction(refund(4))).status).toBe('pending');
  // What no person has to see isn't held back.
  expect((await at.refunder.submitAction(refund(5, { operation: 'report.render' }))).status).toBe('ready');

  const leaves = await checkWholeLedger(at.sam, gateway.ledger.vkey);
  expect(
    leaves.filter(({ notice }) => JSON.stringify(notice ?? '').includes('review.too_fast')),
  ).toHaveLength(2);
});

test('what waits is grouped by what looks alike, and a group can be listed', async () => {
  await start();
  for (const invoice of [1, 2]) await at.refunder.submitAction(refund(invoice));
  await at.refunder.submitAction(refund(3, { operation: 'invoice.void' }));
  await at.other.submitAction(refund(1));
  const { groups } = await at.sam.listReviewGroups();
  expect(groups.map(({ count, newest }) => [count, newest.agent, newest.title])).toEqual([
    [2, 'refunder', 'invoice.refund'],
    [1, 'other', 'invoice.refund'],
    [1, 'refunder', 'invoice.void'],
  ]);
  const [largest] = groups;
  const page = await at.sam.listReviews({ shape: largest?.shape ?? '' });
  expect(page.reviews.map(({ shape, agent }) => [shape, agent])).toEqual([
    [largest?.shape, 'refunder'],
    [largest?.shape, 'refunder'],
  ]);
  expect((await at.sam.listReviewGroups({ agent: 'other' })).groups).toHaveLength(1);
});

test('what a person read and decided is in the figures, after a restart too; an agent is refused and recorded', async () => {
  await start('{ wordsPerMinute: 1, approvalsPerHour: 1 }');
  for (const invoice of [101, 102, 103]) await at.refunder.submitAction(refund(invoice));
  await decide(at, '101');
  await expect(decide(at, '102')).rejects.toMatchObject({ code: 'vote.over_budget', status: 429 });
  await decide(at, '102', 'reject');
  await gateway.close();
  await start();
  const report = await at.sam.attention();
  expect(report).toMatchObject({ complete: true, queuesComplete: true, pending: 1, approvalsPerHour: 1 });
  expect(report.reviewers).toHaveLength(1);
  expect(report.reviewers[0]).toMatchObject({
    person: 'sam',
    queue: 1,
    decided: 2,
    approved: 1,
    shareApproved: 0.5,
    // At one word a minute nobody is slow enough.
    fasterThanReading: 2,
  });
  const { medianDecideMs, medianReadMs } = report.reviewers[0] ?? {};
  expect(medianReadMs).toBeLessThanOrEqual(medianDecideMs ?? 0);
  expect(report.agents).toEqual([{ agent: 'refunder', pending: 1, refused: 0 }]);

  const asAgent = await fetch(`${at.url}/v1/attention`, {
    headers: { authorization: `Bearer ${site.tokens.refunder}` },
  });
  expect(asAgent.status).toBe(403);
  const leaves = await checkWholeLedger(at.sam, gateway.ledger.vkey);
  const recorded = leaves.map(({ notice }) => JSON.stringify(notice ?? ''));
  expect(recorded.filter((text) => text.includes('api:attention.read'))).toHaveLength(1);
});
