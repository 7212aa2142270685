import { describe, expect, it } from 'vitest';
import { Authenticator } from '../test/authenticator.ts';
import { commitment, PASSKEY, RENDERING, trust } from '../test/passkeys.ts';
import { AT_MS, authenticator, NONCE, prove, recordOf } from '../test/signed-votes.ts';
import { HELD, heldStory, makeLog, makeProof, makeReceipt, seal, sha256 } from '../test/support.ts';
import type { Draft, Leaf } from '../test/support.ts';
import { canonicalize, commitmentOf, decodeReceipt, encodeReceipt, verifyReceipt } from './index.ts';
import type { JsonValue, PasskeyProof, PasskeyRecord, ReceiptReport } from './index.ts';

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
