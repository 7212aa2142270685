import { expect, test } from 'vitest';
import { TimeWorld } from '../support/desk-time.ts';

const HOUR_MS = 3_600_000;

test('(B11) an approval over the hourly budget of one person is refused with the time; rejections pass', async () => {
  const world = new TimeWorld({ approvalsPerHour: 2, start: '2026-11-20T13:10:00Z' });
  const held = await Promise.all([1, 2, 3, 4, 5].map((at) => world.hold(`SELECT ${at}`)));
  const [first, second, third, fourth, fifth] = held;
  if (!first || !second || !third || !fourth || !fifth) throw new Error('five were held');
  expect(await world.vote(first)).toBe('approved');
  world.clock.advance(5 * 60_000);
  expect(await world.vote(second)).toBe('approved');
  const refused = await world.judge(third, 'sam', 'approve');
  expect(refused).toEqual({
    ok: false,
    error: {
      code: 'vote.over_budget',
      message:
        'You have approved 2 actions in the last hour, as many as one person may. Somebody else can approve this, or you from 14:10 UTC on. You can still reject it, or ask.',
    },
  });
  expect(await world.statusOf(third)).toBe('pending');
  expect(await world.vote(fourth, 'sam', 'reject')).toBe('rejected');
  // Somebody else has a budget of their own.
  expect(await world.vote(third, 'kim')).toBe('approved');
  const leaves = await world.store.read('entries', { from: 0, limit: 1_000 });
  expect(leaves.filter(({ leaf }) => leaf.includes('"reason":"vote.over_budget"'))).toHaveLength(1);
  expect(leaves.filter(({ leaf }) => leaf.includes('"kind":"grant"'))).toHaveLength(3);
});

test('(B11) the budget survives a restart, and is there again when the hour is over', async () => {
  const demands = [{ expiresInMs: 3 * HOUR_MS }];
  const world = new TimeWorld({ approvalsPerHour: 1, demands });
  const [first, second] = [await world.hold('SELECT 1'), await world.hold('SELECT 2')];
  expect(await world.vote(first)).toBe('approved');
  await world.restart();
  expect(await world.vote(second)).toBe('vote.over_budget');
  world.clock.advance(HOUR_MS - 1);
  expect(await world.vote(second)).toBe('vote.over_budget');
  world.clock.advance(1);
  expect(await world.vote(second)).toBe('approved');
});

test('(B11) of ten approvals of one person at once, no more count than the budget has', async () => {
  const world = new TimeWorld({ approvalsPerHour: 3 });
  const held = await Promise.all(Array.from({ length: 10 }, (_, at) => world.hold(`SELECT ${at}`)));
  const ends = await Promise.all(held.map((each) => world.vote(each)));
  expect(ends.filter((end) => end === 'approved')).toHaveLength(3);
  expect(ends.filter((end) => end === 'vote.over_budget')).toHaveLength(7);
});

test('without a budget nobody is held up', async () => {
  const world = new TimeWorld();
  const held = await Promise.all(Array.from({ length: 90 }, (_, at) => world.hold(`SELECT ${at}`)));
  const ends = await Promise.all(held.map((each) => world.vote(each)));
  expect(new Set(ends)).toEqual(new Set(['approved']));
});
