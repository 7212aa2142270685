import { refusal, type Refusal } from './reasons.ts';
import type { Review } from './review.ts';

/** What the end of a review means for whoever asked. A review that is pending, or approved, refuses nothing: a bug. */
export function refusalOfEnd({ id, state }: Review): Refusal {
  switch (state.status) {
    case 'rejected':
      return refusal('review.rejected', { review: id, message: `Rejected by ${state.by}: ${state.reason}` });
    case 'expired':
      return refusal('review.expired', { review: id });
    case 'withdrawn':
      return refusal('review.withdrawn', { review: id });
    case 'superseded':
      return refusal('review.superseded', { review: id });
    case 'pending':
    case 'approved':
      throw new Error(`a review that is ${state.status} refuses nothing`);
  }
}
