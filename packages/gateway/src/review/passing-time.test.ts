import { describe, expect, test } from 'vitest';
import { TimeWorld } from '../../test/support/desk-time.ts';
import type { Approver, EscalationStep } from '../core/decide.ts';
import { limits } from '../limits.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const group = (name: string): Approver => ({ kind: 'group', name });
const someone = (name: string): Approver => ({ kind: 'person', name });
const step = (minutes: number, ...approvers: readonly Approver[]): EscalationStep => ({
  afterMs: minutes * MINUTE_MS,
  approvers,
});
const CHAIN = [step(15, group('oncall')), step(25, someone('eve'))];

describe('the end of a review', () => {
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
    const demands = [
      { policy: 'quick', expiresInMs: 10 * MINUTE_MS },
      { policy: 'slow', expiresInMs: 60 * MINUTE_MS, approvers: [group('oncall')] },
    ];
    const met = new TimeWorld({ demands });
    const held = await met.hold();
    expect(await met.vote(held, 'sam')).toBe('pending');
    await met.pass(60 * MINUTE_MS - 1);
    expect(await met.statusOf(held)).toBe('pending');
    expect(await met.vote(held, 'oli')).toBe('approved');
    const unmet = new TimeWorld({ demands });
    const left = await unmet.hold();
    expect(await unmet.vote(left, 'oli')).toBe('pending');
    await unmet.pass(10 * MINUTE_MS);
    expect(await unmet.statusOf(left)).toBe('expired');
  });

  test('past the time of what they may approve, people can’t approve it any more, and can reject', async () => {
    const demands = [
      { policy: 'quick', expiresInMs: 10 * MINUTE_MS },
      { policy: 'slow', expiresInMs: 60 * MINUTE_MS, approvers: [group('oncall')] },
    ];
    const world = new TimeWorld({ demands });
    const held = await world.hold();
    await world.vote(held, 'sam');
    await world.pass(20 * MINUTE_MS);
    expect(await world.vote(held, 'kim', 'approve')).toBe('review.over');
    expect(await world.vote(held, 'kim', 'reject')).toBe('rejected');
  });

  test('a vote taken back after its demand’s time ends the review', async () => {
    const demands = [
      { policy: 'quick', expiresInMs: 10 * MINUTE_MS },
      { policy: 'slow', expiresInMs: 60 * MINUTE_MS, approvers: [group('oncall')] },
    ];
    const world = new TimeWorld({ demands });
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

describe('B5: the life of a grant', () => {
  test('approved one second before expiry, it lives its sixty seconds whole', async () => {
    const world = new TimeWorld();
    const held = await world.hold();
    await world.pass(30 * MINUTE_MS - SECOND_MS);
    expect(await world.vote(held)).toBe('approved');
    await world.pass(limits.grantMs - 1);
    expect(await world.run(held)).toBe('ran');
  });
  test('one second after expiry there is nothing to approve', async () => {
    const world = new TimeWorld();
    const held = await world.hold();
    await world.pass(30 * MINUTE_MS + SECOND_MS);
    expect(await world.vote(held)).toBe('review.over');
  });
  test('a client that waits has sixty seconds; one that is away, five minutes', async () => {
    const world = new TimeWorld();
    const waits = await world.hold();
    await world.vote(waits);
    await world.pass(limits.grantMs);
    expect(await world.run(waits)).toBe('grant.expired');
    const away = await world.hold('SELECT 2');
    away.detach();
    await world.vote(away);
    await world.pass(limits.grantAwayMs);
    expect((await world.hold('SELECT 2')).review).not.toBe(away.review);
  });
  test('a client that is back has sixty seconds, not the rest of the five minutes', async () => {
    const world = new TimeWorld();
    const away = await world.hold();
    away.detach();
    await world.vote(away);
    await world.pass(MINUTE_MS);
    const back = await world.hold();
    expect(back.review).toBe(away.review);
    await world.pass(limits.grantMs);
    expect(await world.run(back)).toBe('grant.expired');
    back.detach();
    expect((await world.hold()).review).not.toBe(away.review);
  });
  test('back at the last moment, it has what is left', async () => {
    const world = new TimeWorld();
    const away = await world.hold();
    away.detach();
    await world.vote(away);
    await world.pass(limits.grantAwayMs - SECOND_MS);
    const back = await world.hold();
    await world.pass(SECOND_MS);
    expect(await world.run(back)).toBe('grant.expired');
  });
  test('the clock set back an hour does not make it live an hour longer', async () => {
    const world = new TimeWorld();
    const held = await world.hold();
    await world.vote(held);
    world.clock.set(-HOUR_MS);
    await world.pass(limits.grantMs);
    expect(await world.run(held)).toBe('grant.expired');
    held.detach();
    expect((await world.hold()).review).not.toBe(held.review);
  });
  test('the clock set back an hour takes nothing from its sixty seconds either', async () => {
    const world = new TimeWorld();
    const held = await world.hold();
    await world.vote(held);
    world.clock.set(-HOUR_MS);
    await world.pass(limits.grantMs - 1);
    expect(await world.run(held)).toBe('ran');
  });
  test('the clock set forward a day ends it', async () => {
    const world = new TimeWorld();
    const held = await world.hold();
    await world.vote(held);
    world.clock.set(DAY_MS);
    expect(await world.run(held)).toBe('grant.expired');
  });
  test('one that was over stays over when the clock is set back, and over a restart', async () => {
    const world = new TimeWorld();
    const away = await world.hold();
    away.detach();
    await world.vote(away);
    await world.pass(limits.grantAwayMs);
    const other = await world.hold('SELECT 2');
    await world.vote(other);
    world.clock.set(-limits.grantAwayMs);
    expect((await world.hold()).review).not.toBe(away.review);
    const again = new TimeWorld();
    const left = await again.hold();
    left.detach();
    await again.vote(left);
    await again.pass(limits.grantAwayMs);
    await again.hold('SELECT 2');
    again.clock.set(-limits.grantAwayMs);
    await again.restart();
    expect((await again.hold()).review).not.toBe(left.review);
  });
  test('B9: it survives a restart, for as long as it would have lived', async () => {
    const world = new TimeWorld();
    const away = await world.hold();
    away.detach();
    await world.vote(away);
    await world.pass(limits.grantAwayMs - SECOND_MS);
    await world.restart();
    const back = await world.hold();
    expect(back.review).toBe(away.review);
    expect(await world.run(back)).toBe('ran');
  });
});

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
