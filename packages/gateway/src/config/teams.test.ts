import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfiguration } from './load.ts';

const environment = { SECRET: 'CANARY~client-secret', SHORT: 'abc' };
const TENANT = '0a0a0a0a-0000-4000-8000-00000000000A';
const APP = '0b0b0b0b-0000-4000-8000-00000000000b';
const USER = '0c0c0c0c-0000-4000-8000-000000000001';
const ROOM = '19:abc_DEF-1.2@thread.tacv2';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-teams-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function load(teams: string, people = '[]') {
  const file = join(folder, 'sallyport.yaml');
  const channels = teams === '' ? '' : `channels: { teams: ${teams} }\n`;
  writeFileSync(file, `origin: sallyport.example.com/ledger\npeople: ${people}\n${channels}`);
  chmodSync(file, 0o600);
  return loadConfiguration(file, environment);
}

async function problems(teams: string, people?: string): Promise<string[]> {
  const loaded = await load(teams, people);
  return loaded.ok ? [] : loaded.error.map(({ code, path }) => `${code} ${path}`);
}

const WHOLE = { appId: APP, appSecret: { env: 'SECRET' }, tenant: TENANT, channel: ROOM };
const withOptions = (changes: object): string => JSON.stringify({ ...WHOLE, ...changes });

test('a room that only policies send to has a name, of which there is one', async () => {
  const rooms = (...given: readonly object[]) => withOptions({ rooms: given });
  const named = { name: 'payments', channel: ROOM, byPolicy: true };
  expect(await problems(rooms(named))).toEqual([]);
  expect(await problems(rooms({ channel: ROOM, byPolicy: true }))).toEqual([
    'value.invalid channels.teams.rooms[0].name',
  ]);
  expect(await problems(rooms(named, named))).toEqual(['name.duplicate channels.teams.rooms[1].name']);
});

test('Teams is the public cloud’s unless the operator says otherwise; ids are compared in lower case', async () => {
  const loaded = await load(
    withOptions({ rooms: [{ channel: ROOM, when: { environments: ['production'] } }] }),
    JSON.stringify([{ name: 'sam', teams: { tenant: TENANT, user: USER } }]),
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const { channels, people } = loaded.value;
  expect(channels.teams).toMatchObject({
    tenant: TENANT.toLowerCase(),
    cloud: 'public',
    addresses: {},
    directMessages: true,
    linkByPrincipalName: false,
    room: ROOM,
  });
  expect(channels.teams?.appSecret.reveal()).toBe(environment.SECRET);
  expect(people[0]?.teams).toEqual({ tenant: TENANT.toLowerCase(), user: USER });
  // However it is printed.
  expect(inspect(loaded.value, { depth: null }) + JSON.stringify(loaded.value)).not.toContain('CANARY');
});

test('addresses replace those of a cloud one by one, without a slash at their end', async () => {
  const addresses = { serviceUrl: 'https://smba.example.cn/teams/' };
  const loaded = await load(withOptions({ cloud: 'china', addresses }));
  expect(loaded).toMatchObject({
    ok: true,
    value: { channels: { teams: { addresses: { serviceUrl: 'https://smba.example.cn/teams' } } } },
  });
});

test.each([
  [
    'nobody would be told',
    { channel: undefined, directMessages: false },
    'value.invalid channels.teams.channel',
  ],
  ['a cloud without a service URL', { cloud: 'china' }, 'value.invalid channels.teams.addresses.serviceUrl'],
  [
    'plain http elsewhere',
    { addresses: { loginUrl: 'http://login.example' } },
    'value.invalid channels.teams.addresses.loginUrl',
  ],
  [
    'a secret in an address',
    { addresses: { openIdUrl: 'https://a:b@login.example' } },
    'value.invalid channels.teams.addresses.openIdUrl',
  ],
  ['a secret that is none', { appSecret: { env: 'SHORT' } }, 'secret.invalid channels.teams.appSecret'],
])('%s is refused at start', async (_, changes, expected) => {
  expect(await problems(withOptions(changes))).toEqual([expected]);
});

test('an id that is none is refused, and so is a channel’s link in place of its id', async () => {
  expect(await problems(withOptions({ appId: 'sallyport' }))).toHaveLength(1);
  expect(
    await problems(withOptions({ channel: 'https://teams.microsoft.com/l/channel/19%3Aabc' })),
  ).toHaveLength(1);
});

test('one account of two people is refused', async () => {
  const teams = { tenant: TENANT, user: USER };
  const people = JSON.stringify([
    { name: 'sam', teams },
    { name: 'kim', teams: { ...teams, tenant: TENANT.toLowerCase() } },
  ]);
  expect(await problems('', people)).toEqual(['value.invalid people[1].teams']);
});
