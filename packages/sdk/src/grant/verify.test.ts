import { CompactSign, exportJWK, calculateJwkThumbprint, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { grantProblemCodes, type KeySet } from '../contract/index.ts';
import { actionDigest } from './digest.ts';
import { createProofKey, type ProofKey } from './proof.ts';
import { ReplayCache } from './replay.ts';
import { verifyGrant, type GrantCheck } from './verify.ts';

const nowMs = Date.UTC(2026, 10, 21, 9, 30);
const nowSeconds = nowMs / 1_000;
const issuer = 'https://gate.example.com';
const url = 'https://billing.example.com/refunds?trace=1';
const args = { invoice: 7, lines: [1, 2] };

type Signing = Awaited<ReturnType<typeof generateKeyPair>>;
let gate: Signing;
let keys: KeySet;
let kid: string;
let caller: ProofKey;
let digest: string;

beforeAll(async () => {
  gate = await generateKeyPair('EdDSA', { extractable: true });
  const { x = '' } = await exportJWK(gate.publicKey);
  const jwk = { kty: 'OKP', crv: 'Ed25519', x } as const;
  kid = await calculateJwkThumbprint(jwk);
  keys = { keys: [{ ...jwk, kid, alg: 'EdDSA', use: 'sig' }] };
  caller = await createProofKey();
  digest = await actionDigest({
    agent: 'refunder',
    onBehalfOf: 'ana',
    target: 'billing',
    environment: 'production',
    operation: 'invoice.refund',
    arguments: args,
    preconditions: {},
  });
});

const detail = (more: Record<string, unknown> = {}) => ({
  type: 'sallyport_action',
  locations: ['billing'],
  actions: ['invoice.refund'],
  action: 'act_01jd7z3v8k4m5n6p7q8r9s0t1v',
  digest,
  environment: 'production',
  on_behalf_of: 'ana',
  preconditions: {},
  review: null,
  ...more,
});

const claims = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  iss: issuer,
  aud: 'billing',
  sub: 'refunder',
  jti: 'gra_01jd7z3v8k4m5n6p7q8r9s0t1v',
  iat: nowSeconds,
  exp: nowSeconds + 60,
  cnf: { jkt: caller.thumbprint },
  authorization_details: [detail()],
  ...more,
});

async function sign(payload: object, header: Record<string, unknown> = {}, key = gate): Promise<string> {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'EdDSA', typ: 'sallyport-grant+jwt', kid, ...header })
    .sign(key.privateKey);
}

async function check(grant: string, more: Partial<GrantCheck> = {}): Promise<string> {
  const proof = await caller.prove({ method: 'POST', url, grant }, nowMs);
  const result = await verifyGrant({
    grant,
    proof,
    method: 'POST',
    url,
    issuer,
    target: 'billing',
    operation: 'invoice.refund',
    arguments: args,
    keys,
    nowMs,
    replay: new ReplayCache(),
    ...more,
  });
  return result.ok ? 'accepted' : result.code;
}

const without = (value: Record<string, unknown>, name: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));

test('a grant is accepted by the service that it is for, for exactly what it is about', async () => {
  expect(await check(await sign(claims()))).toBe('accepted');
});

describe('a grant with one thing changed', () => {
  const changes: readonly (readonly [string, () => Record<string, unknown>, string])[] = [
    ['the issuer', () => ({ iss: 'https://other.example.com' }), 'token.issuer'],
    ['the audience', () => ({ aud: 'mail' }), 'token.audience'],
    ['the audience, for several', () => ({ aud: ['billing', 'mail'] }), 'token.audience'],
    ['the agent', () => ({ sub: 'other' }), 'token.other_action'],
    ['the id', () => ({ jti: 'x' }), 'token.id'],
    ['its time of issue, a minute ahead', () => ({ iat: nowSeconds + 30 }), 'token.not_yet'],
    ['its end, past', () => ({ iat: nowSeconds - 60, exp: nowSeconds }), 'token.expired'],
    ['its end, far ahead', () => ({ exp: nowSeconds + 61 }), 'token.lifetime'],
    ['its end before its beginning', () => ({ exp: nowSeconds - 1 }), 'token.lifetime'],
    ['the key that it is bound to', () => ({ cnf: { jkt: 'A'.repeat(43) } }), 'proof.key'],
    ['a member that no grant has', () => ({ scope: 'all' }), 'token.claims'],
    ['two actions', () => ({ authorization_details: [detail(), detail()] }), 'token.details'],
  ];
  test.each(changes)('%s is refused', async (_name, more, code) => {
    expect(await check(await sign(claims(more())))).toBe(code);
  });

  const details: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ['type', { type: 'other' }, 'token.details'],
    ['locations', { locations: ['mail'] }, 'token.other_action'],
    ['actions', { actions: ['invoice.delete'] }, 'token.other_action'],
    ['action', { action: 'x' }, 'token.details'],
    ['digest', { digest: 'ab'.repeat(32) }, 'token.other_action'],
    ['environment', { environment: 'staging' }, 'token.other_action'],
    ['on_behalf_of', { on_behalf_of: 'sam' }, 'token.other_action'],
    ['preconditions', { preconditions: { datasets: '[]' } }, 'token.other_action'],
    ['review', { review: 'x' }, 'token.details'],
  ];
  test.each(details)('the detail %s is refused', async (_name, more, code) => {
    expect(await check(await sign(claims({ authorization_details: [detail(more)] })))).toBe(code);
  });
});

describe('a grant with one thing left out (A6)', () => {
  const codes: Readonly<Record<string, string>> = {
    iss: 'token.issuer',
    aud: 'token.audience',
    sub: 'token.subject',
    jti: 'token.id',
    iat: 'token.lifetime',
    exp: 'token.lifetime',
    cnf: 'token.confirmation',
    authorization_details: 'token.details',
  };
  test.each(Object.entries(codes))('the claim %s is refused', async (name, code) => {
    expect(Object.keys(claims()).toSorted()).toEqual(Object.keys(codes).toSorted());
    expect(await check(await sign(without(claims(), name)))).toBe(code);
  });

  test('any member of its details, or of its binding, is refused', async () => {
    for (const name of Object.keys(detail())) {
      const part = without(detail(), name);
      expect(await check(await sign(claims({ authorization_details: [part] }))), name).toBe('token.details');
    }
    expect(await check(await sign(claims({ cnf: {} })))).toBe('token.confirmation');
    expect(await check(await sign(claims({ authorization_details: [] })))).toBe('token.details');
  });

  test.each(['typ', 'kid'])('the header %s is refused', async (name) => {
    expect(await check(await sign(claims(), { [name]: undefined }))).toBe('token.header');
  });
});

describe('a token that is not a grant of ours', () => {
  test('of another type, key or algorithm, or signed by nobody', async () => {
    const payload = claims();
    expect(await check(await sign(payload, { typ: 'JWT' }))).toBe('token.header');
    expect(await check(await sign(payload, { kid: 'B'.repeat(43) }))).toBe('token.key');
    expect(await check(await sign(payload, { jwk: {} }))).toBe('token.header');
    const other = await generateKeyPair('EdDSA');
    expect(await check(await sign(payload, {}, other))).toBe('token.signature');
    const [, body = ''] = (await sign(payload)).split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'sallyport-grant+jwt', kid })).toString(
      'base64url',
    );
    expect(await check(`${none}.${body}.`)).toBe('token.header');
    // The public key as the secret of a symmetric algorithm.
    const secret = new TextEncoder().encode(keys.keys[0]?.x ?? '');
    const confused = await new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'HS256', typ: 'sallyport-grant+jwt', kid })
      .sign(secret);
    expect(await check(confused)).toBe('token.header');
    for (const text of ['', 'a.b', 'a.b.c.d', '....', 'x'.repeat(20_000)])
      expect(await check(text)).toBe('token.malformed');
  });

  test('whichever of its characters is another one', async () => {
    const grant = await sign(claims());
    for (let at = 0; at < grant.length; at++) {
      const other = grant[at] === 'A' ? 'B' : 'A';
      const code = await check(grant.slice(0, at) + other + grant.slice(at + 1), { proof: '' });
      expect(code, `character ${at.toString()}`).toMatch(/^token\./);
    }
  });

  test('whose last character only looks like another text of the same bytes', async () => {
    const grant = await sign(claims());
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(
      grant.at(-1) ?? '',
    );
    const twin = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[last ^ 1] ?? '';
    expect(await check(grant.slice(0, -1) + twin)).toBe('token.malformed');
  });
});

describe('a grant that somebody else has (J)', () => {
  test('without the key: a proof by another one, or none', async () => {
    const grant = await sign(claims());
    const thief = await createProofKey();
    expect(await check(grant, { proof: await thief.prove({ method: 'POST', url, grant }, nowMs) })).toBe(
      'proof.key',
    );
    expect(await check(grant, { proof: '' })).toBe('proof.malformed');
    expect(await check(grant, { proof: grant })).toBe('proof.header');
  });

  test('with a proof that was made for another request, another grant, or long ago', async () => {
    const grant = await sign(claims());
    const prove = (about: Partial<Parameters<ProofKey['prove']>[0]>, atMs = nowMs) =>
      caller.prove({ method: 'POST', url, grant, ...about }, atMs);
    expect(await check(grant, { proof: await prove({ method: 'GET' }) })).toBe('proof.method');
    const elsewhere = 'https://billing.example.com/payouts';
    expect(await check(grant, { proof: await prove({ url: elsewhere }) })).toBe('proof.url');
    expect(await check(grant, { proof: await prove({ grant: `${grant}x` }) })).toBe('proof.token');
    const bare = await caller.prove({ method: 'POST', url }, nowMs);
    expect(await check(grant, { proof: bare })).toBe('proof.token');
    expect(await check(grant, { proof: await prove({}, nowMs - 61_000) })).toBe('proof.stale');
    expect(await check(grant, { proof: await prove({}, nowMs + 6_000) })).toBe('proof.stale');
  });

  test('and uses it a second time, or its proof', async () => {
    const replay = new ReplayCache();
    const grant = await sign(claims());
    const proof = await caller.prove({ method: 'POST', url, grant }, nowMs);
    expect(await check(grant, { proof, replay })).toBe('accepted');
    expect(await check(grant, { proof, replay })).toBe('proof.replayed');
    expect(await check(grant, { replay })).toBe('token.replayed');
  });

  test('and uses it for another statement', async () => {
    const grant = await sign(claims());
    for (const other of [{ ...args, invoice: 8 }, { ...args, more: 1 }, {}, { ...args, invoice: '7' }])
      expect(await check(grant, { arguments: other })).toBe('token.other_action');
    expect(await check(grant, { operation: 'invoice.delete' })).toBe('token.other_action');
    expect(await check(grant, { target: 'mail' })).toBe('token.audience');
  });

  test('a private key in a proof’s header is refused', async () => {
    const pair = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(pair.privateKey);
    const payload = { jti: 'x', htm: 'POST', htu: url, iat: nowSeconds };
    const proof = await new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .sign(pair.privateKey);
    expect(await check(await sign(claims()), { proof })).toBe('proof.header');
  });

  test('whichever character of the proof is another one', async () => {
    const grant = await sign(claims());
    const proof = await caller.prove({ method: 'POST', url, grant }, nowMs);
    for (let at = 0; at < proof.length; at += 3) {
      const other = proof[at] === 'A' ? 'B' : 'A';
      const code = await check(grant, { proof: proof.slice(0, at) + other + proof.slice(at + 1) });
      expect(code, `character ${at.toString()}`).toMatch(/^proof\./);
    }
  });
});

test('what was used is remembered until it is over, and beyond what can be remembered all is refused', () => {
  const replay = new ReplayCache();
  for (let count = 0; count < 100_000; count++) expect(replay.take(`id ${count}`, 1_000, 0)).toBe(true);
  expect(replay.take('one more', 1_000, 999)).toBe(false);
  expect(replay.take('id 1', 3_000, 2_000)).toBe(true);
  expect(replay.take('id 1', 3_000, 2_999)).toBe(false);
});

test('each check has a code of its own', () => {
  expect(new Set(grantProblemCodes).size).toBe(grantProblemCodes.length);
});
