/** Law 10: one decision function. The same cases through Teams and over the API give the same result, in the same words. */
import { afterEach, expect, test } from 'vitest';
import { executes, textOf, type FakeCard } from '../fakes/teams/shapes.ts';
import type { FakeMessage } from '../fakes/teams/tenant.ts';
import { CASES, overTheApi, resultOf, seenOf, type Act, type Case } from '../support/law-10.ts';
import { openTeamsWorld, type TeamsWorld } from '../support/teams-world.ts';

let world: TeamsWorld;
afterEach(() => world.close());

/** By a card that Sam saw at first: whose buttons they are gives nobody a right. */
async function throughTeams(act: Act, message: FakeMessage, card: FakeCard): Promise<string> {
  const { acting } = world;
  const action = executes(card).find(({ verb }) => verb === `sallyport.${act.kind}`)!;
  const words = act.kind === 'approve' ? {} : { reason: act.text, question: act.text };
  const data = { ...action.data, ...words };
  const pressed = await acting.send(acting.invoke(world.user(act.by), message, { verb: action.verb, data }));
  const said = pressed.card === undefined ? pressed.told : (textOf(pressed.card).split('\n')[0] ?? '');
  return said === 'It is recorded.' ? '' : said.replace('Not counted. ', '');
}

async function run(
  { acts, before, decision }: Case,
  surface: 'teams' | 'api',
): Promise<readonly [string, string]> {
  world = await openTeamsWorld();
  const zoe = world.people.find(({ name }) => name === 'zoe')!;
  const account = { platform: 'teams', tenant: world.teams.tenant.id, user: world.user('zoe').oid } as const;
  expect((await world.links.link(world.links.offer(account, 'zoe').split('#')[1]!, zoe)).ok).toBe(true);
  if (decision !== undefined) world.decision = decision;
  const { held, message } = await world.hold();
  const seen = seenOf(await world.read(held.review), world.desk);
  const eligible =
    decision?.effect === 'review' && decision.demands[0]?.excluded.includes('sam') ? 'kim' : 'sam';
  const card = await world.acting.look(world.user(eligible), message);
  const pass = (milliseconds: number): void => {
    world.offMs = milliseconds;
    world.teams.offMs = milliseconds;
  };
  let said = '';
  for (const [index, act] of acts.entries()) {
    if (index === acts.length - 1) before?.(Object.assign(world, { pass }));
    said = surface === 'teams' ? await throughTeams(act, message, card) : await overTheApi(world, act, seen);
  }
  return [resultOf(await world.read(held.review), world.teams.nowMs()), said];
}

test.each(CASES)('$name: the same through Teams and over the API', async (given) => {
  const teams = await run(given, 'teams');
  await world.close();
  const api = await run(given, 'api');
  expect(teams).toEqual(api);
  const [status, said] = given.expected;
  expect(api[0].split(' ')[0]).toBe(status);
  expect(api[1]).toMatch(said);
});
