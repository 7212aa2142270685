import { describe, expect, test } from 'vitest';
import { TimeWorld } from '../../test/support/desk-time.ts';
import { CHAIN, DAY_MS, group, HOUR_MS, MINUTE_MS, someone, step } from '../../test/support/time-terms.ts';

describe('escalation: group, then on-call, then manager', () => {
  test('those of a step can vote from its instant on, and not a millisecond earlier', async () => {
    const world = new TimeWorld({ demands: [{ escalation: CHAIN }] });
    const held = await world.hold();
    expect(await world.eligible(held)).toEqual(['sam', 'kim']);
    await world.pass(15 * MINUTE_MS - 1);
    expect(await world.vote(held, 'oli')).toBe('vote.not_entitled');
    await world.pass(1);
    expect(await world.eligible(held)).toEqual(['sam', 'kim', 'oli']);
    expect(await world.vote(held, 'eve')).toBe('vote.not_entitled');
    await world.pass(10 * MINUTE_MS);
    expect(await world.eligible(held)).toEqual(['sam', 'kim', 'oli', 'eve']);
    expect(await world.vote(held, 'eve')).toBe('approved');
    expect(await world.run(held)).toBe('ran');
  });
  test('each step is told and recorded once, in order', async () => {
    const world = new TimeWorld({ demands: [{ escalation: CHAIN }] });
    await world.hold();
    await world.pass(29 * MINUTE_MS);
    expect(world.events).toEqual(['escalated 0.0', 'escalated 0.1']);
    expect(await world.recorded()).toEqual(['classified-reads 1', 'classified-reads 2']);
  });
  test('law 4: whoever asked can’t approve, though a step names them', async () => {
    const world = new TimeWorld({ demands: [{ escalation: [step(15, someone('ana'))] }] });
    const held = await world.hold();
    await world.pass(20 * MINUTE_MS);
    expect(await world.vote(held, 'ana')).toBe('vote.own_request');
  });
  test('in office hours, the steps wait for Monday as the review does', async () => {
    const demands = [{ calendar: 'office', escalation: CHAIN, remindersMs: [5 * MINUTE_MS] }];
    const world = new TimeWorld({ start: '2026-11-20T15:50:00Z', demands });
    const held = await world.hold();
    await world.pass(10 * MINUTE_MS);
    expect(world.events).toEqual(['reminded 0']);
    await world.pass(2 * DAY_MS, HOUR_MS);
    await world.passUntil('2026-11-23T08:04:59.999Z');
    expect(await world.vote(held, 'oli')).toBe('vote.not_entitled');
    await world.pass(1);
    expect(world.events).toEqual(['reminded 0', 'escalated 0.0']);
    expect(await world.vote(held, 'oli')).toBe('approved');
  });
  test('B4: with nobody eligible, even at the end of the chain, it stays pending until it expires, with an alert', async () => {
    const world = new TimeWorld({ demands: [{ escalation: CHAIN }] });
    world.people = world.people.filter(({ name }) => name === 'ana');
    const held = await world.hold();
    expect(world.alerts).toEqual(['classified-reads']);
    expect(held.unmeetable).toContain('group oncall or person eve');
    await world.pass(29 * MINUTE_MS);
    expect(await world.statusOf(held)).toBe('pending');
    expect(world.alerts).toEqual(['classified-reads', 'classified-reads', 'classified-reads']);
    await world.pass(MINUTE_MS);
    expect(await world.statusOf(held)).toBe('expired');
  });
  test('B4: somebody only at the end of the chain is no reason for an alert', async () => {
    const world = new TimeWorld({ demands: [{ escalation: CHAIN }] });
    world.people = world.people.filter(({ name }) => name === 'eve');
    await world.hold();
    expect(world.alerts).toEqual([]);
  });
  test('B6: the chain’s approval is looked at again: who has left the on-call group approved nothing', async () => {
    const world = new TimeWorld({ demands: [{ escalation: CHAIN }] });
    const held = await world.hold();
    await world.pass(20 * MINUTE_MS);
    expect(await world.vote(held, 'oli')).toBe('approved');
    world.people = world.people.map((one) => (one.name === 'oli' ? { ...one, groups: [] } : one));
    expect(await world.run(held)).toBe('review.changed');
  });
});

describe('reminders', () => {
  const remindersMs = [10 * MINUTE_MS, 20 * MINUTE_MS];

  test('each comes once, and none after a decision', async () => {
    const world = new TimeWorld({ demands: [{ remindersMs }] });
    const held = await world.hold();
    await world.pass(10 * MINUTE_MS - 1);
    expect(world.events).toEqual([]);
    await world.pass(9 * MINUTE_MS);
    expect(world.events).toEqual(['reminded 0']);
    await world.vote(held);
    await world.pass(11 * MINUTE_MS);
    expect(world.events).toEqual(['reminded 0']);
  });
  test('only those whose demand isn’t met are reminded', async () => {
    const demands = [{ remindersMs }, { policy: 'other', approvers: [group('oncall')], remindersMs }];
    const world = new TimeWorld({ demands });
    const held = await world.hold();
    await world.pass(15 * MINUTE_MS);
    await world.vote(held, 'sam');
    await world.pass(10 * MINUTE_MS);
    expect(world.events).toEqual(['reminded 0,1', 'reminded 1']);
  });
  test('nothing that people do in between brings one twice or loses one', async () => {
    const world = new TimeWorld({ demands: [{ remindersMs, quorum: 2 }] });
    const held = await world.hold();
    for (let minute = 0; minute < 29; minute++) {
      await (minute % 2 === 0 ? world.vote(held) : world.retract(held));
      await world.pass(MINUTE_MS);
    }
    expect(world.events).toEqual(['reminded 0', 'reminded 0']);
  });
});
