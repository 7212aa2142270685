/** What Teams shows when more reviews come than it takes. */
import { afterEach, expect, test } from 'vitest';
import { buttons, textOf } from '../fakes/teams/shapes.ts';
import { until } from '../support/chat-world.ts';
import {} from '../support/slack-world.ts';
import { openTeamsWorld, ROOM, type TeamsWorld } from '../support/teams-world.ts';

const MANY = 60;
const quick = {
  teamsRoomPerMinute: 3_000,
  teamsPerMinute: 60_000,
  teamsGroupMs: 50,
  pendingReviewsPerAgent: 1_000,
  reviewsPerAgentBurst: 1_000,
};

let world: TeamsWorld;
afterEach(() => world.close());

const inRoom = () => world.teams.tenant.cardsIn(ROOM);
const grouped = () => inRoom().filter(({ card }) => JSON.stringify(card).includes('Open the list'));
const waiting = async () => (await world.store.read('deliveryQueues', {}))[0]?.waiting ?? 0;
const holdMany = () => Promise.all(Array.from({ length: MANY }, () => world.holdOnly()));

test('what doesn’t fit in one by one is one card with counts and a link, and nothing to decide with (law 6)', async () => {
  world = await openTeamsWorld({ limits: quick });
  await holdMany();
  await until(async () => (await waiting()) === 0);
  const [group] = grouped();
  const alone = inRoom().length - 1;
  const text = textOf(group!.card);
  expect(text).toContain(`${(MANY - alone).toString()} reviews waiting for a decision`);
  expect(text).toContain('reporter on prod-db (production)');
  expect(text).not.toContain('customers');
  expect(buttons(group!.card)).toEqual(['Open the list']);
  expect(group!.card.refresh).toBeUndefined();
});

test('the card counts what is decided elsewhere, and is closed when all are; a restart in between loses nothing', async () => {
  world = await openTeamsWorld({ limits: quick });
  const held = await holdMany();
  await world.restart();
  await until(async () => (await waiting()) === 0);
  const [sam] = world.people;
  for (const { review: id } of held) {
    const review = await world.read(id);
    const { rendering } = world.desk.show(review);
    const ballot = { review: id, voter: sam!, reason: '', digest: review.subject.digest, rendering };
    expect((await world.desk.vote({ ...ballot, kind: 'approve', channel: 'api' })).ok).toBe(true);
  }
  await until(() => grouped().every(({ card }) => textOf(card).includes('all are over')));
  const counted = grouped().map(({ card }) => Number(/^(\d+) review/.exec(textOf(card))?.[1]));
  const alone = inRoom().length - grouped().length;
  expect(alone + counted.reduce((sum, count) => sum + count, 0)).toBe(MANY);
});

test('with the platform’s own limits a flood is told without one refusal', async () => {
  world = await openTeamsWorld({ limits: { pendingReviewsPerAgent: 1_000, reviewsPerAgentBurst: 1_000 } });
  world.teams.isLimited = true;
  await holdMany();
  await until(() => grouped().length === 1);
  await until(async () => (await waiting()) === 0);
  expect(world.teams.rates.refusals).toBe(0);
});
