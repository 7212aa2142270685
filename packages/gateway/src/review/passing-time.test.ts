import { describe, expect, test } from 'vitest';
import { TimeWorld } from '../../test/support/desk-time.ts';
import { CHAIN, DAY_MS, group, HOUR_MS, MINUTE_MS } from '../../test/support/time-terms.ts';

describe('the end of a review', () => {
  /** One that can be met until ten minutes are over, and one until sixty are. */
  const twoDemands = [
    { policy: 'quick', expiresInMs: 10 * MINUTE_MS },
    { policy: 'slow', expiresInMs: 60 * MINUTE_MS, approvers: [group('oncall')] },
  ];

  test('a review expires at its instant, not a millisecond earlier', async () => {
    const world = new TimeWorld();
    const held = await world.hold();
    await world.pass(30 * MINUTE_MS - 1);
    expect(await world.statusOf(held)).toBe('pending');
    await world.pass(1);
    expect(await world.statusOf(held)).toBe('expired');
    expect(await world.run(held)).toBe('review.expired');
  });

  test('an overnight review: opened on Friday at 16:50, thirty minutes of office hours end on Monday at 09:20', async () => {
    const world = new TimeWorld({ start: '2026-11-20T15:50:00Z', demands: [{ calendar: 'office' }] });
    const held = await world.hold();
    expect((await world.review(held)).expiresAtMs).toBe(Date.parse('2026-11-23T08:20:00Z'));
    await world.pass(2 * DAY_MS, HOUR_MS);
    await world.passUntil('2026-11-23T08:19:59.999Z');
    expect(await world.statusOf(held)).toBe('pending');
    await world.pass(1);
    expect(await world.statusOf(held)).toBe('expired');
  });

  test('an overnight review over the weekend on which the clocks change ends at 09:20 too', async () => {
    const ends: string[] = [];
    for (const start of ['2026-03-27T15:50:00Z', '2026-10-23T14:50:00Z']) {
      const world = new TimeWorld({ start, demands: [{ calendar: 'office' }] });
      ends.push(new Date((await world.review(await world.hold())).expiresAtMs).toISOString());
    }
    expect(ends).toEqual(['2026-03-30T07:20:00.000Z', '2026-10-26T08:20:00.000Z']);
  });

  test('around the clock, the hour that daylight saving skips or repeats changes nothing', async () => {
    for (const start of ['2026-03-29T00:50:00Z', '2026-10-25T00:50:00Z']) {
      const world = new TimeWorld({ start });
      const held = await world.hold();
      await world.pass(30 * MINUTE_MS - 1);
      expect(await world.statusOf(held)).toBe('pending');
      await world.pass(1);
      expect(await world.statusOf(held)).toBe('expired');
    }
  });

  test('two demands: what is met in time no longer ends the review; what isn’t, does', async () => {
    const met = new TimeWorld({ demands: twoDemands });
    const held = await met.hold();
    expect(await met.vote(held, 'sam')).toBe('pending');
    await met.pass(60 * MINUTE_MS - 1);
    expect(await met.statusOf(held)).toBe('pending');
    expect(await met.vote(held, 'oli')).toBe('approved');
    const unmet = new TimeWorld({ demands: twoDemands });
    const left = await unmet.hold();
    expect(await unmet.vote(left, 'oli')).toBe('pending');
    await unmet.pass(10 * MINUTE_MS);
    expect(await unmet.statusOf(left)).toBe('expired');
  });

  test('past the time of what they may approve, people can’t approve it any more, and can reject', async () => {
    const world = new TimeWorld({ demands: twoDemands });
    const held = await world.hold();
    await world.vote(held, 'sam');
    await world.pass(20 * MINUTE_MS);
    expect(await world.vote(held, 'kim', 'approve')).toBe('review.over');
    expect(await world.vote(held, 'kim', 'reject')).toBe('rejected');
  });

  test('a vote taken back after its demand’s time ends the review', async () => {
    const world = new TimeWorld({ demands: twoDemands });
    const held = await world.hold();
    await world.vote(held, 'sam');
    await world.pass(20 * MINUTE_MS);
    expect(await world.retract(held, 'sam')).toBe('pending');
    expect(await world.vote(held, 'oli')).toBe('review.over');
    await world.pass(1);
    expect(await world.statusOf(held)).toBe('expired');
  });

  test('a client that comes after the end and before the timer gets a review of its own', async () => {
    const world = new TimeWorld();
    const first = await world.hold();
    world.clock.set(DAY_MS);
    const second = await world.hold();
    expect(second.review).not.toBe(first.review);
    expect(await world.statusOf(first)).toBe('expired');
    expect(await world.vote(second)).toBe('approved');
  });
});

test('a thousand reviews are reminded, escalated and ended, each once', async () => {
  const demands = [{ escalation: CHAIN, remindersMs: [10 * MINUTE_MS] }];
  const world = new TimeWorld({ demands, limits: { reviewsPerAgentBurst: 1_000 } });
  const held = await Promise.all(Array.from({ length: 1_000 }, (_, at) => world.hold(`SELECT ${at}`)));
  await world.pass(29 * MINUTE_MS, 5 * MINUTE_MS);
  const count = (event: string): number => world.events.filter((each) => each === event).length;
  expect(['reminded 0', 'escalated 0.0', 'escalated 0.1'].map(count)).toEqual([1_000, 1_000, 1_000]);
  await world.pass(MINUTE_MS);
  const codes = await Promise.all(held.map((each) => world.run(each)));
  expect(new Set(codes)).toEqual(new Set(['review.expired']));
});
