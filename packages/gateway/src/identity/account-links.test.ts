import { beforeEach, expect, test } from 'vitest';
import { createFakeClock, createFakeRandom, type FakeClock } from '../../test/support/fake-clock.ts';
import { person } from '../../test/support/subjects.ts';
import type { ChatAccount } from '../core/chat-link.ts';
import type { Person } from '../core/identity.ts';
import { limits } from '../limits.ts';
import { MemoryMedium } from '../stores/memory/medium.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import type { Store } from '../stores/store.ts';
import { hashing } from '../system.ts';
import { AccountLinks } from './account-links.ts';

const account = (user: string, tenant = 'T1'): ChatAccount => ({ platform: 'slack', tenant, user });
const sam = person('sam');
const kim = person('kim');

let people: Map<string, Person>;
let clock: FakeClock;
let medium: MemoryMedium;
let store: Store;
let links: AccountLinks;

async function open(): Promise<void> {
  store = createMemoryStore({ medium });
  links = await AccountLinks.open({
    clock,
    random: createFakeRandom(String(medium.entries.length)),
    hashing,
    store,
    directory: { person: (name) => people.get(name) },
    limits,
    publicUrl: 'https://gate.example',
    configured: [{ person: 'kim', account: account('U0KIM') }],
  });
}

beforeEach(async () => {
  people = new Map([sam, kim].map((each) => [each.name, each]));
  clock = createFakeClock();
  medium = new MemoryMedium();
  await open();
});

const tokenFor = (user: string): string => links.offer(account(user), 'shown').split('#')[1] ?? '';
const codeOf = async (linking: ReturnType<AccountLinks['link']>): Promise<string> => {
  const linked = await linking;
  return linked.ok ? 'linked' : linked.error.code;
};

test('a link ties the account that got it to the person who opened it; store and ledger have it', async () => {
  const url = links.offer(account('U1'), '@sam');
  expect(url).toMatch(/^https:\/\/gate\.example\/link#[A-Za-z0-9_-]{43}$/);
  const token = url.split('#')[1] ?? '';
  expect(links.describe(token)).toMatchObject({
    ok: true,
    value: { account: account('U1'), shownAs: '@sam' },
  });
  expect(links.personOf(account('U1'))).toBeUndefined();
  expect(await codeOf(links.link(token, sam))).toBe('linked');
  expect(links.personOf(account('U1'))).toBe('sam');
  await open();
  expect(links.personOf(account('U1'))).toBe('sam');
  expect(links.accountsOf('sam', 'slack', 'T1')).toEqual([account('U1')]);
  const [entry] = await store.read('entries', { from: 0, limit: 9 });
  expect(JSON.parse(entry?.leaf ?? '')).toMatchObject({
    kind: 'notice',
    notice: { code: 'account.linked', platform: 'slack', tenant: 'T1', account: 'U1', principal: 'sam' },
  });
});

test('a link works once, for ten minutes, and no other text is one', async () => {
  const token = tokenFor('U1');
  expect(await codeOf(links.link('A'.repeat(43), sam))).toBe('link.unknown');
  expect(await codeOf(links.link(token, sam))).toBe('linked');
  expect(await codeOf(links.link(token, kim))).toBe('link.unknown');
  const late = tokenFor('U2');
  clock.advance(limits.chatLinkMs);
  expect(await codeOf(links.link(late, person('zoe')))).toBe('link.unknown');
  expect(links.describe(late).ok).toBe(false);
});

test('an account that is somebody’s, by configuration too, becomes nobody else’s', async () => {
  const first = tokenFor('U1');
  const second = tokenFor('U1');
  expect(await codeOf(links.link(first, sam))).toBe('linked');
  expect(await codeOf(links.link(second, person('zoe')))).toBe('link.taken');
  expect(await codeOf(links.link(tokenFor('U0KIM'), sam))).toBe('link.taken');
});

test('whoever has an account of the workspace can’t be lured into confirming a second one', async () => {
  expect(await codeOf(links.link(tokenFor('U9'), kim))).toBe('link.second');
  expect(await codeOf(links.link(tokenFor('U1'), sam))).toBe('linked');
  expect(await codeOf(links.link(tokenFor('U9'), sam))).toBe('link.second');
});

test('two links of one account at once: one person', async () => {
  const tokens = [tokenFor('U1'), tokenFor('U1')] as const;
  const codes = await Promise.all([
    codeOf(links.link(tokens[0], sam)),
    codeOf(links.link(tokens[1], person('zoe'))),
  ]);
  expect(codes.toSorted()).not.toEqual(['linked', 'linked']);
  await open();
  expect(links.personOf(account('U1'))).toBeDefined();
});

test('people take back their own accounts and no others', async () => {
  await links.link(tokenFor('U1'), sam);
  expect((await links.unlink(account('U1'), kim)).ok).toBe(false);
  expect((await links.unlink(account('U0KIM'), kim)).ok).toBe(false);
  expect((await links.unlink(account('U1'), sam)).ok).toBe(true);
  expect(links.personOf(account('U1'))).toBeUndefined();
  expect(links.linksOf(sam)).toEqual([]);
});

test('what can’t be recorded isn’t linked', async () => {
  const token = tokenFor('U1');
  await store.close();
  expect(await codeOf(links.link(token, sam))).toBe('ledger.unavailable');
  expect(links.personOf(account('U1'))).toBeUndefined();
});

test('more links than are kept: the oldest is forgotten', async () => {
  const first = tokenFor('U1');
  for (let count = 0; count < limits.chatLinksOpen; count++) tokenFor(`U${count + 10}`);
  expect(await codeOf(links.link(first, sam))).toBe('link.unknown');
});

test('whoever presses again and again pushes out links of their own alone', async () => {
  const [others, first] = [tokenFor('U1'), tokenFor('U2')];
  for (let count = 0; count < limits.chatLinksOpen; count++) tokenFor('U2');
  const newest = tokenFor('U2');
  expect(links.describe(first).ok).toBe(false);
  expect(links.describe(newest).ok).toBe(true);
  expect(await codeOf(links.link(others, sam))).toBe('linked');
});

test('a name that is somebody else’s by now takes no account along, and they can link it themselves (law 4)', async () => {
  expect(await codeOf(links.link(tokenFor('U1'), sam))).toBe('linked');
  const other = { ...sam, identity: 'another human' };
  people.set('sam', other);
  expect(links.personOf(account('U1'))).toBeUndefined();
  expect(links.accountsOf('sam', 'slack', 'T1')).toEqual([]);
  expect(links.linksOf(other)).toEqual([]);
  expect(await codeOf(links.link(tokenFor('U1'), other))).toBe('linked');
  expect(links.personOf(account('U1'))).toBe('sam');
  await open();
  expect(links.linksOf(other)).toMatchObject([{ identity: 'another human' }]);
  expect(medium.entries).toHaveLength(3);
});

test('two links of one person at once: one account of a workspace', async () => {
  const [one, two] = [tokenFor('U1'), tokenFor('U2')];
  const codes = await Promise.all([codeOf(links.link(one, sam)), codeOf(links.link(two, sam))]);
  expect(codes).toEqual(['linked', 'link.second']);
});
