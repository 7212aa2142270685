/** What is said in the thread of a review's message, where people are to notice it. */
import type { Notice } from '../../core/delivery.ts';
import type { Review } from '../../core/review.ts';
import { visible } from '../../core/visible.ts';
import type { Limits } from '../../limits.ts';
import { type Block, rich } from './blocks.ts';
import { escapeMarkup, line, literal, mention, quote, type RichTextPart } from './rich-text.ts';

interface Line {
  /** Our own words. */
  readonly text: string;
  /** Somebody else's. */
  readonly words?: string;
  /** Whether those who may decide are called. */
  readonly calls: boolean;
}

/** Null: nothing is said. @param people Slack's ids of those who may decide. */
export function threadBlocks(
  notice: Notice,
  review: Review,
  people: readonly string[],
  { slackDirectPeople, slackTextCharacters }: Limits,
): { readonly text: string; readonly blocks: readonly Block[] } | null {
  const said = lineOf(notice, review);
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

function lineOf(notice: Notice, review: Review): Line | null {
  switch (notice.kind) {
    case 'open':
    case 'update':
    case 'close':
      return null;
    case 'remind':
      return { text: 'Still nobody has decided.', calls: true };
    case 'escalate':
      return { text: 'Nobody has decided in time: from now on these people may decide too.', calls: true };
    case 'question':
      return questionLine(review, notice.question);
    case 'answer':
      return answerLine(review, notice.question);
    case 'outcome':
      return outcomeLine(notice);
  }
}

function questionLine({ questions }: Review, id: number): Line | null {
  const asked = questions.find((each) => each.id === id);
  if (asked === undefined) return null;
  const to = asked.to === 'agent' ? 'the agent' : 'the person for whom it acts';
  return { text: `${asked.by} asks ${to}:`, words: asked.text, calls: false };
}

function answerLine({ questions }: Review, id: number): Line | null {
  const answer = questions.find((each) => each.id === id)?.answer ?? null;
  if (answer === null) return null;
  const unchecked = answer.kind === 'agent' ? ', in its own words, which nobody checked' : '';
  return { text: `${answer.by} answers${unchecked}:`, words: answer.text, calls: false };
}

function outcomeLine({ status, rows }: Extract<Notice, { kind: 'outcome' }>): Line {
  const counted = `${rows.toString()} ${rows === 1 ? 'row' : 'rows'}`;
  if (status === 'unknown')
    return { text: 'Nobody knows whether it ran: it is not run again by itself.', calls: false };
  return { text: `It ${status === 'succeeded' ? 'ran' : status}: ${counted}.`, calls: false };
}
