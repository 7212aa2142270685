import { expect, test } from 'vitest';
import { makeId, type PasskeyId } from '../core/ids.ts';
import { passkeyEntry, type Passkey } from '../core/passkey.ts';
import type { StoreUnderTest } from './compliance-fixture.ts';
import { accept, refusal, reopen } from './compliance-fixture.ts';
import { actionId, sampleEntry, START_MS } from './compliance-samples.ts';

const passkeyId = (number: number): PasskeyId =>
  makeId('pky', START_MS + number, new Uint8Array(10).fill(number));

export const samplePasskey = (number: number, more: Partial<Passkey> = {}): Passkey => ({
  id: passkeyId(number),
  person: 'kim',
  identity: 'p-17',
  label: 'laptop',
  credential: `credential-${number}`,
  publicKey: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) },
  key: `thumbprint-${number}`,
  origin: 'https://gate.example',
  rpId: 'gate.example',
  transports: ['internal'],
  registeredAtMs: START_MS,
  vouchedBy: null,
  revokedAtMs: null,
  ...more,
});

const register = (passkey: Passkey) => ({ kind: 'passkey.register', passkey }) as const;

/** Who gets a passkey, and what the store remembers of it. */
export function passkeysAreKept(at: StoreUnderTest): void {
  test('a passkey is read as it was registered, with the place of its registration in the ledger', async () => {
    const passkey = samplePasskey(1);
    await at.store.append(sampleEntry('notice', null)).done;
    const entries = [passkeyEntry(passkey, 'registered', START_MS)];
    const registration = await accept(at.store, { mutations: [register(passkey)], entries });
    await reopen(at);
    expect(registration).toBe(1);
    expect(await at.store.read('passkey', { id: passkey.id })).toEqual({ passkey, registration });
    expect(await at.store.read('passkeys', { identity: 'p-17' })).toEqual([{ passkey, registration }]);
    expect(await at.store.read('passkeys', { identity: 'kim' })).toEqual([]);
    expect(await at.store.read('passkey', { id: passkeyId(2) })).toBeNull();
    expect((await at.store.read('entries', { from: registration, limit: 1 }))[0]?.kind).toBe('passkey');
  });

  test('a registration keeps its place where a change before it in the same flush is refused', async () => {
    const passkey = samplePasskey(1);
    const refused = at.store.commit({
      mutations: [{ kind: 'passkey.check', id: passkeyId(9) }],
      entries: [sampleEntry('review', actionId(1))],
    });
    const entries = [passkeyEntry(passkey, 'registered', START_MS)];
    const accepted = accept(at.store, { mutations: [register(passkey)], entries });
    expect((await refused).ok).toBe(false);
    expect(await accepted).toBe((await at.store.read('passkey', { id: passkey.id }))?.registration);
  });
}

/** What registering and revoking a passkey refuse. */
export function passkeysAreVouchedFor(at: StoreUnderTest): void {
  test('nothing vouches for an identity’s first passkey alone, revoked ones counted', async () => {
    await accept(at.store, { mutations: [register(samplePasskey(1))] });
    expect(await refusal(at, register(samplePasskey(2)))).toBe('passkey.unvouched');
    await accept(at.store, { mutations: [{ kind: 'passkey.revoke', id: passkeyId(1), atMs: START_MS }] });
    expect(await refusal(at, register(samplePasskey(2)))).toBe('passkey.unvouched');
    expect(await refusal(at, register(samplePasskey(3, { identity: 'p-18' })))).toBe('accepted');
  });

  test('two first passkeys at once: one of them', async () => {
    const tries = [1, 2, 3, 4].map((number) =>
      at.store.commit({ mutations: [register(samplePasskey(number))], entries: [] }),
    );
    expect((await Promise.all(tries)).filter(({ ok }) => ok)).toHaveLength(1);
    expect(await at.store.read('passkeys', { identity: 'p-17' })).toHaveLength(1);
  });

  test('what vouches is a live passkey of the same identity', async () => {
    const others = samplePasskey(5, { identity: 'p-18' });
    await accept(at.store, { mutations: [register(samplePasskey(1)), register(others)] });
    const second = (vouchedBy: PasskeyId) => register(samplePasskey(2, { vouchedBy }));
    expect(await refusal(at, second(passkeyId(7)))).toBe('passkey.missing');
    expect(await refusal(at, second(others.id))).toBe('passkey.missing');
    await accept(at.store, { mutations: [second(passkeyId(1))] });
    await accept(at.store, { mutations: [{ kind: 'passkey.revoke', id: passkeyId(1), atMs: START_MS }] });
    expect(await refusal(at, register(samplePasskey(3, { vouchedBy: passkeyId(1) })))).toBe(
      'passkey.revoked',
    );
    expect(await refusal(at, register(samplePasskey(3, { vouchedBy: passkeyId(2) })))).toBe('accepted');
  });

  test('one credential is registered once, whoever brings it', async () => {
    await accept(at.store, { mutations: [register(samplePasskey(1))] });
    const again = samplePasskey(2, { identity: 'p-18', credential: 'credential-1' });
    expect(await refusal(at, register(again))).toBe('passkey.known');
  });

  test('a check holds while the passkey is live; it is revoked once', async () => {
    await accept(at.store, { mutations: [register(samplePasskey(1))] });
    const check = { kind: 'passkey.check', id: passkeyId(1) } as const;
    const revoke = { kind: 'passkey.revoke', id: passkeyId(1), atMs: START_MS + 5 } as const;
    expect(await refusal(at, check)).toBe('accepted');
    expect(await refusal(at, revoke)).toBe('accepted');
    expect(await refusal(at, revoke)).toBe('passkey.revoked');
    expect(await refusal(at, check)).toBe('passkey.revoked');
    expect(await refusal(at, { ...check, id: passkeyId(2) })).toBe('passkey.missing');
    expect((await at.store.read('passkey', { id: passkeyId(1) }))?.passkey.revokedAtMs).toBe(START_MS + 5);
  });
}
