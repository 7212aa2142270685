import { visible } from '@sallyport/sdk';
import { columnsOf } from '../columns.ts';
import type { Line } from './line-editor.ts';
import type { Model, Prompt } from './model.ts';

/** What is written, as far as it fits: the part around the cursor. */
export function promptLine({ style, size, card }: Model, prompt: Prompt): string {
  if (prompt.kind === 'confirm') {
    const digest = card?.review?.digest.slice(0, 12) ?? '';
    return style.bold(`Approve exactly this, digest ${digest}…?`);
  }
  const label = labelOf(prompt);
  const { text } = windowOf(prompt.line, size.width - columnsOf(label));
  return style.bold(label) + text;
}

/** The column at which the next character goes; null where nothing is written. */
export function lineCursor({ prompt, size }: Model): number | null {
  if (prompt === null || prompt.kind === 'confirm') return null;
  const label = columnsOf(labelOf(prompt));
  return Math.min(size.width - 1, label + windowOf(prompt.line, size.width - label).cursor);
}

function labelOf(prompt: Exclude<Prompt, { kind: 'confirm' }>): string {
  if (prompt.kind !== 'question') return prompt.kind === 'filter' ? '/' : 'Reject, because: ';
  return prompt.to === 'agent' ? 'Ask the agent: ' : 'Ask the sponsor: ';
}

/** Of a line that is too long, the part that ends at the cursor. */
function windowOf({ characters, cursor }: Line, columns: number): { text: string; cursor: number } {
  const cells = characters.map((character) => visible(character));
  let from = cursor;
  let used = 0;
  while (from > 0) {
    used += columnsOf(cells[from - 1] ?? '');
    if (used > columns - 1) break;
    from -= 1;
  }
  const before = cells.slice(from, cursor).join('');
  return { text: before + cells.slice(cursor).join(''), cursor: columnsOf(before) };
}
