import type { SallyportError } from '@sallyport/sdk';
import { decodeReceipt, encodeReceipt, verifyReceipt, webCryptoVerifier } from '@sallyport/verifier';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBrowser, type Key, type TestBrowser } from '../support/browser.ts';
import { connectPg } from '../support/system-drivers.ts';
import { startTestSystem, type TestSystem } from '../support/system-fixture.ts';

const policies = `
@id("test-signed-reads")
@reason("Whoever lets personal data out signs it.")
@review("group:data-stewards")
@passkey("always")
forbid (principal is Agent, action == Action::"sql:select", resource is Target)
when { context.classesRead.contains("pii") };
`;

let system: TestSystem;
let browser: TestBrowser;
let key: Key;

beforeAll(async () => {
  system = await startTestSystem({ policies });
  browser = await startBrowser();
  key = await browser.plugIn();
});
afterAll(async () => {
  await browser.close();
  await system.close();
});

const status = (text: RegExp | string) => browser.page.locator('#status', { hasText: text }).waitFor();

async function signIn(path: string, button: string): Promise<void> {
  // As people find it in notices: by the address; the page moves to the name that browsers make passkeys for.
  await browser.page.goto(`${system.apiUrl}${path}`);
  await browser.page.waitForURL((url) => url.hostname === 'localhost');
  await browser.page.fill('#token', system.samToken);
  await browser.page.click(`text=${button}`);
}

async function held(text: string) {
  const { client } = await connectPg(system);
  const command = `SELECT email FROM customers WHERE id <= 3 -- ${text}`;
  const rows = client.query(command).then(
    (result) => result.rows.length,
    (error: Error) => error.message,
  );
  const review = await system.pending(text);
  return { review, command, rows, end: () => client.end() };
}

const verdict = async (receipt: string) =>
  verifyReceipt(receipt, { trustedKey: system.vkey, ...webCryptoVerifier() });

test('a person registers a passkey on the page, and it is in the ledger', async () => {
  await signIn('/passkeys', 'Show');
  await status('These are your passkeys.');
  expect(await browser.page.inputValue('#token')).toBe('');
  await browser.page.fill('#label', 'virtual key');
  await browser.page.click('text=Register');
  await status('Registered.');
  expect(await browser.page.textContent('#list')).toContain('virtual key');
  const leaves = (await system.checkLedger()) as readonly {
    readonly kind: string;
    readonly passkey?: object;
  }[];
  expect(leaves.filter(({ kind }) => kind === 'passkey')).toMatchObject([
    { passkey: { event: 'registered', person: 'sam', rpId: 'localhost' } },
  ]);
  expect(browser.complaints).toEqual([]);
});

test('a held export that has to be signed: the token alone is refused with the page’s link, the passkey approves, the receipt verifies offline', async () => {
  const { review, command, rows, end } = await held('look \u202eat this');
  const refused = await system.approve('look').catch((error: unknown) => error as SallyportError);
  expect(refused).toMatchObject({ code: 'vote.passkey_required' });
  expect((refused as SallyportError).message).toContain(`/reviews/${review.id}/sign`);

  await signIn(`/reviews/${review.id}/sign`, 'Show the action');
  await status('Read it whole, then decide.');
  // The whole command, and what is hidden in it (law 6, threat A7).
  expect(await browser.page.textContent('#command')).toBe(command.replace('\u202e', '⟨U+202E⟩'));
  await browser.page.click('#approve');
  await status('Recorded: you approved. The review is approved.');
  expect(await rows).toBe(3);
  await end();
  expect(browser.complaints).toEqual([]);

  await system.checkLedger();
  const receipt = await system.sam.receipt(review.action);
  const report = await verdict(receipt);
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(report.summary?.votes).toMatchObject([{ person: 'sam', signed: true, channel: 'browser' }]);
  expect((await system.sam.getReview(review.id)).votes).toMatchObject([{ signed: true, basis: 'passkey' }]);
});

test('a proposal that has to be signed: the token alone is refused with the page’s link, the passkey approves, its use verifies offline', async () => {
  const { client } = await connectPg(system);
  const command = 'SELECT email FROM customers WHERE id <= 4 LIMIT 4';
  const running = client.query(command).catch((error: Error) => error.message);
  const { id: sample } = await system.pending(command);
  const validUntil = new Date(Date.now() + 3_600_000).toISOString();
  const wish = { maxUses: 2, validUntil, reason: 'every hour \u202e today' };
  const { id } = await system.as('kim').proposeStandingGrant(sample, wish);
  const { digest, rendering } = await system.sam.getStandingGrant(id);
  const refused = await system.sam
    .voteOnStandingGrant(id, { kind: 'approve', digest, rendering })
    .catch((error: unknown) => error as SallyportError);
  expect(refused).toMatchObject({ code: 'vote.passkey_required' });
  expect((refused as SallyportError).message).toContain(`/standing-grants/${id}/sign`);

  await signIn(`/standing-grants/${id}/sign`, 'Show the proposal');
  await status('Read it whole, then decide.');
  expect(await browser.page.textContent('#command')).toBe(command);
  expect(await browser.page.textContent('#review')).toContain('kim proposes it: every hour ⟨U+202E⟩ today');
  await browser.page.click('#approve');
  await status('Recorded: you approved. The proposal is live.');
  expect((await system.sam.getStandingGrant(id)).votes).toMatchObject([{ signed: true, basis: 'passkey' }]);

  const shown = await system.sam.getReview(sample);
  await system.sam.vote(sample, {
    kind: 'reject',
    reason: 'no',
    digest: shown.digest,
    rendering: shown.rendering,
  });
  expect(await running).toContain('Rejected by sam');
  expect((await client.query(command)).rows).toHaveLength(4);
  await client.end();
  expect(browser.complaints).toEqual([]);
  await system.checkLedger();
  const [use] = (await system.sam.getStandingGrant(id)).used;
  const report = await verdict(await system.sam.receipt(use?.action ?? ''));
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(report.summary?.votes).toMatchObject([{ person: 'sam', signed: true, channel: 'browser' }]);
});

/** One character of it; its first ones are the same in half of all signatures. */
const withOtherSignature = (aside: string): string =>
  aside.replace(
    /("signature":".{20})(.)/,
    (_, before: string, one: string) => before + (one === 'A' ? 'B' : 'A'),
  );

test('a receipt whose assertion was tampered with, or whose registration was left out, does not verify', async () => {
  const [approved] = (await system.reviewsOf('at this')).filter((each) => each.status === 'approved');
  const receipt = decodeReceipt(await system.sam.receipt(approved?.action ?? ''))!;
  const tampered = receipt.entries.map((entry) =>
    entry.leaf.includes('"kind":"vote"') ? { ...entry, aside: withOtherSignature(entry.aside!) } : entry,
  );
  const changed = await verdict(encodeReceipt({ ...receipt, entries: tampered }));
  const failed = changed.checks.filter(({ ok }) => !ok).map(({ name }) => name);
  expect(failed).toContain('approval');
  const others = receipt.entries.filter(({ leaf }) => !leaf.includes('"kind":"passkey"'));
  const bare = await verdict(encodeReceipt({ ...receipt, entries: others }));
  expect(bare.checks.find(({ name }) => name === 'signatures')?.detail).toContain('passkey.unregistered');
});

test('a passkey whose owner is not recognised approves nothing', async () => {
  const { review, rows, end } = await held('not recognised');
  await key.recognise(false);
  await signIn(`/reviews/${review.id}/sign`, 'Show the action');
  await status('Read it whole, then decide.');
  await browser.page.click('#approve');
  await status('NotAllowedError');
  expect((await system.sam.getReview(review.id)).votes).toEqual([]);
  await key.recognise(true);
  await signIn(`/reviews/${review.id}/sign`, 'Show the action');
  await status('Read it whole, then decide.');
  await browser.page.fill('#reason', 'not today');
  await browser.page.click('#reject');
  await status('Recorded: you rejected.');
  expect(await rows).toContain('not today');
  await end();
});

/** Runs `before` whenever the page is about to ask for a signature. */
async function beforeSigning(before: () => Promise<unknown>): Promise<void> {
  await browser.page.exposeFunction('beforeSigning', async () => void (await before()));
  await browser.page.addInitScript(`
    const get = navigator.credentials.get.bind(navigator.credentials);
    navigator.credentials.get = async (options) => (await window.beforeSigning(), get(options));
  `);
}

test('a second passkey is signed with the first', async () => {
  const plugBack = await key.pull();
  const second = await browser.plugIn();
  await beforeSigning(async () => {
    await second.pull();
    key = await plugBack();
  });
  await signIn('/passkeys', 'Show');
  await status('These are your passkeys.');
  await browser.page.fill('#label', 'second');
  await browser.page.click('text=Register');
  await status('Registered.');
  expect(await browser.page.textContent('#list')).toContain('second');
  const leaves = (await system.checkLedger()) as readonly {
    readonly kind: string;
    readonly passkey?: { readonly id: string };
  }[];
  const [first, another] = leaves.flatMap(({ passkey }) => passkey ?? []);
  expect(another).toMatchObject({ event: 'registered', vouchedBy: first?.id });
});
