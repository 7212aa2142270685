import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Authenticator } from '../test/authenticator.ts';
import { crypto, RENDERING } from '../test/passkeys.ts';
import { AT_MS, authenticator, NONCE, prove, recordOf, vote } from '../test/signed-votes.ts';
import { sha256 } from '../test/support.ts';
import { refuseVoteProof, voteChallenge } from './index.ts';
import type { JsonValue, PasskeyProof, ProvedVote, VotedOn } from './index.ts';
import { ecdsaSignature } from './der.ts';
import { parsePasskeyKey } from './passkey-key.ts';
import { parsePasskeyProof } from './vote-proof.ts';

const refusal = async (proof: PasskeyProof, cast: Partial<ProvedVote> = {}) =>
  refuseVoteProof(proof, { ...vote, ...cast }, await recordOf(authenticator), crypto);

describe('a signed vote', () => {
  it.each(['ES256', 'EdDSA', 'RS256'] as const)('of a passkey with %s holds', async (algorithm) => {
    const by = new Authenticator(algorithm);
    expect(await refuseVoteProof(await prove(by), vote, await recordOf(by), crypto)).toBeNull();
  });

  const others: Readonly<Record<Exclude<keyof ProvedVote, 'atMs' | 'decision' | 'on'>, string>> = {
    identity: 'p-18',
    person: 'mallory',
    rendering: 'ab'.repeat(32),
  };
  it.each(Object.entries(others))('holds for no other %s', async (member, other) => {
    const code = member === 'identity' ? 'passkey.unregistered' : 'passkey.other_challenge';
    expect(await refusal(await prove(), { [member]: other })).toBe(code);
  });

  it.each<VotedOn>([
    { ...vote.on, id: 'rev_01jd00000000000000000000b2' },
    { ...vote.on, digest: 'ab'.repeat(32) },
    { ...vote.on, kind: 'standing' },
  ])('holds for nothing else that people vote on: %j', async (on) => {
    expect(await refusal(await prove(), { on })).toBe('passkey.other_challenge');
  });

  it('to approve is none to reject, and holds for no other nonce or time', async () => {
    const proof = await prove();
    expect(await refusal(proof, { decision: 'reject' })).toBe('passkey.other_challenge');
    expect(await refusal({ ...proof, nonce: 'bm9uY2f' })).toBe('passkey.other_challenge');
    expect(await refusal({ ...proof, expiresAtMs: proof.expiresAtMs + 1 })).toBe('passkey.other_challenge');
  });

  it('holds until it expires', async () => {
    const proof = await prove(authenticator, { expiresAtMs: AT_MS + 1 });
    expect(await refusal(proof)).toBeNull();
    expect(await refusal(proof, { atMs: AT_MS + 1 })).toBe('passkey.expired');
  });

  it('says in one string what is signed, for whoever makes another client (spec/vote.md)', async () => {
    const form =
      `{"action":"${vote.on.digest}","decision":"approve","expiresAt":1760000062010,"identity":"p-17",` +
      `"nonce":"bm9uY2U","person":"dora","rendering":"${RENDERING}","review":"${vote.on.id}","version":"sallyport/vote/v1"}`;
    const challenge = await voteChallenge({ ...vote, nonce: NONCE, expiresAtMs: 1_760_000_062_010 }, sha256);
    expect(Buffer.from(challenge)).toEqual(createHash('sha256').update(form).digest());
  });

  it('on a standing grant says its terms and its id, under a version of its own', async () => {
    const on = { kind: 'standing', id: 'std_01jd00000000000000000000f1', digest: 'ab'.repeat(32) } as const;
    const form =
      `{"decision":"approve","expiresAt":1760000062010,"identity":"p-17","nonce":"bm9uY2U","person":"dora",` +
      `"rendering":"${RENDERING}","standing":"${on.id}","terms":"${on.digest}","version":"sallyport/standing-vote/v1"}`;
    const signed = { ...vote, on, nonce: NONCE, expiresAtMs: 1_760_000_062_010 };
    expect(Buffer.from(await voteChallenge(signed, sha256))).toEqual(
      createHash('sha256').update(form).digest(),
    );
  });

  it.each([
    ['passkey.other_origin', { origin: 'https://gate.example.evil' }],
    ['passkey.other_origin', { origin: 'http://gate.example' }],
    ['passkey.other_origin', { more: { crossOrigin: true } }],
    ['passkey.other_origin', { more: { topOrigin: 'https://evil.example' } }],
    ['passkey.other_party', { rpId: 'example' }],
    ['passkey.other_type', { type: 'webauthn.create' }],
    ['passkey.user_not_present', { flags: 0x04 }],
    ['passkey.user_not_verified', { flags: 0x01 }],
    ['passkey.malformed', { flags: 0x85 }],
  ] as const)('is refused with %s: %j', async (code, change) => {
    expect(await refusal(await prove(authenticator, change))).toBe(code);
  });

  it('of somebody else’s passkey is none', async () => {
    expect(await refusal(await prove(new Authenticator()))).toBe('passkey.unregistered');
    const other = await recordOf(authenticator);
    const proof = await prove();
    expect(await refuseVoteProof(proof, vote, { ...other, id: 'pky_2' }, crypto)).toBe(
      'passkey.unregistered',
    );
    expect(await refuseVoteProof(proof, vote, undefined, crypto)).toBe('passkey.unregistered');
    // Another authenticator signs, and the registered key is named.
    const forged = { ...(await prove(new Authenticator())), publicKey: authenticator.publicKey };
    expect(await refusal(forged)).toBe('passkey.bad_signature');
  });

  it.each(['authenticatorData', 'clientDataJSON', 'signature'] as const)(
    'with any one bit of %s changed is refused',
    async (member) => {
      const proof = await prove();
      const bytes = Buffer.from(proof[member], 'base64url');
      const property = fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
        const changed = Buffer.from(bytes);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect(await refusal({ ...proof, [member]: changed.toString('base64url') })).not.toBeNull();
      });
      await fc.assert(property, { numRuns: 150 });
    },
  );

  it('of any text is refused and never throws', async () => {
    const proof = await prove();
    const text = fc.oneof(fc.string(), fc.base64String(), fc.constant('e30'), fc.constant('bnVsbA'));
    const property = fc.asyncProperty(
      text,
      text,
      text,
      async (authenticatorData, clientDataJSON, signature) => {
        const changed = { ...proof, authenticatorData, clientDataJSON, signature };
        expect(await refusal(changed)).not.toBeNull();
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });
});

describe('the parsers of a proof', () => {
  const jsonOf = async (): Promise<Record<string, JsonValue>> =>
    JSON.parse(JSON.stringify(await prove())) as Record<string, JsonValue>;

  it('take a proof, and none with a member missing, of another kind, or one too many', async () => {
    const whole = await jsonOf();
    expect(parsePasskeyProof(whole)).toEqual(whole);
    for (const member of Object.keys(whole)) {
      const { [member]: _, ...rest } = whole;
      expect(parsePasskeyProof(rest), member).toBeUndefined();
      expect(parsePasskeyProof({ ...whole, [member]: [1] }), member).toBeUndefined();
    }
    expect(parsePasskeyProof({ ...whole, more: 1 })).toBeUndefined();
    expect(parsePasskeyProof(null)).toBeUndefined();
  });

  it('take keys of three kinds and their sizes, and no others', () => {
    const x = 'A'.repeat(43);
    const n = `_${'A'.repeat(341)}`;
    const good = [
      { kty: 'EC', crv: 'P-256', x, y: x },
      { kty: 'OKP', crv: 'Ed25519', x },
      { kty: 'RSA', n, e: 'AQAB' },
    ];
    for (const key of good) expect(parsePasskeyKey(key)).toEqual(key);
    const bad: JsonValue[] = [
      { kty: 'EC', crv: 'P-384', x, y: x },
      { kty: 'EC', crv: 'P-256', x, y: `${x}A` },
      { kty: 'EC', crv: 'P-256', x, y: x, d: x },
      { kty: 'EC', crv: 'P-256', x, y: 'A'.repeat(42) + 'B' },
      { kty: 'OKP', crv: 'X25519', x },
      { kty: 'RSA', n: n.slice(0, 170), e: 'AQAB' },
      { kty: 'RSA', n: 'A' + n.slice(1), e: 'AQAB' },
      { kty: 'RSA', n, e: 'Aw' },
      { kty: 'oct', k: x },
      'EC',
      null,
    ];
    for (const key of bad) expect(parsePasskeyKey(key), JSON.stringify(key)).toBeUndefined();
  });

  it('read strict DER alone', () => {
    const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
    expect(ecdsaSignature(hex('3006020101020102'), 2)).toEqual(hex('00010002'));
    expect(ecdsaSignature(hex('30080202008102020080'), 2)).toEqual(hex('00810080'));
    for (const bad of [
      '',
      '30',
      '300602010102010200',
      '3007020101020102',
      '300602010102010',
      '3006020181020102',
      '300702020001020102',
      '3005020002010a',
      '3107020101020102',
      '30060201010301',
      '3009020401020304020101',
    ])
      expect(ecdsaSignature(hex(bad), 2), bad).toBeUndefined();
  });
});
