/** What `sallyport channels check` says of Teams: each fault in one line, with the way out. */
import { afterEach, expect, test } from 'vitest';
import { openTeamsWorld, ROOM, type TeamsWorld } from '../support/teams-world.ts';

let world: TeamsWorld;
afterEach(() => world.close());

const OTHER = '0d0d0d0d-0000-4000-8000-00000000000d';
const TEN_MINUTES_MS = 600_000;
const entra = (code: number) => ({ status: 401, body: { error: 'x', error_codes: [code] } });

test('nothing is said of a set-up that works', async () => {
  world = await openTeamsWorld();
  expect(await world.channel.check()).toEqual([]);
});

test('who may decide and has no account here is named', async () => {
  world = await openTeamsWorld();
  world.people = world.people.map((each) => (each.name === 'zoe' ? { ...each, groups: ['stewards'] } : each));
  expect(await world.channel.check()).toEqual([
    expect.stringMatching(/^No account in Teams is linked to zoe, .*people\[\]\.teams\.$/),
  ]);
});

test.each([
  [
    'a wrong secret',
    (at) => (at.teams.tenant.appSecret = 'another'),
    /doesn’t take the bot’s secret: put the value/,
  ],
  ['an expired secret', (at) => at.teams.fail('/token', 1, entra(7_000_222)), /has expired: make another/],
  [
    'an app that isn’t in the team',
    (at) => at.teams.tenant.channels.set(ROOM, false),
    /not installed in the team of 19:reviews.*add it there/,
  ],
  [
    'a channel that isn’t there',
    (at) => at.teams.tenant.channels.delete(ROOM),
    /not installed in the team of 19:reviews/,
  ],
  [
    'a bot that isn’t connected to Teams',
    (at) => at.teams.fail('/pagedmembers', 1, { status: 401, body: {} }),
    /connect the Azure Bot/,
  ],
  ['a clock ten minutes ahead', (at) => (at.offMs = TEN_MINUTES_MS), /10 minutes ahead of Microsoft’s.*NTP/],
  [
    'a clock ten minutes behind',
    (at) => (at.teams.offMs = TEN_MINUTES_MS),
    /10 minutes behind Microsoft’s.*NTP/,
  ],
  [
    'metadata that can’t be read',
    (at) => at.teams.fail('/openidconfiguration', 1, { status: 404, body: {} }),
    /keys .* doesn’t answer as it should/,
  ],
  [
    'a login that says something unknown',
    (at) => at.teams.fail('/token', 1, entra(50_001)),
    /Entra says AADSTS50001/,
  ],
] as readonly (readonly [string, (at: TeamsWorld) => unknown, RegExp])[])(
  '%s',
  async (_, change, expected) => {
    world = await openTeamsWorld();
    // What the channel was given stays; what Microsoft says of it changes.
    const { appSecret } = world.teams.tenant;
    await world.close();
    world = await openTeamsWorld({ teams: { appSecret: { reveal: () => appSecret } } });
    change(world);
    const problems = await world.channel.check();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
    expect(problems[0]).not.toMatch(/\n|fake-app-secret|quote/);
  },
);

test.each([
  ['another tenant', { tenant: OTHER }, /knows no tenant 0d0d0d0d/],
  ['another app', { appId: OTHER }, /has no application 0d0d0d0d/],
])('%s', async (_, teams, expected) => {
  world = await openTeamsWorld({ teams });
  // Nobody is linked in another tenant, which is said besides.
  expect((await world.channel.check())[0]).toMatch(expected);
});

test('metadata and a login that can’t be reached', async () => {
  world = await openTeamsWorld();
  const { addresses } = world.teams;
  const nowhere = 'http://127.0.0.1:9';
  const elsewhere = await openTeamsWorld({
    teams: { addresses: { ...addresses, openIdUrl: `${nowhere}/x`, loginUrl: nowhere } },
  });
  expect(await elsewhere.channel.check()).toEqual([
    expect.stringMatching(/Microsoft’s keys .* can’t be reached.*network/),
    expect.stringMatching(/Entra .* can’t be reached.*network/),
  ]);
  await elsewhere.close();
});
