import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clip, columnsOf } from '../columns.ts';
import { createStyle } from '../style.ts';
import { cut, fold } from './fold.ts';

const style = createStyle(true);
// eslint-disable-next-line no-control-regex -- the codes that style.ts sets
const plain = (text: string) => text.replaceAll(/\u001b\[\d+m/g, '');
const text = fc.array(fc.constantFrom('a', 'b ', '漢', '🙂', 'é')).map((all) => all.join(''));

it('a folded line fits and loses nothing, and each part ends what it set', () => {
  fc.assert(
    fc.property(text, text, text, fc.integer({ min: 6, max: 40 }), (one, two, three, width) => {
      const parts = fold(one + style.bold(two + style.red(three)) + one, width);
      const unmarked = parts.map((part, at) => (at === 0 ? plain(part) : plain(part).replace(/^↳ /, '')));
      expect(unmarked.join('')).toBe(one + two + three + one);
      for (const part of parts) {
        expect(columnsOf(plain(part))).toBeLessThanOrEqual(width);
        // eslint-disable-next-line no-control-regex -- the codes that style.ts sets
        const codes = [...part.matchAll(/\u001b\[(\d+)m/g)].map(([, code]) => code);
        expect(codes.filter((code) => code === '1').length).toBe(
          codes.filter((code) => code === '22').length,
        );
        expect(codes.filter((code) => code === '31').length).toBe(
          codes.filter((code) => code === '39').length,
        );
      }
    }),
  );
});

it('a line that goes on can not be taken for a line of its own', () => {
  expect(fold(`${'x'.repeat(10)}Votes  vera approved`, 10)[1]).toMatch(/^↳ /);
});

it('what is cut or clipped fits', () => {
  expect(cut(style.bold('漢字漢字'), 5)).toBe(style.bold('漢字'));
  expect(clip('漢字漢字', 5)).toBe('漢字…');
  expect(clip('abc', 3)).toBe('abc');
  expect([cut('abc', 0), clip('abc', 0)]).toEqual(['', '']);
});
