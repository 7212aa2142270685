import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { idOf, later, nothing, one, OutboxWorld, sent, VOTED } from '../../test/support/outbox-world.ts';

let world: OutboxWorld;
beforeEach(async () => {
  world = new OutboxWorld();
  await world.restart();
});
afterEach(() => world.sender.close());

describe('what is told', () => {
  test('a change of a review reaches each destination, with the review as it is', async () => {
    world.channel.destinations = ['room', 'kim', 'room'];
    await world.change(one(), { kind: 'open' });
    expect(world.channel.kinds).toEqual(['room open', 'kim open']);
    expect(world.channel.arrived[0]?.view).toMatchObject({
      url: `http://gate/reviews/${idOf(1)}`,
      message: null,
    });
    expect(await world.waiting()).toEqual([]);
  });

  test('a channel whose routing is broken stops no change', async () => {
    world.channel.route = () => {
      throw new Error('a bug');
    };
    await world.change(one(), { kind: 'open' });
    expect(await world.store.read('review', { id: idOf(1) })).not.toBeNull();
  });

  test('a row refers to the review, and holds nothing of what that is about', async () => {
    world.channel.answer = () => later();
    const canary = 'CANARY-7f3a';
    const subject = {
      ...one().subject,
      command: canary,
      title: canary,
      statedTask: canary,
      unknown: [canary],
    };
    await world.change(one(1, { subject }), { kind: 'open' });
    expect(await world.waiting()).toHaveLength(1);
    expect(JSON.stringify(await world.waiting())).not.toContain(canary);
  });
});

describe('order', () => {
  test('changes of one review arrive in order, though the first one failed', async () => {
    let failures = 2;
    world.channel.answer = () => (failures-- > 0 ? later() : sent());
    await world.change(one(), { kind: 'open' });
    await world.change(one(1, { revision: 2 }), VOTED, { kind: 'close' });
    await world.pass(60_000);
    const arrived = world.channel.arrived.map(({ delivery }) => delivery.notice.kind);
    expect(arrived).toEqual(['open', 'open', 'open', 'update', 'close']);
  });

  test('a destination is told one thing at a time; another one need not wait for it', async () => {
    let release = nothing;
    world.channel.answer = ({ destination }) =>
      destination === 'slow'
        ? new Promise((resolve) => {
            release = () => resolve(sent());
          })
        : sent();
    world.channel.destinations = ['slow', 'quick'];
    await world.change(one(1), { kind: 'open' });
    await world.change(one(2, { subject: { ...one().subject, digest: 'b'.repeat(64) } }), { kind: 'open' });
    expect(world.channel.kinds).toEqual(['slow open', 'quick open', 'quick open']);
    release();
    await world.settle();
    expect(world.channel.kinds.filter((kind) => kind === 'slow open')).toHaveLength(2);
  });

  test('of changes that a message shows already none is sent; events all are', async () => {
    world.channel.shows = 'state';
    world.channel.answer = ({ notice }) => (notice.kind === 'open' ? later(5_000) : sent('m-1'));
    await world.change(one(), { kind: 'open' });
    world.channel.answer = () => sent('m-1');
    await world.change(one(1, { revision: 2 }), VOTED);
    await world.change(one(1, { revision: 3 }), VOTED, { kind: 'close' });
    await world.pass(6_000);
    expect(world.channel.kinds).toEqual(['room open', 'room open']);
    expect(world.channel.arrived[1]?.view.review.revision).toBe(3);
    await world.change(one(1, { revision: 4 }), VOTED);
    expect(world.channel.arrived[2]?.view.message).toEqual({ reference: 'm-1', revision: 3 });
  });

  test('nobody is reminded of a review that is over, where a message shows that', async () => {
    world.channel.shows = 'state';
    const over = { status: 'expired', resolvedAtMs: 2_000 } as const;
    await world.change(one(1, { state: over }), { kind: 'remind', demands: [0] }, { kind: 'close' });
    expect(world.channel.kinds).toEqual(['room close']);
  });
});

describe('a crash', () => {
  test('before it is sent: it is sent after the restart', async () => {
    await world.sender.close();
    await world.change(one(), { kind: 'open' });
    expect(world.channel.arrived).toEqual([]);
    await world.restart();
    await world.settle();
    expect(world.channel.kinds).toEqual(['room open']);
  });

  test('after it was sent and before that is recorded: it is sent again, with the same id', async () => {
    world.channel.answer = () => {
      world.crash();
      return sent('m-1');
    };
    await world.change(one(), { kind: 'open' });
    world.channel.answer = () => sent('m-1');
    await world.restart();
    await world.settle();
    const ids = world.channel.arrived.map(({ delivery }) => delivery.id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    expect(await world.waiting()).toEqual([]);
  });

  test('after that is recorded: it is not sent again', async () => {
    await world.change(one(), { kind: 'open' });
    await world.sender.close();
    await world.restart();
    await world.settle();
    expect(world.channel.kinds).toEqual(['room open']);
  });

  test('while the gateway stops, what was not answered waits for the next start', async () => {
    world.channel.answer = () => new Promise(nothing);
    await world.change(one(), { kind: 'open' });
    await world.sender.close();
    expect(await world.waiting()).toMatchObject([{ attempts: 0, problem: '' }]);
  });
});
