/** Teams as the gateway makes it of its configuration: what is refused is in the ledger. */
import { afterEach, expect, test } from 'vitest';
import { openChat } from '../../src/composition/chats.ts';
import { createMemoryStore } from '../../src/stores/memory/store.ts';
import { clock, hashing, random } from '../../src/system.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { Acting } from '../fakes/teams/acting.ts';
import { FakeTeams } from '../fakes/teams/teams.ts';

let teams: FakeTeams | undefined;
afterEach(() => teams?.close());

async function open() {
  teams = await new FakeTeams().start();
  const { tenant } = teams;
  const store = createMemoryStore();
  const { serviceHosts: _, ...addresses } = teams.addresses;
  const configuration = {
    limits: {},
    listen: { api: { publicUrl: 'http://gate.example' } },
    people: [],
    channels: {
      terminal: false,
      webhooks: [],
      email: null,
      slack: null,
      teams: {
        appId: tenant.appId,
        appSecret: { reveal: () => tenant.appSecret },
        tenant: tenant.id,
        cloud: 'china',
        addresses,
        room: '19:reviews@thread.tacv2',
        rooms: [],
        directMessages: false,
        linkByPrincipalName: false,
      },
    },
  };
  const ports = {
    clock,
    random,
    hashing,
    store,
    policy: { mayCall: () => true },
    directory: { agent: () => undefined, person: () => undefined, people: () => [] },
    configuration,
    log: createLog({ level: 'debug', destination: { write: () => undefined } }),
  };
  return { chat: await openChat(ports as never), store, teams };
}

test('a forged click and one of a stranger are in the ledger, without what they carried', async () => {
  const { chat, store, teams: at } = await open();
  expect(chat.chats.map(({ name }) => name)).toEqual(['teams']);
  const [channel] = chat.chats;
  await channel!.start({ desk: {}, directory: {}, review: async () => null } as never);
  const endpoint = chat.platforms.get('teams')!;
  const user = at.tenant.addUser('zoe');
  at.tenant.channels.set('19:reviews@thread.tacv2', true);
  const review = 'rev_01kajbch80ym6p68habwrg7z00';
  const shown = `${review} ${'a'.repeat(64)} ${'b'.repeat(64)}`;
  const message = {
    conversation: '19:reviews@thread.tacv2',
    id: '1',
    card: {} as never,
    summary: '',
    edits: 0,
  };
  const click = new Acting(at).invoke(user, message, { verb: 'sallyport.approve', data: { shown } });
  const body = new TextEncoder().encode(JSON.stringify({ ...click, note: 'CANARY' }));
  const post = (token: string) =>
    endpoint({
      header: (name) => (name === 'authorization' ? `Bearer ${token}` : 'application/json'),
      body,
    });
  const forged = await at.identity.sign({ audience: 'another' });
  expect((await post(forged)).kind).toBe('unsigned');
  expect((await post(await at.identity.sign())).kind).toBe('taken');
  const leaves = (await store.read('entries', { from: 0, limit: 10 })).map(({ leaf }) => leaf);
  expect(leaves).toHaveLength(2);
  expect(leaves[0]).toContain('"chat.forged"');
  expect(leaves[0]).toContain('token.invalid');
  expect(leaves[1]).toContain('"chat.refused"');
  expect(leaves[1]).toContain(user.oid);
  expect(leaves[1]).toContain(review);
  for (const leaf of leaves) expect(leaf).not.toMatch(/CANARY|eyJ|fake-app-secret/);
  await channel!.close();
});
