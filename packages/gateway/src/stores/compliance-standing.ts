import { expect, test } from 'vitest';
import type { EntryKind } from '../core/entry.ts';
import type { StandingGrant } from '../core/standing.ts';
import { accept, codeOf, refusal, reopen, type StoreUnderTest } from './compliance-fixture.ts';
import {
  actionId,
  sampleEntry,
  sampleStanding,
  sampleStandingBinding as binding,
  standingId,
  START_MS,
} from './compliance-samples.ts';
import type { Mutation, StandingBinding } from './store.ts';

const propose = (standing: StandingGrant): Mutation => ({ kind: 'standing.propose', standing });
const spend = (
  more: Partial<Extract<Mutation, { kind: 'standing.spend' }>> = {},
  use: Partial<{ action: ReturnType<typeof actionId>; atMs: number; rows: number }> = {},
): Mutation => ({
  kind: 'standing.spend',
  id: standingId(1),
  binding,
  use: { action: actionId(1), atMs: START_MS + 1, rows: 5, ...use },
  ...more,
});

const revoke = (atMs = START_MS + 2): Mutation => ({
  kind: 'standing.revoke',
  id: standingId(1),
  revocation: { by: 'kim', reason: 'r', atMs },
});

/** Uses are counted, and never beyond what the grant says. */
export function standingGrantsAreBounded(at: StoreUnderTest): void {
  const stored = () => at.store.read('standing', { id: standingId(1) });

  test('a standing grant is used as often as it says, whoever comes at once', async () => {
    await accept(at.store, { mutations: [propose(sampleStanding(1))] });
    const racers = Array.from({ length: 50 }, (_, number) =>
      refusal(at, spend({}, { action: actionId(number + 1) })),
    );
    const ends = await Promise.all(racers);
    expect(ends.filter((end) => end === 'accepted')).toHaveLength(2);
    expect(new Set(ends)).toEqual(new Set(['accepted', 'standing.unusable']));
    expect(await at.store.read('size', {})).toBe(2);
    expect((await stored())?.uses).toHaveLength(2);
    await reopen(at);
    expect((await stored())?.uses).toHaveLength(2);
    expect(await refusal(at, spend())).toBe('standing.unusable');
  });

  test('rows are taken when it is used; the outcome gives back those that there weren’t, once', async () => {
    await accept(at.store, { mutations: [propose(sampleStanding(1))] });
    expect(await refusal(at, spend({}, { rows: 10 }))).toBe('accepted');
    expect(await refusal(at, spend({}, { action: actionId(2), rows: 6 }))).toBe('standing.unusable');
    const settle = (rows: number): Mutation => ({
      kind: 'standing.settle',
      id: standingId(1),
      action: actionId(1),
      rows,
    });
    expect(await refusal(at, settle(9))).toBe('accepted');
    expect(await refusal(at, settle(0))).toBe('accepted');
    expect(await refusal(at, spend({}, { action: actionId(2), rows: 6 }))).toBe('accepted');
    expect((await stored())?.uses).toMatchObject([
      { rows: 9, settled: true },
      { rows: 6, settled: false },
    ]);
  });

  test.each(['agent', 'onBehalfOf', 'target', 'environment'] as const)(
    'a standing grant is not used where %s differs, is missing or empty (A6)',
    async (field) => {
      await accept(at.store, { mutations: [propose(sampleStanding(1))] });
      const { [field]: _, ...missing } = binding;
      for (const given of [{ ...binding, [field]: 'other' }, missing, { ...binding, [field]: '' }])
        expect(await refusal(at, spend({ binding: given as StandingBinding }))).toBe('standing.unusable');
      expect(await refusal(at, spend())).toBe('accepted');
    },
  );

  test('before its time, after it, revoked or not live it is not used', async () => {
    await accept(at.store, { mutations: [propose(sampleStanding(1))] });
    for (const atMs of [START_MS - 1, START_MS + 60_000])
      expect(await refusal(at, spend({}, { atMs }))).toBe('standing.unusable');
    await accept(at.store, { mutations: [propose(sampleStanding(2, { state: { status: 'proposed' } }))] });
    expect(await refusal(at, spend({ id: standingId(2) }))).toBe('standing.unusable');
    expect(await refusal(at, spend({ id: standingId(3) }))).toBe('standing.missing');
    expect(await refusal(at, revoke())).toBe('accepted');
    expect(await refusal(at, spend())).toBe('standing.unusable');
    expect(await refusal(at, revoke())).toBe('standing.over');
  });
}

/** How grants change and are found. */
export function standingGrantsAreKept(at: StoreUnderTest): void {
  const list = async (more = {}): Promise<string[]> => {
    const ask = { agent: null, status: null, atMs: START_MS + 1, limit: 10, before: null, ...more };
    return (await at.store.read('standings', ask)).map(({ id }) => id);
  };

  test('a standing grant is changed by whoever saw its last state; a revocation comes through whatever was', async () => {
    const proposed = sampleStanding(1, { state: { status: 'proposed' } });
    await accept(at.store, { mutations: [propose(proposed)] });
    const update = (revision: number): Mutation => ({
      kind: 'standing.update',
      standing: { ...proposed, revision },
    });
    expect(await refusal(at, update(3))).toBe('standing.conflict');
    expect(await refusal(at, update(2))).toBe('accepted');
    expect(await refusal(at, update(2))).toBe('standing.conflict');
    expect(await refusal(at, revoke())).toBe('accepted');
    expect(await refusal(at, update(3))).toBe('standing.conflict');
    const again = at.store.commit({ mutations: [propose(proposed)], entries: [] });
    expect(await codeOf(again)).toBe('store.invalid');
  });

  test('standing grants are listed newest first, by agent and by what they are now', async () => {
    const other = sampleStanding(3);
    await accept(at.store, {
      mutations: [
        propose(sampleStanding(1)),
        propose(sampleStanding(2, { state: { status: 'proposed' } })),
        propose({ ...other, terms: { ...other.terms, agent: 'agent-2' } }),
        propose(sampleStanding(4, { state: { status: 'rejected', atMs: 1, by: 'kim', reason: 'no' } })),
      ],
    });
    const id = (...numbers: number[]): string[] => numbers.map(standingId);
    expect(await list()).toEqual(id(4, 3, 2, 1));
    expect(await list({ limit: 2 })).toEqual(id(4, 3));
    expect(await list({ limit: 2, before: standingId(3) })).toEqual(id(2, 1));
    expect(await list({ agent: 'agent-1', status: 'live' })).toEqual(id(1));
    expect(await list({ status: 'rejected' })).toEqual(id(4));
    expect(await list({ status: 'live', atMs: START_MS + 60_000 })).toEqual([]);
    expect(await list({ status: 'expired', atMs: START_MS + 60_000 })).toEqual(id(3, 2, 1));
    await accept(at.store, { mutations: [spend(), spend({}, { action: actionId(2) })] });
    expect(await list({ status: 'exhausted' })).toEqual(id(1));
    expect(await list({ agent: 'agent-1', status: 'live' })).toEqual([]);
  });

  test('an entry is read back as of the kind that it is', async () => {
    const kinds: readonly EntryKind[] = [
      ...(['decision', 'review', 'vote', 'question', 'answer', 'preview'] as const),
      ...(['grant', 'intent', 'outcome', 'notice', 'standing'] as const),
    ];
    const entries = kinds.map((kind, number) =>
      sampleEntry(kind, kind === 'notice' ? null : actionId(number + 1)),
    );
    await accept(at.store, { entries });
    const rows = await at.store.read('entries', { from: 0, limit: 100 });
    expect(rows.map((row) => row.kind)).toEqual(kinds);
  });
}
