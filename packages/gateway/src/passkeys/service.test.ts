import { createHash } from 'node:crypto';
import { webCryptoVerifier } from '@sallyport/verifier';
import { beforeEach, describe, expect, test } from 'vitest';
import { Authenticator, type Ceremony } from '../../../verifier/test/authenticator.ts';
import { createFakeClock, createFakeRandom, type FakeClock } from '../../test/support/fake-clock.ts';
import { person } from '../../test/support/subjects.ts';
import type { Person } from '../core/identity.ts';
import type { PasskeyId } from '../core/ids.ts';
import { limits } from '../limits.ts';
import type { VoteToSign } from '../ports.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import type { Store } from '../stores/store.ts';
import { hashing } from '../system.ts';
import { PasskeyService } from './service.ts';
import { vouchingForm } from './vouching.ts';

const site = { origin: 'https://gate.example', rpId: 'gate.example' };
const kim: Person = { ...person('kim'), identity: 'p-17' };
const ada: Person = { ...person('ada'), identity: 'p-18' };

let clock: FakeClock;
let store: Store;
let passkeys: PasskeyService;
const refusals: string[] = [];

const serviceAt = (publicUrl: string): PasskeyService => {
  const nothing = (): void => undefined;
  const passkeyRefused = ({ code }: { code: string }) => void refusals.push(code);
  return new PasskeyService({
    clock,
    random: createFakeRandom('passkeys'),
    hashing,
    limits,
    store,
    crypto: webCryptoVerifier(),
    publicUrl,
    log: { passkeyRegistered: nothing, passkeyRevoked: nothing, passkeyRefused },
  });
};

beforeEach(() => {
  clock = createFakeClock(1_700_000_000_000);
  store = createMemoryStore();
  passkeys = serviceAt('https://gate.example');
  refusals.length = 0;
});

async function offered(who: Person) {
  const offer = await passkeys.offerRegistration(who);
  if (!offer.ok) throw new Error(offer.error.code);
  return offer.value;
}

interface Registering {
  readonly who?: Person;
  readonly nonce?: string;
  readonly by?: Authenticator | null;
  readonly ceremony?: Partial<Ceremony>;
  readonly vouching?: Partial<Ceremony>;
  readonly credential?: string;
}

/** What a browser does with a new authenticator; `by`: with the one that vouches for it. */
async function register(authenticator: Authenticator, given: Registering = {}) {
  const { who = kim, by = null } = given;
  const offer = await offered(who);
  const nonce = given.nonce ?? offer.nonce;
  const challenge = Buffer.from(nonce, 'base64url');
  const made = authenticator.register({ challenge, ...site, ...given.ceremony });
  const attestation = hashing.sha256Base64url(made.attestationObject);
  const { expiresAtMs } = offer;
  const form = vouchingForm({ attestation, expiresAtMs, identity: who.identity, nonce, person: who.name });
  const asked = { challenge: hashing.sha256(form), ...site, ...given.vouching };
  const credential = given.credential ?? authenticator.credential;
  return passkeys.register({
    person: who,
    nonce,
    label: 'laptop',
    credential: { credential, ...made, transports: ['internal'] },
    vouching: by === null ? null : { credential: by.credential, ...by.assert(asked) },
  });
}

type Registered = Awaited<ReturnType<typeof register>>;
const codeOf = (result: { readonly ok: boolean; readonly error?: { readonly code: string } }): string =>
  result.ok ? 'ok' : (result.error?.code ?? '');
const idOf = (registered: Registered): PasskeyId => {
  if (!registered.ok) throw new Error(registered.error.message);
  return registered.value.id;
};
const leaves = async () =>
  (await store.read('entries', { from: 0, limit: 100 })).map(
    ({ leaf }) => JSON.parse(leaf) as Record<string, unknown>,
  );

describe('a passkey', () => {
  test.each(['ES256', 'EdDSA', 'RS256'] as const)(
    'with %s is registered with a token, and that is in the ledger',
    async (algorithm) => {
      const authenticator = new Authenticator(algorithm);
      const id = idOf(await register(authenticator));
      expect(await leaves()).toMatchObject([
        {
          kind: 'passkey',
          action: null,
          passkey: { event: 'registered', id, person: 'kim', identity: 'p-17', ...site },
        },
      ]);
      const jwk = authenticator.publicKey as unknown as Record<string, string>;
      const sorted = JSON.stringify(
        Object.fromEntries(
          Object.keys(jwk)
            .sort()
            .map((name) => [name, jwk[name]]),
        ),
      );
      const thumbprint = createHash('sha256').update(sorted).digest('base64url');
      expect(await passkeys.list(kim)).toMatchObject([
        { id, key: thumbprint, publicKey: jwk, vouchedBy: null },
      ]);
      expect(await passkeys.list(ada)).toEqual([]);
    },
  );

  test('a second one needs the signature of one before: a stolen token adds none (threat J)', async () => {
    const first = new Authenticator('ES256', 'first');
    const stolen = new Authenticator('ES256', 'stolen');
    const id = idOf(await register(first));
    expect(codeOf(await register(stolen))).toBe('passkey.unvouched');
    expect(codeOf(await register(stolen, { by: stolen }))).toBe('passkey.unvouched');
    const second = new Authenticator('EdDSA', 'second');
    expect(codeOf(await register(second, { by: first }))).toBe('ok');
    expect((await passkeys.list(kim)).map(({ vouchedBy }) => vouchedBy).toSorted()).toEqual(
      [null, id].toSorted(),
    );
    expect((await leaves()).filter(({ kind }) => kind === 'notice')).toMatchObject([
      { notice: { code: 'passkey.refused', principal: 'kim', reason: 'passkey.unvouched' } },
      { notice: { code: 'passkey.refused' } },
    ]);
  });

  test('of another account of the same identity counts: it vouches, and without it that account adds none', async () => {
    const first = new Authenticator('ES256', 'first');
    const admin = { ...person('kim-admin'), identity: 'p-17' };
    idOf(await register(first));
    expect(codeOf(await register(new Authenticator('ES256', 'x'), { who: admin }))).toBe('passkey.unvouched');
    expect(codeOf(await register(new Authenticator('ES256', 'y'), { who: admin, by: first }))).toBe('ok');
  });

  test('that vouches has verified its owner, at this page, for exactly the new one', async () => {
    const first = new Authenticator('ES256', 'first');
    idOf(await register(first));
    const changes: Partial<Ceremony>[] = [
      { flags: 0x01 },
      { origin: 'https://evil.example' },
      { rpId: 'evil.example' },
      { type: 'webauthn.create' },
      { challenge: Buffer.alloc(32) },
    ];
    for (const vouching of changes) {
      const second = new Authenticator('ES256', 'second');
      expect(codeOf(await register(second, { by: first, vouching }))).toBe('passkey.unvouched');
    }
  });

  test('once revoked vouches no more, and a token alone adds no other', async () => {
    const first = new Authenticator('ES256', 'first');
    const id = idOf(await register(first));
    expect(codeOf(await passkeys.revoke(ada, id))).toBe('passkey.not_found');
    expect(codeOf(await passkeys.revoke(kim, id))).toBe('ok');
    expect(codeOf(await passkeys.revoke(kim, id))).toBe('passkey.revoked');
    expect((await leaves()).at(-1)).toMatchObject({ passkey: { event: 'revoked', id, identity: 'p-17' } });
    const second = new Authenticator('ES256', 'second');
    expect(codeOf(await register(second))).toBe('passkey.unvouched');
    expect(codeOf(await register(second, { by: first }))).toBe('passkey.unvouched');
  });

  test.each([
    ['made for another page', { origin: 'https://evil.example' }],
    ['made for another party', { rpId: 'evil.example' }],
    ['made inside another page', { more: { crossOrigin: true } }],
    ['whose owner was not verified', { flags: 0x41 }],
    ['that nobody touched', { flags: 0x44 }],
    ['without a credential', { flags: 0x05 }],
    ['that announces extensions and has none', { flags: 0xc5 }],
    ['that is a signature, no registration', { type: 'webauthn.get' }],
    ['that answers another question', { challenge: Buffer.alloc(32) }],
  ] as const)('%s is refused', async (_, ceremony) => {
    expect(codeOf(await register(new Authenticator(), { ceremony }))).toBe('passkey.invalid');
  });

  test('under another name than it holds is refused', async () => {
    expect(codeOf(await register(new Authenticator(), { credential: 'b3RoZXI' }))).toBe('passkey.invalid');
  });

  test('is registered with a nonce of its owner’s, once, within two minutes', async () => {
    const { nonce } = await offered(ada);
    expect(codeOf(await register(new Authenticator(), { nonce }))).toBe('passkey.challenge_unknown');
    expect(codeOf(await register(new Authenticator(), { who: ada, nonce }))).toBe('ok');
    expect(codeOf(await register(new Authenticator(), { who: ada, nonce }))).toBe(
      'passkey.challenge_unknown',
    );
    const late = await offered(kim);
    clock.advance(limits.passkeyCeremonyMs);
    expect(codeOf(await register(new Authenticator('ES256', 'late'), { nonce: late.nonce }))).toBe(
      'passkey.challenge_unknown',
    );
  });

  test('is registered once, whoever brings it', async () => {
    const authenticator = new Authenticator();
    idOf(await register(authenticator));
    expect(codeOf(await register(authenticator, { who: ada }))).toBe('passkey.known');
  });

  test('and so many more as one person may have', async () => {
    const first = new Authenticator('ES256', 'first');
    idOf(await register(first));
    for (let more = 1; more < limits.passkeysPerPerson; more++)
      idOf(await register(new Authenticator('ES256', `more ${more}`), { by: first }));
    expect(codeOf(await passkeys.offerRegistration(kim))).toBe('passkey.too_many');
    expect(codeOf(await passkeys.offerRegistration(ada))).toBe('ok');
  });

  test('is not made where browsers make none', async () => {
    passkeys = serviceAt('https://10.0.0.5');
    expect(codeOf(await passkeys.offerRegistration(kim))).toBe('passkey.unavailable');
    expect(codeOf(await passkeys.offerVote(ballot))).toBe('passkey.unavailable');
  });

  test('questions that nobody answers are forgotten, oldest first', async () => {
    const { nonce } = await offered(kim);
    const others = await offered(ada);
    for (let more = 0; more < limits.passkeyCeremoniesPerPerson; more++) await offered(kim);
    expect(codeOf(await register(new Authenticator(), { nonce }))).toBe('passkey.challenge_unknown');
    expect(codeOf(await register(new Authenticator(), { who: ada, nonce: others.nonce }))).toBe('ok');
  });
});

const ballot: VoteToSign = {
  on: { kind: 'review', id: 'rev_01jd00000000000000000000b1' },
  voter: kim,
  kind: 'approve',
  digest: 'ab'.repeat(32),
  rendering: 'cd'.repeat(32),
};

/** Offers, signs and proves; `cast`: what the vote says that is handed in. */
async function prove(
  by: Authenticator,
  given: { ceremony?: Partial<Ceremony>; cast?: Partial<VoteToSign>; waitMs?: number } = {},
) {
  const offer = await passkeys.offerVote(ballot);
  if (!offer.ok) throw new Error(offer.error.code);
  const challenge = Buffer.from(offer.value.challenge, 'base64url');
  const assertion = by.assert({ challenge, ...site, ...given.ceremony });
  clock.advance(given.waitMs ?? 0);
  const { nonce } = offer.value;
  const vote = { ...ballot, ...given.cast, assertion: { credential: by.credential, nonce, ...assertion } };
  return { vote, proved: await passkeys.proveVote(vote) };
}

describe('a signed vote', () => {
  let authenticator: Authenticator;
  beforeEach(async () => {
    authenticator = new Authenticator();
    idOf(await register(authenticator));
  });

  test('is proved once: its nonce can’t be replayed', async () => {
    const { vote, proved } = await prove(authenticator);
    expect(proved).toMatchObject({ ok: true, value: { publicKey: authenticator.publicKey } });
    expect(codeOf(await passkeys.proveVote(vote))).toBe('vote.passkey_invalid');
  });

  test('a nonce is used up by a signature that does not hold', async () => {
    const { vote, proved } = await prove(authenticator, { cast: { kind: 'reject' } });
    expect(codeOf(proved)).toBe('vote.passkey_invalid');
    expect(codeOf(await passkeys.proveVote({ ...vote, kind: 'approve' }))).toBe('vote.passkey_invalid');
  });

  test.each<Partial<VoteToSign>>([
    { kind: 'reject' },
    { digest: 'ff'.repeat(32) },
    { rendering: 'ff'.repeat(32) },
    { on: { kind: 'review', id: 'rev_01jd00000000000000000000b2' } },
    { on: { kind: 'standing', id: 'std_01jd00000000000000000000b1' } },
    { voter: { ...kim, name: 'kim-admin' } },
    { voter: ada },
  ])('of something else is none: %j', async (cast) => {
    expect(codeOf((await prove(authenticator, { cast })).proved)).toBe('vote.passkey_invalid');
  });

  test.each<Partial<Ceremony>>([
    { origin: 'https://evil.example' },
    { rpId: 'evil.example' },
    { flags: 0x01 },
    { flags: 0x04 },
    { type: 'webauthn.create' },
    { more: { crossOrigin: true } },
    { challenge: Buffer.alloc(32) },
  ])('made otherwise is none: %j', async (ceremony) => {
    expect(codeOf((await prove(authenticator, { ceremony })).proved)).toBe('vote.passkey_invalid');
  });

  test('is taken for two minutes', async () => {
    const waitMs = limits.passkeyCeremonyMs;
    expect(codeOf((await prove(authenticator, { waitMs: waitMs - 1 })).proved)).toBe('ok');
    expect(codeOf((await prove(authenticator, { waitMs })).proved)).toBe('vote.passkey_invalid');
  });

  test('of another person’s passkey, or of one that nobody registered, is none', async () => {
    const others = new Authenticator('ES256', 'ada’s');
    idOf(await register(others, { who: ada }));
    expect(codeOf((await prove(others)).proved)).toBe('vote.passkey_invalid');
    expect(codeOf((await prove(new Authenticator('ES256', 'unknown'))).proved)).toBe('vote.passkey_invalid');
    const impostor = new Authenticator('ES256', 'a passkey');
    expect(codeOf((await prove(impostor)).proved)).toBe('vote.passkey_invalid');
  });

  test('of a revoked passkey is none, and none is asked for', async () => {
    const [passkey] = await passkeys.list(kim);
    const offer = await passkeys.offerVote(ballot);
    if (!offer.ok || passkey === undefined) throw new Error('no offer');
    const challenge = Buffer.from(offer.value.challenge, 'base64url');
    const signed = authenticator.assert({ challenge, ...site });
    await passkeys.revoke(kim, passkey.id);
    const assertion = { credential: authenticator.credential, nonce: offer.value.nonce, ...signed };
    expect(codeOf(await passkeys.proveVote({ ...ballot, assertion }))).toBe('vote.passkey_invalid');
    expect(codeOf(await passkeys.offerVote(ballot))).toBe('passkey.none');
  });

  test('is not asked for at another address than the passkey is of', async () => {
    passkeys = serviceAt('https://gate.example:8443');
    expect(codeOf(await passkeys.offerVote(ballot))).toBe('passkey.none');
  });
});
