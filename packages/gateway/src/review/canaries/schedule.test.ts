import { beforeEach, describe, expect, test } from 'vitest';
import { CanaryWorld, held, sam } from '../../../test/support/canary-world.ts';
import { demand } from '../../../test/support/subjects.ts';
import type { Drafter } from '../../connectors/connector.ts';
import { WEEK_MS } from '../../core/canary.ts';
import { refusal } from '../../core/reasons.ts';
import { err } from '../../core/result.ts';
import { limits } from '../../limits.ts';

let world: CanaryWorld;
beforeEach(async () => {
  world = new CanaryWorld();
  await world.start();
});

describe('the schedule', () => {
  test('is kept over a restart: none is doubled, and none is forgotten', async () => {
    const dueAtMs = await world.dueMs();
    world.stop();
    await world.start();
    expect(await world.dueMs()).toBe(dueAtMs);
    await world.opened();
    world.stop();
    await world.start();
    expect(await world.reviews()).toHaveLength(1);
    expect(await world.dueMs()).toBeGreaterThan(world.clock.nowMs());
  });

  test('gives what fell due long ago another time, so that none comes right at a start', async () => {
    const dueAtMs = await world.dueMs();
    world.stop();
    world.clock.advance(dueAtMs - world.clock.nowMs() + limits.canaryLateMs + 1);
    await world.start();
    expect(await world.reviews()).toEqual([]);
    expect(await world.dueMs()).toBeGreaterThan(world.clock.nowMs());
  });

  test('opens no more in seven days than it may, and goes on after them', async () => {
    const startMs = world.clock.nowMs();
    const ends: number[] = [];
    while (ends.length < 7) {
      await world.until(await world.dueMs());
      const [review] = await world.reviews();
      if (review?.state.status !== 'pending') continue;
      ends.push(review.openedAtMs);
      await world.vote(review, sam, 'reject');
    }
    // Nothing shows of those that were too many.
    expect(world.logged.filter((line) => /not opened|failed/.test(line))).toEqual([]);
    expect(ends.every((atMs, at) => at < 3 || atMs - (ends[at - 3] ?? startMs) >= WEEK_MS)).toBe(true);
  });

  test('leaves out one that is due while another waits', async () => {
    world.decision = { ...held, demands: [demand({ expiresInMs: 30 * WEEK_MS })] };
    await world.opened();
    await world.until(await world.dueMs());
    expect(await world.reviews()).toHaveLength(1);
    expect(world.logged.at(-1)).toContain('canary.pending');
    expect(await world.dueMs()).toBeGreaterThan(world.clock.nowMs());
  });
});

describe('is not opened, and the log says why without its agent or target,', () => {
  const away: Drafter = { draft: () => err(refusal('target.unavailable', {})) };
  test.each<[code: string, change: () => void]>([
    ['canary.not_held', () => (world.decision = { effect: 'allow', policies: ['p'], reasons: [] })],
    [
      'policy.forbidden',
      () => (world.decision = { effect: 'deny', code: 'policy.forbidden', policies: ['p'], reasons: [] }),
    ],
    ['target.unavailable', () => (world.drafter = away)],
  ])('%s', async (code, change) => {
    world.stop();
    change();
    await world.start();
    world.logged = [];
    await world.until(await world.dueMs());
    expect(await world.reviews()).toEqual([]);
    expect(await world.kinds()).toEqual([]);
    expect(world.logged).toEqual([`not opened ${JSON.stringify({ request: 1, code })}`]);
    expect(await world.dueMs()).toBeGreaterThan(world.clock.nowMs());
  });
});
