/** What is said in the thread of a review's message, where people are to notice it. */
import { chatLineOf } from '../../core/chat-lines.ts';
import type { Notice } from '../../core/delivery.ts';
import type { Review } from '../../core/review.ts';
import { visible } from '../../core/visible.ts';
import type { Limits } from '../../limits.ts';
import { type Block, rich } from './blocks.ts';
import { escapeMarkup, line, literal, mention, quote, type RichTextPart } from './rich-text.ts';

/** Null: nothing is said. @param people Slack's ids of those who may decide. */
export function threadBlocks(
  notice: Notice,
  review: Review,
  people: readonly string[],
  { slackDirectPeople, slackTextCharacters }: Limits,
): { readonly text: string; readonly blocks: readonly Block[] } | null {
  const said = chatLineOf(notice, review);
  if (said === null) return null;
  const text = visible(said.text);
  const called = said.calls
    ? people.slice(0, slackDirectPeople).flatMap((user) => [mention(user), ...literal(' ')])
    : [];
  const parts: RichTextPart[] = [line(called, literal(text))];
  const words = said.words === undefined ? '' : visible(said.words, { keepLineFeeds: true });
  if (words !== '')
    parts.push(
      quote(words.length <= slackTextCharacters ? words : 'Too long to be shown here: open the review.'),
    );
  return { text: escapeMarkup(text), blocks: [rich('said', ...parts)] };
}
