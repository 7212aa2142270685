import { beforeEach, describe, expect, test } from 'vitest';
import { DeskWorld } from '../../test/support/desk-world.ts';
import { createFakeRandom } from '../../test/support/fake-clock.ts';
import { agent, person, reviewed } from '../../test/support/subjects.ts';
import type { Person } from '../core/identity.ts';

let world: DeskWorld;
beforeEach(() => {
  world = new DeskWorld();
});

describe('votes', () => {
  test('law 4: an agent’s credential is refused, and that is recorded', async () => {
    const held = await world.hold();
    expect(await world.vote(held, { voter: { ...agent, groups: ['stewards'] } })).toBe('vote.not_a_person');
    expect((await world.leaves()).at(-1)).toContain('"code":"vote.refused"');
  });
  test('law 4: the sponsor can’t approve', async () => {
    const held = await world.hold();
    expect(await world.vote(held, { voter: person('ana', ['stewards']) })).toBe('vote.own_request');
  });
  test('A4: a vote on another digest is a conflict', async () => {
    const held = await world.hold();
    expect(await world.vote(held, { digest: '0'.repeat(64) })).toBe('vote.digest_mismatch');
  });
  test('a rejection reaches the agent with the person’s reason, and the voter’s words are in no leaf', async () => {
    const held = await world.hold();
    expect(await world.vote(held, { kind: 'reject', reason: 'CANARY: use the aggregate' })).toBe('rejected');
    const settled = await held.settled;
    expect(settled.ok ? '' : settled.error.message).toBe('Rejected by sam: CANARY: use the aggregate');
    expect((await world.leaves()).join('')).not.toContain('CANARY');
  });
  test('a vote after the end says how it ended', async () => {
    const held = await world.hold();
    await world.vote(held);
    expect(await world.vote(held, { voter: person('kim', ['stewards']) })).toBe('review.over');
  });
  test('B4: a review that nobody can decide is pending, raises an alert, and tells the agent', async () => {
    world.people = [person('ana', ['stewards'])];
    const held = await world.hold();
    expect(world.alerts).toEqual(['classified-reads']);
    expect(held.unmeetable).toContain('Too few people can approve this now');
    expect((await world.review(held)).state.status).toBe('pending');
  });
});

describe('B1: races', () => {
  test.each(Array.from({ length: 25 }, (_, seed) => seed))(
    'seed %i: 40 votes, withdrawals and expiry at once: one end, no vote lost',
    async (seed) => {
      world.people = [
        ...Array.from({ length: 20 }, (_, at) => person(`p${at.toString()}`, ['stewards'])),
        person('ana'),
      ];
      world.decision = reviewed({ quorum: 5 });
      world.version = `race-${seed.toString()}`;
      const held = await world.hold();
      const random = createFakeRandom(String(seed));
      const steps = Array.from({ length: 40 }, (_, at) => async () => {
        const dice = random.bytes(1)[0] ?? 0;
        if (dice < 4) return held.withdraw('gave up');
        if (dice < 8) return world.clock.advance(60_000);
        const voter = world.people[at % 20] as Person;
        await world.vote(held, { voter, kind: dice > 245 ? 'reject' : 'approve', reason: 'because' });
      });
      await Promise.all(steps.map((step) => step()));
      const rows = (await world.leaves()).map(
        (leaf) => JSON.parse(leaf) as { kind: string; status?: string; vote?: { person: string } },
      );
      const stored = await world.review(held);
      const ends = rows.filter((row) => row.kind === 'review' && row.status !== 'pending');
      expect(ends.map((row) => row.status)).toEqual(
        stored.state.status === 'pending' ? [] : [stored.state.status],
      );
      const recorded = rows.filter((row) => row.kind === 'vote').map((row) => row.vote?.person);
      expect(recorded).toEqual(stored.votes.map((one) => one.person));
      expect(new Set(recorded).size).toBe(recorded.length);
    },
  );
});
