/** Hand-overs, cosignatures, asides and keys that are none, each refused for what is wrong with it and nothing else. */
import { describe, expect, it } from 'vitest';
import { isFormOf, readForm } from './aside.ts';
import { toBase64 } from './bytes.ts';
import { canonicalize } from './canonical.ts';
import type { JsonValue } from './canonical.ts';
import { handoverText, KeyChain, openHandover } from './handover.ts';
import {
  cosigner,
  formatCheckpoint,
  parsePolicy,
  parseVkey,
  signNote,
  verifyCosignatures,
  webCryptoVerifier,
} from './index.ts';
import { ORIGIN, logKey, sha256, testKey, utf8, verify } from '../test/support.ts';
import type { TestKey } from '../test/support.ts';

const trust = { hash: sha256, verify };

describe('a hand-over', () => {
  const key = (seed: number, name = ORIGIN) => testKey(name, new Uint8Array(32).fill(seed));
  const between = (from: TestKey, to: TestKey, by = from) => {
    const named = { previous: from.vkey, next: to.vkey };
    return { ...named, signature: toBase64(by.signer.sign(handoverText(named))) };
  };

  it('is from one key of a log to another one of it, signed by the first', async () => {
    const [one, two] = [await key(1), await key(2)];
    const good = between(one, two);
    expect(await openHandover(good, trust)).toMatchObject({
      previous: { name: ORIGIN },
      next: { name: ORIGIN },
    });
    const other = await key(3, 'other.example/log');
    for (const bad of [
      between(one, one),
      between(one, other),
      between(one, two, two),
      { ...good, signature: '*' },
      { ...good, signature: toBase64(new Uint8Array(64)) },
      { ...good, previous: 'no key' },
      { ...good, next: 'no key' },
    ])
      expect(await openHandover(bad, trust)).toBeUndefined();
  });

  it('of keys before the trusted one is read past where each follows the other, and from nowhere else', async () => {
    const keys = await Promise.all([1, 2, 3, 4, 5].map(async (seed) => key(seed)));
    const [one, two, three, four, five] = keys as [TestKey, TestKey, TestKey, TestKey, TestKey];
    const chainOf = async ({ vkey }: TestKey) => {
      const parsed = await parseVkey(vkey, sha256);
      if (parsed === undefined) throw new Error('no key');
      return new KeyChain(vkey, parsed, trust);
    };
    const chain = await chainOf(three);
    expect(await chain.observe(3, between(one, two))).toBe(true);
    expect(await chain.observe(5, between(one, four))).toBe(false);
    expect(await chain.observe(6, between(two, three))).toBe(true);
    expect(await chain.observe(9, between(three, four))).toBe(true);
    expect(chain.newest).toBe(four.vkey);
    expect(await chain.observe(11, between(two, five))).toBe(false);
    expect(await chain.observe(11, between(three, five))).toBe(false);
    expect(chain.keyAt(9).publicKey).toEqual((await parseVkey(three.vkey, sha256))?.publicKey);
    expect(chain.keyAt(10).publicKey).toEqual((await parseVkey(four.vkey, sha256))?.publicKey);
    expect(chain.keyAt(0).publicKey).toEqual(chain.keyAt(9).publicKey);
  });
});

describe('a cosignature', () => {
  it('is of its length, and by the witness of its name', async () => {
    const text = formatCheckpoint({ origin: ORIGIN, size: 1, root: new Uint8Array(32), extensions: [] });
    const one = await testKey('witness.example/one', new Uint8Array(32).fill(1), 'cosignature');
    const key = await parseVkey(one.vkey, sha256, 'cosignature');
    if (key === undefined) throw new Error('no key');
    const note = signNote(text, [logKey.signer, cosigner(one.signer, 7)]);
    expect(await verifyCosignatures(note, [key], verify)).toMatchObject({
      ok: true,
      cosignatures: [{ timestampSeconds: 7 }],
    });
    // The same key and ID under another name is nobody that is known.
    const renamed = { ...key, name: 'witness.example/two' };
    expect(await verifyCosignatures(note, [renamed], verify)).toEqual({ ok: true, cosignatures: [] });
    for (const length of [1, 8, 71, 73]) {
      const short = { ...one.signer, sign: () => new Uint8Array(length) };
      const signed = signNote(text, [logKey.signer, short]);
      expect(await verifyCosignatures(signed, [key], () => true)).toEqual({
        ok: false,
        code: 'cosignature.bad',
      });
    }
  });
});

describe('the exact action in an aside', () => {
  const members = {
    ...{ agent: 'a', command: 'c', environment: 'e', onBehalfOf: 'o', protocol: 'p', target: 't' },
    version: 'sallyport/action/v1',
  };
  const read = (aside: JsonValue) => readForm(canonicalize(aside), sha256);

  it('is whole, or is none', async () => {
    const form = canonicalize(members);
    expect(await read({ form, salt: 's' })).toMatchObject({
      ok: true,
      form: { text: form, command: 'c', agent: 'a' },
    });
    expect(await read({ text: 'words', salt: 's' })).toEqual({ ok: true, form: null });
    for (const name of Object.keys(members)) {
      expect(await read({ form: canonicalize({ ...members, [name]: 7 }) })).toEqual({ ok: false });
      const { [name as 'agent']: _, ...rest } = members;
      expect(await read({ form: canonicalize(rest) })).toEqual({ ok: false });
    }
    for (const aside of [{ form: 7 }, { form: '[]' }, { form: 'x' }, { form: ` ${form}` }, [], null, 'x'])
      expect(await read(aside)).toEqual({ ok: false });
    for (const text of ['', 'x', '{ }', '[']) expect(await readForm(text, sha256)).toEqual({ ok: false });
  });

  it('is of an attempt where all five names are its own', async () => {
    const told = await read({ form: canonicalize(members) });
    if (!told.ok || told.form === null) throw new Error('no form');
    const requester = { agent: 'a', onBehalfOf: 'o' };
    const target = { name: 't', environment: 'e', protocol: 'p' };
    const holds = (more: object) => isFormOf(told.form as never, { requester, target, ...more } as never);
    expect(holds({})).toBe(true);
    for (const name of Object.keys(requester))
      expect(holds({ requester: { ...requester, [name]: 'x' } })).toBe(false);
    for (const name of Object.keys(target)) expect(holds({ target: { ...target, [name]: 'x' } })).toBe(false);
  });
});

describe('Web Crypto', () => {
  const web = webCryptoVerifier();
  const message = utf8('message');
  const signature = logKey.signer.sign(message);

  it('says no to keys and signatures of another length, or of no key at all, and never throws', async () => {
    const key = (await parseVkey(logKey.vkey, sha256))?.publicKey ?? new Uint8Array();
    expect(await web.verify(key, message, signature)).toBe(true);
    expect(await web.verify(key, utf8('other'), signature)).toBe(false);
    expect(await web.verify(key.subarray(1), message, signature)).toBe(false);
    expect(await web.verify(new Uint8Array([...key, 0]), message, signature)).toBe(false);
    expect(await web.verify(key, message, signature.subarray(1))).toBe(false);
    expect(await web.verify(new Uint8Array(32).fill(255), message, signature)).toBe(false);
  });

  it('says no to a passkey that is none', async () => {
    const nowhere = { kty: 'EC', crv: 'P-256', x: 'AQ', y: 'AQ' } as const;
    expect(await web.verifyPasskey(nowhere, message, signature)).toBe(false);
    const der = new Uint8Array([0x30, 6, 2, 1, 1, 2, 1, 1]);
    expect(await web.verifyPasskey(nowhere, message, der)).toBe(false);
    expect(await web.verifyPasskey({ kty: 'OKP', crv: 'Ed25519', x: 'AQ' }, message, signature)).toBe(false);
  });
});

describe('a line of a policy', () => {
  it('has as many words as its kind, and thresholds that are numbers', async () => {
    const witness = await testKey('witness.example/w', new Uint8Array(32).fill(1), 'cosignature');
    const other = await testKey('witness.example/v', new Uint8Array(32).fill(2), 'cosignature');
    const lines = `log ${logKey.vkey}\nwitness w ${witness.vkey}\nwitness v ${other.vkey}\n`;
    const ok = async (more: string): Promise<boolean> => (await parsePolicy(`${lines}${more}\n`, sha256)).ok;
    expect(await ok('group g 2 w v\nquorum g')).toBe(true);
    expect(await ok('group g  2\tw  v\nquorum g')).toBe(true);
    expect(await ok('group g 1 w\nquorum g')).toBe(true);
    expect(await ok('# a comment #\nquorum none')).toBe(true);
    for (const bad of [
      'group g 2x w v',
      'group g x2 w v',
      'group g 0 w v',
      'group g 3 w v',
      'group g all',
      'quorum',
      'quorum w v',
      'log#',
    ])
      expect(await ok(bad)).toBe(false);
    const third = await testKey('third.example/log', new Uint8Array(32).fill(3));
    expect(await ok(`log ${third.vkey} https://third.example/\nquorum none`)).toBe(true);
    expect(await ok(`log ${third.vkey} https://third.example/ more\nquorum none`)).toBe(false);
    const late = await testKey('witness.example/u', new Uint8Array(32).fill(4), 'cosignature');
    expect(await ok(`witness u ${late.vkey} https://u.example/\nquorum u`)).toBe(true);
    expect(await ok(`witness u ${late.vkey} https://u.example/ more\nquorum u`)).toBe(false);
  });
});
