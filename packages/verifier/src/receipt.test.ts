import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeReceipt,
  encodeReceipt,
  parseProof,
  encodeProof,
  verifyReceipt,
  webCryptoVerifier,
} from './index.ts';
import {
  ALLOWED,
  COMMAND,
  DENIED,
  HELD,
  ORIGIN,
  heldStory,
  logKey,
  makeLog,
  makeReceipt,
  seal,
  testKey,
} from '../test/support.ts';
import { at, detailOf, failed, log, receipt, trust } from '../test/receipts.ts';

describe('a receipt', () => {
  it('of an approved action verifies, and tells who, for whom, what, who approved and how it ended', async () => {
    const report = await verifyReceipt(receipt, trust);
    expect(failed(report)).toEqual([]);
    expect(report).toMatchObject({ ok: true, consistent: true });
    expect(report.summary).toMatchObject({
      requester: { agent: 'reporter', onBehalfOf: 'alice', sponsor: 'sam' },
      target: { name: 'prod-db', environment: 'production', protocol: 'postgres' },
      decision: { effect: 'review', policies: ['pii'] },
      votes: [{ kind: 'approve', person: 'dora', channel: 'cli', at: 1_760_000_002_010 }],
      outcome: { status: 'succeeded', rows: 64 },
      attemptedAt: 1_760_000_002_000,
      authorizedAt: 1_760_000_002_020,
      command: COMMAND,
    });
    expect(report.summary?.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('verifies with Web Crypto alone', async () => {
    expect(await verifyReceipt(receipt, { trustedKey: logKey.vkey, ...webCryptoVerifier() })).toEqual(
      await verifyReceipt(receipt, trust),
    );
  });

  it('of an allowed action and of a denied one verifies', async () => {
    const allowed = await verifyReceipt(await makeReceipt(log, ALLOWED), trust);
    expect(allowed.ok).toBe(true);
    expect(allowed.summary?.decision.effect).toBe('allow');
    const denied = await verifyReceipt(await makeReceipt(log, DENIED), trust);
    expect(denied.ok).toBe(true);
    expect(denied.summary).toMatchObject({ decision: { effect: 'deny' }, authorizedAt: null, outcome: null });
  });

  it('without a trusted key is consistent, and says that authenticity is not proved', async () => {
    const report = await verifyReceipt(receipt, { ...trust, trustedKey: null });
    expect(report).toMatchObject({ ok: false, consistent: true });
    expect(failed(report)).toEqual(['authenticity']);
    expect(detailOf(report, 'authenticity')).toContain('Not proved');
  });

  it('of a log that somebody made with a key of their own is not authentic', async () => {
    const mallory = await testKey(ORIGIN, new Uint8Array(32).fill(66));
    const forged = await makeReceipt(makeLog(seal(heldStory()), mallory), HELD, mallory);
    expect((await verifyReceipt(forged, { ...trust, trustedKey: null })).consistent).toBe(true);
    expect(failed(await verifyReceipt(forged, trust))).toEqual(
      expect.arrayContaining(['authenticity', 'signature']),
    );
    // Naming the trusted key does not help.
    const renamed = encodeReceipt({ ...decodeReceipt(forged)!, publicKey: logKey.vkey });
    const report = await verifyReceipt(renamed, trust);
    expect(failed(report)).toContain('signature');
    expect(report.summary).toBeNull();
  });

  it('is not verified under a trusted key that is none', async () => {
    const report = await verifyReceipt(receipt, { ...trust, trustedKey: 'sallyport.example' });
    expect(report).toMatchObject({ ok: false, consistent: false, summary: null });
  });

  it('may end in one newline, and nothing else may be added', async () => {
    expect((await verifyReceipt(`${receipt}\n`, trust)).ok).toBe(true);
    for (const other of [
      `${receipt}\n\n`,
      ` ${receipt}`,
      `${receipt} `,
      receipt.replace('{', '{"note":"trust me",'),
    ]) {
      expect(failed(await verifyReceipt(other, trust))).toContain('format');
    }
  });

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"version":"sallyport/receipt/v1"}',
    receipt.slice(1),
    receipt.replace('receipt/v1', 'receipt/v2'),
  ])('is not this text: %.40s', async (text) => {
    const report = await verifyReceipt(text, trust);
    expect(report).toMatchObject({ ok: false, consistent: false, summary: null });
    expect(report.checks.every((check) => !check.ok)).toBe(true);
  });

  it('with any one bit changed does not verify', async () => {
    const bytes = Buffer.from(receipt, 'utf8');
    const property = fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect((await verifyReceipt(changed.toString('utf8'), trust)).ok).toBe(false);
    });
    await fc.assert(property, { numRuns: 200 });
  });
});

describe('a receipt in which somebody', () => {
  const decoded = decodeReceipt(receipt)!;
  const change = (which: keyof typeof at, changed: object): string =>
    encodeReceipt({
      ...decoded,
      entries: decoded.entries.map((entry, index) =>
        index === at[which] ? { ...entry, ...changed } : entry,
      ),
    });
  const entry = (which: keyof typeof at) => decoded.entries[at[which]]!;

  it('edited an entry fails inclusion', async () => {
    const leaf = entry('vote').leaf.replace('"dora"', '"emil"');
    expect(failed(await verifyReceipt(change('vote', { leaf }), trust))).toContain('inclusion');
  });

  it('swapped the proofs of two entries fails inclusion', async () => {
    const text = change('vote', { proof: entry('grant').proof });
    expect(failed(await verifyReceipt(text, trust))).toContain('inclusion');
  });

  it('renumbered an entry fails inclusion, though its proof is good', async () => {
    const text = change('outcome', { index: entry('outcome').index + 1 });
    expect(failed(await verifyReceipt(text, trust))).toEqual(['inclusion']);
  });

  it('added data to a proof that no signature covers fails inclusion', async () => {
    const proof = encodeProof({ ...parseProof(entry('vote').proof)!, extra: Uint8Array.of(1) });
    expect(failed(await verifyReceipt(change('vote', { proof }), trust))).toContain('inclusion');
  });

  it('reordered the entries fails', async () => {
    const text = encodeReceipt({ ...decoded, entries: decoded.entries.toReversed() });
    expect(failed(await verifyReceipt(text, trust))).toContain('entries');
  });

  it('repeated an entry fails', async () => {
    const text = encodeReceipt({ ...decoded, entries: decoded.entries.flatMap((one) => [one, one]) });
    expect(failed(await verifyReceipt(text, trust))).toContain('entries');
  });

  it('mixed in an entry of another action fails', async () => {
    const foreign = decodeReceipt(await makeReceipt(log, DENIED))!.entries;
    const text = encodeReceipt({ ...decoded, entries: [...decoded.entries, ...foreign] });
    expect(failed(await verifyReceipt(text, trust))).toEqual(['entries']);
  });

  it('replaced the command that is shown fails, and the command is not told', async () => {
    const aside = entry('intent').aside!.replace('customers', 'employees');
    const report = await verifyReceipt(change('intent', { aside }), trust);
    expect(failed(report)).toEqual(['asides']);
    const both = encodeReceipt({
      ...decoded,
      entries: decoded.entries.map((one) => ({
        ...one,
        aside: one.aside?.replace('customers', 'employees') ?? null,
      })),
    });
    expect((await verifyReceipt(both, trust)).summary).toMatchObject({ command: null, digest: null });
  });

  it('put values beside an entry that commits to none fails', async () => {
    const text = change('outcome', { aside: '{"note":"all fine"}' });
    expect(failed(await verifyReceipt(text, trust))).toEqual(['asides']);
  });

  it('withheld or erased values verifies, and shows none', async () => {
    const text = encodeReceipt({
      ...decoded,
      entries: decoded.entries.map((one) => ({ ...one, aside: null })),
    });
    const report = await verifyReceipt(text, trust);
    expect(report.ok).toBe(true);
    expect(report.summary).toMatchObject({ command: null, digest: null });
  });

  it('left out the vote, the review, the grant or the intent fails', async () => {
    for (const which of ['vote', 'opened', 'grant', 'intent'] as const) {
      const entries = decoded.entries.filter((_, index) => index !== at[which]);
      const report = await verifyReceipt(encodeReceipt({ ...decoded, entries }), trust);
      expect(failed(report).some((name) => name === 'approval' || name === 'execution')).toBe(true);
    }
  });

  it('kept nothing fails', async () => {
    const report = await verifyReceipt(encodeReceipt({ ...decoded, entries: [] }), trust);
    expect(failed(report)).toEqual(['execution']);
  });

  it('named another log fails', async () => {
    const text = encodeReceipt({ ...decoded, origin: 'sallyport.example/other' });
    expect(failed(await verifyReceipt(text, trust))).toEqual(['signature']);
  });
});

describe('the published receipt', () => {
  interface Vector {
    readonly trustedKey: string;
    readonly receipt: string;
    readonly command: string;
    readonly digest: string;
    readonly changes: readonly {
      readonly name: string;
      readonly find: string;
      readonly replace: string;
      readonly fails: string;
    }[];
  }
  const path = new URL('../../../vectors/ledger/receipt.json', import.meta.url);
  const vector = JSON.parse(readFileSync(path, 'utf8')) as Vector;
  const trusted = { ...trust, trustedKey: vector.trustedKey };

  it('verifies', async () => {
    const report = await verifyReceipt(vector.receipt, trusted);
    expect(report.ok).toBe(true);
    expect(report.summary).toMatchObject({ command: vector.command, digest: vector.digest });
  });

  it.each(vector.changes)('fails the check "$fails" with $name', async ({ find, replace, fails }) => {
    const changed = vector.receipt.replace(find, replace);
    expect(changed).not.toBe(vector.receipt);
    expect(failed(await verifyReceipt(changed, trusted))).toContain(fails);
  });

  it('is what this implementation writes', () => {
    expect(receipt).toBe(vector.receipt);
  });
});
