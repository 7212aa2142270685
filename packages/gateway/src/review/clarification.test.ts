import { beforeEach, describe, expect, test } from 'vitest';
import { DeskWorld } from '../../test/support/desk-world.ts';
import { agent, requester, reviewed } from '../../test/support/subjects.ts';
import type { Hold } from '../connectors/connector.ts';
import type { Person } from '../core/identity.ts';

let world: DeskWorld;
beforeEach(() => {
  world = new DeskWorld();
});

describe('clarification', () => {
  const asks = (held: Hold, text = 'What for?') =>
    world.desk.question({
      review: held.review,
      asker: world.people[0] as Person,
      to: 'agent',
      text,
      channel: 'api',
    });
  test('a question reaches the agent where it waits, its answer the reviewers; the action stays the same', async () => {
    const held = await world.hold();
    const heard: string[] = [];
    held.onQuestion(({ text }) => heard.push(text));
    await asks(held);
    expect(heard).toEqual(['What for?']);
    const before = await world.review(held);
    const answered = await world.desk.answer({
      review: held.review,
      answerer: agent,
      question: 1,
      text: 'CANARY newsletter',
      channel: 'api',
    });
    expect(answered.ok && answered.value.subject.digest).toBe(before.subject.digest);
    expect(await world.vote(held)).toBe('approved');
    expect(await world.run(held)).toBe('ran');
    expect(await world.kinds()).toEqual([
      'decision',
      'review',
      'question',
      'answer',
      'vote',
      'review',
      'grant',
      'intent',
    ]);
    expect((await world.leaves()).join('')).not.toContain('CANARY');
  });
  test('A4: an answer that came since the voter looked makes the vote a conflict', async () => {
    const held = await world.hold();
    const { rendering } = await world.ballot(held);
    await asks(held);
    expect(await world.vote(held, { rendering })).toBe('vote.rendering_mismatch');
    world.version = '2';
    expect(await world.vote(held)).toBe('approved');
  });
  test('A4: another policy since the voter looked makes the vote a conflict', async () => {
    const held = await world.hold();
    const { rendering } = await world.ballot(held);
    world.version = '2';
    expect(await world.vote(held, { rendering })).toBe('vote.rendering_mismatch');
  });
  test('a changed action takes the place of the first one, which is over and says by what', async () => {
    const first = await world.hold();
    const second = await world.hold({ command: 'SELECT count(*) FROM customers', supersedes: first.review });
    const settled = await first.settled;
    expect(settled.ok ? '' : settled.error.code).toBe('review.superseded');
    const [old, replacing] = await Promise.all([first, second].map((held) => world.review(held)));
    expect(old?.state).toMatchObject({ status: 'superseded', by: second.review });
    expect(replacing?.supersedes).toBe(first.review);
    expect(await world.vote(first)).toBe('review.over');
    expect(await world.vote(second)).toBe('approved');
    expect(await world.run(second, { command: 'SELECT count(*) FROM customers' })).toBe('ran');
  });
  test('nobody supersedes the review of another agent, or one that is over', async () => {
    const first = await world.hold();
    const stranger = { ...requester, agent: 'stranger' };
    await world.hold({ requester: stranger, command: 'SELECT 2', supersedes: first.review });
    expect((await world.review(first)).state.status).toBe('pending');
    await world.vote(first);
    const later = await world.hold({ command: 'SELECT 3', supersedes: first.review });
    expect((await world.review(later)).supersedes).toBe(null);
  });
  test('a vote taken back is recorded and no longer counts', async () => {
    world.decision = reviewed({ quorum: 2 });
    const held = await world.hold();
    await world.vote(held);
    const voter = world.people[0] as Person;
    const retracted = await world.desk.retract({ review: held.review, voter, channel: 'cli' });
    expect(retracted.ok).toBe(true);
    expect((await world.leaves()).at(-1)).toContain('"kind":"retract"');
    expect(await world.vote(held, { voter: world.people[1] as Person })).toBe('pending');
    expect(await world.vote(held)).toBe('approved');
    expect(await world.run(held)).toBe('ran');
  });
  test('whoever votes too late is told who approved, when, and when it ran', async () => {
    const held = await world.hold();
    await world.vote(held);
    await world.run(held);
    world.clock.advance(12_000);
    const late = await world.desk.vote(await world.ballot(held, { voter: world.people[1] as Person }));
    expect(late.ok ? '' : late.error.message).toMatch(
      /approved by sam 12 seconds ago\. It ran at \d\d:\d\d:\d\d UTC\.$/,
    );
  });
});
