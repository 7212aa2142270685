/** Who decides by a right that was handed to them is told in Teams, for as long as they have it. */
import { afterEach, expect, test } from 'vitest';
import { buttons } from '../fakes/teams/shapes.ts';
import type { FakeMessage } from '../fakes/teams/tenant.ts';
import { handedFrom, handingOver } from '../support/handed.ts';
import { until } from '../support/chat-world.ts';
import { openTeamsWorld, type TeamsWorld } from '../support/teams-world.ts';

const HOUR_MS = 3_600_000;

let world: TeamsWorld;
let stop = async (): Promise<void> => undefined;
afterEach(async () => {
  await stop();
  await world.close();
});

test('a stand-in gets a card of their own, is among those whose clients ask, and loses both with the right', async () => {
  world = await openTeamsWorld({ teams: { directMessages: true } });
  const zoe = world.people.find(({ name }) => name === 'zoe')!;
  const { oid, mri } = world.user('zoe');
  const account = { platform: 'teams', tenant: world.teams.tenant.id, user: oid } as const;
  expect((await world.links.link(world.links.offer(account, 'zoe').split('#')[1]!, zoe)).ok).toBe(true);
  world.delegations = [handedFrom('sam', 'zoe', Date.now() + HOUR_MS)];
  const desk = handingOver(world);
  stop = desk.start();
  await world.hold();
  const inRoom = (): FakeMessage =>
    world.teams.tenant.messages.find(({ card }) => card.refresh !== undefined)!;
  const message = await until(() => world.teams.tenant.cardsIn(`a:1${oid}`)[0]);
  await until(() => world.teams.tenant.messages.length === 4);
  expect(inRoom().card.refresh?.userIds).toContain(mri);
  await desk.revoke({ id: world.delegations[0]!.id, by: zoe });
  await until(() => message.edits > 0 && inRoom().edits > 0);
  expect(buttons(message.card)).toEqual(['Open in browser']);
  expect(inRoom().card.refresh?.userIds).not.toContain(mri);
});
