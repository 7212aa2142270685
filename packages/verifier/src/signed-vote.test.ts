import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Authenticator, type Ceremony } from '../test/authenticator.ts';
import {
  HELD,
  heldStory,
  logKey,
  makeLog,
  makeProof,
  makeReceipt,
  seal,
  sha256,
  verify,
} from '../test/support.ts';
import type { Draft, Leaf } from '../test/support.ts';
import {
  canonicalize,
  commitmentOf,
  decodeReceipt,
  encodeReceipt,
  refuseVoteProof,
  thumbprintOf,
  verifyReceipt,
  voteChallenge,
  webCryptoVerifier,
} from './index.ts';
import type { JsonValue, PasskeyProof, PasskeyRecord, ProvedVote, ReceiptReport, VotedOn } from './index.ts';
import { ecdsaSignature } from './der.ts';
import { parsePasskeyKey } from './passkey-key.ts';
import { parsePasskeyProof } from './vote-proof.ts';

const crypto = webCryptoVerifier();
const trust = { trustedKey: logKey.vkey, hash: sha256, verify, verifyPasskey: crypto.verifyPasskey };
const ORIGIN = 'https://gate.example';
const RP_ID = 'gate.example';
const AT_MS = 1_760_000_002_010;
const PASSKEY = 'pky_01jd00000000000000000000e1';
const NONCE = 'bm9uY2U';
const RENDERING = '5e'.repeat(32);

const authenticator = new Authenticator();
const commitment = (aside: string): string => createHash('sha256').update(aside).digest('base64url');

const story = heldStory();
const formOf = (draft: Draft | undefined): string =>
  (JSON.parse(draft?.aside ?? '{}') as { form: string }).form;
const vote: ProvedVote = {
  on: {
    kind: 'review',
    id: 'rev_01jd00000000000000000000b1',
    digest: createHash('sha256').update(formOf(story[0])).digest('hex'),
  },
  decision: 'approve',
  identity: 'p-17',
  person: 'dora',
  rendering: RENDERING,
  atMs: AT_MS,
};

async function recordOf(of: Authenticator): Promise<PasskeyRecord> {
  const key = await thumbprintOf(of.publicKey, sha256);
  const who = { person: 'dora', identity: 'p-17', vouchedBy: null };
  return { event: 'registered', id: PASSKEY, key, origin: ORIGIN, rpId: RP_ID, ...who };
}

async function prove(
  by = authenticator,
  changes: Partial<Ceremony> & { readonly expiresAtMs?: number } = {},
): Promise<PasskeyProof> {
  const { expiresAtMs = AT_MS + 60_000, ...ceremony } = changes;
  const challenge = await voteChallenge({ ...vote, nonce: NONCE, expiresAtMs }, sha256);
  const assertion = by.assert({ challenge, origin: ORIGIN, rpId: RP_ID, ...ceremony });
  return { ...assertion, passkey: PASSKEY, publicKey: by.publicKey, nonce: NONCE, expiresAtMs };
}

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

/** The story of an approval that has to be signed, and is. */
async function signedStory(
  changes: {
    readonly proof?: (proof: PasskeyProof) => unknown;
    readonly record?: Partial<PasskeyRecord>;
    readonly vote?: Leaf;
    readonly text?: string;
  } = {},
): Promise<Draft[]> {
  const record = { ...(await recordOf(authenticator)), ...changes.record };
  const { vouchedBy: _, ...passkey } = record;
  const proof = await prove();
  const proofMember = changes.proof === undefined ? proof : changes.proof(proof);
  const salt = 'c2FsdHNhbHRzYWx0c2FsdA';
  const members = {
    salt,
    text: changes.text ?? '',
    ...(proofMember === undefined ? {} : { passkey: proofMember }),
  };
  const aside = canonicalize(members as unknown as JsonValue);
  const registration = { action: null, at: AT_MS - 1_000, kind: 'passkey', passkey, version: 1 };
  const signed = heldStory().map((draft): Draft => {
    const demanded = demandPasskey(draft.leaf);
    if (draft.leaf['kind'] !== 'vote') return { ...draft, leaf: demanded };
    const cast = { channel: 'browser', identity: 'p-17', kind: 'approve', passkey: PASSKEY, person: 'dora' };
    const said = { ...cast, rendering: RENDERING, signed: true, ...changes.vote };
    return { leaf: { ...demanded, commitment: commitment(aside), vote: said }, aside };
  });
  return [{ leaf: registration, aside: null }, ...signed];
}

function demandPasskey(leaf: Leaf): Leaf {
  if (leaf['kind'] !== 'review') return leaf;
  const demands = (leaf['demands'] as Leaf[]).map((each) => ({ ...each, passkeyFromRisk: 0 }));
  return { ...leaf, demands };
}

/** Of a story whose first entry is the registration; `leave`: entries that are left out of the receipt. */
async function receiptOf(drafts: readonly Draft[], leave: readonly number[] = []): Promise<string> {
  const log = makeLog(seal(drafts));
  const own = decodeReceipt(await makeReceipt(log, HELD))!;
  const passkeys = seal(drafts).flatMap((entry, index) =>
    entry.leaf.includes('"kind":"passkey"') ? [index] : [],
  );
  const registrations = await Promise.all(
    passkeys.map(async (index) => {
      const { leaf = '', aside = null } = log.entries[index] ?? {};
      return { index, leaf, aside, proof: await makeProof(log, index) };
    }),
  );
  const entries = [...registrations, ...own.entries].sort((a, b) => a.index - b.index);
  return encodeReceipt({ ...own, entries: entries.filter(({ index }) => !leave.includes(index)) });
}

const failed = (report: ReceiptReport): Record<string, string> =>
  Object.fromEntries(report.checks.filter(({ ok }) => !ok).map(({ name, detail }) => [name, detail]));
const failures = async (drafts: readonly Draft[], leave: readonly number[] = []) =>
  failed(await verifyReceipt(await receiptOf(drafts, leave), trust));

describe('a receipt with a signed vote', () => {
  it('verifies offline, and says that it is signed and with which passkey', async () => {
    const report = await verifyReceipt(await receiptOf(await signedStory()), trust);
    expect(failed(report)).toEqual({});
    expect(report.ok).toBe(true);
    expect(report.summary?.votes).toMatchObject([{ person: 'dora', signed: true, passkey: PASSKEY }]);
  });

  const flip = (text: string): string => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
  it.each([
    ['signature', 'passkey.malformed', (proof: PasskeyProof) => ({ ...proof, signature: '*' })],
    [
      'signature',
      'passkey.bad_signature',
      (proof: PasskeyProof) => ({ ...proof, signature: flip(proof.signature) }),
    ],
    [
      'authenticatorData',
      'passkey.other_party',
      (proof: PasskeyProof) => ({ ...proof, authenticatorData: flip(proof.authenticatorData) }),
    ],
    [
      'clientDataJSON',
      'passkey.malformed',
      (proof: PasskeyProof) => ({ ...proof, clientDataJSON: flip(proof.clientDataJSON) }),
    ],
    ['nonce', 'passkey.other_challenge', (proof: PasskeyProof) => ({ ...proof, nonce: flip(proof.nonce) })],
    ['expiry', 'passkey.other_challenge', (proof: PasskeyProof) => ({ ...proof, expiresAtMs: 1 })],
    ['passkey', 'passkey.other_passkey', (proof: PasskeyProof) => ({ ...proof, passkey: 'pky_2' })],
    [
      'publicKey',
      'passkey.unregistered',
      (proof: PasskeyProof) => ({ ...proof, publicKey: new Authenticator().publicKey }),
    ],
    ['publicKey', 'passkey.malformed', (proof: PasskeyProof) => ({ ...proof, publicKey: {} })],
    ['proof', 'passkey.missing', () => undefined],
  ])('whose %s was tampered with before it was logged fails with %s', async (_, code, proof) => {
    const found = await failures(await signedStory({ proof }));
    expect(found['signatures']).toContain(code);
    // And the demand for a signature is not met by it.
    expect(found['approval']).toContain('review.not_approved');
  });

  it.each([
    ['person', { person: 'mallory' }],
    ['rendering', { rendering: 'ab'.repeat(32) }],
    ['kind', { kind: 'reject' }],
  ])('whose entry names another %s than was signed fails', async (_, change) => {
    expect((await failures(await signedStory({ vote: change })))['signatures']).toContain(
      'passkey.other_challenge',
    );
  });

  it('whose entry names an identity that the passkey is not registered for fails', async () => {
    const found = await failures(await signedStory({ vote: { identity: 'p-18' } }));
    expect(found['signatures']).toContain('passkey.unregistered');
    expect(found['approval']).toContain('vote.passkey_unfounded');
  });

  it('without the registration of its passkey does not verify', async () => {
    const found = await failures(await signedStory(), [0]);
    expect(found['signatures']).toContain('passkey.unregistered');
    expect(found['approval']).toContain('vote.passkey_unfounded');
  });

  it('whose passkey was revoked before the vote does not verify', async () => {
    const [registration, ...rest] = await signedStory();
    const passkey = { ...(registration!.leaf['passkey'] as Leaf), event: 'revoked' };
    const revocation = { ...registration!, leaf: { ...registration!.leaf, passkey } };
    expect((await failures([registration!, revocation, ...rest]))['approval']).toContain(
      'vote.passkey_unfounded',
    );
  });

  it('that is said to be unsigned and has a proof is refused: nobody adds one afterwards', async () => {
    const found = await failures(await signedStory({ vote: { signed: false } }));
    expect(found['signatures']).toContain('passkey.unclaimed');
  });

  it('holds no passkey that nobody signed with', async () => {
    const [registration, ...rest] = await signedStory();
    const other = {
      ...registration!.leaf,
      passkey: { ...(registration!.leaf['passkey'] as Leaf), id: 'pky_2' },
    };
    const found = await failures([registration!, { leaf: other, aside: null }, ...rest]);
    expect(found['entries']).toContain('a passkey that nothing was signed with');
  });

  it('whose proof is withheld shows no signature: a demand for one is then not met, and nothing else is wrong', async () => {
    const receipt = decodeReceipt(await receiptOf(await signedStory()))!;
    const withheld = (where: string) =>
      encodeReceipt({
        ...receipt,
        entries: receipt.entries.map((each) => (each.leaf.includes(where) ? { ...each, aside: null } : each)),
      });
    for (const where of ['"kind":"vote"', '"kind":"']) {
      const report = await verifyReceipt(withheld(where), trust);
      expect(Object.keys(failed(report))).toEqual(['approval']);
      expect(report.summary?.votes).toMatchObject([{ signed: false }]);
    }
  });

  it('commits to its proof like to every other value', async () => {
    const drafts = await signedStory();
    const { aside } = drafts.find(({ leaf }) => leaf['kind'] === 'vote')!;
    expect(await commitmentOf(aside!, sha256)).toBe(commitment(aside!));
    const receipt = decodeReceipt(await receiptOf(drafts))!;
    const entries = receipt.entries.map((each) =>
      each.leaf.includes('"kind":"vote"') ? { ...each, aside: each.aside!.replace(NONCE, 'bm9uY2f') } : each,
    );
    const found = failed(await verifyReceipt(encodeReceipt({ ...receipt, entries }), trust));
    expect(Object.keys(found)).toEqual(['asides', 'approval']);
  });
});
