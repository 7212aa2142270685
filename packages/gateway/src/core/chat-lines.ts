/** What is said about a review in a conversation, where people are to notice it: the same in every chat. */
import type { Notice } from './delivery.ts';
import type { Review } from './review.ts';

export interface ChatLine {
  /** Our own words. */
  readonly text: string;
  /** Somebody else's. */
  readonly words?: string;
  /** Whether those who may decide are called. */
  readonly calls: boolean;
}

/** Null: nothing is said. No text is made visible yet (visible.ts). */
export function chatLineOf(notice: Notice, review: Review): ChatLine | null {
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

function questionLine({ questions }: Review, id: number): ChatLine | null {
  const asked = questions.find((each) => each.id === id);
  if (asked === undefined) return null;
  const to = asked.to === 'agent' ? 'the agent' : 'the person for whom it acts';
  return { text: `${asked.by} asks ${to}:`, words: asked.text, calls: false };
}

function answerLine({ questions }: Review, id: number): ChatLine | null {
  const answer = questions.find((each) => each.id === id)?.answer ?? null;
  if (answer === null) return null;
  const unchecked = answer.kind === 'agent' ? ', in its own words, which nobody checked' : '';
  return { text: `${answer.by} answers${unchecked}:`, words: answer.text, calls: false };
}

function outcomeLine({ status, rows }: Extract<Notice, { kind: 'outcome' }>): ChatLine {
  const counted = `${rows.toString()} ${rows === 1 ? 'row' : 'rows'}`;
  if (status === 'unknown')
    return { text: 'Nobody knows whether it ran: it is not run again by itself.', calls: false };
  return { text: `It ${status === 'succeeded' ? 'ran' : status}: ${counted}.`, calls: false };
}
