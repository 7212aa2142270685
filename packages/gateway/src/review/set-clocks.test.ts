import { describe, expect, test } from 'vitest';
import { TimeWorld } from '../../test/support/desk-time.ts';
import { CHAIN, DAY_MS, HOUR_MS, MINUTE_MS } from '../../test/support/time-terms.ts';

describe('restarts', () => {
  const demands = [{ escalation: CHAIN, remindersMs: [10 * MINUTE_MS, 20 * MINUTE_MS] }];

  test('B9: what was announced before isn’t announced again', async () => {
    const world = new TimeWorld({ demands });
    const held = await world.hold();
    for (let minute = 0; minute < 30; minute++) {
      await world.pass(MINUTE_MS);
      await world.restart();
    }
    expect(world.events).toEqual(['reminded 0', 'escalated 0.0', 'reminded 0', 'escalated 0.1']);
    expect(await world.recorded()).toEqual(['classified-reads 1', 'classified-reads 2']);
    expect(await world.statusOf(held)).toBe('expired');
  });
  test('B9: what fell due while the gateway was down is done at its start, once', async () => {
    const world = new TimeWorld({ demands });
    const held = await world.hold();
    world.stop();
    await world.pass(26 * MINUTE_MS);
    await world.restart();
    await world.pass(1);
    expect(world.events).toEqual(['escalated 0.0', 'escalated 0.1', 'reminded 0']);
    expect(await world.vote(held, 'eve')).toBe('approved');
  });
  test('B9: what expired while the gateway was down is expired at its start', async () => {
    const world = new TimeWorld({ demands });
    const held = await world.hold();
    world.stop();
    await world.pass(31 * MINUTE_MS);
    await world.restart();
    await world.pass(1);
    expect(await world.statusOf(held)).toBe('expired');
    expect(world.events).toEqual([]);
  });
});

describe('a clock that is set', () => {
  const demands = [{ escalation: CHAIN, remindersMs: [10 * MINUTE_MS] }];

  test('back an hour: nothing is announced twice, and people have the hour more', async () => {
    const world = new TimeWorld({ demands });
    const held = await world.hold();
    await world.pass(16 * MINUTE_MS);
    world.clock.set(-HOUR_MS);
    await world.pass(HOUR_MS);
    expect(world.events).toEqual(['reminded 0', 'escalated 0.0']);
    expect(await world.statusOf(held)).toBe('pending');
    await world.pass(14 * MINUTE_MS - 1);
    expect(await world.statusOf(held)).toBe('pending');
    expect(world.events).toEqual(['reminded 0', 'escalated 0.0', 'escalated 0.1']);
    await world.pass(1);
    expect(await world.statusOf(held)).toBe('expired');
  });
  test('back an hour: whoever could vote can’t until the instant comes again; what they voted counts', async () => {
    const world = new TimeWorld({ demands: [{ escalation: CHAIN, quorum: 2 }] });
    const held = await world.hold();
    await world.pass(16 * MINUTE_MS);
    expect(await world.vote(held, 'oli')).toBe('pending');
    world.clock.set(-HOUR_MS);
    expect(await world.vote(held, 'sam')).toBe('approved');
    expect(await world.run(held)).toBe('ran');
  });
  test('forward a day: the review expires within a minute, and nobody is reminded of it', async () => {
    const world = new TimeWorld({ demands });
    const held = await world.hold();
    world.clock.set(DAY_MS);
    expect(await world.vote(held)).toBe('review.over');
    await world.pass(MINUTE_MS);
    expect(await world.statusOf(held)).toBe('expired');
    expect(world.events).toEqual([]);
  });
  test('forward past a step and back: the step that was told isn’t told again, those to come are', async () => {
    const world = new TimeWorld({ demands });
    await world.hold();
    world.clock.set(16 * MINUTE_MS);
    await world.pass(MINUTE_MS);
    expect(world.events).toEqual(['escalated 0.0', 'reminded 0']);
    world.clock.set(-16 * MINUTE_MS);
    await world.pass(25 * MINUTE_MS);
    expect(world.events).toEqual(['escalated 0.0', 'reminded 0', 'escalated 0.1']);
  });
});

describe('timers that misbehave', () => {
  test('a timer that fires far too early loses no review, and ends none', async () => {
    const world = new TimeWorld({
      demands: [{ escalation: CHAIN, remindersMs: [10 * MINUTE_MS] }],
      clock: (clock) => ({ ...clock, after: (delayMs, run) => clock.after(Math.ceil(delayMs / 3), run) }),
    });
    const held = await world.hold();
    await world.pass(30 * MINUTE_MS - 1);
    expect(await world.statusOf(held)).toBe('pending');
    expect(world.events).toEqual(['reminded 0', 'escalated 0.0', 'escalated 0.1']);
    await world.pass(1);
    expect(await world.statusOf(held)).toBe('expired');
  });
  test('a clock that steps back between the timer and the look loses no review', async () => {
    const world = new TimeWorld();
    const held = await world.hold();
    world.clock.advance(30 * MINUTE_MS);
    world.clock.set(-HOUR_MS);
    await world.pass(1);
    expect(await world.statusOf(held)).toBe('pending');
    await world.pass(HOUR_MS);
    expect(await world.statusOf(held)).toBe('expired');
  });
  test('a store that can’t be read when a review is due is asked again', async () => {
    let failing = false;
    const world = new TimeWorld({
      store: (store) => ({
        commit: (change) => store.commit(change),
        append: (entry, urgency) => store.append(entry, urgency),
        read: (...ask) => (failing ? Promise.reject(new Error('away')) : store.read(...ask)),
        queued: 0,
        close: () => store.close(),
      }),
    });
    const held = await world.hold();
    failing = true;
    await world.pass(40 * MINUTE_MS);
    expect(await world.statusOf(held)).toBe('pending');
    failing = false;
    await world.pass(MINUTE_MS);
    expect(await world.statusOf(held)).toBe('expired');
  });
});
