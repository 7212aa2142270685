import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { later, one, OutboxWorld, sent, VOTED } from '../../test/support/outbox-world.ts';
import type { GroupView, Sending } from '../channels/channel.ts';
import type { Review } from '../core/review.ts';
import { limits } from '../limits.ts';

let world: OutboxWorld;
beforeEach(async () => {
  world = new OutboxWorld();
  await world.restart();
});
afterEach(() => world.sender.close());

describe('a crowd', () => {
  const groups: GroupView[] = [];
  let answerMany: (view: GroupView) => Sending;
  const together = (): string[] => groups.map(({ card }) => card.heading);
  const digest = (number: number): string => number.toString(16).padStart(64, '0');
  const numbered = (number: number, given: Partial<Review> = {}): Review =>
    one(number, { subject: { ...one().subject, digest: digest(number) }, ...given });
  const openMany = async (from: number, to: number): Promise<void> => {
    for (let number = from; number <= to; number++) await world.change(numbered(number), { kind: 'open' });
  };

  beforeEach(async () => {
    groups.length = 0;
    answerMany = () => sent('g-1');
    world.channel.shows = 'state';
    world.channel.answer = ({ review: id }) => sent(`m ${id}`);
    world.channel.grouping = {
      pace: { perMinute: 60, burst: 3 },
      changes: null,
      everyMs: 2_000,
      deliver: async (view) => {
        groups.push(view);
        return answerMany(view);
      },
    };
    await world.sender.close();
    await world.restart();
  });

  test('of reviews that come at once the first few stand alone and the others in one message', async () => {
    await openMany(1, 20);
    await world.pass(1_500);
    expect(world.channel.arrived).toHaveLength(3);
    expect(together()).toEqual(['17 reviews waiting for a decision']);
    expect(groups[0]).toMatchObject({ reference: null, destination: 'room' });
    expect(await world.waiting()).toEqual([]);
  });

  test('the message of a group is changed in place while more come, and closed when all are over', async () => {
    await openMany(1, 20);
    await world.pass(1_500);
    await openMany(21, 30);
    await world.pass(2_500);
    expect(groups[1]).toMatchObject({ reference: 'g-1', id: groups[0]!.id });
    expect(together()[1]).toBe('27 reviews waiting for a decision');
    const over = { status: 'expired', resolvedAtMs: 2_000 } as const;
    for (let number = 1; number <= 30; number++)
      await world.change(numbered(number, { revision: 2, state: over }), { kind: 'close' });
    await world.pass(30_000, 60);
    expect(groups.at(-1)?.card).toMatchObject({ heading: '27 reviews: all are over', isOpen: false });
    expect(world.channel.kinds.filter((kind) => kind === 'room close')).toHaveLength(3);
    expect(await world.waiting()).toEqual([]);
  });

  test('single messages come back when the flood is over', async () => {
    await openMany(1, 20);
    await world.pass(10_000);
    await openMany(21, 21);
    await world.pass(1_000);
    expect(world.channel.kinds).toHaveLength(4);
    expect(groups).toHaveLength(1);
  });

  test('an escalation in the middle of a flood is told by itself, and the group goes on without that review', async () => {
    await openMany(1, 20);
    await world.pass(1_500);
    await openMany(21, 40);
    await world.change(numbered(10, { revision: 2 }), { kind: 'escalate', demand: 0, step: 0 });
    await world.pass(1_500);
    expect(world.channel.kinds.at(-1)).toBe('room escalate');
    expect(world.channel.arrived.at(-1)?.view.message).toBeNull();
    await world.pass(3_000);
    expect(together().at(-1)).toBe('36 reviews waiting for a decision');
  });

  test('more escalations than can be told one by one are one call, with the people of all of them', async () => {
    await openMany(1, 20);
    await world.pass(1_500);
    for (let number = 4; number <= 18; number++)
      await world.change(numbered(number, { revision: 2 }), { kind: 'escalate', demand: 0, step: 0 });
    await world.pass(20_000, 60);
    const called = groups.filter(({ card }) => card.call !== null);
    const alone = world.channel.kinds.filter((kind) => kind === 'room escalate').length;
    const inGroups = called.reduce((sum, view) => sum + view.called.length, 0);
    expect(alone + inGroups).toBe(15);
    expect(inGroups).toBeGreaterThan(0);
    expect(await world.waiting()).toEqual([]);
  });

  test('a vote changes nothing of what a group shows, and is not sent', async () => {
    await openMany(1, 20);
    await world.pass(1_500);
    await world.change(numbered(10, { revision: 2 }), VOTED);
    await world.pass(10_000);
    expect([groups.length, world.channel.arrived.length]).toEqual([1, 3]);
    expect(await world.waiting()).toEqual([]);
  });

  test('a crash after the group was sent and before that is recorded sends it again, with the same id and all in it', async () => {
    answerMany = () => {
      world.crash();
      return sent('g-1');
    };
    await openMany(1, 20);
    await world.pass(1_500);
    expect(groups).toHaveLength(1);
    answerMany = () => sent('g-1');
    await world.restart();
    await world.pass(1_500);
    expect(new Set(groups.map(({ id }) => id)).size).toBe(1);
    expect(together().at(-1)).toBe('17 reviews waiting for a decision');
    expect(await world.waiting()).toEqual([]);
  });

  test('an old group takes nobody in, though something is said of its reviews first', async () => {
    await openMany(1, 20);
    await world.pass(1_500);
    await world.pass(limits.groupJoinMs);
    answerMany = ({ reference }) => sent(reference ?? 'g-2');
    await world.sender.close();
    await world.change(numbered(10, { revision: 2 }), { kind: 'remind', demands: [0] });
    await openMany(21, 30);
    await world.restart();
    await world.pass(20_000, 60);
    const [first, ...later] = groups;
    const reminded = later.filter(({ id }) => id === first?.id);
    expect(reminded.map(({ card }) => card.heading)).toEqual(['17 reviews waiting for a decision']);
    const another = later.filter(({ id }) => id !== first?.id);
    expect(another.length).toBeGreaterThan(0);
    expect(await world.waiting()).toEqual([]);
  });

  test('a restart in the middle of a flood loses nobody: each review stands alone or in a group', async () => {
    await openMany(1, 20);
    await world.pass(1_500);
    await openMany(21, 30);
    await world.sender.close();
    await world.restart();
    await world.pass(10_000);
    expect(await world.waiting()).toEqual([]);
    const alone = new Set(world.channel.arrived.map(({ delivery }) => delivery.review));
    const grouped = new Set(
      (
        await Promise.all(
          [...new Set(groups.map(({ id }) => id))].map((id) =>
            world.store.read('groupPending', { id, limit: 99 }),
          ),
        )
      ).flat(),
    );
    expect(alone.size + grouped.size).toBe(30);
    expect([...alone].filter((id) => grouped.has(id))).toEqual([]);
  });

  test('a group that the platform can’t take now is tried again as a whole; one that it never takes is dead letters', async () => {
    answerMany = () => later(2_000);
    await openMany(1, 20);
    await world.pass(1_500);
    expect(await world.waiting()).toHaveLength(17);
    answerMany = () => ({ kind: 'failed', problem: 'archived' });
    await world.pass(5_000);
    expect(await world.dead()).toHaveLength(17);
    expect(await world.waiting()).toEqual([]);
  });

  test('where each event counts, a flood is told in messages of their own', async () => {
    world.channel.shows = 'events';
    world.channel.answer = () => sent();
    answerMany = () => sent();
    await world.sender.close();
    await world.restart();
    await openMany(1, 20);
    await world.pass(1_500);
    const over = { status: 'expired', resolvedAtMs: 2_000 } as const;
    for (let number = 1; number <= 20; number++)
      await world.change(numbered(number, { revision: 2, state: over }), { kind: 'close' });
    await world.pass(10_000);
    expect(groups.every(({ reference }) => reference === null)).toBe(true);
    expect(together()).toEqual(['17 reviews waiting for a decision', '20 reviews: all are over']);
  });
});
