import { describe, expect, it } from 'vitest';
import { equalBytes, fromBase64, fromBase64url, fromHex, toBase64url } from './bytes.ts';

describe('bytes', () => {
  it('have one spelling in hexadecimal: pairs of lower-case digits, and nothing else', () => {
    expect(fromHex('00ff7a')).toEqual(new Uint8Array([0, 255, 122]));
    expect(fromHex('')).toEqual(new Uint8Array());
    for (const text of ['a', 'abc', 'AB', 'zz', ' ab', 'ab ', 'ab\n', 'xxab', 'abxx'])
      expect(fromHex(text)).toBeUndefined();
  });

  it('have one spelling in base64, and the other alphabet is not it', () => {
    expect(fromBase64('+/8=')).toEqual(new Uint8Array([251, 255]));
    for (const text of ['+/8', '-_8=', '+/9=', ' +/8=', '*', '+/8=\n'])
      expect(fromBase64(text)).toBeUndefined();
  });

  it('have one spelling in base64url: without padding, white space or the other alphabet', () => {
    const bytes = new Uint8Array([251, 255]);
    expect(toBase64url(bytes)).toBe('-_8');
    expect(fromBase64url('-_8')).toEqual(bytes);
    expect(fromBase64url('')).toEqual(new Uint8Array());
    for (const text of ['-_8=', '+/8', '-_9', '-_8\n', '\n-_8', '-', '*-_8'])
      expect(fromBase64url(text)).toBeUndefined();
  });

  it('are equal where they are the same, and not where one begins with the other', () => {
    const [short, long] = [new Uint8Array([1, 2]), new Uint8Array([1, 2, 3])];
    expect(equalBytes(short, new Uint8Array([1, 2]))).toBe(true);
    expect(equalBytes(short, long)).toBe(false);
    expect(equalBytes(long, short)).toBe(false);
    expect(equalBytes(short, new Uint8Array([1, 3]))).toBe(false);
  });
});
