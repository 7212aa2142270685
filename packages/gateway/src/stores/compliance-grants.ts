import { expect, test } from 'vitest';
import type { GrantBinding } from '../core/grant.ts';
import type { Mutation } from './store.ts';
import { accept, codeOf, refusal } from './compliance-fixture.ts';
import type { StoreUnderTest } from './compliance-fixture.ts';
import {
  START_MS,
  actionId,
  grantId,
  sampleBinding,
  sampleGrant,
  sampleReview,
} from './compliance-samples.ts';

const BOUND_FIELDS = ['digest', 'agent', 'target', 'environment'] as const;

const spend = (more: Partial<Extract<Mutation, { kind: 'grant.spend' }>> = {}): Mutation => ({
  kind: 'grant.spend',
  id: grantId(1),
  binding: sampleBinding,
  action: actionId(1),
  atMs: START_MS + 1,
  ...more,
});

/** What spending and revoking a grant refuses. */
export function grantsAreSpentOnce(at: StoreUnderTest): void {
  test('a grant is spent once, by one action', async () => {
    await accept(at.store, { mutations: [{ kind: 'grant.issue', grant: sampleGrant(1) }] });
    expect(await refusal(at, spend())).toBe('accepted');
    expect(await refusal(at, spend({ action: actionId(2) }))).toBe('grant.spent');
    const grant = await at.store.read('grant', { id: grantId(1) });
    expect(grant?.state).toEqual({ status: 'spent', atMs: START_MS + 1, action: actionId(1) });
  });

  test.each(BOUND_FIELDS)(
    'a grant is not spent by an action whose %s differs, is missing or empty',
    async (field) => {
      await accept(at.store, { mutations: [{ kind: 'grant.issue', grant: sampleGrant(1) }] });
      const { [field]: _, ...missing } = sampleBinding;
      for (const binding of [
        { ...sampleBinding, [field]: 'other' },
        missing,
        { ...sampleBinding, [field]: '' },
      ]) {
        expect(await refusal(at, spend({ binding: binding as GrantBinding }))).toBe('grant.mismatch');
      }
      expect(await refusal(at, spend())).toBe('accepted');
    },
  );

  test.each(BOUND_FIELDS)(
    'a grant without %s is spent by nobody: missing is not equal to missing',
    async (field) => {
      const { [field]: _, ...missing } = sampleBinding;
      const binding = missing as GrantBinding;
      await accept(at.store, { mutations: [{ kind: 'grant.issue', grant: sampleGrant(1, { binding }) }] });
      expect(await refusal(at, spend({ binding }))).toBe('grant.mismatch');
      expect(await at.store.read('grants', { binding, atMs: START_MS })).toEqual([]);
    },
  );
}

/** When a grant is live. */
export function grantsEnd(at: StoreUnderTest): void {
  test('a grant is live before its expiry and not at it', async () => {
    const expiresAtMs = START_MS + 60_000;
    await accept(at.store, { mutations: [{ kind: 'grant.issue', grant: sampleGrant(1, { expiresAtMs }) }] });
    expect(await refusal(at, spend({ atMs: expiresAtMs }))).toBe('grant.expired');
    expect(await refusal(at, spend({ atMs: expiresAtMs - 1 }))).toBe('accepted');
  });

  test('a revoked grant is not spent, a spent one not revoked, a missing one neither', async () => {
    for (const number of [1, 2])
      await accept(at.store, { mutations: [{ kind: 'grant.issue', grant: sampleGrant(number) }] });
    const revoke = (number: number): Mutation => ({
      kind: 'grant.revoke',
      id: grantId(number),
      atMs: START_MS + 2,
    });
    expect(await refusal(at, revoke(1))).toBe('accepted');
    expect(await refusal(at, spend())).toBe('grant.revoked');
    expect(await refusal(at, revoke(1))).toBe('grant.revoked');
    expect(await refusal(at, spend({ id: grantId(2) }))).toBe('accepted');
    expect(await refusal(at, revoke(2))).toBe('grant.spent');
    expect(await refusal(at, revoke(3))).toBe('grant.missing');
    expect(await refusal(at, spend({ id: grantId(3) }))).toBe('grant.missing');
  });

  test('a grant is never issued a second time: a spent one does not come back to life', async () => {
    await accept(at.store, { mutations: [{ kind: 'grant.issue', grant: sampleGrant(1) }] });
    await accept(at.store, { mutations: [spend()] });
    const again = at.store.commit({
      mutations: [{ kind: 'grant.issue', grant: sampleGrant(1) }],
      entries: [],
    });
    expect(await codeOf(again)).toBe('store.invalid');
    expect(await refusal(at, spend())).toBe('grant.spent');
  });

  test('live grants of a binding are listed, oldest first', async () => {
    const issue = (number: number, more = {}): Mutation => ({
      kind: 'grant.issue',
      grant: sampleGrant(number, more),
    });
    const other = { ...sampleBinding, environment: 'staging' };
    await accept(at.store, {
      mutations: [
        issue(2),
        issue(1),
        issue(3, { binding: other }),
        issue(4),
        issue(5, { expiresAtMs: START_MS }),
      ],
    });
    await accept(at.store, { mutations: [spend({ id: grantId(4) })] });
    const live = await at.store.read('grants', { binding: sampleBinding, atMs: START_MS });
    expect(live.map(({ id }) => id)).toEqual([grantId(1), grantId(2)]);
  });
}

/** A refused change leaves no trace. */
export function changesAreAtomic(at: StoreUnderTest): void {
  test('a change whose last condition fails leaves no state and no entries', async () => {
    const review = sampleReview(1);
    await accept(at.store, { mutations: [{ kind: 'review.open', review }] });
    const approved = {
      ...review,
      revision: 2,
      state: { status: 'approved', resolvedAtMs: 1, grant: grantId(1) },
    } as const;
    const mutations: Mutation[] = [
      { kind: 'review.update', review: approved },
      { kind: 'grant.issue', grant: sampleGrant(1) },
      {
        kind: 'checkpoint.publish',
        tiles: [{ level: 0, index: 0, hashes: new Uint8Array(32) }],
        checkpoint: { size: 1, note: 'n', atMs: 1 },
      },
      spend({ id: grantId(9) }),
    ];
    expect(await refusal(at, ...mutations)).toBe('grant.missing');
    expect(await at.store.read('review', { id: review.id })).toEqual(review);
    expect(await at.store.read('grant', { id: grantId(1) })).toBeNull();
    expect(await at.store.read('tile', { level: 0, index: 0 })).toBeNull();
    expect(await at.store.read('checkpoint', {})).toBeNull();
    expect(await at.store.read('size', {})).toBe(0);
  });

  test('a change sees what its own earlier mutations did', async () => {
    expect(await refusal(at, { kind: 'grant.issue', grant: sampleGrant(1) }, spend(), spend())).toBe(
      'grant.spent',
    );
    expect(await refusal(at, { kind: 'grant.issue', grant: sampleGrant(1) }, spend())).toBe('accepted');
  });

  test('of changes queued together, each sees those before it and none that were refused', async () => {
    await accept(at.store, { mutations: [{ kind: 'grant.issue', grant: sampleGrant(1) }] });
    const results = await Promise.all(
      [1, 2, 3].map((number) => refusal(at, spend({ action: actionId(number) }))),
    );
    expect(results).toEqual(['accepted', 'grant.spent', 'grant.spent']);
    expect(await at.store.read('size', {})).toBe(1);
  });
}
