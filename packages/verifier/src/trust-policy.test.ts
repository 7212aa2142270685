import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cosigner,
  formatCheckpoint,
  isQuorum,
  openUnderPolicy,
  parsePolicy,
  refuseWitnesses,
  signNote,
} from './index.ts';
import type { TrustPolicy } from './index.ts';
import {
  HELD,
  ORIGIN,
  logKey,
  makeLog,
  makeReceipt,
  seal,
  sha256,
  testKey,
  verify,
} from '../test/support.ts';
import { wholeStory } from '../test/support.ts';

interface Vectors {
  readonly policies: readonly {
    readonly name: string;
    readonly text: string;
    readonly quorums: readonly (readonly string[])[];
    readonly short: readonly (readonly string[])[];
  }[];
  readonly malformed: readonly { readonly name: string; readonly text: string; readonly line: number }[];
}

const path = new URL('../../../vectors/ledger/policies.json', import.meta.url);
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors;
const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const first = await testKey('witness.example/w1', seed(1), 'cosignature');
const second = await testKey('witness.example/w2', seed(2), 'cosignature');

async function policyOf(text: string): Promise<TrustPolicy> {
  const parsed = await parsePolicy(text, sha256);
  if (!parsed.ok) throw new Error(`line ${parsed.line}: ${parsed.detail}`);
  return parsed.policy;
}

const keysOf = (policy: TrustPolicy, names: readonly string[]) =>
  new Set(policy.witnesses.filter(({ name }) => names.includes(name)).map(({ key }) => key));

describe('a policy', () => {
  it.each(vectors.policies)('$name', async ({ text, quorums, short }) => {
    const policy = await policyOf(text);
    for (const names of quorums) expect(isQuorum(policy, keysOf(policy, names)), String(names)).toBe(true);
    for (const names of short) expect(isQuorum(policy, keysOf(policy, names)), String(names)).toBe(false);
  });

  it.each(vectors.malformed)('with $name is refused', async ({ text, line }) => {
    expect(await parsePolicy(text, sha256)).toMatchObject({ ok: false, line });
  });

  it('keeps the URLs of logs and witnesses', async () => {
    const policy = await policyOf(
      `log ${logKey.vkey} https://l/\nwitness a ${first.vkey} https://w/\nquorum a\n`,
    );
    expect(policy.logs[0]?.url).toBe('https://l/');
    expect(policy.witnesses[0]).toMatchObject({ url: 'https://w/', vkey: first.vkey });
  });

  it('is refused or read, whatever the text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({
          unit: fc.constantFrom('log ', 'group ', 'quorum ', 'none', 'a ', '\n', '2 ', '\t', '#', 'any '),
        }),
        async (text) => {
          const parsed = await parsePolicy(text, sha256);
          return parsed.ok ? parsed.policy.quorum === null : parsed.detail !== '';
        },
      ),
    );
  });

  it('that is too long is refused', async () => {
    expect(await parsePolicy(`quorum none\n${'\n'.repeat(1_024)}`, sha256)).toMatchObject({
      ok: false,
      line: 0,
    });
    expect(await parsePolicy(`quorum none\n#${'x'.repeat(262_144)}\n`, sha256)).toMatchObject({
      ok: false,
      line: 0,
    });
  });
});

describe('a checkpoint under a policy', async () => {
  const policy = await policyOf(
    `log ${logKey.vkey}\nwitness a ${first.vkey}\nwitness b ${second.vkey}\ngroup both all a b\nquorum both\n`,
  );
  const text = formatCheckpoint({ origin: ORIGIN, size: 1, root: seed(5), extensions: [] });
  const cosigned = [cosigner(first.signer, 100), cosigner(second.signer, 101)];

  it('is accepted with the log’s signature and a quorum', async () => {
    const opened = await openUnderPolicy(signNote(text, [logKey.signer, ...cosigned]), policy, verify);
    expect(opened.ok && opened.checkpoint.size).toBe(1);
    expect(opened.ok && opened.cosignatures.map(({ timestampSeconds }) => timestampSeconds)).toEqual([
      100, 101,
    ]);
    expect(opened.ok && opened.log.vkey).toBe(logKey.vkey);
  });

  it('is refused without a quorum, without the log, and with a forged cosignature', async () => {
    const open = async (note: string) => openUnderPolicy(note, policy, verify);
    const short = signNote(text, [logKey.signer, cosigned[0]!]);
    expect(await open(short)).toEqual({ ok: false, code: 'policy.no_quorum' });
    expect(await open(signNote(text, cosigned))).toEqual({ ok: false, code: 'note.unknown_signer' });
    const forged = { ...second.signer, sign: () => new Uint8Array(72) };
    const note = signNote(text, [logKey.signer, cosigned[0]!, forged]);
    expect(await open(note)).toEqual({ ok: false, code: 'cosignature.bad' });
    const unsigned = { ...logKey.signer, sign: () => seed(0) };
    expect(await open(signNote(text, [unsigned, ...cosigned]))).toEqual({
      ok: false,
      code: 'note.bad_signature',
    });
  });

  it('may be of any log of the policy, and of no other', async () => {
    const other = await testKey('other.example/log', seed(8));
    const two = await policyOf(`log ${other.vkey}\nlog ${logKey.vkey}\nquorum none\n`);
    expect((await openUnderPolicy(signNote(text, [logKey.signer]), two, verify)).ok).toBe(true);
    const under = signNote(text, [other.signer]);
    expect(await openUnderPolicy(under, two, verify)).toEqual({ ok: false, code: 'checkpoint.other_origin' });
    const none = await policyOf(`quorum none\n`);
    expect((await openUnderPolicy(signNote(text, [logKey.signer]), none, verify)).ok).toBe(false);
  });
});

describe('the witnesses of a receipt', () => {
  it('are asked of every proof in it', async () => {
    const log = makeLog(seal(wholeStory()));
    const receipt = await makeReceipt(log, HELD);
    const witnessed = `log ${logKey.vkey}\nwitness a ${first.vkey}\nquorum a\n`;
    const without = await policyOf(`log ${logKey.vkey}\nquorum none\n`);
    const demanding = await policyOf(witnessed);
    expect(await refuseWitnesses(receipt, without, verify)).toEqual([]);
    const found = await refuseWitnesses(receipt, demanding, verify);
    expect(found.map(({ index, code }) => `${code}@${index}`)).toEqual(
      [3, 4, 5, 6, 7, 8, 9].map((index) => `policy.no_quorum@${index}`),
    );
    expect(await refuseWitnesses('{}', without, verify)).toEqual([
      { index: null, code: 'receipt.malformed' },
    ]);
    const broken = receipt.replaceAll('c2sp.org/tlog-proof@v1', 'c2sp.org/tlog-proof@v0');
    expect((await refuseWitnesses(broken, without, verify))[0]?.code).toBe('proof.malformed');
  });
});
