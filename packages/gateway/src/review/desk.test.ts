import { beforeEach, describe, expect, test } from 'vitest';
import { DeskWorld } from '../../test/support/desk-world.ts';
import { attempt, person } from '../../test/support/subjects.ts';
import { limits } from '../limits.ts';
import type { Store } from '../stores/store.ts';

let world: DeskWorld;
beforeEach(() => {
  world = new DeskWorld();
});

describe('one approval, one execution', () => {
  test('held, approved, run once; the ledger tells it in order', async () => {
    const held = await world.hold();
    expect(await world.vote(held)).toBe('approved');
    expect(await world.run(held)).toBe('ran');
    expect(await world.kinds()).toEqual(['decision', 'review', 'vote', 'review', 'grant', 'intent']);
  });
  test('A3: the same approval a second time is refused, and the refusal is recorded', async () => {
    const held = await world.hold();
    await world.vote(held);
    expect(await world.run(held)).toBe('ran');
    expect(await world.run(held)).toBe('grant.spent');
    expect((await world.kinds()).filter((kind) => kind === 'intent')).toHaveLength(1);
    expect((await world.leaves()).at(-1)).toContain('"code":"grant.spent"');
  });
  test('200 executions at once of one approval: one runs', async () => {
    const held = await world.hold();
    await world.vote(held);
    const results = await Promise.all(Array.from({ length: 200 }, () => world.run(held)));
    expect(results.filter((result) => result === 'ran')).toHaveLength(1);
    expect(new Set(results)).toEqual(new Set(['ran', 'grant.spent']));
  });
  test('a second client with the same bytes joins the review; the first one gets the approval', async () => {
    const [first, second] = [await world.hold(), await world.hold()];
    expect(second.review).toBe(first.review);
    expect(second.attached).toBe(true);
    await world.vote(first);
    expect(await world.run(first)).toBe('ran');
    expect(await world.run(second)).toBe('grant.spent');
  });
  test('other bytes, another agent, other parameters: a review of its own', async () => {
    const first = await world.hold();
    const other = await world.hold({ command: 'SELECT email  FROM customers' });
    const typed = await world.hold({ parameters: [{ type: 25, format: 'text', value: 'x' }] });
    const path = await world.hold({ preconditions: { search_path: 'evil' } });
    expect(new Set([first, other, typed, path].map((held) => held.review)).size).toBe(4);
  });
});

describe('approved while the client was gone', () => {
  test('the same bytes of the same agent spend the approval without asking again', async () => {
    const left = await world.hold();
    left.detach();
    await world.vote(left);
    const back = await world.hold();
    expect(back.review).toBe(left.review);
    expect(await world.run(back)).toBe('ran');
    const again = await world.hold();
    expect(again.review).not.toBe(left.review);
  });
  test('five minutes later it is over', async () => {
    const left = await world.hold();
    left.detach();
    await world.vote(left);
    const back = await world.hold();
    world.clock.advance(limits.grantAwayMs);
    expect(await world.run(back)).toBe('grant.expired');
    expect((await world.hold()).review).not.toBe(left.review);
  });
  test('a client that waits has sixty seconds', async () => {
    const held = await world.hold();
    await world.vote(held);
    world.clock.advance(limits.grantMs - 1);
    expect(await world.run(held)).toBe('ran');
    const late = await world.hold();
    await world.vote(late);
    world.clock.advance(limits.grantMs);
    expect(await world.run(late)).toBe('grant.expired');
  });
});

describe('a client that waits for several decisions', () => {
  const other = { command: 'SELECT phone FROM customers' };

  test('keeps the first approval while people look at the rest', async () => {
    const [first, second] = [await world.hold(), await world.hold(other)];
    await world.vote(first);
    world.clock.advance(limits.grantMs);
    await world.vote(second);
    expect([await world.run(first), await world.run(second, other)]).toEqual(['ran', 'ran']);
  });

  test('has sixty seconds for the last one', async () => {
    const [first, second] = [await world.hold(), await world.hold(other)];
    await world.vote(first);
    await world.vote(second);
    world.clock.advance(limits.grantMs);
    expect(await world.run(second, other)).toBe('grant.expired');
  });

  test('gives an approval back when another is refused; nobody else can give it back', async () => {
    const [first, joined, second] = [await world.hold(), await world.hold(), await world.hold(other)];
    await world.vote(first);
    await world.vote(second, { kind: 'reject', reason: 'no' });
    joined.detach();
    expect((await world.hold()).review).not.toBe(first.review);
    first.detach();
    const back = await world.hold();
    expect(back.review).toBe(first.review);
    expect(await world.run(back)).toBe('ran');
  });
});

describe('time', () => {
  test('a review expires by itself, and the agent is told', async () => {
    const held = await world.hold();
    world.clock.advance(1_800_000);
    const settled = await held.settled;
    expect(settled.ok ? '' : settled.error.code).toBe('review.expired');
    expect(await world.vote(held)).toBe('review.over');
  });
  test('B5: approved at the last moment, the grant still lives its full life', async () => {
    const held = await world.hold();
    world.clock.advance(1_799_999);
    expect(await world.vote(held)).toBe('approved');
    world.clock.advance(limits.grantMs - 1);
    expect(await world.run(held)).toBe('ran');
  });
  test('B9: after a restart pending reviews go on, and what is due expires', async () => {
    const held = await world.hold();
    await world.restart();
    expect(await world.vote(held)).toBe('approved');
  });
});

describe('law 3: the ledger can’t record', () => {
  test('nothing is opened, voted or authorized', async () => {
    const held = await world.hold();
    await world.vote(held);
    const failing = Object.create(world.store) as Store;
    failing.commit = () => Promise.reject(new Error('disk'));
    failing.append = () => ({ durable: false, done: Promise.reject(new Error('disk')) });
    const { desk, gate } = world.start(failing);
    const judged = gate.judge(attempt({ command: 'SELECT 2' }));
    const opened = await gate.hold(judged, []);
    expect(opened.ok ? '' : opened.error.code).toBe('ledger.unavailable');
    const settled = await held.settled;
    if (!settled.ok) throw new Error(settled.error.code);
    const authorized = await gate.authorizeApproved(gate.judge(attempt()), settled.value);
    expect(authorized.ok ? '' : authorized.error.code).toBe('ledger.unavailable');
    const voted = await desk.vote(await world.ballot(held, { voter: person('kim', ['stewards']) }));
    expect(voted.ok ? '' : voted.error.code).toBe('ledger.unavailable');
  });
  test('a denial that can’t be recorded says so', async () => {
    world.decision = { effect: 'deny', code: 'policy.forbidden', policies: ['never'], reasons: ['No.'] };
    const failing = Object.create(world.store) as Store;
    failing.append = () => ({ durable: false, done: Promise.reject(new Error('disk')) });
    const { gate } = world.start(failing);
    expect((await gate.refuse(gate.judge(attempt()))).code).toBe('ledger.unavailable');
  });
});
