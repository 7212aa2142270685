/** The card for somebody who is asked about what an agent does for them: the questions first, and nothing to decide. */
import { askedOfPeople } from './chat-people.ts';
import { questionSections } from './card-judgment.ts';
import type { Card } from './card.ts';
import type { Review } from './review.ts';

export interface AskedCard {
  readonly card: Card;
  readonly title: string;
  /** Ids of the questions that its reader can answer now. */
  readonly open: readonly number[];
}

/** @param mayRead whether its reader may read reviews: else they see what they are asked, and nothing of the action. */
export function askedCardOf(card: Card, review: Review, mayRead: boolean): AskedCard {
  const asked = askedOfPeople(review);
  const open = card.isOpen ? asked.flatMap(({ id, answer }) => (answer === null ? [id] : [])) : [];
  const questions = asked.flatMap(questionSections);
  const titles = new Set(questions.map(({ title }) => title));
  const rest = mayRead ? card.sections.filter(({ title }) => !titles.has(title)) : [];
  const title =
    open.length === 0
      ? 'You were asked about what an agent wanted to do for you'
      : 'You are asked about what an agent wants to do for you';
  return { card: { ...card, sections: [...questions, ...rest] }, title, open };
}
