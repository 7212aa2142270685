import { beforeEach, describe, expect, test } from 'vitest';
import { CanaryWorld, held, kim, request, sam } from '../../../test/support/canary-world.ts';
import { demand, target } from '../../../test/support/subjects.ts';
import { WEEK_MS } from '../../core/canary.ts';
import type { Target } from '../../core/identity.ts';
import type { Review } from '../../core/review.ts';

let world: CanaryWorld;
beforeEach(async () => {
  world = new CanaryWorld();
  await world.start();
});

test('while it waits, nothing in the review, the ledger, the log or an event tells it from another', async () => {
  const review = await world.opened();
  expect(review.canary).toBeUndefined();
  expect(review.subject).toMatchObject({
    command: request.command,
    statedTask: request.statedTask,
    requester: { agent: 'ledger-sync', onBehalfOf: 'ana', parties: ['ana'] },
  });
  expect(review.subject.requester.session).toMatch(/^ses_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
  expect(review.subject.requester.client).toMatch(/^10\.20\.0\.7:\d{5}$/);
  expect(await world.kinds()).toEqual(['decision', 'review']);
  expect(world.events.map(({ kind }) => kind)).toEqual(['review.opened']);
  expect(world.logged).toEqual([expect.stringContaining('session opened')]);
  const told = JSON.stringify([await world.leaves(), review, world.events, world.logged]);
  expect(told).not.toMatch(/canary|WHERE/i);
  const [open] = await world.store.read('openCanaries', {});
  expect(told).not.toContain(open?.nonce);
  expect(await world.findings()).toEqual([]);
});

test.each<[status: string, end: (review: Review) => Promise<unknown>]>([
  ['rejected', (review) => world.vote(review, sam, 'reject')],
  ['expired', (review) => world.until(review.expiresAtMs)],
])('%s, it says what it was, and nothing is left of it', async (status, end) => {
  const review = await world.opened();
  await end(review);
  expect(await world.now(review)).toMatchObject({ state: { status }, canary: { flaw: request.flaw } });
  expect((await world.leaves()).at(-1)).toMatchObject({ kind: 'canary', canary: { status } });
  expect(await world.findings()).toEqual([]);
});

test('those who decided on it have it in their figures, and it uses up none of their approvals', async () => {
  world.decision = { ...held, demands: [demand({ quorum: 2 })] };
  const review = await world.opened();
  await world.vote(review, sam, 'approve');
  const pace = { wordsPerMinute: 600, minimumReadingMs: 0 };
  const figures = async () =>
    (await world.store.read('attention', { sinceMs: 0, untilMs: 9e12, pace, most: 9 })).reviewers.map(
      ({ person: name, canaries: met, canariesApproved }) => [name, met, canariesApproved],
    );
  expect(await figures()).toEqual([['sam', 0, 0]]);
  await world.vote(await world.now(review), kim, 'reject');
  expect(await figures()).toEqual([
    ['kim', 1, 0],
    ['sam', 1, 1],
  ]);
});

describe('leave for the like of it', () => {
  const wish = () => ({
    constraints: [],
    maxUses: 2,
    maxRowsPerUse: null,
    maxRows: null,
    validFromMs: null,
    validUntilMs: world.clock.nowMs() + 7_200_000,
  });

  test('that was proposed while it waited ends with it', async () => {
    const review = await world.opened();
    const made = await world.standing.propose({
      review: review.id,
      proposer: sam,
      wish: wish(),
      reason: 'often',
    });
    if (!made.ok) throw new Error(made.error.code);
    await world.vote(review, kim, 'reject');
    expect(await world.store.read('standing', { id: made.value.id })).toMatchObject({
      state: { status: 'revoked' },
    });
    expect(await world.findings()).toEqual([]);
  });

  test('is not proposed from it afterwards', async () => {
    const review = await world.opened();
    await world.vote(review, kim, 'approve');
    const ask = { review: review.id, proposer: sam, wish: wish(), reason: 'often' };
    expect(await world.standing.propose(ask)).toMatchObject({ ok: false, error: { code: 'standing.unfit' } });
  });
});

test('where none are configured any more, one that waits ends as it should, and no other is opened', async () => {
  const review = await world.opened();
  world.stop();
  world.rules = null;
  await world.start();
  await world.vote(review, sam, 'reject');
  expect((await world.now(review)).canary).toMatchObject({ flaw: request.flaw });
  await world.until(world.clock.nowMs() + WEEK_MS);
  expect(await world.reviews()).toHaveLength(1);
});

test('what is erased gets no new words when it says what it was', async () => {
  const review = await world.opened();
  world.canaries.stop();
  await world.vote(review, sam, 'reject');
  const erased = await world.store.commit({
    mutations: [
      { kind: 'subject.erase', subject: { kind: 'agent', name: 'ledger-sync' }, atMs: world.clock.nowMs() },
    ],
    entries: [],
  });
  expect(erased.ok).toBe(true);
  await world.start();
  expect((await world.now(review)).canary).toMatchObject({ flaw: '' });
  expect(JSON.stringify(await world.store.read('entries', { from: 0, limit: 100 }))).not.toContain('WHERE');
});

const billing: Target = { name: 'billing', protocol: 'api', environment: 'production' };
test('a call of the API has no connection in the log, as none of the API has', async () => {
  world.stop();
  world.rules = {
    perWeek: 3,
    calendar: null,
    requests: [{ ...request, target: { ...target, protocol: billing.protocol } }],
  };
  world.logged = [];
  await world.start();
  await world.opened();
  expect(world.logged).toEqual([]);
});
