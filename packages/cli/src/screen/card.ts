import type { Review } from '@sallyport/sdk/contract';
import { renderCard } from '../render-review.ts';
import { changesBetween } from './changes.ts';
import { fold } from './fold.ts';
import type { Card, Model, Size } from './model.ts';

/** Rows that the frame around a card takes: two above, two below. */
export const frameRows = 4;
/** On less, nothing that a person could judge by has room. */
const leastWidth = 8;

export const cardRows = ({ height }: Size): number => Math.max(0, height - frameRows);

export const newCard = (id: string): Card => ({
  id,
  review: null,
  isExact: false,
  lines: [],
  top: 0,
  seenTo: 0,
  changed: [],
});

function linesOf(review: Review, { style, size }: Model): readonly string[] {
  const width = Math.max(leastWidth, size.width);
  return renderCard(review, style, width)
    .split('\n')
    .flatMap((line) => fold(line, width));
}

/** Whether everything of it has been on the screen. Where a terminal is too small to show it, it has not. */
export const isSeen = ({ review, lines, seenTo }: Card): boolean => review !== null && seenTo >= lines.length;

/** The card with what the gateway says now; what a vote is bound to has to be looked at anew where it is different. */
export function withReview(
  model: Model,
  card: Card,
  loaded: Pick<Card, 'isExact'> & { review: Review },
): Card {
  const { review, isExact } = loaded;
  const before = card.review;
  if (before !== null && before.revision > review.revision) return card;
  const lines = linesOf(review, model);
  if (before === null) return look({ ...card, review, isExact, lines }, model.size);
  const changes = changesBetween(before, review);
  if (changes.length > 0) {
    const changed = [...new Set([...card.changed, ...changes])];
    return look({ ...card, review, isExact, lines, changed, top: 0, seenTo: 0 }, model.size);
  }
  const seenTo = isSeen(card) ? lines.length : Math.min(card.seenTo, lines.length);
  return look({ ...card, review, isExact, lines, seenTo }, model.size);
}

/** The same for another width or height. */
export function resized(model: Model, card: Card): Card {
  if (card.review === null) return card;
  const lines = linesOf(card.review, model);
  const top = Math.round((card.top / Math.max(1, card.lines.length)) * lines.length);
  // Lines are others now: what was seen in part is not known any more.
  return look({ ...card, lines, top, seenTo: isSeen(card) ? lines.length : 0 }, model.size);
}

/** Scrolled to this line, as far as there is something. */
export const scrollTo = (card: Card, top: number, size: Size): Card => look({ ...card, top }, size);

/** What is on the screen now has been seen, if it follows what was seen before. */
function look(card: Card, size: Size): Card {
  const rows = size.width < leastWidth ? 0 : cardRows(size);
  const top = Math.max(0, Math.min(card.top, card.lines.length - rows));
  const seenTo =
    top <= card.seenTo ? Math.max(card.seenTo, Math.min(top + rows, card.lines.length)) : card.seenTo;
  return { ...card, top, seenTo };
}
