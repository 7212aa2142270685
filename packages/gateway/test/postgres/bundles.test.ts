import type { Review } from '@sallyport/sdk/contract';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { queryMessage } from '../../src/connectors/postgres/wire/frontend.ts';
import { startTestSystem, type TestSystem } from '../support/system-fixture.ts';
import { firstColumn, RawClient, reportsOf } from '../support/system-raw.ts';
import { eventually } from '../support/system-wait.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system.close());
afterEach(async () => {
  await system.checkLedger();
});

const twoExports = (mark: string): Buffer =>
  queryMessage(
    `SELECT email FROM customers WHERE id <= 150 -- ${mark} one\n; SELECT phone FROM customers WHERE id <= 150 -- ${mark} two\n`,
  );

/** The reviews of one text, once all of them wait, with what the gateway found out about them. */
const bothOf = (mark: string): Promise<readonly Review[]> =>
  eventually('two reviews that wait at the same time', async () => {
    const { reviews } = await system.sam.listReviews({ status: 'pending', limit: 100 });
    const [newest] = reviews;
    if (newest === undefined) return undefined;
    const bundle = await system.sam.getBundle(newest.session);
    return bundle.reviews.length === 2 &&
      bundle.reviews.every(({ command, preview }) => command.includes(mark) && preview !== null)
      ? bundle.reviews
      : undefined;
  });

const ballot = ({ id, digest, rendering }: Review) => ({
  review: id,
  kind: 'approve' as const,
  digest,
  rendering,
});

test('statements of one text wait together, are approved in one call, and both run', async () => {
  const client = await RawClient.connect(system);
  client.send(twoExports('both'));
  const reviews = await bothOf('both');
  expect(new Set(reviews.map(({ digest }) => digest)).size).toBe(2);
  const { results } = await system.sam.voteOnBundle(reviews[0]!.requester.session, {
    votes: reviews.map(ballot),
  });
  expect(results.map(({ code, summary }) => [code, summary?.status])).toEqual([
    [null, 'approved'],
    [null, 'approved'],
  ]);
  const answers = await client.until('Z');
  expect(firstColumn(answers)).toHaveLength(300);
  const leaves = await system.checkLedger();
  for (const { id } of reviews)
    expect(leaves.filter((leaf) => leaf.kind === 'intent' && leaf.review === id)).toHaveLength(1);
  client.end();
});

test('one rejected: none runs, the client is told at once, and nobody is asked about the rest', async () => {
  const client = await RawClient.connect(system);
  client.send(twoExports('half'));
  const [first] = await bothOf('half');
  await system.reject('half two', 'no phones');
  const answers = await client.until('Z');
  expect(firstColumn(answers)).toEqual([]);
  expect(reportsOf(answers)).toMatchObject([
    { code: '42501', message: expect.stringContaining('no phones') as string },
  ]);
  const other = await eventually('the withdrawal', async () => {
    const review = await system.sam.getReview(first!.id);
    return review.status === 'pending' ? undefined : review;
  });
  expect(other).toMatchObject({ status: 'withdrawn' });
  client.end();
});

test('one approved and then one rejected: none runs; the approval stands for the same text alone', async () => {
  const client = await RawClient.connect(system);
  client.send(twoExports('later'));
  const [first] = await bothOf('later');
  await system.approve('later one');
  await system.reject('later two', 'no phones');
  expect(firstColumn(await client.until('Z'))).toEqual([]);
  client.send(queryMessage(first!.command));
  await system.reject('later one', 'not by itself');
  expect(firstColumn(await client.until('Z'))).toEqual([]);
  client.send(twoExports('later'));
  await system.approve('later two');
  expect(firstColumn(await client.until('Z'))).toHaveLength(300);
  expect(await system.reviewsOf('later one')).toHaveLength(2);
  client.end();
});
