import { statusPaint } from '../render-review.ts';
import { count, shown } from '../text.ts';
import { duration } from '../time.ts';
import { isSeen } from './card.ts';
import { between, connection } from './list-view.ts';
import type { Card, Model } from './model.ts';

/** What goes on changing while a person reads: status, time left, votes; and what is different since they looked. */
export function cardHead(model: Model, card: Card): string[] {
  const { style, size } = model;
  const summary = [statusText(model, card), connection(model)] as const;
  const changed = card.changed.map((change) => shown(change, style)).join('; ');
  return [
    between(summary[0], summary[1], size.width),
    changed === ''
      ? style.dim('─'.repeat(size.width))
      : style.yellow(`Changed since you looked: ${changed}.`),
  ];
}

function statusText({ style, nowMs }: Model, { review, id }: Card): string {
  if (review === null) return style.dim(id);
  const status = style[statusPaint[review.status]](review.status);
  if (review.status !== 'pending') return `${status}  ${style.dim(id)}`;
  const leftMs = Date.parse(review.expiresAt) - nowMs;
  const left = leftMs > 0 ? `${duration(leftMs)} left` : 'out of time';
  const standing = review.demands.map(({ approvals, quorum }) => `${approvals}/${quorum}`).join(' ');
  return `${status}, ${left}, votes ${standing}`;
}

export function cardBody({ style }: Model, { review, lines, top }: Card, rows: number): string[] {
  if (review === null) return ['', style.dim('  Reading…')];
  return lines.slice(top, top + rows);
}

/** Law 6, for the person: whether they may approve, and if not, how much is left to look at. */
export function cardStatus({ style }: Model, card: Card): string {
  const { review, isExact, lines, seenTo } = card;
  if (review === null) return '';
  if (!isExact) return style.red('Not what its digest says. No vote can be cast here; tell your operator.');
  if (review.status !== 'pending') return style.dim('It is over; Esc leads back to the list.');
  if (isSeen(card)) return style.dim('You have seen all of it: a approves exactly this.');
  return style.yellow(
    `No approval yet: ${count(lines.length - seenTo, 'line')} below not seen. Scroll down.`,
  );
}
