/**
 * The card for a place where nothing can be erased, such as a mailbox: names, counts and the gateway's own words. What the
 * action says, what it would do and what people wrote is left out, whole, and named (laws 6 and 8).
 */
import { cardOf, sectionsWithin, type Card, type CardRoom } from './card.ts';
import type { CardSection, CardView } from './card-sections.ts';
import type { Review } from './review.ts';

export interface Outline {
  /** With the sections that may be there. */
  readonly card: Card;
  readonly left: readonly CardSection[];
}

export function outlineOf(review: Review, view: CardView, room: CardRoom): Outline {
  // A title is made of the action's own text where it has no parts that the gateway knows.
  const { subject } = review;
  const whole = cardOf({ ...review, subject: { ...subject, title: subject.operation } }, view);
  const plain = whole.sections.filter((section) => 'plain' in section);
  const sections = sectionsWithin({ ...whole, sections: plain }, room);
  const left = whole.sections.filter((section) => !sections.includes(section));
  return { card: { ...whole, sections }, left };
}
