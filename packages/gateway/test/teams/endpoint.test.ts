/** What comes to the messaging endpoint, and is not what it says (threats C). */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Forgery } from '../fakes/teams/acting.ts';
import type { FakeMessage } from '../fakes/teams/tenant.ts';
import { openTeamsWorld, type TeamsWorld, type TeamsWorldOptions } from '../support/teams-world.ts';

let world: TeamsWorld;
let message: FakeMessage;
let click: Record<string, unknown>;

async function open(options: TeamsWorldOptions = {}): Promise<void> {
  world = await openTeamsWorld(options);
  ({ message } = await world.hold());
  const seen = await world.acting.look(world.user('sam'), message);
  const approve = seen.actions!.find((each) => each.type === 'Action.Execute')!;
  click = world.acting.invoke(world.user('sam'), message, approve);
}

beforeEach(() => open());
afterEach(() => world.close());

async function votes(): Promise<number> {
  const [review] = await world.store.read('reviews', { status: null, agent: null, limit: 1, before: null });
  return review?.votes.length ?? -1;
}

const MINUTES = 60_000;
const OTHER = '0d0d0d0d-0000-4000-8000-00000000000d';

const forgeries: readonly (readonly [string, Forgery, number, string])[] = [
  ['without a token', { authorization: null }, 401, 'token.missing'],
  ['with a token that is none', { authorization: 'Bearer a.b.c' }, 401, 'token.invalid'],
  ['with a token for another bot', { token: { audience: OTHER } }, 401, 'token.invalid'],
  [
    'with a token for us and another bot',
    { token: { audience: ['0b0b0b0b-0000-4000-8000-00000000000b', OTHER] } },
    401,
    'token.invalid',
  ],
  [
    'with a token of another issuer',
    { token: { issuer: 'https://sts.windows.net/x/' } },
    401,
    'token.invalid',
  ],
  [
    'with a token that ended six minutes ago',
    { token: { endMs: -6 * MINUTES, startMs: -60 * MINUTES } },
    401,
    'token.invalid',
  ],
  ['with a token that begins in six minutes', { token: { startMs: 6 * MINUTES } }, 401, 'token.invalid'],
  ['signed by a key that isn’t published', { token: { key: 'stranger' } }, 401, 'token.unknown_key'],
  ['signed by another key than it names', { token: { key: 'stranger', kid: 'main' } }, 401, 'token.invalid'],
  [
    'signed by a key that speaks for another channel',
    { token: { key: 'webchat' } },
    401,
    'token.not_endorsed',
  ],
  ['that claims to be of another channel', { activity: { channelId: 'webchat' } }, 401, 'token.not_endorsed'],
  [
    'with the token of another service URL',
    { token: { serviceUrl: 'https://smba.trafficmanager.net/teams' } },
    401,
    'token.other_service_url',
  ],
  [
    'from a service URL that is no cloud’s, with a token for it',
    { token: { serviceUrl: 'https://evil.example/' }, activity: { serviceUrl: 'https://evil.example/' } },
    403,
    'activity.foreign_service_url',
  ],
  [
    'of another channel, with a token for it',
    { token: { key: 'webchat' }, activity: { channelId: 'webchat' } },
    403,
    'activity.other_channel',
  ],
  [
    'of another tenant',
    {
      activity: {
        conversation: { id: '19:x@thread.tacv2', tenantId: OTHER },
        channelData: { tenant: { id: OTHER } },
      },
    },
    403,
    'activity.other_tenant',
  ],
  ['of two tenants', { activity: { channelData: { tenant: { id: OTHER } } } }, 403, 'activity.other_tenant'],
  [
    'of no tenant',
    { activity: { conversation: { id: '19:x@thread.tacv2' }, channelData: {} } },
    403,
    'activity.other_tenant',
  ],
];

test.each(forgeries)(
  'a click %s is refused and recorded, and nothing is counted',
  async (_, forgery, status, code) => {
    expect((await world.acting.send(click, forgery)).status).toBe(status);
    expect(await votes()).toBe(0);
    expect(world.forged).toEqual([code]);
    // The same click is good, so that nothing else refused it.
    expect((await world.acting.send(click)).status).toBe(200);
    expect(await votes()).toBe(1);
  },
);

test('a token without signature, or signed by a secret that the key makes, is refused', async () => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const good = await world.teams.identity.sign();
  const [, claims = ''] = good.split('.');
  for (const alg of ['none', 'HS256', 'RS512']) {
    const token = `${part({ alg, kid: 'main' })}.${claims}.${alg === 'none' ? 'AA' : 'AAAA'}`;
    expect((await world.acting.post(JSON.stringify(click), `Bearer ${token}`)).status).toBe(401);
  }
  expect(await votes()).toBe(0);
});

test('a clock that is four minutes off refuses nobody', async () => {
  world.teams.offMs = 4 * MINUTES;
  expect((await world.acting.send(click)).status).toBe(200);
  expect(await votes()).toBe(1);
});

describe('keys', () => {
  const fetched = (): number => world.teams.calls.filter(({ path }) => path.endsWith('/keys')).length;

  test('are fetched once, and again when one is named that isn’t known: a rotated key is found', async () => {
    await world.close();
    await open({ limits: { teamsKeysAgainMs: 0 } });
    expect(fetched()).toBe(1);
    world.teams.identity.published.add('next');
    expect((await world.acting.send(click, { token: { key: 'next' } })).status).toBe(200);
    expect(fetched()).toBe(2);
    expect(await votes()).toBe(1);
  });

  test('are not fetched more often however many unknown ones are named', async () => {
    for (let at = 0; at < 20; at++)
      await world.acting.send(click, { token: { key: 'stranger', kid: `made-up-${at.toString()}` } });
    expect(fetched()).toBe(1);
  });

  test('that can’t be fetched refuse everybody: nothing is counted, and the platform is told to come back', async () => {
    await world.close();
    await open({ limits: { teamsKeysMs: 0, teamsKeysAgainMs: 0 } });
    world.teams.fail('/openidconfiguration', 1, { status: 503, body: {} });
    expect((await world.acting.send(click)).status).toBe(503);
    expect(await votes()).toBe(0);
    expect((await world.acting.send(click)).status).toBe(200);
  });
});

test('what is no JSON, no activity, too large or of another kind is refused without a failure', async () => {
  const token = `Bearer ${await world.teams.identity.sign()}`;
  const text = JSON.stringify(click);
  expect((await world.acting.post('{', token)).status).toBe(400);
  expect((await world.acting.post('[]', token)).status).toBe(400);
  expect((await world.acting.post(text, token, 'text/plain')).status).toBe(400);
  expect(
    (await world.acting.post(JSON.stringify({ ...click, more: 'x'.repeat(70_000) }), token)).status,
  ).toBe(413);
  expect((await world.acting.send({ ...click, name: 'task/fetch' })).status).toBe(400);
  expect((await world.acting.send({ ...click, from: { id: '29:x', aadObjectId: 'sam' } })).status).toBe(400);
  expect((await world.acting.send({ ...click, type: 'message', text: 'approve' })).status).toBe(200);
  expect(await votes()).toBe(0);
});

test('a flood of forged requests makes one record of each kind', async () => {
  for (let at = 0; at < 5; at++) await world.acting.send(click, { authorization: null });
  await world.acting.send(click, { token: { audience: OTHER } });
  expect(world.forged).toEqual(['token.missing', 'token.invalid']);
});

test('no secret, token or command is in what is logged', async () => {
  await world.acting.send(click, { authorization: null });
  await world.acting.send(click);
  const logged = world.logged.join('\n');
  for (const secret of ['fake-app-secret', 'fake-token-', 'SELECT email', 'eyJ'])
    expect(logged).not.toContain(secret);
});
