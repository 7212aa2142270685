import { standingVotes, type Review } from './review.ts';

const SECOND_MS = 1_000;
const UNITS = [
  ['day', 86_400 * SECOND_MS],
  ['hour', 3_600 * SECOND_MS],
  ['minute', 60 * SECOND_MS],
] as const;

/** For people: `12 seconds ago`, `3 hours ago`. A clock that stepped back counts as now. */
export function howLongAgo(durationMs: number): string {
  const [unit, unitMs] = UNITS.find(([, ms]) => durationMs >= ms) ?? (['second', SECOND_MS] as const);
  const count = Math.max(0, Math.floor(durationMs / unitMs));
  return `${count.toString()} ${unit}${count === 1 ? '' : 's'} ago`;
}

/** How a review ended and when, for whoever comes too late. */
export function explainEnd(review: Review, nowMs: number): string {
  const { state } = review;
  if (state.status === 'pending') return 'This review is past its time.';
  const when = howLongAgo(nowMs - state.resolvedAtMs);
  switch (state.status) {
    case 'approved': {
      const people = standingVotes(review).filter((vote) => vote.kind === 'approve');
      return `This review is over: approved by ${people.map((vote) => vote.person).join(', ')} ${when}.`;
    }
    case 'rejected':
      return `This review is over: rejected by ${state.by} ${when}.`;
    case 'expired':
      return `This review is over: it expired ${when}, before it was decided.`;
    case 'withdrawn':
      return `This review is over: the request was withdrawn ${when}.`;
    case 'superseded':
      return `This review is over: the agent changed its action ${when}; decide on ${state.by} instead.`;
  }
}

/** What became of an approval: for the one who votes too late. Time of day in UTC. */
export const explainRun = (ranAtMs: number): string =>
  ` It ran at ${new Date(ranAtMs).toISOString().slice(11, 19)} UTC.`;
