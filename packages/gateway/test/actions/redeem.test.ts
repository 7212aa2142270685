import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RunningGateway } from '@sallyport/gateway/main';
import type { ActionState, IssuedGrant, RedeemRequest } from '@sallyport/sdk/contract';
import {
  actionDigest,
  createProofKey,
  readKeys,
  redeemGrant,
  ReplayCache,
  verifyGrant,
} from '@sallyport/sdk/grant';
import type { ProofKey } from '@sallyport/sdk/grant';
import { dealings, openActionsSite, type ActionsSite } from '../support/actions-site.ts';
import { checkWholeLedger } from '../support/system-ledger.ts';

let site: ActionsSite;
let gateway: RunningGateway;
let at: ReturnType<typeof dealings>;
let key: ProofKey;

beforeEach(async () => {
  site = await openActionsSite();
  gateway = await site.start();
  at = dealings(site, gateway);
  key = await createProofKey();
});

afterEach(async () => {
  await gateway.close();
  site.remove();
});

const restart = async (): Promise<void> => {
  await gateway.close();
  gateway = await site.start();
  at = dealings(site, gateway);
};

const url = 'https://billing.example.com/reports';
const args = { report: 7 };

interface Held {
  readonly state: ActionState;
  readonly issued: IssuedGrant;
}

async function obtain(): Promise<Held> {
  const state = await at.refunder.submitAction({
    target: 'billing',
    operation: 'report.render',
    arguments: args,
  });
  const proof = await key.prove({ method: 'POST', url: state.grantUrl }, Date.now());
  return { state, issued: await at.refunder.grantAction(state.id, proof) };
}

const redeeming = async ({ issued: { grant } }: Held, more: Partial<RedeemRequest> = {}): Promise<unknown> =>
  redeemGrant(
    { url: at.url },
    {
      grant,
      proof: await key.prove({ method: 'POST', url, grant }, Date.now()),
      method: 'POST',
      url,
      target: 'billing',
      operation: 'report.render',
      arguments: args,
      ...more,
    },
  ).then(
    (redeemed) => redeemed.agent,
    (error: unknown) => (error as { code?: unknown }).code ?? error,
  );

describe('a resource server that asks the gateway', () => {
  test('is told once that the grant is good, of many that ask at the same time', async () => {
    const held = await obtain();
    const answers = await Promise.all(Array.from({ length: 8 }, () => redeeming(held)));
    expect(answers.filter((answer) => answer === 'refunder')).toHaveLength(1);
    expect(new Set(answers)).toEqual(new Set(['refunder', 'grant.spent']));
    await at.refunder.reportOutcome(held.state.id, { status: 'succeeded' });
    expect(await redeeming(held)).toBe('action.over');
    const leaves = await checkWholeLedger(at.sam, gateway.ledger.vkey);
    const notices = leaves.map(({ notice }) => notice as { code?: string } | undefined);
    expect(notices.filter((notice) => notice?.code === 'grant.redeemed')).toHaveLength(1);
  });

  test('is told that it is for something else, and the grant stays good for what it is for', async () => {
    const held = await obtain();
    expect(await redeeming(held, { arguments: { report: 8 } })).toBe('token.other_action');
    expect(await redeeming(held, { operation: 'report.delete' })).toBe('token.other_action');
    expect(await redeeming(held, { target: 'mail' })).toBe('token.audience');
    expect(await redeeming(held, { url: 'https://evil.example.com/reports' })).toBe('proof.url');
    expect(await redeeming(held, { proof: 'a.b.c' })).toBe('proof.malformed');
    key = await createProofKey();
    expect(await redeeming(held)).toBe('proof.key');
  });

  test('is told what was revoked since: the agent is no more (B6, J)', async () => {
    const held = await obtain();
    site.configure((text) => text.replace(/ {2}- name: refunder\n(?: {4}.*\n)+/, ''));
    await restart();
    expect(await redeeming(held)).toBe('action.over');
    expect(await at.refunder.getAction(held.state.id).catch((error: { code: string }) => error.code)).toBe(
      'access.unauthenticated',
    );
  });
});

describe('a resource server that checks by itself', () => {
  test('needs the public keys alone, which outlive the gateway', async () => {
    const held = await obtain();
    const keys = await readKeys({ url: at.url });
    await restart();
    expect(await readKeys({ url: at.url })).toEqual(keys);
    const { grant } = held.issued;
    const proof = await key.prove({ method: 'POST', url, grant }, Date.now());
    const verified = await verifyGrant({
      grant,
      proof,
      method: 'POST',
      url,
      issuer: held.issued.issuer,
      target: 'billing',
      operation: 'report.render',
      arguments: args,
      keys,
      nowMs: Date.now(),
      replay: new ReplayCache(),
    });
    expect(verified).toMatchObject({ ok: true, claims: { sub: 'refunder', aud: 'billing' } });
  });

  test('finds the digest by which people decided: both sides encode alike (A2)', async () => {
    const odd = { 'ü\u2028': ['\r\n\t', 1e-7, -0, 0.1], a: { '': null, '\ud83d\ude42': true } };
    const state = await at.refunder.submitAction({ target: 'billing', operation: 'x.y', arguments: odd });
    const review = await at.sam.getReview(state.review ?? '');
    const own = await actionDigest({
      agent: 'refunder',
      onBehalfOf: 'ana',
      target: 'billing',
      environment: 'production',
      operation: 'x.y',
      arguments: odd,
      preconditions: {},
    });
    expect(own).toBe(review.digest);
  });
});

describe('the proof for a grant', () => {
  const asking = (state: ActionState, proof: string) =>
    at.refunder.grantAction(state.id, proof).then(
      () => 'granted',
      (error: { code: string }) => error.code,
    );

  test('is for this action, fresh, and used once; nothing is spent without it', async () => {
    const submit = () => at.refunder.submitAction({ target: 'billing', operation: 'report.render' });
    const [one, two] = [await submit(), await submit()];
    const prove = (more: object, atMs = Date.now()) =>
      key.prove({ method: 'POST', url: one.grantUrl, ...more }, atMs);
    expect(await asking(one, '')).toBe('proof.malformed');
    expect(await asking(one, await prove({ method: 'GET' }))).toBe('proof.method');
    expect(await asking(one, await prove({ url: two.grantUrl }))).toBe('proof.url');
    expect(await asking(one, await prove({}, Date.now() - 120_000))).toBe('proof.stale');
    expect(await asking(one, await prove({ grant: 'x' }))).toBe('proof.token');
    const good = await prove({});
    expect(await asking(one, good)).toBe('granted');
    expect(await asking(one, good)).toBe('proof.replayed');
  });
});

test('a grant is in no log, no ledger, no error and no file of the gateway (J)', async () => {
  const written: string[] = [];
  const spy = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation((chunk) => written.push(String(chunk)) > 0);
  const held = await obtain();
  await redeeming(held);
  await redeeming(held);
  await redeeming(held, { arguments: {} });
  await at.refunder.reportOutcome(held.state.id, { status: 'succeeded' });
  const refusedBody = await fetch(`${at.url}/v1/grants/redeem`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ grant: held.issued.grant, colour: 'red' }),
  }).then((response) => response.text());
  await gateway.close();
  spy.mockRestore();
  const signature = held.issued.grant.split('.')[2] ?? '';
  const state = join(site.directory, 'gateway');
  const files = readdirSync(state).filter((name) => statSync(join(state, name)).isFile());
  for (const name of files) expect(readFileSync(join(state, name)).includes(signature), name).toBe(false);
  expect(written.join('')).not.toContain(signature);
  expect(refusedBody).not.toContain(signature);
  expect(statSync(join(state, 'grant-key.pem')).mode & 0o777).toBe(0o600);
  gateway = await site.start();
});
