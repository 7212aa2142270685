import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { later, nothing, one, OutboxWorld, Scripted, sent, VOTED } from '../../test/support/outbox-world.ts';
import { limits } from '../limits.ts';

let world: OutboxWorld;
beforeEach(async () => {
  world = new OutboxWorld();
  await world.restart();
});
afterEach(() => world.sender.close());

describe('failures', () => {
  test('a platform that says when to come back is left alone until then, for all reviews', async () => {
    world.channel.answer = () => later(30_000);
    await world.change(one(1), { kind: 'open' });
    await world.change(one(2, { subject: { ...one().subject, digest: 'b'.repeat(64) } }), { kind: 'open' });
    await world.pass(29_000);
    expect(world.channel.arrived).toHaveLength(1);
    world.channel.answer = () => sent();
    await world.pass(2_000);
    await world.pass(2_000);
    expect(await world.waiting()).toEqual([]);
  });

  test('waits grow, and after so many attempts it is a dead letter with its reason', async () => {
    world.channel.answer = () => later();
    await world.change(one(), { kind: 'open' });
    await world.pass(10_000);
    expect(world.channel.arrived.length).toBeLessThan(6);
    for (let minute = 0; minute < 26 * 60 && (await world.dead()).length === 0; minute++)
      await world.pass(60_000, 1);
    expect(world.channel.arrived).toHaveLength(limits.deliveryAttempts);
    expect(await world.dead()).toMatchObject([
      { attempts: limits.deliveryAttempts, problem: 'answered 503' },
    ]);
    expect(world.logged.at(-1)).toBe('given up');
  });

  test('what can never arrive is a dead letter at once, and the next delivery goes on', async () => {
    world.channel.answer = ({ notice }) =>
      notice.kind === 'open' ? { kind: 'failed', problem: 'no such\nroom' } : sent();
    await world.change(one(), { kind: 'open' }, VOTED);
    expect(await world.dead()).toMatchObject([{ notice: { kind: 'open' }, problem: 'no such room' }]);
    expect(world.channel.kinds).toEqual(['room open', 'room update']);
  });

  test('a dead letter that is sent again arrives with its old id', async () => {
    world.channel.answer = () => ({ kind: 'failed', problem: 'archived' });
    await world.change(one(), { kind: 'open' });
    const [letter] = await world.dead();
    if (letter === undefined) throw new Error('no dead letter');
    world.channel.answer = () => sent();
    await world.store.commit({
      mutations: [{ kind: 'delivery.replay', id: letter.id, atMs: world.clock.nowMs() }],
      entries: [],
    });
    world.sender.wake(letter.channel, letter.destination);
    await world.settle();
    expect(world.channel.arrived.map(({ delivery }) => delivery.id)).toEqual([letter.id, letter.id]);
    expect(await world.dead()).toEqual([]);
  });

  test('an attempt without an answer is given up, and so is one that throws; both are tried again', async () => {
    world.channel.answer = () => new Promise(nothing);
    await world.change(one(), { kind: 'open' });
    await world.pass(limits.deliveryMs);
    expect((await world.waiting())[0]?.problem).toBe('no answer within 10 seconds');
    world.channel.answer = () => {
      throw new Error('CANARY');
    };
    await world.pass(5_000);
    expect((await world.waiting())[0]?.problem).toBe('the channel failed; the log says where');
    world.channel.answer = () => sent();
    await world.pass(10_000);
    expect(await world.waiting()).toEqual([]);
  });

  test.each([-86_400_000, 86_400_000])('a clock that is set by %i ms gives nothing up', async (ms) => {
    world.channel.answer = () => later();
    await world.change(one(), { kind: 'open' });
    world.clock.set(ms);
    world.channel.answer = () => sent();
    await world.pass(5_000);
    expect(await world.waiting()).toEqual([]);
    expect(await world.dead()).toEqual([]);
  });

  test('deliveries of a channel that is gone from the configuration are dead letters', async () => {
    world.channel.answer = () => later();
    await world.change(one(), { kind: 'open' });
    await world.sender.close();
    world.channel = Object.assign(new Scripted(), { name: 'other' });
    await world.restart();
    await world.pass(5_000);
    expect(await world.dead()).toMatchObject([{ problem: 'no channel of this name is configured' }]);
  });

  test('a channel is told no more than its pace', async () => {
    world.channel.pace = { perMinute: 60, burst: 2 };
    world.channel.destinations = ['a', 'b', 'c', 'd'];
    await world.change(one(), { kind: 'open' });
    expect(world.channel.arrived).toHaveLength(2);
    await world.pass(1_000);
    expect(world.channel.arrived).toHaveLength(3);
    await world.pass(1_000);
    expect(world.channel.arrived).toHaveLength(4);
  });
});
