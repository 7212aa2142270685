import { beforeAll, expect, test } from 'vitest';
import { groupingTemplate, prepareParser } from '../../src/connectors/postgres/describe/index.ts';
import type { Hold } from '../../src/connectors/connector.ts';
import type { Refusal } from '../../src/core/reasons.ts';
import { limits } from '../../src/limits.ts';
import type { GroupingTemplates } from '../../src/ports.ts';
import { TimeWorld } from '../support/desk-time.ts';

beforeAll(() => prepareParser());

const templates: GroupingTemplates = (_, command, parameters) =>
  groupingTemplate(command, parameters, limits);

interface Leaf {
  readonly kind: string;
  readonly action: string | null;
  readonly review?: string;
  readonly decision?: { readonly effect: string };
  readonly notice?: { readonly code: string; readonly action?: string };
}

const leavesOf = async (world: TimeWorld): Promise<readonly Leaf[]> =>
  (await world.store.read('entries', { from: 0, limit: 10_000 })).map(({ leaf }) => JSON.parse(leaf) as Leaf);

/** Asks for so many different statements, evenly over a minute. */
async function storm(world: TimeWorld, requests: number): Promise<{ held: Hold[]; refused: Refusal[] }> {
  const held: Hold[] = [];
  const refused: Refusal[] = [];
  for (let at = 0; at < requests; at++) {
    const asked = await world.ask(`SELECT email FROM customers WHERE id = ${at}`);
    if (asked.ok) held.push(asked.value);
    else refused.push(asked.error);
    world.clock.advance(60_000 / requests);
  }
  return { held, refused };
}

test('(B11) 500 requests of one agent in a minute: one group, rate-limited, none approved, none lost', async () => {
  const world = new TimeWorld({ templates });
  const { held, refused } = await storm(world, 500);

  // A burst of 100, and what a minute refills.
  expect(held.length).toBe(129);
  expect(refused.length).toBe(500 - held.length);
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['review.too_fast']));
  for (const { retryAfterSeconds, hint } of refused) {
    expect(retryAfterSeconds).toBeGreaterThanOrEqual(1);
    expect(retryAfterSeconds).toBeLessThanOrEqual(2);
    expect(hint).toMatch(/^Send it again in [12] seconds?\./);
  }

  const groups = await world.store.read('reviewGroups', { agent: null, limit: 10 });
  expect(groups.map(({ count }) => count)).toEqual([held.length]);
  expect(new Set(await Promise.all(held.map((each) => world.statusOf(each))))).toEqual(new Set(['pending']));

  const leaves = await leavesOf(world);
  const attempts = leaves.filter(({ kind }) => kind === 'decision');
  expect(new Set(attempts.map(({ action }) => action)).size).toBe(500);
  expect(attempts.filter(({ review }) => review === undefined)).toHaveLength(refused.length);
  const told = leaves.filter(({ notice }) => notice?.code === 'review.too_fast');
  const turnedAway = attempts.flatMap(({ review, action }) => (review === undefined ? [action] : []));
  expect(told.map(({ notice }) => notice?.action)).toEqual(turnedAway);
  expect(leaves.filter(({ kind }) => ['grant', 'intent', 'vote'].includes(kind))).toEqual([]);
});

test('(B11) whoever backs off for as long as it was told gets its review', async () => {
  const world = new TimeWorld({ limits: { reviewsPerAgentBurst: 1, reviewsPerAgentPerMinute: 4 } });
  await world.hold('SELECT 1');
  const told = await world.ask('SELECT 2');
  if (told.ok) throw new Error('over its budget, and held');
  expect(told.error.retryAfterSeconds).toBe(15);
  world.clock.advance(14_000);
  expect((await world.ask('SELECT 2')).ok).toBe(false);
  world.clock.advance(1_000);
  expect((await world.ask('SELECT 2')).ok).toBe(true);
});

test('(B11) the same bytes that wait already cost nothing, however often they are sent', async () => {
  const world = new TimeWorld({ limits: { reviewsPerAgentBurst: 2, reviewsPerAgentPerMinute: 1 } });
  const first = await world.hold('SELECT 1');
  const again = await Promise.all(Array.from({ length: 20 }, () => world.hold('SELECT 1')));
  expect(new Set(again.map(({ review }) => review))).toEqual(new Set([first.review]));
  expect((await world.ask('SELECT 2')).ok).toBe(true);
  expect((await world.ask('SELECT 3')).ok).toBe(false);
});

test('(B11) twenty clients that ask for the same at once pay for one review', async () => {
  const world = new TimeWorld({ limits: { reviewsPerAgentBurst: 20, reviewsPerAgentPerMinute: 1 } });
  await Promise.all(Array.from({ length: 20 }, () => world.hold('SELECT 1')));
  const more = await Promise.all(Array.from({ length: 20 }, (_, at) => world.ask(`SELECT 1${at}`)));
  expect(more.filter((each) => each.ok)).toHaveLength(19);
});

test('(B13) over its budget an action falls to denied, never to allowed, and never to the pending ones of others', async () => {
  const world = new TimeWorld({ limits: { reviewsPerAgentBurst: 1, reviewsPerAgentPerMinute: 1 } });
  const first = await world.hold('SELECT 1');
  expect((await world.ask('SELECT 2')).ok).toBe(false);
  await world.vote(first);
  // An approval of one is no leave for another.
  expect((await world.ask('SELECT 2')).ok).toBe(false);
  expect(await world.run(first, 'SELECT 2')).toBe('action.altered');
});

test('a clock that is set refills no budget, and locks nobody out', async () => {
  const world = new TimeWorld({ limits: { reviewsPerAgentBurst: 1, reviewsPerAgentPerMinute: 1 } });
  await world.hold('SELECT 1');
  world.clock.set(3_600_000);
  expect((await world.ask('SELECT 2')).ok).toBe(false);
  world.clock.set(-7_200_000);
  world.clock.advance(60_000);
  expect((await world.ask('SELECT 2')).ok).toBe(true);
});

test('statements that differ in more than values are groups of their own; a comment hides nothing', async () => {
  const world = new TimeWorld({ templates });
  const commands = [
    'SELECT email FROM customers WHERE id = 1',
    'SELECT email FROM customers WHERE id = 2',
    'SELECT email FROM customers WHERE id > 2',
    'SELECT email FROM customers WHERE id = 3 -- a',
    'SELECT email FROM customers WHERE id = 3 -- b',
  ];
  for (const command of commands) await world.hold(command);
  const groups = await world.store.read('reviewGroups', { agent: 'reporter', limit: 10 });
  expect(groups.map(({ count }) => count).toSorted()).toEqual([1, 2, 2]);
});
