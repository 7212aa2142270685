/** What each entry of a standing grant and of a passkey says, member by member (spec/ledger.md). */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { standingGrant, terms } from '../../test/support/standing.ts';
import type { SealedEntry } from './entry.ts';
import { passkeyEntry, type Passkey } from './passkey.ts';
import { basisOf, type Vote } from './review.ts';
import {
  sealTerms,
  standingEntry,
  standingRenderingForm,
  standingVoteEntry,
  termsForm,
} from './standing-entry.ts';

const sealing = {
  salt: 'c2FsdHNhbHRzYWx0c2FsdA',
  sha256Base64url: (text: string) => createHash('sha256').update(text).digest('base64url'),
};
const leafOf = (entry: SealedEntry): unknown => JSON.parse(entry.leaf);
const grant = standingGrant();
const [vote] = grant.votes as [Vote];
const proof = {
  passkey: 'pky_01jd00000000000000000000e1',
  publicKey: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) },
  authenticatorData: 'AA',
  clientDataJSON: 'AA',
  signature: 'AA',
  nonce: 'bm9uY2U',
  expiresAtMs: 2_000,
} as const;

const state = {
  action: grant.sample.action,
  at: 1_600,
  binding: {
    agent: 'reporter',
    environment: 'production',
    onBehalfOf: 'ana',
    operation: 'sql:select',
    target: 'prod-db',
  },
  kind: 'standing',
  maxRows: 250,
  maxUses: 2,
  proposedBy: 'sam',
  review: grant.review,
  revision: 2,
  risk: { score: grant.sample.risk.score },
  standing: grant.id,
  subject: grant.commitment,
  validFrom: 1_000,
  validUntil: 3_600_000,
  version: 1,
};

describe('a state of a standing grant', () => {
  test('tells who may do what, how often and how long; a proposal commits to its terms', () => {
    const proposed = standingEntry({ ...grant, state: { status: 'proposed' } }, 1_600, 'the terms');
    expect(proposed).toMatchObject({
      kind: 'standing',
      action: grant.sample.action,
      atMs: 1_600,
      aside: 'the terms',
    });
    expect(leafOf(proposed)).toEqual({
      ...state,
      status: 'proposed',
      commitment: grant.commitment,
      demands: [expect.objectContaining({ policy: 'classified-reads', quorum: 1 }) as object],
    });
  });

  test('a later one has no values beside it, and a revoked one says who revoked it', () => {
    const live = standingEntry(grant, 1_600, null);
    expect(live.aside).toBeNull();
    expect(leafOf(live)).toEqual({ ...state, status: 'live', demands: expect.any(Array) as unknown[] });
    const revoked = { status: 'revoked', atMs: 1_600, by: 'olga', reason: 'enough' } as const;
    const ended = leafOf(standingEntry({ ...grant, state: revoked }, 1_600, null));
    expect(ended).toMatchObject({ status: 'revoked', revokedBy: 'olga' });
    expect(JSON.stringify(ended)).not.toContain('enough');
  });

  test('the terms and the reason lie beside the proposal, whole', () => {
    const form = termsForm(terms);
    const { aside, commitment } = sealTerms(form, 'all morning', sealing);
    expect(JSON.parse(aside)).toEqual({ salt: sealing.salt, terms: form, text: 'all morning' });
    expect(commitment).toBe(sealing.sha256Base64url(aside));
    expect(JSON.parse(form)).toEqual({ ...terms, version: 'sallyport/standing/v1' });
  });
});

describe('a vote on a proposal', () => {
  const about = { action: grant.sample.action, at: 1_500, kind: 'vote', standing: grant.id, version: 1 };
  const said = { channel: 'api', identity: 'kim', kind: 'approve', person: 'kim', rendering: vote.rendering };

  test('that nobody signed says so, with the words beside it', () => {
    const entry = standingVoteEntry(grant, { ...vote, reason: 'fine' }, sealing);
    const commitment = sealing.sha256Base64url(entry.aside ?? '');
    expect(entry).toMatchObject({ kind: 'vote', action: grant.sample.action, atMs: 1_500 });
    expect(leafOf(entry)).toEqual({
      ...about,
      commitment,
      subject: grant.commitment,
      vote: { ...said, signed: false },
    });
    expect(JSON.parse(entry.aside ?? '')).toEqual({ salt: sealing.salt, text: 'fine' });
  });

  test('that a passkey signed names it, with the proof beside it', () => {
    const entry = standingVoteEntry(grant, { ...vote, passkey: proof }, sealing);
    expect(leafOf(entry)).toMatchObject({ vote: { ...said, passkey: proof.passkey, signed: true } });
    expect(JSON.parse(entry.aside ?? '')).toEqual({ salt: sealing.salt, text: '', passkey: proof });
  });

  test('rests on the person’s own key, on the token that the gateway was shown, or on a platform’s word', () => {
    expect(basisOf({ ...vote, passkey: proof, channel: 'slack' })).toBe('passkey');
    for (const channel of ['api', 'cli', 'browser', 'console'])
      expect(basisOf({ ...vote, channel })).toBe('token');
    for (const channel of ['slack', 'teams', '']) expect(basisOf({ ...vote, channel })).toBe('platform');
  });
});

test('what people are shown of a proposal is its rendering: terms, reason, times and policies, with the sample’s salt, without votes', () => {
  const form = standingRenderingForm(grant, 'policies 7');
  const { id, review, digest, proposedBy, reason, schedule, sample } = grant;
  const { commitment, ...shown } = sample;
  expect(JSON.parse(form)).toEqual(
    JSON.parse(
      JSON.stringify({
        ...{ id, review, terms, digest, proposedBy, reason, schedule, sample: shown },
        policies: 'policies 7',
        version: 'sallyport/standing-rendering/v1',
      }),
    ),
  );
  expect(form).not.toContain(commitment);
  // The digest stays in the ledger when values are erased, and is not to be searched for.
  expect(form).toContain(`"salt":"${sample.salt}"`);
  expect(standingRenderingForm({ ...grant, votes: [] }, 'policies 7')).toBe(form);
});

describe('a passkey', () => {
  const passkey: Passkey = {
    id: 'pky_01jd00000000000000000000e1',
    person: 'kim',
    identity: 'p-17',
    label: 'my key',
    credential: 'Y3JlZA',
    publicKey: proof.publicKey,
    key: 'thumbprint',
    origin: 'https://gate.example',
    rpId: 'gate.example',
    transports: ['usb'],
    registeredAtMs: 1_000,
    vouchedBy: null,
    revokedAtMs: null,
  };
  const { id, identity, key, origin, person, rpId } = passkey;
  const record = { id, identity, key, origin, person, rpId };

  test('is in the ledger with whose it is and its key’s thumbprint, and about no action', () => {
    const entry = passkeyEntry(passkey, 'registered', 1_000);
    expect(entry).toMatchObject({ kind: 'passkey', action: null, atMs: 1_000, aside: null, usage: null });
    const leaf = { action: null, at: 1_000, kind: 'passkey', version: 1 };
    expect(leafOf(entry)).toEqual({ ...leaf, passkey: { ...record, event: 'registered' } });
  });

  test('that another one vouched for names that one', () => {
    const vouchedBy = 'pky_01jd00000000000000000000e2';
    const leaf = leafOf(passkeyEntry({ ...passkey, vouchedBy }, 'revoked', 2_000));
    expect(leaf).toMatchObject({ passkey: { ...record, event: 'revoked', vouchedBy } });
  });
});
