import { expect, test } from 'vitest';
import type { Delegation } from '../core/delegation.ts';
import { makeId } from '../core/ids.ts';
import type { PolicyChange } from '../core/policy-change.ts';
import type { StoreUnderTest } from './compliance-fixture.ts';
import { accept, refusal, reopen } from './compliance-fixture.ts';
import { START_MS } from './compliance-samples.ts';

const bytes = (number: number): Uint8Array => new Uint8Array(10).fill(number);

const sampleDelegation = (number: number, more: Partial<Delegation> = {}): Delegation => ({
  kind: 'delegation',
  id: makeId('dlg', START_MS + number, bytes(number)),
  from: 'ana',
  to: 'ben',
  fromMs: START_MS,
  untilMs: START_MS + 1_000,
  madeAtMs: START_MS,
  origin: 'person',
  revoked: null,
  revision: 1,
  ...more,
});

const sampleChange = (number: number, more: Partial<PolicyChange> = {}): PolicyChange => ({
  kind: 'policy_change',
  id: makeId('pch', START_MS + number, bytes(number)),
  author: 'ana',
  identity: 'p-1',
  reason: 'less noise',
  base: 'aa',
  version: 'bb',
  baseFiles: [],
  files: [{ name: 'a.cedar', text: 'permit (principal, action, resource);' }],
  digest: 'cc',
  differences: [{ id: 'a', change: 'added', parts: [] }],
  replay: {
    sinceMs: 0,
    complete: true,
    decided: 0,
    unchanged: 0,
    undecided: 0,
    changedCount: 0,
    changed: [],
    reviews: [],
  },
  proposedAtMs: START_MS,
  expiresAtMs: START_MS + 1_000,
  revision: 1,
  state: { status: 'proposed' },
  ...more,
});

const put = (record: Delegation | PolicyChange) => ({ kind: 'governance.put', record }) as const;

/** Delegations and changes of policy. */
export function governanceIsRevised(at: StoreUnderTest): void {
  test('delegations are read as they were written, newest first, a page at a time', async () => {
    const all = [1, 2, 3].map((number) => sampleDelegation(number));
    await accept(at.store, { mutations: all.map(put) });
    await accept(at.store, { mutations: [put(sampleChange(4))] });
    await reopen(at);
    const [oldest, middle, newest] = all;
    expect(await at.store.read('delegations', { limit: 2, before: null })).toEqual([newest, middle]);
    expect(await at.store.read('delegations', { limit: 2, before: middle?.id ?? null })).toEqual([oldest]);
  });

  test('a change of policy is read by its id, and listed newest first', async () => {
    const [older, newer] = [sampleChange(1), sampleChange(2)];
    await accept(at.store, { mutations: [put(older), put(newer)] });
    await reopen(at);
    expect(await at.store.read('policyChange', { id: older.id })).toEqual(older);
    expect(await at.store.read('policyChange', { id: sampleChange(9).id })).toBeNull();
    expect(await at.store.read('policyChanges', { limit: 10, before: null })).toEqual([newer, older]);
    expect(await at.store.read('policyChanges', { limit: 10, before: newer.id })).toEqual([older]);
  });

  test('of two changes of one revision the second is refused, with its entries', async () => {
    const record = sampleDelegation(1);
    const revoked = { ...record, revoked: { by: 'ana', atMs: START_MS }, revision: 2 };
    expect(await refusal(at, put(record))).toBe('accepted');
    expect(await refusal(at, put(record))).toBe('governance.conflict');
    expect(await refusal(at, put(revoked))).toBe('accepted');
    expect(await refusal(at, put({ ...revoked, untilMs: 0 }))).toBe('governance.conflict');
    expect(await at.store.read('delegations', { limit: 10, before: null })).toEqual([revoked]);
    expect(await at.store.read('size', {})).toBe(2);
  });
}
