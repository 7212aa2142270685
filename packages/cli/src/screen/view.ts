import { columnsOf } from '../columns.ts';
import { shown } from '../text.ts';
import { isSeen } from './card.ts';
import { cardBody, cardHead, cardStatus } from './card-view.ts';
import { cut } from './fold.ts';
import { lineCursor, promptLine } from './prompt-view.ts';
import { listBody, listHead, listStatus } from './list-view.ts';
import type { Model, Notice } from './model.ts';
import type { Style } from '../style.ts';

export interface View {
  /** As many as the terminal has rows, none wider than it. */
  readonly lines: readonly string[];
  /** Where a person writes, counted from 0; null: nowhere. */
  readonly cursor: { readonly row: number; readonly column: number } | null;
}

/** What a terminal of this size shows. Pure: the same model is the same picture. */
export function view(model: Model): View {
  const { width, height } = model.size;
  const { card } = model;
  const head = card === null ? listHead(model) : cardHead(model, card);
  const rows = Math.max(0, height - head.length - 2);
  const body = card === null ? listBody(model, rows) : cardBody(model, card, rows);
  const filler = Array<string>(Math.max(0, rows - body.length)).fill('');
  const status = statusOf(model);
  const lines = [...head, ...body.slice(0, rows), ...filler, status, keysOf(model)];
  // On a screen without room for all, the lines at the bottom are those that say what a key does.
  const shown = lines.slice(Math.max(0, lines.length - height)).map((line) => cut(line, width));
  const cursor = lineCursor(model);
  const row = shown.length - 2;
  return { lines: shown, cursor: cursor === null || row < 0 ? null : { row, column: cursor } };
}

const tones: Readonly<Record<Notice['tone'], keyof Style>> = { good: 'green', warning: 'yellow', bad: 'red' };

/** The last line but one: what is asked of the person, else what happened, else how it stands. */
function statusOf(model: Model): string {
  const { prompt, notice, busy, style, card } = model;
  if (prompt !== null) return promptLine(model, prompt);
  if (busy !== null) return style.dim(busy);
  if (notice !== null) return style[tones[notice.tone]](shown(notice.text, style));
  return card === null ? listStatus(model) : cardStatus(model, card);
}

type Keys = readonly (readonly [key: string, does: string])[];

const listKeys: Keys = [
  ['↑↓', 'choose'],
  ['Enter', 'open'],
  ['/', 'filter'],
  ['f', 'fold alike'],
  ['q', 'quit'],
  ['g G', 'first, last'],
];
const cardKeys: Keys = [
  ['↑↓ Space', 'scroll'],
  ['r', 'reject'],
  ['?', 'ask'],
  ['x', 'retract'],
  ['Esc', 'back'],
  ['q', 'quit'],
];
const lineKeys: Keys = [
  ['Enter', 'send'],
  ['Esc', 'cancel'],
];

function keysOf(model: Model): string {
  const { style, prompt, size } = model;
  const shown: string[] = [];
  let used = 0;
  for (const [key, does] of keysFor(model)) {
    used += columnsOf(`${key} ${does}`) + 2;
    if (used > size.width + 2 && prompt === null) break;
    shown.push(`${style.bold(key)} ${style.dim(does)}`);
  }
  return shown.join('  ');
}

function keysFor({ prompt, card }: Model): Keys {
  switch (prompt?.kind) {
    case 'confirm':
      return [
        ['y', 'approve exactly this'],
        ['any other key', 'do nothing'],
      ];
    case 'filter':
      return [
        ['Enter', 'keep'],
        ['Esc', 'show all'],
      ];
    case 'question':
      return [
        ...lineKeys,
        ['Tab', prompt.to === 'agent' ? 'ask the sponsor instead' : 'ask the agent instead'],
      ];
    case 'reason':
      return lineKeys;
    case undefined:
      return card === null ? listKeys : cardKeysOf(card);
  }
}

/** Law 6: the key that approves is offered where the whole action has been on the screen. */
function cardKeysOf(card: NonNullable<Model['card']>): Keys {
  const isApprovable = card.isExact && card.review?.status === 'pending' && isSeen(card);
  return isApprovable ? [['a', 'approve'], ...cardKeys] : cardKeys;
}
