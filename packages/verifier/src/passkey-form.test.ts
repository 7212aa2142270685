import { describe, expect, it } from 'vitest';
import { toBase64url } from './bytes.ts';
import { ecdsaSignature } from './der.ts';
import { parsePasskeyKey } from './passkey-key.ts';

const der = (...bytes: number[]): Uint8Array => new Uint8Array([0x30, bytes.length, ...bytes]);
const low = (value: number): Uint8Array => new Uint8Array([0, 0, 0, value]);
const pair = (r: number, s: number): Uint8Array => new Uint8Array([...low(r), ...low(s)]);

describe('an ECDSA signature in DER', () => {
  it('has one form of each number', () => {
    expect(ecdsaSignature(der(2, 1, 1, 2, 1, 2), 4)).toEqual(pair(1, 2));
    expect(ecdsaSignature(der(2, 1, 0x7f, 2, 1, 0), 4)).toEqual(pair(0x7f, 0));
    expect(ecdsaSignature(der(2, 2, 0, 0x80, 2, 1, 1), 4)).toEqual(pair(0x80, 1));
  });

  it.each([
    ['padded without need', [2, 2, 0, 0x7f, 2, 1, 1]],
    ['negative', [2, 1, 0x80, 2, 1, 1]],
    ['empty', [2, 0, 2, 1, 1]],
    ['too large', [2, 5, 1, 0, 0, 0, 0, 2, 1, 1]],
    ['longer than it is', [2, 9, 1, 2, 1, 1]],
    ['of another type', [3, 1, 1, 2, 1, 1]],
    ['alone', [2, 1, 1]],
    ['followed by more', [2, 1, 1, 2, 1, 1, 0]],
    ['followed by a longer one', [2, 1, 1, 2, 4, 1]],
  ])('with a number that is %s is none', (_, bytes) => {
    expect(ecdsaSignature(der(...bytes), 4)).toBeUndefined();
  });

  it('is a sequence of its own length', () => {
    const [, , ...body] = der(2, 1, 1, 2, 1, 1);
    expect(ecdsaSignature(new Uint8Array([0x31, 6, ...body]), 4)).toBeUndefined();
    expect(ecdsaSignature(new Uint8Array([0x30, 5, ...body]), 4)).toBeUndefined();
    expect(ecdsaSignature(new Uint8Array(), 4)).toBeUndefined();
  });
});

describe('the public key of a passkey', () => {
  const x = toBase64url(new Uint8Array(32).fill(1));
  const n = (bytes: number): string => toBase64url(new Uint8Array(bytes).fill(1));
  const ec = { kty: 'EC', crv: 'P-256', x, y: x };
  const okp = { kty: 'OKP', crv: 'Ed25519', x };
  const rsa = { kty: 'RSA', n: n(256), e: 'AQAB' };

  it('is of one of three kinds', () => {
    for (const key of [ec, okp, rsa, { ...rsa, n: n(512) }]) expect(parsePasskeyKey(key)).toEqual(key);
  });

  it.each([
    ['another type', { ...ec, kty: 'OKP' }],
    ['another type', { ...okp, kty: 'EC' }],
    ['another type', { ...rsa, kty: 'EC' }],
    ['another curve', { ...ec, crv: 'P-384' }],
    ['another curve', { ...okp, crv: 'X25519' }],
    ['a member more', { ...ec, d: x }],
    ['a member more', { ...okp, y: x }],
    ['a member more', { ...rsa, d: x }],
    ['no text as a coordinate', { ...ec, x: 5 }],
    ['no text as a coordinate', { ...okp, x: null }],
    ['a short coordinate', { ...ec, y: toBase64url(new Uint8Array(31)) }],
    ['a long coordinate', { ...okp, x: toBase64url(new Uint8Array(33)) }],
    ['another exponent', { ...rsa, e: 'Aw' }],
    ['a short modulus', { ...rsa, n: n(255) }],
    ['a long modulus', { ...rsa, n: n(513) }],
    ['a padded modulus', { ...rsa, n: toBase64url(new Uint8Array([0, ...new Uint8Array(256).fill(1)])) }],
  ])('with %s is none', (_, key) => {
    expect(parsePasskeyKey(key)).toBeUndefined();
  });

  it('is an object', () => {
    for (const value of [undefined, null, 'EC', [ec]]) expect(parsePasskeyKey(value)).toBeUndefined();
  });
});
