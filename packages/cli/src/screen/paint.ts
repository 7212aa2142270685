import type { View } from './view.ts';

const escape = '\u001b[';
/** Terminals that know synchronized output show a frame at once; others ignore it. */
const beginFrame = `${escape}?2026h`;
const endFrame = `${escape}?2026l`;
const hideCursor = `${escape}?25l`;
const showCursor = `${escape}?25h`;
const eraseRest = `${escape}K`;

/** The other screen, no cursor, pasted text marked as such, lines that don't wrap. */
export const enterScreen = `${escape}?1049h${escape}?2004h${escape}?7l${hideCursor}${escape}2J`;
/** Everything of that undone, in the opposite order; harmless where it was done already. */
export const leaveScreen = `${escape}0m${escape}?7h${escape}?2004l${showCursor}${escape}?1049l`;

const at = (row: number, column: number): string => `${escape}${row + 1};${column + 1}H`;

/** What turns one picture into the next: the lines that differ, and nothing where none does. */
export function paint(before: View | null, after: View): string {
  const differs = (line: string, row: number): boolean => before === null || before.lines[row] !== line;
  const lines = after.lines.flatMap((line, row) =>
    differs(line, row) ? [`${at(row, 0)}${eraseRest}${line}${escape}0m`] : [],
  );
  const { cursor } = after;
  const moved = before?.cursor?.row !== cursor?.row || before?.cursor?.column !== cursor?.column;
  if (lines.length === 0 && !moved) return '';
  const shown = cursor === null ? '' : at(cursor.row, cursor.column) + showCursor;
  return beginFrame + hideCursor + lines.join('') + shown + endFrame;
}
