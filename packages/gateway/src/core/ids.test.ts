import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeId, parseId, timeOfId } from './ids.ts';

const bytes = fc.uint8Array({ minLength: 10, maxLength: 10 });

test('an id keeps its time and sorts by it', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 45), fc.nat(2 ** 45), bytes, bytes, (a, b, left, right) => {
      const first = makeId('act', a, left);
      const second = makeId('act', b, right);
      expect(timeOfId(first)).toBe(a);
      if (a !== b) expect(first < second).toBe(a < b);
    }),
  );
});

test('different random bytes make different ids', () => {
  fc.assert(
    fc.property(bytes, bytes, (left, right) => {
      const same = Buffer.from(left).equals(Buffer.from(right));
      expect(makeId('rev', 5, left) === makeId('rev', 5, right)).toBe(same);
    }),
  );
});

test('an id of another kind, of the wrong length or with other characters is none', () => {
  const id = makeId('rev', 1_700_000_000_000, new Uint8Array(10));
  expect(parseId('rev', id)).toBe(id);
  for (const text of [
    id.replace('rev', 'act'),
    id.slice(0, -1),
    `${id}0`,
    id.toUpperCase(),
    `${id.slice(0, -1)}u`,
    '',
    'rev_',
  ]) {
    expect(parseId('rev', text)).toBeUndefined();
  }
});
