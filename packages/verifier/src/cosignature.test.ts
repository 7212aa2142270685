import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  cosignedMessage,
  cosigner,
  encodeVkey,
  formatCheckpoint,
  parseNote,
  parseVkey,
  signNote,
  verifyCosignatures,
  webCryptoVerifier,
} from './index.ts';
import type { VerifierKey } from './index.ts';
import { ORIGIN, logKey, sha256, testKey, verify } from '../test/support.ts';

interface Vectors {
  readonly keys: readonly { readonly source: string; readonly vkey: string }[];
  readonly timestamps: readonly {
    readonly source: string;
    readonly signature: string;
    readonly seconds: number;
    readonly message?: string;
    readonly text?: string;
  }[];
  readonly cosigned: readonly {
    readonly name: string;
    readonly witnesses: readonly string[];
    readonly note: string;
    readonly times: Readonly<Record<string, number>>;
  }[];
  readonly refused: readonly {
    readonly name: string;
    readonly code: string;
    readonly note: string;
    readonly witnesses: readonly string[];
  }[];
}

const path = new URL('../../../vectors/ledger/cosignatures.json', import.meta.url);
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors;
const web = webCryptoVerifier();
const keyOf = async (vkey: string): Promise<VerifierKey> => (await parseVkey(vkey, sha256, 'cosignature'))!;
const keysOf = (vkeys: readonly string[]): Promise<VerifierKey[]> => Promise.all(vkeys.map(keyOf));
const root = new Uint8Array(32).fill(5);
const text = formatCheckpoint({ origin: ORIGIN, size: 1, root, extensions: [] });

describe('the key of a witness', () => {
  it.each(vectors.keys)('is written as it was read ($source)', async ({ vkey }) => {
    expect(encodeVkey(await keyOf(vkey), 'cosignature')).toBe(vkey);
  });

  it('is none of a log, and the other way round', async () => {
    const witness = await testKey('w', new Uint8Array(32).fill(1), 'cosignature');
    expect(await parseVkey(witness.vkey, sha256)).toBeUndefined();
    expect(await parseVkey(logKey.vkey, sha256, 'cosignature')).toBeUndefined();
  });
});

describe('a cosignature', () => {
  it.each(vectors.timestamps)('carries its time ($source)', async ({ signature, seconds, message, text }) => {
    const told: number[] = [];
    const witness = { name: 'w', id: Buffer.from(signature, 'base64').subarray(0, 4), publicKey: root };
    const note = `${text ?? `log\n1\n${Buffer.from(root).toString('base64')}\n`}\n— w ${signature}\n`;
    const found = await verifyCosignatures(note, [witness], (_key, signed) => {
      if (message !== undefined) expect(Buffer.from(signed).toString()).toBe(message);
      return true;
    });
    if (found.ok) told.push(...found.cosignatures.map(({ timestampSeconds }) => timestampSeconds));
    expect(told).toEqual([seconds]);
  });

  it.each(vectors.cosigned)('is found: $name', async ({ note, witnesses, times }) => {
    for (const check of [verify, web.verify]) {
      const found = await verifyCosignatures(note, await keysOf(witnesses), check);
      const told = found.ok
        ? found.cosignatures.map(({ key, timestampSeconds }) => [
            encodeVkey(key, 'cosignature'),
            timestampSeconds,
          ])
        : found.code;
      expect(told).toEqual(Object.entries(times));
    }
  });

  it.each(vectors.refused)('is refused: $name', async ({ note, witnesses, code }) => {
    expect(await verifyCosignatures(note, await keysOf(witnesses), verify)).toEqual({ ok: false, code });
  });

  it('does not pass as the signature of a log, nor the log’s as one', async () => {
    const both = await testKey(ORIGIN, new Uint8Array(32).fill(7), 'cosignature');
    const note = signNote(text, [logKey.signer, cosigner(both.signer, 12)]);
    expect(parseNote(note)?.signatures.map(({ signature }) => signature.length)).toEqual([64, 72]);
    const found = await verifyCosignatures(note, [await keyOf(both.vkey)], verify);
    expect(found.ok && found.cosignatures.length).toBe(1);
  });

  it('is never made at a time that is no whole second', () => {
    for (const seconds of [-1, 0.5, Number.NaN, 2 ** 53])
      expect(() => cosignedMessage(text, seconds)).toThrow(RangeError);
  });
});
