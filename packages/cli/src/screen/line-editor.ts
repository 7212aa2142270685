import type { Key } from './keys.ts';

/** One line of text that a person writes. The cursor counts characters before it. */
export interface Line {
  readonly characters: readonly string[];
  readonly cursor: number;
}

/** What the gateway takes of a reason, a question or an answer. */
export const maxLineCharacters = 2_000;

export const emptyLine: Line = { characters: [], cursor: 0 };

export const lineOf = (text: string): Line => ({ characters: [...text], cursor: [...text].length });

export const textOf = (line: Line): string => line.characters.join('');

/** The line after a key; the same line where the key means nothing to it. */
export function edit(line: Line, key: Key): Line {
  if (key.kind === 'character') return insert(line, key.character);
  if (key.kind === 'paste') return insert(line, key.text.replaceAll(/\p{Cc}+/gu, ' '));
  const { characters, cursor } = line;
  const { length } = characters;
  switch (key.name) {
    case 'left':
      return { characters, cursor: Math.max(0, cursor - 1) };
    case 'right':
      return { characters, cursor: Math.min(length, cursor + 1) };
    case 'home':
      return { characters, cursor: 0 };
    case 'end':
      return { characters, cursor: length };
    case 'backspace':
      return erase(line, Math.max(0, cursor - 1));
    case 'delete':
      return erase({ characters, cursor: Math.min(length, cursor + 1) }, cursor);
    case 'eraseLine':
      return erase(line, 0);
    case 'eraseWord':
      return erase(line, wordStart(line));
    default:
      return line;
  }
}

function insert({ characters, cursor }: Line, text: string): Line {
  const added = [...text].slice(0, maxLineCharacters - characters.length);
  return { characters: characters.toSpliced(cursor, 0, ...added), cursor: cursor + added.length };
}

/** Without what stands between `from` and the cursor. */
function erase({ characters, cursor }: Line, from: number): Line {
  return { characters: characters.toSpliced(from, cursor - from), cursor: from };
}

function wordStart({ characters, cursor }: Line): number {
  const before = characters.slice(0, cursor).join('');
  return [...before.replace(/\S+\s*$/u, '')].length;
}
