import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visible } from './visible.ts';

describe('text that an agent wrote', () => {
  it.each([
    ['plain ASCII', 'SELECT * FROM t WHERE a <> 1 -- ok', 'SELECT * FROM t WHERE a <> 1 -- ok'],
    ['umlauts', 'Grüße an Zoë', 'Grüße an Zoë'],
    ['a word of another script', 'привет мир 你好', 'привет мир 你好'],
    ['a right-to-left override', 'a\u202eb', 'a⟨U+202E⟩b'],
    ['zero width', 'ad\u200bmin\ufeff', 'ad⟨U+200B⟩min⟨U+FEFF⟩'],
    ['a no-break space', 'OR\u00a01=1', 'OR⟨U+00A0⟩1=1'],
    ['a line separator', 'a\u2028b', 'a⟨U+2028⟩b'],
    ['escape sequences', '\u001b[31m', '⟨U+001B⟩[31m'],
    ['tab, CR and NUL', '\t\r\0', '⟨U+0009⟩⟨U+000D⟩⟨U+0000⟩'],
    ['a Cyrillic letter in a Latin word', 'pаyments', 'p⟨U+0430⟩yments'],
    ['a word made of look-alikes', 'ѕсоре', '⟨U+0455⟩⟨U+0441⟩⟨U+043E⟩⟨U+0440⟩⟨U+0435⟩'],
    ['full-width letters', 'ＤＲＯＰ', '⟨U+FF24⟩⟨U+FF32⟩⟨U+FF2F⟩⟨U+FF30⟩'],
    ['mathematical letters', '𝐚', '⟨U+1D41A⟩'],
    ['a dotless i', 'adm\u0131n', 'adm⟨U+0131⟩n'],
    ['a quote that is none', '\u2019; DROP', '⟨U+2019⟩; DROP'],
    ['dashes that begin no comment', '\u2010\u2010 x', '⟨U+2010⟩⟨U+2010⟩ x'],
    ['combining marks', 'e\u0301', 'e⟨U+0301⟩'],
    ['a variation selector', 'a\ufe0f', 'a⟨U+FE0F⟩'],
    ['a tag character', 'a\u{e0041}', 'a⟨U+E0041⟩'],
    ['a lone surrogate', 'a\ud800b', 'a⟨U+D800⟩b'],
    ['an escape that was forged', '⟨U+202E⟩', '⟨U+27E8⟩U+202E⟨U+27E9⟩'],
  ])('with %s', (_name, text, seen) => {
    expect(visible(text)).toBe(seen);
  });

  it('keeps line feeds only where the surface frames each line', () => {
    expect([visible('a\nb'), visible('a\nb', { keepLineFeeds: true })]).toEqual(['a⟨U+000A⟩b', 'a\nb']);
  });

  it('lets a surface set escapes off', () => {
    expect(visible('a\tb', { mark: (escape) => `*${escape}*` })).toBe('a*⟨U+0009⟩*b');
  });

  it('looks the same only where it is the same', () => {
    const undo = (seen: string) =>
      seen.replaceAll(/⟨U\+([0-9A-F]+)⟩/g, (_, digits: string) => String.fromCodePoint(parseInt(digits, 16)));
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => undo(visible(text)) === text));
  });

  it('never leaves a control, a bidirectional or an invisible character', () => {
    const bad = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !bad.test(visible(text))));
  });
});
