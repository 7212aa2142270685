import { visible } from '@sallyport/sdk';
import { characterColumns, columnsOf } from './columns.ts';
import type { Style } from './style.ts';

const leastWidth = 20;

/**
 * Breaks one line at spaces where it can and anywhere where it must; joined again, the parts are the line. Widths are
 * counted in a terminal's columns, and an escape (`⟨U+202E⟩`) is never cut apart.
 */
export function wrap(line: string, width: number): string[] {
  const parts: string[] = [];
  let current = '';
  for (const piece of line.match(/⟨U\+[0-9A-F]+⟩|[^⟨ ]+| +|⟨/gu) ?? []) {
    for (const chunk of chunksOf(piece, Math.max(width, leastWidth))) {
      if (columnsOf(current) + columnsOf(chunk) > Math.max(width, leastWidth) && current !== '') {
        parts.push(current);
        current = '';
      }
      current += chunk;
    }
  }
  return [...parts, current];
}

function chunksOf(piece: string, width: number): string[] {
  if (piece.startsWith('⟨')) return [piece];
  const chunks: string[] = [];
  let chunk = '';
  let columns = 0;
  for (const character of piece) {
    const more = characterColumns(character);
    if (columns + more > width) {
      chunks.push(chunk);
      chunk = '';
      columns = 0;
    }
    chunk += character;
    columns += more;
  }
  return [...chunks, chunk];
}

/**
 * Text of others in a frame that it can't leave: each line behind a bar, a line that goes on behind a dotted one, what
 * is hidden or deceptive as its code point. No right edge, because terminals disagree about the width of some characters.
 */
export function frame(text: string, width: number, style: Style): string[] {
  const lines = visible(text, { keepLineFeeds: true }).split('\n');
  const body = lines.flatMap((line) =>
    wrap(line, width - 2).map((part, at) => style.dim(at === 0 ? '│ ' : '┊ ') + markEscapes(part, style)),
  );
  return [style.dim('┌───'), ...body, style.dim('└───')];
}

/** One line of others' text, made visible. */
export function shown(text: string, style: Style): string {
  return markEscapes(visible(text), style);
}

/**
 * A sentence of the gateway's, or of whatever answers in its place. Its typographic apostrophes would be shown as code
 * points: nothing is decided by them.
 */
export const sentence = (message: string): string => visible(message.replaceAll('’', "'"));

/** The same, over as many lines as it takes. */
export function shownLines(text: string, width: number, style: Style): string[] {
  return wrap(visible(text), width).map((part) => markEscapes(part.trimStart(), style));
}

function markEscapes(text: string, style: Style): string {
  return text.replaceAll(/⟨U\+[0-9A-F]+⟩/gu, (escape) => style.inverse(escape));
}

/** How many characters of a text are shown as code points. */
export function escapesIn(text: string): number {
  return (visible(text, { keepLineFeeds: true }).match(/⟨U\+[0-9A-F]+⟩/gu) ?? []).length;
}

/** Columns of others' text, as wide as their widest cell; the last one is as wide as it likes. */
export function table(rows: readonly (readonly string[])[], style: Style): string[] {
  const cells = rows.map((row) => row.map((cell) => visible(cell)));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => columnsOf(row[column] ?? ''))),
  );
  return cells.map((row) =>
    markEscapes(
      row.map((cell, at) => (at === row.length - 1 ? cell : pad(cell, widths[at] ?? 0))).join('  '),
      style,
    ),
  );
}

export const pad = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - columnsOf(text)));

export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number.toLocaleString('en-US')} ${number === 1 ? one : many}`;
