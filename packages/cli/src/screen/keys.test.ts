import { describe, expect, it } from 'vitest';
import { KeyReader } from './keys.ts';
import { edit, emptyLine, lineOf, maxLineCharacters, textOf } from './line-editor.ts';

const read = (...chunks: string[]) => {
  const reader = new KeyReader();
  return chunks.flatMap((chunk) => reader.read(chunk));
};
const named = (name: string) => ({ kind: 'named', name });

describe('keys', () => {
  it.each([
    ['\u001b[A', 'up'],
    ['\u001bOB', 'down'],
    ['\u001b[5~', 'pageUp'],
    ['\u001b', 'escape'],
    ['\r', 'enter'],
    ['\u007f', 'backspace'],
    ['\u0003', 'interrupt'],
    ['\u0004', 'interrupt'],
  ])('%j is %s', (chunk, name) => {
    expect(read(chunk)).toEqual([named(name)]);
  });

  it('that the terminal sends and nobody knows do nothing', () => {
    expect(read('\u001b[15;5~', '\u001b[?2026;2$y', '\u0000')).toEqual([]);
  });

  it('that came with others are told apart from one that was pressed', () => {
    expect(read('a', 'yn')).toEqual([
      { kind: 'character', character: 'a', alone: true },
      { kind: 'character', character: 'y', alone: false },
      { kind: 'character', character: 'n', alone: false },
    ]);
  });

  it('are none where text was pasted, however the terminal cuts it', () => {
    expect(read('\u001b[200~ay', '\ny', '\u001b[201~j')).toMatchObject([
      { kind: 'paste', text: 'ay\ny' },
      { kind: 'character', character: 'j' },
    ]);
  });
});

describe('a line', () => {
  const type = (chunks: string) => new KeyReader().read(chunks).reduce(edit, emptyLine);

  it.each([
    ['abc\u007fd', 'abd'],
    ['ab\u001b[D\u001b[DX', 'Xab'],
    ['ab\u001b[H\u001b[3~', 'b'],
    ['one two \u0017', 'one '],
    ['one\u0015two', 'two'],
    ['\u{1f642}\u007f漢', '漢'],
    ['\u001b[200~a\r\n\u001b[2Jb\u001b[201~', 'a [2Jb'],
  ])('typed as %j reads %j', (chunks, text) => {
    expect(textOf(type(chunks))).toBe(text);
  });

  it('is as long as the gateway takes, and no longer', () => {
    const line = edit(lineOf('x'.repeat(maxLineCharacters - 1)), { kind: 'paste', text: 'yz' });
    expect(textOf(line)).toHaveLength(maxLineCharacters);
  });
});
