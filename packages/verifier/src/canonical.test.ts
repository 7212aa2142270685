import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalFragment, canonicalString, canonicalize, parseCanonical } from './index.ts';
import type { JsonValue } from './index.ts';
import { hex, utf8 } from '../test/support.ts';

interface Vectors {
  readonly numbers: readonly (readonly [string, string])[];
  readonly numbersRefused: readonly string[];
  readonly values: readonly {
    readonly name: string;
    readonly input: string;
    readonly canonical?: string;
    readonly canonicalHex?: string;
    readonly order?: readonly string[];
  }[];
  readonly notCanonical: readonly { readonly name: string; readonly text: string; readonly code: string }[];
}

const path = new URL('../../../vectors/ledger/canonical.json', import.meta.url);
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors;

function numberOf(bits: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${bits}`));
  return view.getFloat64(0);
}

const nested = (depth: number): JsonValue => {
  let value: JsonValue = [];
  for (let level = 1; level < depth; level++) value = level % 2 === 0 ? [value] : { level: value };
  return value;
};

const codeOf = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'nothing was thrown';
};

const jsonValue = fc.jsonValue({ noUnicodeString: false, maxDepth: 5 }) as fc.Arbitrary<JsonValue>;

describe('canonical JSON', () => {
  it.each(vectors.numbers)('writes the double %s as %s', (bits, text) => {
    expect(canonicalize(numberOf(bits))).toBe(text);
  });

  it.each(vectors.numbersRefused)('refuses the double %s', (bits) => {
    expect(codeOf(() => canonicalize(numberOf(bits)))).toBe('not_finite');
  });

  it.each(vectors.values)('has one form: $name', ({ input, canonical, canonicalHex, order }) => {
    const value = JSON.parse(input) as JsonValue;
    const text = canonicalize(value);
    if (canonical !== undefined) expect(text).toBe(canonical);
    if (canonicalHex !== undefined) expect(hex(utf8(text))).toBe(canonicalHex);
    // Not by parsing: JavaScript's own objects put names that look like indices first.
    if (order !== undefined)
      expect([...text.matchAll(/:"([^"]*)"/g)].map((match) => match[1])).toEqual(order);
    expect(parseCanonical(text)).toEqual({ ok: true, value });
  });

  it.each(vectors.notCanonical)('does not parse $name', ({ text, code }) => {
    expect(parseCanonical(text)).toEqual({ ok: false, code });
  });

  it.each([
    ['undefined', undefined],
    ['a member that is undefined', { a: undefined }],
    ['a hole in a list', [1, , 2]],
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
    ['a bigint', 1n],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['bytes', new Uint8Array(2)],
    ['an instance of a class', new (class Point {})()],
  ])('refuses %s', (_, value) => {
    expect(codeOf(() => canonicalize(value as JsonValue))).toBe('not_json');
  });

  it('refuses lone surrogates in values and in names', () => {
    expect(codeOf(() => canonicalize('\ud800'))).toBe('lone_surrogate');
    expect(codeOf(() => canonicalize({ '\udc00x': 1 }))).toBe('lone_surrogate');
    expect(codeOf(() => canonicalString('a\ud83d'))).toBe('lone_surrogate');
    expect(canonicalString('\ud83d\ude00')).toBe('"\ud83d\ude00"');
  });

  it('takes 64 levels and refuses the 65th, of fragments too', () => {
    expect(parseCanonical(canonicalize(nested(64))).ok).toBe(true);
    expect(codeOf(() => canonicalize(nested(65)))).toBe('too_deep');
    expect(codeOf(() => canonicalize([canonicalFragment(nested(64))]))).toBe('too_deep');
    expect(canonicalize([canonicalFragment(nested(63))])).toBe(canonicalize([nested(63)]));
    const twice = canonicalFragment({ in: canonicalFragment(nested(63)) });
    expect(canonicalize(twice)).toBe(canonicalize({ in: nested(63) }));
    expect(codeOf(() => canonicalize([twice]))).toBe('too_deep');
    expect(parseCanonical('['.repeat(65) + ']'.repeat(65))).toEqual({ ok: false, code: 'not_canonical' });
    expect(parseCanonical('['.repeat(1_000_000))).toEqual({ ok: false, code: 'not_json' });
  });

  it('refuses text beyond its limit without parsing it', () => {
    expect(parseCanonical('[1,2]', 4)).toEqual({ ok: false, code: 'too_large' });
    expect(parseCanonical('[1,2]', 5)).toEqual({ ok: true, value: [1, 2] });
  });

  it('embeds a fragment as the value it was made of', () => {
    const inner = { z: [1, 'é'], a: null };
    const fragment = canonicalFragment(inner);
    expect(canonicalize({ b: [fragment], a: fragment })).toBe(canonicalize({ b: [inner], a: inner }));
    expect(canonicalize(canonicalFragment(fragment))).toBe(canonicalize(inner));
  });

  it('reads back what it wrote, and writes the same again, for any value', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        let text: string;
        try {
          text = canonicalize(value);
        } catch {
          return;
        }
        const parsed = parseCanonical(text);
        expect(parsed.ok && canonicalize(parsed.value)).toBe(text);
        // -0 becomes 0; everything else comes back as it was.
        expect(parsed.ok && parsed.value).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('writes equal values equally, whatever the order of their members', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.integer()), (record) => {
        const reversed = Object.fromEntries(Object.entries(record).reverse());
        expect(canonicalize(reversed)).toBe(canonicalize(record));
      }),
    );
  });

  it('writes any string that UTF-8 can carry as JSON.stringify does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        if (text.isWellFormed()) expect(canonicalString(text)).toBe(JSON.stringify(text));
        else expect(codeOf(() => canonicalString(text))).toBe('lone_surrogate');
      }),
    );
  });
});
