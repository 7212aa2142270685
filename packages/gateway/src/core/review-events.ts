/** What happened to a review, by the name under which programs outside hear of it. Pure. */
import type { Notice } from './delivery.ts';
import type { ReviewStatus } from './review.ts';

export const reviewEvents = [
  'review.opened',
  'review.previewed',
  'review.voted',
  'review.retracted',
  'review.asked',
  'review.answered',
  'review.reminded',
  'review.escalated',
  'review.resolved',
  'review.expired',
  'review.withdrawn',
  'review.superseded',
  'review.executed',
] as const;

export type ReviewEventName = (typeof reviewEvents)[number];

const ENDS: Readonly<Record<ReviewStatus, ReviewEventName>> = {
  // A review that is over stays so: this is for the types.
  pending: 'review.resolved',
  approved: 'review.resolved',
  rejected: 'review.resolved',
  expired: 'review.expired',
  withdrawn: 'review.withdrawn',
  superseded: 'review.superseded',
};

const NAMES: Readonly<Record<Exclude<Notice['kind'], 'update' | 'close'>, ReviewEventName>> = {
  open: 'review.opened',
  remind: 'review.reminded',
  escalate: 'review.escalated',
  question: 'review.asked',
  answer: 'review.answered',
  outcome: 'review.executed',
};

/** Null: what shows the state of reviews follows it, and nobody else hears of it. */
export function eventOf(notice: Notice, status: ReviewStatus): ReviewEventName | null {
  if (notice.kind === 'update') return notice.change === 'entitled' ? null : `review.${notice.change}`;
  return notice.kind === 'close' ? ENDS[status] : NAMES[notice.kind];
}

/** Of what was routed by its event. */
export function toldEventOf(notice: Notice, status: ReviewStatus): ReviewEventName {
  const event = eventOf(notice, status);
  if (event === null) throw new Error('a change that is no event was routed as one');
  return event;
}
