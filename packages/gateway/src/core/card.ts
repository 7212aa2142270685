/**
 * What a person is shown of a review, made once for every surface: sections of four kinds, which a surface lays out in
 * its own form, escapes for its own syntax and adds nothing to. All text is visible already (visible.ts).
 *
 * Law 6: a surface that can't show every section whole offers no approval, and links to `url` instead. `fits` says so.
 */
import { actionSections } from './card-action.ts';
import { judgmentSections } from './card-judgment.ts';
import type { CardSection, CardView } from './card-sections.ts';
import { moment } from './card-words.ts';
import { needsPasskey } from './electorate.ts';
import type { ReviewId } from './ids.ts';
import type { Review } from './review.ts';
import { explainEnd } from './review-words.ts';
import { visible } from './visible.ts';

export interface Card {
  readonly review: ReviewId;
  /** What a vote on this card has to carry. */
  readonly digest: string;
  readonly rendering: string;
  /** Where all of it can be seen. */
  readonly url: string;
  /** Where it is signed with a passkey. */
  readonly signUrl: string;
  readonly heading: string;
  readonly state: string;
  readonly risk: number;
  /** False: it is over, and nothing can be decided. */
  readonly isOpen: boolean;
  /** An approval has to be signed with a passkey, so that no surface without one offers it. */
  readonly needsPasskey: boolean;
  readonly sections: readonly CardSection[];
}

export function cardOf(review: Review, view: CardView): Card {
  const { subject, id } = review;
  const { target } = subject;
  const url = `${view.publicUrl}/reviews/${id}`;
  const isOpen = review.state.status === 'pending' && view.nowMs < review.expiresAtMs;
  return {
    review: id,
    digest: subject.digest,
    rendering: view.rendering,
    url,
    signUrl: `${url}/sign`,
    heading: visible(`${subject.title} on ${target.name} (${target.environment})`),
    state: visible(stateOf(review, isOpen, view.nowMs)),
    risk: subject.risk.score,
    isOpen,
    needsPasskey: view.standings.some(({ demand, met }) => !met && needsPasskey(review, demand)),
    sections: [...actionSections(review), ...judgmentSections(review, view)],
  };
}

/** For a surface that knows the review's own address. */
export const viewAt = (
  url: string,
  { shown, nowMs }: { readonly shown: Pick<CardView, 'rendering' | 'standings'>; readonly nowMs: number },
): CardView => ({ ...shown, nowMs, publicUrl: url.slice(0, Math.max(0, url.lastIndexOf('/reviews/'))) });

function stateOf(review: Review, isOpen: boolean, nowMs: number): string {
  if (!isOpen) return explainEnd(review, nowMs);
  const minutes = Math.max(1, Math.floor((review.expiresAtMs - nowMs) / 60_000));
  const left = minutes === 1 ? '1 minute' : `${minutes.toString()} minutes`;
  return `Waits for a decision until ${moment(review.expiresAtMs)}, ${left} from ${moment(nowMs)}.`;
}

/** How much a surface has to show for a section. */
export function sizeOf(section: CardSection): number {
  switch (section.kind) {
    case 'facts':
      return section.facts.reduce((sum, { label, value }) => sum + label.length + value.length, 0);
    case 'list':
      return section.items.reduce((sum, item) => sum + item.length, section.note.length);
    case 'code':
    case 'words':
      return section.text.length + section.note.length;
  }
}

export interface CardRoom {
  /** In UTF-16 code units, of each section and of all together. */
  readonly perSection: number;
  readonly inAll: number;
  readonly sections: number;
  /** Line breaks of one section: a surface that folds long texts away shows less than it was given. */
  readonly linesPerSection: number;
}

const linesOf = (section: CardSection): number =>
  'text' in section
    ? section.text.split('\n').length
    : 'items' in section
      ? section.items.length
      : section.facts.length;

/** The sections that a surface with this room can show whole. Less than all of them: it offers no approval there. */
export function sectionsWithin(card: Card, room: CardRoom): readonly CardSection[] {
  let left = room.inAll;
  let count = 0;
  return card.sections.filter((section) => {
    const size = sizeOf(section) + section.title.length;
    const fits =
      size <= Math.min(left, room.perSection) &&
      count < room.sections &&
      linesOf(section) <= room.linesPerSection;
    if (!fits) return false;
    left -= size;
    count += 1;
    return true;
  });
}
