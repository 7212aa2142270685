import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeVkey,
  formatCheckpoint,
  keyIdOf,
  openCheckpoint,
  parseCheckpoint,
  parseNote,
  parseVkey,
  signNote,
  signedText,
  verifyNote,
  webCryptoVerifier,
} from './index.ts';
import type { VerifierKey } from './index.ts';
import { ORIGIN, hex, logKey, sha256, testKey, unhex, verify } from '../test/support.ts';

interface Vectors {
  readonly signed: readonly {
    readonly source: string;
    readonly vkey: string;
    readonly note: string;
    readonly seedHex?: string;
  }[];
  readonly wellFormed: readonly { readonly source: string; readonly note: string; readonly text: string }[];
  readonly checkpoints: readonly {
    readonly source: string;
    readonly note: string;
    readonly origin: string;
    readonly size: number;
    readonly rootHex: string;
  }[];
  readonly malformedCheckpoints: readonly { readonly name: string; readonly text: string }[];
  readonly malformedNotes: readonly { readonly name: string; readonly note: string }[];
  readonly malformedKeys: readonly { readonly name: string; readonly vkey: string }[];
}

const path = new URL('../../../vectors/ledger/notes.json', import.meta.url);
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors;
const web = webCryptoVerifier();

const keyOf = async (vkey: string): Promise<VerifierKey> => (await parseVkey(vkey, sha256))!;
const key = await keyOf(logKey.vkey);
const other = await testKey('witness.example', new Uint8Array(32).fill(9));

describe('a verifier key', () => {
  it.each(vectors.signed)('is written as it was read ($source)', async ({ vkey }) => {
    expect(encodeVkey(await keyOf(vkey))).toBe(vkey);
    expect(await parseVkey(vkey, web.hash)).toEqual(await keyOf(vkey));
  });

  it.each(vectors.malformedKeys)('with $name is refused', async ({ vkey }) => {
    expect(await parseVkey(vkey, sha256)).toBeUndefined();
  });

  it('is never written under a name that a note could not carry', () => {
    expect(() => encodeVkey({ ...key, name: 'a b' })).toThrow(RangeError);
    expect(() => encodeVkey({ ...key, name: 'a+b' })).toThrow(RangeError);
    expect(() => encodeVkey({ ...key, name: '' })).toThrow(RangeError);
  });
});

const line = (name: string, bytes: Uint8Array): string =>
  `\u2014 ${name} ${Buffer.from(bytes).toString('base64')}`;
const SIGNED = line(ORIGIN, new Uint8Array(68).fill(1));

describe('a verifier key', () => {
  it('of another length than an Ed25519 key has is none, whatever its ID', async () => {
    for (const length of [31, 33]) {
      const publicKey = new Uint8Array(length).fill(5);
      const material = new Uint8Array([1, ...publicKey]);
      const id = hex((await keyIdOf(ORIGIN, publicKey, sha256)).subarray(0, 4));
      const vkey = `${ORIGIN}+${id}+${Buffer.from(material).toString('base64')}`;
      expect(await parseVkey(vkey, sha256)).toBeUndefined();
    }
    const [name = '', id = '', ...rest] = logKey.vkey.split('+');
    for (const other of [`${id}00`, `00${id}`, id.toUpperCase(), id.slice(2)])
      expect(await parseVkey([name, other, ...rest].join('+'), sha256)).toBeUndefined();
  });
});

describe('the form of a note', () => {
  it('has three words in a signature line, and a blank line in front of the first', () => {
    expect(parseNote(`text\n\n${SIGNED}\n`)?.signatures).toHaveLength(1);
    expect(parseNote(`text\n\n${SIGNED} more\n`)).toBeUndefined();
    expect(parseNote(`text\n\n${SIGNED} \n`)).toBeUndefined();
    expect(parseNote(`x${SIGNED}\n`)).toBeUndefined();
    expect(parseNote(`\n${SIGNED}\n`)).toBeUndefined();
    expect(parseNote(`\n\n${SIGNED}\n`)).toMatchObject({ text: '\n' });
  });

  it('is taken up to its bounds: 48 signatures, 262,144 characters', () => {
    const signed = (count: number): string => `text\n\n${`${SIGNED}\n`.repeat(count)}`;
    expect(parseNote(signed(48))?.signatures).toHaveLength(48);
    expect(parseNote(signed(49))).toBeUndefined();
    const rest = `\n\n${SIGNED}\n`;
    const text = 'x'.repeat(262_144 - rest.length);
    expect(parseNote(`${text}${rest}`)?.text).toBe(`${text}\n`);
    expect(parseNote(`x${text}${rest}`)).toBeUndefined();
  });
});

describe('a signed note', () => {
  it.each(vectors.signed)('verifies ($source)', async ({ vkey, note }) => {
    const known = await keyOf(vkey);
    const text = note.slice(0, note.indexOf('\n\n') + 1);
    const accepted = { ok: true, text, signers: [known] };
    expect(await verifyNote(note, [known], verify)).toEqual(accepted);
    expect(await verifyNote(note, [known], web.verify)).toEqual(accepted);
  });

  it.each(vectors.signed.filter((vector) => vector.seedHex !== undefined))(
    'is signed byte for byte as others sign it ($source)',
    async ({ vkey, note, seedHex = '' }) => {
      const made = await testKey((await keyOf(vkey)).name, unhex(seedHex));
      expect(made.vkey).toBe(vkey);
      expect(signNote(parseNote(note)!.text, [made.signer])).toBe(note);
    },
  );

  it.each(vectors.wellFormed)('is parsed ($source)', ({ note, text }) => {
    expect(parseNote(note)?.text).toBe(text);
  });

  it.each(vectors.malformedNotes)('with $name is refused', async ({ note }) => {
    expect(parseNote(note)).toBeUndefined();
    expect(await verifyNote(note, [key], verify)).toEqual({ ok: false, code: 'note.malformed' });
  });

  it('is accepted with signatures of others beside the known one', async () => {
    const note = signNote('text\n', [other.signer, logKey.signer]);
    expect(await verifyNote(note, [key], verify)).toEqual({ ok: true, text: 'text\n', signers: [key] });
    const both = await verifyNote(note, [key, await keyOf(other.vkey)], verify);
    expect(both.ok && both.signers.map((signer) => signer.name)).toEqual(['witness.example', ORIGIN]);
  });

  it('is refused where nobody known signed it', async () => {
    const note = signNote('text\n', [other.signer]);
    expect(await verifyNote(note, [key], verify)).toEqual({ ok: false, code: 'note.unknown_signer' });
    expect(await verifyNote(note, [], verify)).toEqual({ ok: false, code: 'note.unknown_signer' });
  });

  it('by a stranger under the same name is an unknown signer; with the key ID forged too, a bad signature', async () => {
    const stranger = await testKey(ORIGIN, new Uint8Array(32).fill(8));
    expect(await verifyNote(signNote('text\n', [stranger.signer]), [key], verify)).toEqual({
      ok: false,
      code: 'note.unknown_signer',
    });
    const forged = signNote('text\n', [{ ...stranger.signer, id: logKey.signer.id }]);
    expect(await verifyNote(forged, [key], verify)).toEqual({ ok: false, code: 'note.bad_signature' });
  });

  it('is refused whole for one bad signature under a known key, even beside a good one', async () => {
    const bad = { ...logKey.signer, sign: () => new Uint8Array(64) };
    const note = signNote('text\n', [logKey.signer, bad]);
    expect(await verifyNote(note, [key], verify)).toEqual({ ok: false, code: 'note.bad_signature' });
  });

  it('with a signature of another length is refused and does not throw', async () => {
    for (const length of [1, 63, 65]) {
      const note = signNote('text\n', [{ ...logKey.signer, sign: () => new Uint8Array(length) }]);
      expect(await verifyNote(note, [key], verify)).toEqual({ ok: false, code: 'note.bad_signature' });
      expect(await verifyNote(note, [key], web.verify)).toEqual({ ok: false, code: 'note.bad_signature' });
    }
  });

  it('takes 16 signatures, and neither hundreds nor megabytes', async () => {
    const good = signNote('text\n', [...Array.from({ length: 15 }, () => other.signer), logKey.signer]);
    expect((await verifyNote(good, [key], verify)).ok).toBe(true);
    expect(
      parseNote(
        signNote(
          'text\n',
          Array.from({ length: 200 }, () => other.signer),
        ),
      ),
    ).toBeUndefined();
    expect(parseNote(signNote(`${'x'.repeat(300_000)}\n`, [logKey.signer]))).toBeUndefined();
  });

  it('is never made of a text that no note could carry', () => {
    for (const text of ['no newline', 'tab\t\n', 'return\r\n', 'nul\u0000\n', '\ud800\n']) {
      expect(() => signedText(text)).toThrow(RangeError);
    }
    expect(() => signNote('text\n', [{ ...logKey.signer, name: 'a b' }])).toThrow(RangeError);
  });

  it('with any one bit changed is not accepted with another text', async () => {
    const note = signNote('first line\nsecond line\n', [logKey.signer]);
    const bytes = Buffer.from(note, 'utf8');
    const property = fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect((await verifyNote(changed.toString('utf8'), [key], verify)).ok).toBe(false);
    });
    await fc.assert(property, { numRuns: 300 });
  });
});

describe('a checkpoint', () => {
  it.each(vectors.checkpoints)('is read and written ($source)', ({ note, origin, size, rootHex }) => {
    const { text } = parseNote(note)!;
    const checkpoint = parseCheckpoint(text)!;
    expect({ ...checkpoint, root: hex(checkpoint.root) }).toEqual({
      origin,
      size,
      root: rootHex,
      extensions: [],
    });
    expect(formatCheckpoint(checkpoint)).toBe(text);
  });

  it.each(vectors.malformedCheckpoints)('with $name is refused', ({ text }) => {
    expect(parseCheckpoint(text)).toBeUndefined();
  });

  const checkpoint = { origin: ORIGIN, size: 0, root: new Uint8Array(32), extensions: ['one', 'two'] };

  it('keeps its extension lines', () => {
    expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint);
  });

  it.each([
    { origin: '' },
    { origin: 'a\nb' },
    { size: -1 },
    { size: 1.5 },
    { size: 2 ** 53 },
    { root: new Uint8Array(31) },
    { extensions: [''] },
    { extensions: ['a\nb'] },
  ])('is never written as %o', (change) => {
    expect(() => formatCheckpoint({ ...checkpoint, ...change })).toThrow(RangeError);
  });

  it('opens for the key of its log', async () => {
    const note = signNote(formatCheckpoint(checkpoint), [logKey.signer]);
    expect(await openCheckpoint(note, key, verify)).toEqual({ ok: true, checkpoint });
  });

  it('of another log by the same key, and a note that is none, do not open', async () => {
    const elsewhere = signNote(formatCheckpoint({ ...checkpoint, origin: 'other.example' }), [logKey.signer]);
    expect(await openCheckpoint(elsewhere, key, verify)).toEqual({
      ok: false,
      code: 'checkpoint.other_origin',
    });
    const text = signNote('just a text\n', [logKey.signer]);
    expect(await openCheckpoint(text, key, verify)).toEqual({ ok: false, code: 'checkpoint.malformed' });
  });
});
