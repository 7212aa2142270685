/**
 * What a person is shown of a group of reviews, made once for every surface, as card.ts does for one. It has counts and
 * configured names, nothing of any action, and nothing to decide with (law 6): there is a link to where each stands.
 */
import type { CardSection } from './card-sections.ts';
import { count, moment } from './card-words.ts';
import type { ReviewId } from './ids.ts';
import { timeOfId } from './ids.ts';
import {
  type GroupCounts,
  type GroupLine,
  type MessageGroup,
  sizeOfCounts,
  totals,
} from './message-group.ts';
import type { ReviewStatus } from './review.ts';
import { visible } from './visible.ts';

export interface GroupCard {
  readonly heading: string;
  readonly state: string;
  /** Where all of them are listed. */
  readonly url: string;
  /** Whether any of them waits. */
  readonly isOpen: boolean;
  readonly sections: readonly CardSection[];
  /** Said where people notice it; null: nothing. */
  readonly call: string | null;
}

export interface GroupCardView {
  /** Of those that wait. */
  readonly oldest: ReviewId | null;
  /** How many became due with this change. */
  readonly escalated: number;
  readonly reminded: number;
  readonly publicUrl: string;
}

const WORDS: Readonly<Record<ReviewStatus, string>> = {
  pending: 'waiting',
  approved: 'approved',
  rejected: 'rejected',
  expired: 'expired',
  withdrawn: 'withdrawn',
  superseded: 'replaced',
};

export function groupCardOf(group: MessageGroup, view: GroupCardView): GroupCard {
  const counts = totals(group);
  const waiting = counts.pending ?? 0;
  const all = sizeOfCounts(counts);
  const others = sizeOfCounts(group.others) === 0 ? [] : [`all others: ${inWords(group.others)}`];
  return {
    heading: waiting > 0 ? `${reviews(waiting)} waiting for a decision` : `${reviews(all)}: all are over`,
    state:
      waiting > 0
        ? 'More came at once than can be shown here one by one. They are decided one by one, in the list.'
        : `They came at once, and were shown together: ${inWords(counts)}.`,
    url: `${view.publicUrl}/reviews`,
    isOpen: waiting > 0,
    sections: [
      {
        kind: 'list',
        title: 'Who asks for what',
        note: '',
        items: [...group.lines.map(lineInWords), ...others],
      },
      ...(view.oldest === null ? [] : [oldestOf(view.oldest, view.publicUrl)]),
    ],
    call: callOf(view),
  };
}

const reviews = (number: number): string => count(number, 'review');

const inWords = (counts: GroupCounts): string =>
  (Object.keys(WORDS) as ReviewStatus[])
    .filter((status) => (counts[status] ?? 0) > 0)
    .map((status) => `${(counts[status] ?? 0).toString()} ${WORDS[status]}`)
    .join(', ');

function lineInWords({ agent, target, environment, classes, counts }: GroupLine): string {
  const data = classes.length === 0 ? 'no classified data' : classes.join(', ');
  return visible(`${agent} on ${target} (${environment}), ${data}: ${inWords(counts) || 'none any more'}`);
}

const oldestOf = (oldest: ReviewId, publicUrl: string): CardSection => ({
  kind: 'facts',
  title: 'The one that has waited longest',
  facts: [
    { label: 'Since', value: moment(timeOfId(oldest)) },
    { label: 'At', value: `${publicUrl}/reviews/${oldest}` },
  ],
});

function callOf({ escalated, reminded }: GroupCardView): string | null {
  if (escalated > 0)
    return `Nobody has decided ${reviews(escalated)} in time: from now on more people may. Open the list.`;
  return reminded > 0 ? `Still nobody has decided ${reviews(reminded)}. Open the list.` : null;
}
