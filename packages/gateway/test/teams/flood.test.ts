/** What Teams shows when more reviews come than it takes. */
import { afterEach, expect, test } from 'vitest';
import { buttons, textOf } from '../fakes/teams/shapes.ts';
import { allTold, approveAll, crowded, holdMany, MANY, toldIn } from '../support/chat-flood.ts';
import { until } from '../support/chat-world.ts';
import { openTeamsWorld, ROOM, type TeamsWorld } from '../support/teams-world.ts';

const quick = {
  teamsRoomPerMinute: 3_000,
  teamsPerMinute: 60_000,
  teamsGroupMs: 50,
  ...crowded,
};

let world: TeamsWorld;
afterEach(() => world.close());

const inRoom = () => world.teams.tenant.cardsIn(ROOM);
const grouped = () => inRoom().filter(({ card }) => JSON.stringify(card).includes('Open the list'));

test('what doesn’t fit in one by one is one card with counts and a link, and nothing to decide with (law 6)', async () => {
  world = await openTeamsWorld({ limits: quick });
  await holdMany(world);
  await allTold(world);
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
  const held = await holdMany(world);
  await world.restart();
  await allTold(world);
  await approveAll(world, held);
  await until(() => grouped().every(({ card }) => textOf(card).includes('all are over')));
  const counted = grouped().map(({ card }) => Number(/^(\d+) review/.exec(textOf(card))?.[1]));
  const alone = inRoom().length - grouped().length;
  expect(toldIn(alone, counted)).toBe(MANY);
});

test('with the platform’s own limits a flood is told without one refusal', async () => {
  world = await openTeamsWorld({ limits: crowded });
  world.teams.isLimited = true;
  await holdMany(world);
  await until(() => grouped().length === 1);
  await allTold(world);
  expect(world.teams.rates.refusals).toBe(0);
});
