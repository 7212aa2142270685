import { describe, expect, test } from 'vitest';
import { createFakeClock, createFakeRandom } from '../../test/support/fake-clock.ts';
import { agent, person } from '../../test/support/subjects.ts';
import { StaticDirectory } from '../identity/directory.ts';
import { limits } from '../limits.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import { MemoryMedium } from '../stores/memory/medium.ts';
import { hashing } from '../system.ts';
import { Delegations, type ConfiguredDelegation } from './delegations.ts';

const DAY_MS = 86_400_000;
const [ana, ben, cy] = [person('ana', ['stewards']), person('ben'), person('cy')];
const twin = { ...person('ana.two'), identity: 'ana' };

async function world(configured: readonly ConfiguredDelegation[] = [], medium = new MemoryMedium()) {
  const clock = createFakeClock();
  const store = createMemoryStore({ medium });
  const directory = new StaticDirectory([agent], [ana, ben, cy, twin, person('gone', [], true)]);
  const ports = { clock, random: createFakeRandom(), hashing, store, directory, limits };
  const book = await Delegations.open(ports, configured);
  const notices = async () =>
    (await store.read('entries', { from: 0, limit: 100 })).map(
      ({ leaf }) => (JSON.parse(leaf) as { notice: Record<string, string> }).notice,
    );
  const give = (to: string, forMs = DAY_MS) =>
    book.make({ from: ana, to, fromMs: null, untilMs: clock.nowMs() + forMs });
  return { book, clock, give, medium, notices };
}

const codeOf = async (made: ReturnType<Delegations['make']>): Promise<string> => {
  const result = await made;
  return result.ok ? 'made' : result.error.code;
};

describe('handing a right to decide to somebody', () => {
  test('is in force until its time, and in the ledger', async () => {
    const { book, clock, give, notices } = await world();
    expect(await codeOf(give('ben'))).toBe('made');
    expect(book.delegatorsOf('ben', clock.nowMs())).toEqual(['ana']);
    expect(book.delegatorsOf('ben', clock.nowMs() + DAY_MS)).toEqual([]);
    expect(book.delegatorsOf('cy', clock.nowMs())).toEqual([]);
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
});

describe('ending a delegation', () => {
  test('is the matter of its two people, at once, and in the ledger', async () => {
    const { book, clock, give, notices } = await world();
    const made = await give('ben');
    if (!made.ok) throw new Error(made.error.code);
    const { id } = made.value;
    expect(await codeOf(book.revoke({ id, by: cy }))).toBe('delegation.not_yours');
    expect(await codeOf(book.revoke({ id, by: agent }))).toBe('delegation.not_yours');
    const ending = book.revoke({ id, by: ben });
    expect(book.delegatorsOf('ben', clock.nowMs())).toEqual([]);
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
    expect(second.book.delegatorsOf('ben', nowMs)).toEqual(['ana']);
    expect(await second.notices()).toMatchObject([{ code: 'delegation.made', by: 'configuration' }]);
  });

  test('end where they are taken out', async () => {
    const first = await world([configured]);
    const second = await world([], first.medium);
    expect(second.book.delegatorsOf('ben', nowMs)).toEqual([]);
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
    expect(second.book.delegatorsOf('ben', nowMs)).toEqual([]);
  });
});
