import type { RunningGateway } from '@sallyport/gateway/main';
import type { ReceivedEvent, SallyportClient } from '@sallyport/sdk';
import { createProofKey, readKeys, ReplayCache, verifyGrant } from '@sallyport/sdk/grant';
import { decodeReceipt, encodeReceipt, verifyReceipt, webCryptoVerifier } from '@sallyport/verifier';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Authenticator } from '../../../verifier/test/authenticator.ts';
import {
  breakGlass,
  clientOf,
  openBreakGlassSite,
  perform,
  registerKey,
  request,
  type BreakGlassSite,
} from '../support/break-glass-site.ts';
import { codeOf } from '../support/error-code.ts';
import { checkWholeLedger } from '../support/system-ledger.ts';

let site: BreakGlassSite;
let gateway: RunningGateway;
let sam: SallyportClient;
let kim: SallyportClient;
let refunder: SallyportClient;
let key: Authenticator;

async function start(): Promise<void> {
  gateway = await site.start();
  sam = clientOf(gateway, site.tokens.sam);
  kim = clientOf(gateway, site.kim);
  refunder = clientOf(gateway, site.tokens.refunder);
}

beforeAll(async () => {
  site = await openBreakGlassSite();
  await start();
  key = await registerKey(sam);
});
afterAll(async () => {
  await gateway.close();
  site.remove();
});

const verdict = (receipt: string) =>
  verifyReceipt(receipt, { trustedKey: gateway.ledger.vkey, ...webCryptoVerifier() });
const failuresOf = async (receipt: string): Promise<Record<string, string>> => {
  const { checks } = await verdict(receipt);
  return Object.fromEntries(checks.filter(({ ok }) => !ok).map(({ name, detail }) => [name, detail]));
};

test('with the right of the shipped example a person runs at once; another reviews it; the receipt verifies offline', async () => {
  const stop = new AbortController();
  const heard: ReceivedEvent[] = [];
  const connected = Promise.withResolvers<void>();
  const listening = (async () => {
    for await (const event of kim.events({ signal: stop.signal, onConnected: () => connected.resolve() }))
      heard.push(event);
  })();
  await connected.promise;

  const use = await breakGlass(sam, key, {
    datasets: [{ dataset: 'invoices', access: ['write'], columns: ['iban'] }],
  });
  expect(use).toMatchObject({
    status: 'open',
    performed: false,
    policies: ['on-call-breaks-glass'],
    reviewers: ['kim'],
  });
  const { issued, key: proofKey } = await perform(sam, use);

  // What a service behind checks by itself: this very call, by this person, and that nobody approved it.
  const method = 'POST';
  const url = 'http://billing.example/restart';
  const { target, operation, arguments: args } = { ...request(), arguments: { service: 'checkout' } };
  const checked = await verifyGrant({
    ...{ grant: issued.grant, method, url, target, operation, arguments: args },
    proof: await proofKey.prove({ method, url, grant: issued.grant }, Date.now()),
    issuer: issued.issuer,
    keys: await readKeys({ url: gateway.api.address }),
    nowMs: Date.now(),
    replay: new ReplayCache(),
  });
  expect(checked).toMatchObject({
    ok: true,
    claims: { sub: 'sam', authorization_details: [{ break_glass: use.id, review: null }] },
  });
  expect(await codeOf(perform(sam, use))).toBe('grant.spent');
  expect(await sam.reportBreakGlass(use.id, { status: 'succeeded' })).toMatchObject({
    performed: true,
    outcome: { status: 'succeeded' },
  });

  expect((await kim.listBreakGlass({ state: 'open' })).uses).toMatchObject([{ id: use.id, person: 'sam' }]);
  const closing = { finding: 'justified', text: 'The shop was down; the restart helped.' } as const;
  expect(await codeOf(sam.closeBreakGlass(use.id, closing))).toBe('break_glass.own_use');
  expect(await kim.closeBreakGlass(use.id, closing)).toMatchObject({
    status: 'closed',
    review: { by: 'kim' },
  });
  expect((await kim.listBreakGlass({ state: 'open' })).uses).toEqual([]);

  stop.abort();
  await listening.catch(() => undefined);
  expect(heard.map(({ kind }) => kind)).toEqual(['stream.reset', 'break_glass.opened', 'break_glass.closed']);

  await checkWholeLedger(kim, gateway.ledger.vkey);
  const receipt = await kim.receipt(use.action);
  expect(await failuresOf(receipt)).toEqual({});
  const { summary } = await verdict(receipt);
  expect(summary).toMatchObject({
    breakGlass: { person: 'sam', review: { person: 'kim', finding: 'justified' } },
    votes: [],
    outcome: { status: 'succeeded' },
  });
  const { lines } = await kim.usage();
  expect(lines[0]).toMatchObject({
    agent: 'sam',
    breakGlass: true,
    reviewed: false,
    operation: 'call:perform',
  });

  const parts = decodeReceipt(receipt)!;
  const change = (kind: string, aside: (text: string) => string | null) =>
    encodeReceipt({
      ...parts,
      entries: parts.entries.map((entry) =>
        entry.leaf.includes(`"kind":"${kind}"`) ? { ...entry, aside: aside(entry.aside ?? '') } : entry,
      ),
    });
  const forged = await failuresOf(
    change('break_glass', (text) =>
      text.replace(
        /("signature":".{20})(.)/,
        (_, before: string, one: string) => before + (one === 'A' ? 'B' : 'A'),
      ),
    ),
  );
  expect(Object.keys(forged)).toEqual(expect.arrayContaining(['asides', 'approval']));
  expect((await failuresOf(change('break_glass', () => null)))['approval']).toContain('break_glass.unsigned');
  const bare = parts.entries.filter(({ leaf }) => !leaf.includes('"kind":"passkey"'));
  expect((await failuresOf(encodeReceipt({ ...parts, entries: bare })))['signatures']).toContain(
    'passkey.unregistered',
  );
});

test('an agent’s token is refused on every route of break-glass, and it is recorded (B12)', async () => {
  const proof = await (await createProofKey()).prove({ method: 'POST', url: 'http://x/' }, Date.now());
  const id = (await sam.listBreakGlass({})).uses[0]?.id ?? '';
  const shown = { digest: 'a'.repeat(64), rendering: 'b'.repeat(64) };
  const attempts = [
    refunder.prepareBreakGlass(request()),
    refunder.listBreakGlass(),
    refunder.getBreakGlass(id),
    refunder.challengeBreakGlass(id, shown),
    refunder.signBreakGlass(id, shown),
    refunder.grantBreakGlass(id, proof),
    refunder.reportBreakGlass(id, { status: 'succeeded' }),
    refunder.closeBreakGlass(id, { finding: 'justified', text: 'Fine.' }),
  ];
  const codes = await Promise.all(attempts.map(codeOf));
  expect(new Set(codes)).toEqual(new Set(['break_glass.not_a_person']));
  const leaves = (await checkWholeLedger(kim, gateway.ledger.vkey)) as readonly {
    readonly kind: string;
    readonly notice?: unknown;
  }[];
  const refused = leaves.flatMap(
    ({ notice }) => (notice as { code: string; principal: string } | undefined) ?? [],
  );
  expect(
    refused.filter(({ code, principal }) => code === 'call.refused' && principal === 'refunder'),
  ).toHaveLength(attempts.length);
});

test('who has not the right, or says too little, is refused with a code of its own', async () => {
  expect(await codeOf(kim.prepareBreakGlass(request()))).toBe('break_glass.not_entitled');
  expect(await codeOf(sam.prepareBreakGlass(request({ reason: 'now' })))).toBe(
    'break_glass.reason_too_short',
  );
  expect(await codeOf(sam.prepareBreakGlass(request({ target: 'nowhere' })))).toBe('target.not_found');
});

test('after a restart the review is owed still, and can be closed; a prepared one is forgotten', async () => {
  const use = await breakGlass(sam, key);
  const { id } = await sam.prepareBreakGlass(request());
  await gateway.close();
  await start();
  expect((await kim.listBreakGlass({ state: 'open' })).uses.map((each) => each.id)).toEqual([use.id]);
  expect(await codeOf(sam.getBreakGlass(id))).toBe('break_glass.not_found');
  expect(await codeOf(perform(sam, use))).toBe('grant.expired');
  await kim.closeBreakGlass(use.id, { finding: 'not_justified', text: 'Nobody was asked first.' });
  await checkWholeLedger(kim, gateway.ledger.vkey);
  expect(await failuresOf(await kim.receipt(use.action))).toEqual({});
});
