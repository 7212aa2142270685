import { expect, test } from 'vitest';
import { bindingOfUse, reminded, type BreakGlassUse, type Closing } from '../core/break-glass.ts';
import { makeId, type BreakGlassId } from '../core/ids.ts';
import { accept, codeOf, refusal, reopen } from './compliance-fixture.ts';
import type { StoreUnderTest } from './compliance-fixture.ts';
import { START_MS, actionId, grantId, sampleReview } from './compliance-samples.ts';
import type { Mutation } from './store.ts';

const idOf = (number: number): BreakGlassId =>
  makeId('bgl', START_MS + number, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, number));

export function sampleUse(number: number, more: Partial<BreakGlassUse> = {}): BreakGlassUse {
  const { requester, target, datasets, risk } = sampleReview(number).subject;
  return {
    id: idOf(number),
    person: 'sam',
    identity: 'sam@example.com',
    subject: {
      action: actionId(number),
      digest: String(number).padStart(64, '0'),
      commitment: 'c'.repeat(43),
      salt: 's'.repeat(22),
      requester: { ...requester, agent: 'sam', onBehalfOf: 'sam' },
      target,
      declared: {
        operation: 'service.restart',
        command: '{"arguments":{"note":"中\u2028🙂"},"operation":"service.restart"}',
        datasets: [],
        statedTask: '',
        supersedes: null,
      },
      preconditions: {},
      operation: 'call:perform',
      title: 'service.restart',
      datasets,
      unknown: [],
      risk,
      policies: ['on-call'],
    },
    reason: 'The shop is down, and nobody else answers.',
    rendering: 'ef'.repeat(32),
    channel: 'browser',
    openedAtMs: START_MS,
    passkey: {
      passkey: 'pky_01jd00000000000000000000a1',
      publicKey: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
      authenticatorData: 'AA',
      clientDataJSON: 'AA',
      signature: 'AA',
      nonce: 'n',
      expiresAtMs: START_MS + 1,
    },
    grant: { id: grantId(number), expiresAtMs: START_MS + 1_000, spentAtMs: null },
    remindedAtMs: START_MS,
    revision: 1,
    closing: null,
    ...more,
  };
}

export const sampleClosing: Closing = {
  person: 'kim',
  identity: 'kim@example.com',
  finding: 'justified',
  text: 'The shop was down.',
  channel: 'api',
  atMs: START_MS + 5_000,
};

const open = (one: BreakGlassUse, mostOpen = 3): Mutation => ({
  kind: 'break_glass.open',
  use: one,
  mostOpen,
});
const update = (one: BreakGlassUse): Mutation => ({ kind: 'break_glass.update', use: one });
const spend = (one: BreakGlassUse, atMs = START_MS, more: object = {}): Mutation => ({
  kind: 'break_glass.spend',
  id: one.id,
  binding: { ...bindingOfUse(one), ...more },
  atMs,
});

export function breakGlassIsSpentOnce(at: StoreUnderTest): void {
  test('a use of break-glass is spent once, also by two at the same time and after a restart', async () => {
    await accept(at.store, { mutations: [open(sampleUse(1))] });
    expect(await Promise.all([refusal(at, spend(sampleUse(1))), refusal(at, spend(sampleUse(1)))])).toEqual([
      'accepted',
      'grant.spent',
    ]);
    await reopen(at);
    expect(await refusal(at, spend(sampleUse(1)))).toBe('grant.spent');
    const spent = { grant: { ...sampleUse(1).grant, spentAtMs: START_MS }, revision: 2 };
    expect(await at.store.read('breakGlass', { id: idOf(1) })).toEqual(sampleUse(1, spent));
  });

  test.each(['digest', 'agent', 'target', 'environment'])(
    'a use of break-glass is not spent for another %s (A6)',
    async (field) => {
      await accept(at.store, { mutations: [open(sampleUse(1))] });
      expect(await refusal(at, spend(sampleUse(1), START_MS, { [field]: 'other' }))).toBe('grant.mismatch');
      expect(await refusal(at, spend(sampleUse(1), START_MS, { [field]: undefined }))).toBe('grant.mismatch');
      expect(await refusal(at, spend(sampleUse(1)))).toBe('accepted');
    },
  );

  test('a use of break-glass is not spent when its time is over, and one that isn’t there never', async () => {
    await accept(at.store, { mutations: [open(sampleUse(1))] });
    expect(await refusal(at, spend(sampleUse(1), START_MS + 1_000))).toBe('grant.expired');
    expect(await refusal(at, spend(sampleUse(1), START_MS + 999))).toBe('accepted');
    expect(await refusal(at, spend(sampleUse(2)))).toBe('break_glass.missing');
  });
}

export function breakGlassIsTracked(at: StoreUnderTest): void {
  test('a use of break-glass is read as it was written, and listed newest first, also after a restart', async () => {
    for (const number of [2, 1, 3]) await accept(at.store, { mutations: [open(sampleUse(number))] });
    await accept(at.store, { mutations: [update(sampleUse(1, { closing: sampleClosing, revision: 2 }))] });
    await reopen(at);
    expect(await at.store.read('breakGlass', { id: idOf(2) })).toEqual(sampleUse(2));
    expect(await at.store.read('breakGlass', { id: idOf(9) })).toBeNull();
    const list = async (isOpen: boolean | null, limit = 9, before: BreakGlassId | null = null) =>
      (await at.store.read('breakGlasses', { open: isOpen, limit, before })).map(({ id }) => id);
    expect(await list(true)).toEqual([idOf(3), idOf(2)]);
    expect(await list(false)).toEqual([idOf(1)]);
    expect(await list(null, 2)).toEqual([idOf(3), idOf(2)]);
    expect(await list(null, 2, idOf(2))).toEqual([idOf(1)]);
  });

  test('of two changes of one revision of a use the second is a conflict', async () => {
    await accept(at.store, { mutations: [open(sampleUse(1))] });
    const next = reminded(sampleUse(1), START_MS + 7);
    const both = await Promise.all([refusal(at, update(next)), refusal(at, update(next))]);
    expect(both).toEqual(['accepted', 'break_glass.conflict']);
    expect(await refusal(at, update(sampleUse(2, { revision: 2 })))).toBe('break_glass.missing');
  });

  test('an identity has so many uses without a review, under whatever account, and then no more', async () => {
    await accept(at.store, { mutations: [open(sampleUse(1), 2)] });
    await accept(at.store, { mutations: [open(sampleUse(2, { person: 'sam-admin' }), 2)] });
    expect(await refusal(at, open(sampleUse(3), 2))).toBe('break_glass.too_many');
    expect(await refusal(at, open(sampleUse(3, { identity: 'kim' }), 2))).toBe('accepted');
    await accept(at.store, { mutations: [update(sampleUse(1, { closing: sampleClosing, revision: 2 }))] });
    expect(await refusal(at, open(sampleUse(4), 2))).toBe('accepted');
  });

  test('a use of break-glass is opened once', async () => {
    await accept(at.store, { mutations: [open(sampleUse(1))] });
    const again = at.store.commit({ mutations: [open(sampleUse(1))], entries: [] });
    expect(await codeOf(again)).toBe('store.invalid');
  });
}
