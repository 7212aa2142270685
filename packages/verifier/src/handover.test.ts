import { describe, expect, it } from 'vitest';
import { toBase64 } from './bytes.ts';
import {
  decodeLeaf,
  encodeReceipt,
  handoverText,
  verifyLog,
  verifyReceipt,
  webCryptoVerifier,
} from './index.ts';
import {
  HELD,
  ORIGIN,
  logKey,
  makeLog,
  makeProof,
  seal,
  sha256,
  testKey,
  verify,
  wholeStory,
  type TestEntry,
  type TestKey,
} from '../test/support.ts';

const first = logKey;
const second = await testKey(ORIGIN, new Uint8Array(32).fill(8));
const third = await testKey(ORIGIN, new Uint8Array(32).fill(9));
const story = seal(wholeStory());
const last = story.at(-1)?.leaf ?? '';
const atMs = (JSON.parse(last) as { at: number }).at;

function handover(from: TestKey, to: TestKey, by: TestKey = from): TestEntry {
  const named = { next: to.vkey, previous: from.vkey };
  const signature = toBase64(by.signer.sign(handoverText(named)));
  const leaf = `{"action":null,"at":${atMs},"key":{"next":"${named.next}","previous":"${named.previous}","signature":"${signature}"},"kind":"key","version":1}`;
  return { leaf, aside: null };
}

const notice: TestEntry = {
  leaf: `{"action":null,"at":${atMs},"kind":"notice","notice":{"code":"x"},"version":1}`,
  aside: null,
};

async function found(
  entries: readonly TestEntry[],
  by: TestKey,
  { trusted = first, earlier = [] as readonly string[] } = {},
): Promise<string[]> {
  const { checkpoint } = makeLog(entries, by);
  const listed = entries.map(({ leaf }, index) => ({ index, leaf }));
  const trust = { trustedKey: trusted.vkey, hash: sha256, verify };
  const report = await verifyLog({ entries: listed, checkpoint, earlier, ...trust });
  expect(report.ok).toBe(report.findings.length === 0);
  return report.findings.map(({ code, index }) => (index === null ? code : `${code}@${index}`));
}

describe('a log whose key was handed over', () => {
  const rotated = [...story, handover(first, second), notice];
  const at = story.length;

  it('is accepted with the first key, and with the one of now', async () => {
    expect(decodeLeaf(rotated[at]?.leaf ?? '')).toMatchObject({ ok: true });
    expect(await found(rotated, second)).toEqual([]);
    expect(await found(rotated, second, { trusted: second })).toEqual([]);
    expect(await found([...rotated, handover(second, third)], third)).toEqual([]);
    expect(await found([...rotated, handover(second, third)], third, { trusted: second })).toEqual([]);
  });

  it('is refused where the checkpoint is by the key before, or by one that nobody named', async () => {
    expect(await found(rotated, first)).toEqual(['note.unknown_signer']);
    expect(await found(rotated, third)).toEqual(['note.unknown_signer']);
    expect(await found([...story, notice], second)).toEqual(['note.unknown_signer']);
  });

  it('is refused where another signed the hand-over (replace the whole log, I)', async () => {
    const forged = [...story, handover(first, second, second)];
    expect(await found(forged, second)).toEqual([`key.unfounded@${at}`, 'note.unknown_signer']);
    expect(await found([...rotated, handover(first, third)], third)).toEqual([
      `key.unfounded@${at + 2}`,
      'note.unknown_signer',
    ]);
  });

  it('holds to checkpoints that were kept from before it, and from after it', async () => {
    const before = makeLog(story, first).checkpoint;
    const after = makeLog(rotated.slice(0, at + 1), second).checkpoint;
    expect(await found(rotated, second, { earlier: [before, after] })).toEqual([]);
    const other = [notice, ...story.slice(1), handover(first, second), notice];
    const fork = makeLog(other.slice(0, at + 1), second).checkpoint;
    expect(await found(rotated, second, { earlier: [fork] })).toEqual(['log.forked']);
    const late = makeLog(rotated, first).checkpoint;
    expect(await found(rotated, second, { earlier: [late] })).toEqual(['note.unknown_signer']);
  });
});

describe('a log whose key was handed over, and that was cut', () => {
  const rotated = [...story, handover(first, second), notice, notice];

  it('is truncated, and nothing else is said of it', async () => {
    const { checkpoint } = makeLog(rotated, second);
    const entries = rotated.slice(0, -1).map(({ leaf }, index) => ({ index, leaf }));
    const trust = { trustedKey: first.vkey, earlier: [], hash: sha256, verify };
    const report = await verifyLog({ entries, checkpoint, ...trust });
    expect(report.findings.map(({ code, index }) => `${code}@${index}`)).toEqual([
      `log.truncated@${entries.length}`,
    ]);
  });

  it('is read through, whoever is trusted', async () => {
    const { checkpoint } = makeLog(rotated, second);
    const entries = rotated.map(({ leaf }, index) => ({ index, leaf }));
    const trust = { trustedKey: 'no key', earlier: [], hash: sha256, verify };
    const report = await verifyLog({ entries, checkpoint, ...trust });
    expect(report.findings.map(({ code }) => code)).toEqual(['key.malformed']);
    expect(report.size).toBe(rotated.length);
  });
});

describe('a receipt of such a log', () => {
  async function receiptOf(withHandover: boolean): Promise<string> {
    const log = makeLog([...story, handover(first, second)], second);
    const entries = [];
    for (const [index, { leaf, aside }] of log.entries.entries()) {
      const { action, kind } = JSON.parse(leaf) as { action: string | null; kind: string };
      if (action === HELD || (withHandover && kind === 'key'))
        entries.push({ index, leaf, aside, proof: await makeProof(log, index) });
    }
    return encodeReceipt({ action: HELD, entries, origin: ORIGIN, publicKey: second.vkey });
  }
  const failed = async (receipt: string, trusted: TestKey): Promise<string[]> => {
    const report = await verifyReceipt(receipt, { ...webCryptoVerifier(), trustedKey: trusted.vkey });
    return report.checks.filter(({ ok }) => !ok).map(({ name }) => name);
  };

  it('is authentic for whoever trusts the key before, by the hand-over in it', async () => {
    expect(await failed(await receiptOf(true), first)).toEqual([]);
    expect(await failed(await receiptOf(true), second)).toEqual([]);
    expect(await failed(await receiptOf(false), second)).toEqual([]);
  });

  it('is not without it, nor for another key', async () => {
    expect(await failed(await receiptOf(false), first)).toContain('authenticity');
    expect(await failed(await receiptOf(true), third)).toContain('authenticity');
  });
});
