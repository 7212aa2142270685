import { characterColumns } from '../columns.ts';

// eslint-disable-next-line no-control-regex -- the codes that style.ts sets, which are all that lines here hold
const pieces = /\u001b\[(\d+)m|[^\u001b]/gu;
const ends = new Set(['22', '27', '39']);
const goesOn = '↳ ';

/**
 * A line of styled text as lines that fit, each styled by itself. Nothing is lost; what goes on is marked, so that no
 * text can look like a line of its own. For text that went through `visible`.
 */
export function fold(line: string, width: number): string[] {
  const parts: string[] = [];
  let open: string[] = [];
  let part = '';
  let used = 0;
  for (const [piece, code] of line.matchAll(pieces)) {
    if (code !== undefined) {
      open = ends.has(code) ? open.filter((each) => endOf(each) !== code) : [...open, piece];
      part += piece;
      continue;
    }
    const columns = characterColumns(piece);
    if (used + columns > width && used > 0) {
      parts.push(close(part, open));
      const mark = width > 4 ? goesOn : '';
      part = mark + open.join('');
      used = mark.length;
    }
    part += piece;
    used += columns;
  }
  return [...parts, part];
}

/** The beginning of a styled line that fits. */
export function cut(line: string, width: number): string {
  return width <= 0 ? '' : (fold(line, width)[0] ?? '');
}

function endOf(set: string): string {
  const code = Number(set.slice(2, -1));
  return code < 3 ? '22' : code === 7 ? '27' : '39';
}

function close(part: string, open: readonly string[]): string {
  return part + open.map((each) => `\u001b[${endOf(each)}m`).join('');
}
