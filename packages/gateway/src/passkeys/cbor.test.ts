import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeCbor } from '../../../verifier/test/authenticator.ts';
import { isMap, readCbor } from './cbor.ts';

const read = (hex: string) => readCbor(new Uint8Array(Buffer.from(hex, 'hex')));

describe('CBOR of an authenticator', () => {
  // RFC 8949, Appendix A.
  test.each([
    ['00', 0],
    ['17', 23],
    ['1818', 24],
    ['1903e8', 1_000],
    ['1a000f4240', 1_000_000],
    ['20', -1],
    ['3903e7', -1_000],
    ['60', ''],
    ['62c3bc', 'ü'],
    ['80', []],
    ['8301820203820405', [1, [2, 3], [4, 5]]],
    ['f4', false],
    ['f5', true],
    ['f6', null],
  ])('%s is %j', (hex, value) => {
    expect(read(hex)).toEqual({ value, length: hex.length / 2 });
  });

  test('bytes and maps, and what comes behind them is left', () => {
    expect(read('4401020304ff')).toEqual({ value: Uint8Array.of(1, 2, 3, 4), length: 5 });
    const map = read('a201020304');
    expect(map !== undefined && isMap(map.value) ? [...map.value] : null).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test.each([
    ['nothing', ''],
    ['a length that lies', '4401'],
    ['a text that ends', '6261'],
    ['a head that ends', '19'],
    ['an array that lies', '9affffffff'],
    ['a map that lies', 'baffffffff'],
    ['a number that is longer than it has to be', '1817'],
    ['a longer one', '190018'],
    ['a longest one', '1a0000ffff'],
    ['64 bits', '1b0000000100000000'],
    ['an indefinite length', '5f42010243030405ff'],
    ['an indefinite map', 'bf61610161629f0203ffff'],
    ['a tag', 'c074323031332d30332d32315432303a30343a30305a'],
    ['undefined', 'f7'],
    ['a float', 'f93c00'],
    ['text that is not UTF-8', '62c328'],
    ['one key twice', 'a201020103'],
    ['a key that is a list', 'a18001'],
    ['nesting', '818181818100'],
  ])('%s is refused', (_, hex) => {
    expect(read(hex)).toBeUndefined();
  });

  test('whatever is sent, it ends and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const parsed = readCbor(bytes);
        expect(parsed === undefined || parsed.length <= bytes.length).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });

  test('what is written is read', () => {
    const key = fc.oneof(
      fc.integer({ min: -60_000, max: 60_000 }),
      fc.string({ maxLength: 30, unit: 'grapheme' }),
    );
    const map = fc.array(fc.tuple(key, fc.uint8Array({ maxLength: 300 })), { maxLength: 8 });
    fc.assert(
      fc.property(map, (members) => {
        const written = new Map(members);
        const bytes = encodeCbor(written);
        expect(readCbor(bytes)).toEqual({ value: written, length: bytes.length });
      }),
    );
  });
});
