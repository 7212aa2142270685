/** What is said below a review's message, where people are to notice it. */
import { chatLineOf } from '../../core/chat-lines.ts';
import type { Notice } from '../../core/delivery.ts';
import type { Review } from '../../core/review.ts';
import { visible } from '../../core/visible.ts';
import type { Limits } from '../../limits.ts';
import { bytesOf, type Container } from './elements.ts';
import { line, type RichTextBlock, runs, wordLines } from './rich-text.ts';

/** A card of a few lines, in which nothing can be pressed. */
export interface Line {
  readonly $schema: 'http://adaptivecards.io/schemas/adaptive-card.json';
  readonly type: 'AdaptiveCard';
  readonly version: '1.5';
  readonly body: readonly (RichTextBlock | Container)[];
}

/** Null: nothing is said. */
export function threadLine(
  notice: Notice,
  review: Review,
  limits: Limits,
): { summary: string; card: Line } | null {
  const said = chatLineOf(notice, review);
  if (said === null) return null;
  const words = said.words === undefined ? '' : visible(said.words, { keepLineFeeds: true });
  const quoted: Container = { type: 'Container', style: 'emphasis', items: wordLines(words) };
  const isShort =
    bytesOf(quoted) <= limits.teamsCardBytes / 2 && quoted.items.length <= limits.teamsSectionLines;
  const elsewhere = line(undefined, runs('Too long to be shown here: open the review.'));
  return {
    summary: 'Sallyport: something was said about a review.',
    card: {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.5',
      body: [
        line(undefined, runs(visible(said.text))),
        ...(words === '' ? [] : [isShort ? quoted : elsewhere]),
      ],
    },
  };
}
