import { beforeEach, describe, expect, test, vi } from 'vitest';
import { DeskWorld } from '../../test/support/desk-world.ts';
import { agent, person, reviewed, target } from '../../test/support/subjects.ts';

let world: DeskWorld;
beforeEach(() => {
  world = new DeskWorld();
});

describe('what changed since the approval', () => {
  test('A1, A5: other bytes than were approved do not run', async () => {
    const held = await world.hold();
    await world.vote(held);
    expect(await world.run(held, { command: 'SELECT email FROM customers WHERE true' })).toBe(
      'action.altered',
    );
    expect((await world.leaves()).at(-1)).toContain('"code":"action.altered"');
  });
  test('A1: another environment of the target does not run', async () => {
    const held = await world.hold();
    await world.vote(held);
    expect(await world.run(held, { target: { ...target, environment: 'staging' } })).toBe('action.altered');
  });
  test('A4: the policy asks for more, or denies: it does not run', async () => {
    const held = await world.hold();
    await world.vote(held);
    world.decision = reviewed({ quorum: 2 });
    world.version = '2';
    expect(await world.run(held)).toBe('review.changed');
    world.decision = { effect: 'deny', code: 'policy.forbidden', policies: ['never'], reasons: ['No.'] };
    world.version = '3';
    expect(await world.run(held)).toBe('policy.forbidden');
  });
  test('A4: the review changed in the store after its approval was handed over: it does not run', async () => {
    const held = await world.hold();
    await world.vote(held);
    const approved = await world.review(held);
    const review = { ...approved, revision: approved.revision + 1 };
    await world.store.commit({ mutations: [{ kind: 'review.update', review }], entries: [] });
    expect(await world.run(held)).toBe('review.changed');
    expect((await world.leaves()).join('')).not.toContain('"kind":"intent"');
  });
  test('an approval that was just committed is used without asking the store for it again', async () => {
    const held = await world.hold();
    await world.vote(held);
    const read = vi.spyOn(world.store, 'read');
    expect(await world.run(held)).toBe('ran');
    expect(read).not.toHaveBeenCalled();
  });
  test('B6: the approver lost the right, or was disabled', async () => {
    const held = await world.hold();
    await world.vote(held);
    world.people = [person('sam', ['stewards'], true)];
    expect(await world.run(held)).toBe('identity.revoked');
    world.people = [person('sam', []), person('ana')];
    expect(await world.run(held)).toBe('review.changed');
  });
  test('B7: the agent, or the person for whom it acts, is gone', async () => {
    const held = await world.hold();
    await world.vote(held);
    world.agents = [];
    expect(await world.run(held)).toBe('identity.revoked');
    world.agents = [agent];
    world.people = world.people.filter((one) => one.name !== 'ana');
    expect(await world.run(held)).toBe('identity.revoked');
  });
});
