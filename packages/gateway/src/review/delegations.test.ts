import { describe, expect, test } from 'vitest';
import { createFakeClock, createFakeRandom } from '../../test/support/fake-clock.ts';
import { agent, person } from '../../test/support/subjects.ts';
import { StaticDirectory } from '../identity/directory.ts';
import { limits } from '../limits.ts';
import type { Person } from '../core/identity.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import { MemoryMedium } from '../stores/memory/medium.ts';
import { hashing } from '../system.ts';
import { Delegations, type ConfiguredDelegation } from './delegations.ts';

const DAY_MS = 86_400_000;
const [ana, ben, cy] = [person('ana', ['stewards']), person('ben'), person('cy')];
const twin = { ...person('ana.two'), identity: 'ana' };

const everybody = [ana, ben, cy, twin, person('gone', [], true)];

async function world(
  configured: readonly ConfiguredDelegation[] = [],
  medium = new MemoryMedium(),
  people: readonly Person[] = everybody,
) {
  const clock = createFakeClock();
  const store = createMemoryStore({ medium });
  const directory = new StaticDirectory([agent], people);
  const ports = { clock, random: createFakeRandom(), hashing, store, directory, limits };
  const book = await Delegations.open(ports, configured);
  const notices = async () =>
    (await store.read('entries', { from: 0, limit: 100 })).map(
      ({ leaf }) => (JSON.parse(leaf) as { notice: Record<string, string> }).notice,
    );
  const give = (to: string, forMs = DAY_MS) =>
    book.make({ from: ana, to, fromMs: null, untilMs: clock.nowMs() + forMs });
  const owners = (holder: Person, atMs = clock.nowMs()): readonly string[] =>
    book.delegatorsOf(holder, atMs).map(({ name }) => name);
  return { book, clock, give, medium, notices, owners, store };
}

/** Everybody, but one name is another human's. */
const reused = (name: string): readonly Person[] =>
  everybody.map((each) => (each.name === name ? { ...each, identity: 'another human' } : each));

const codeOf = async (made: ReturnType<Delegations['make']>): Promise<string> => {
  const result = await made;
  return result.ok ? 'made' : result.error.code;
};

describe('handing a right to decide to somebody', () => {
  test('is in force until its time, and in the ledger', async () => {
    const { clock, give, notices, owners } = await world();
    expect(await codeOf(give('ben'))).toBe('made');
    expect(owners(ben)).toEqual(['ana']);
    expect(owners(ben, clock.nowMs() + DAY_MS)).toEqual([]);
    expect(owners(cy)).toEqual([]);
    expect(await notices()).toMatchObject([{ code: 'delegation.made', by: 'ana', from: 'ana', to: 'ben' }]);
  });

  test('goes to people alone, never to an agent (B12)', async () => {
    const { book, clock, give, notices } = await world();
    expect(await codeOf(give(agent.name))).toBe('delegation.not_a_person');
    const byAgent = book.make({ from: agent, to: 'ben', fromMs: null, untilMs: clock.nowMs() + DAY_MS });
    expect(await codeOf(byAgent)).toBe('delegation.not_a_person');
    expect(await notices()).toEqual([]);
  });

  test.each([
    ['nobody', 'delegation.unknown_person'],
    ['gone', 'delegation.unknown_person'],
    ['ana', 'delegation.to_oneself'],
    ['ana.two', 'delegation.to_oneself'],
  ])('to %s is refused with %s', async (to, code) => {
    expect(await codeOf((await world()).give(to))).toBe(code);
  });

  test.each([
    [0, 'delegation.time'],
    [limits.delegationMs + 1, 'delegation.time'],
    [limits.delegationMs, 'made'],
  ])('for %i ms: %s', async (forMs, code) => {
    expect(await codeOf((await world()).give('ben', forMs))).toBe(code);
  });

  test('is bounded in number', async () => {
    const { give } = await world();
    for (let count = 0; count < limits.delegationsPerPerson; count++) await give('ben');
    expect(await codeOf(give('ben'))).toBe('delegation.too_many');
  });

  test('is bounded in number, too, where many come at once', async () => {
    const { book, give } = await world();
    const many = Array.from({ length: limits.delegationsPerPerson + 5 }, () => codeOf(give('ben')));
    expect((await Promise.all(many)).filter((code) => code === 'delegation.too_many')).toHaveLength(5);
    expect(book.list()).toHaveLength(limits.delegationsPerPerson);
  });

  test('and taking it back again and again ends with the day: each is looked at with every vote', async () => {
    const { book, clock, give } = await world();
    for (let count = 0; count < limits.delegationsPerPersonADay; count++) {
      const made = await give('ben');
      if (!made.ok) throw new Error(made.error.code);
      await book.revoke({ id: made.value.id, by: ana });
    }
    expect(await codeOf(give('ben'))).toBe('delegation.too_many');
    clock.advance(DAY_MS);
    expect(await codeOf(give('ben'))).toBe('made');
  });
});

describe('ending a delegation', () => {
  test('is the matter of its two people, at once, and in the ledger', async () => {
    const { book, give, notices, owners } = await world();
    const made = await give('ben');
    if (!made.ok) throw new Error(made.error.code);
    const { id } = made.value;
    expect(await codeOf(book.revoke({ id, by: cy }))).toBe('delegation.not_yours');
    expect(await codeOf(book.revoke({ id, by: agent }))).toBe('delegation.not_yours');
    const ending = book.revoke({ id, by: ben });
    expect(owners(ben)).toEqual([]);
    expect(await codeOf(ending)).toBe('made');
    expect(await codeOf(book.revoke({ id, by: ana }))).toBe('delegation.over');
    expect((await notices()).at(-1)).toMatchObject({ code: 'delegation.revoked', by: 'ben' });
  });
});

describe('delegations of the configuration', () => {
  const nowMs = createFakeClock().nowMs();
  const configured = { from: 'ana', to: 'ben', fromMs: nowMs - 1, untilMs: nowMs + DAY_MS };

  test('are in force and recorded once, over restarts', async () => {
    const first = await world([configured]);
    const second = await world([configured], first.medium);
    expect(second.owners(ben)).toEqual(['ana']);
    expect(await second.notices()).toMatchObject([{ code: 'delegation.made', by: 'configuration' }]);
  });

  test('end where they are taken out', async () => {
    const first = await world([configured]);
    const second = await world([], first.medium);
    expect(second.owners(ben)).toEqual([]);
    expect((await second.notices()).at(-1)).toMatchObject({
      code: 'delegation.revoked',
      by: 'configuration',
    });
  });

  test('that were revoked by hand stay so over a restart', async () => {
    const first = await world([configured]);
    const [made] = first.book.list();
    await first.book.revoke({ id: made?.id ?? 'dlg_', by: ana });
    const second = await world([configured], first.medium);
    expect(second.owners(ben)).toEqual([]);
  });
});

describe('a delegation is between two humans, not two names (law 4)', () => {
  const nowMs = createFakeClock().nowMs();
  const configured = { from: 'ana', to: 'ben', fromMs: nowMs - 1, untilMs: nowMs + DAY_MS };

  test.each(['ana', 'ben'])(
    'the name %s given to another human ends it, and the ledger says so',
    async (name) => {
      const first = await world();
      await first.give('ben');
      const second = await world([], first.medium, reused(name));
      expect(second.owners(ben)).toEqual([]);
      expect(second.owners({ ...ben, identity: 'another human' })).toEqual([]);
      expect(second.book.list()).toMatchObject([{ revoked: { by: 'gateway' } }]);
      expect((await second.notices()).at(-1)).toMatchObject({ code: 'delegation.revoked', by: 'gateway' });
    },
  );

  test.each(['ana', 'ben'])('one of the configuration doesn’t begin anew for another %s', async (name) => {
    const first = await world([configured]);
    const second = await world([configured], first.medium, reused(name));
    expect(second.owners({ ...ben, identity: name === 'ben' ? 'another human' : 'ben' })).toEqual([]);
    const third = await world(
      [{ ...configured, untilMs: configured.untilMs - 1 }],
      first.medium,
      reused(name),
    );
    expect(third.owners({ ...ben, identity: name === 'ben' ? 'another human' : 'ben' })).toEqual(['ana']);
  });

  test('it counts for nobody whose identity is another in the moment of the vote', async () => {
    const { give, owners } = await world();
    await give('ben');
    expect(owners({ ...ben, identity: 'another human' })).toEqual([]);
  });

  test('while one of the two is gone it counts for nobody, and goes on when they are back', async () => {
    const first = await world();
    await first.give('ben');
    const without = await world(
      [],
      first.medium,
      everybody.filter(({ name }) => name !== 'ana'),
    );
    expect(without.owners(ben)).toEqual([]);
    expect((await world([], first.medium)).owners(ben)).toEqual(['ana']);
  });

  test('one that was recorded without identities ends at start: nobody knows whose it was', async () => {
    const first = await world();
    await first.give('ben');
    const [{ identities: _, ...older } = expect.fail()] = first.book.list();
    const mutations = [{ kind: 'governance.put', record: { ...older, revision: 2 } }] as const;
    expect((await first.store.commit({ mutations, entries: [] })).ok).toBe(true);
    const second = await world([], first.medium);
    expect(second.owners(ben)).toEqual([]);
    expect(second.book.list()).toMatchObject([{ revoked: { by: 'gateway' } }]);
  });

  test('another human with one of the names doesn’t end it', async () => {
    const { book, give } = await world();
    const made = await give('ben');
    if (!made.ok) throw new Error(made.error.code);
    for (const by of [ana, ben].map((each) => ({ ...each, identity: 'another human' })))
      expect(await codeOf(book.revoke({ id: made.value.id, by }))).toBe('delegation.not_yours');
  });
});
