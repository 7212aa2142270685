import type { ActionState, IssuedGrant } from '@sallyport/sdk/contract';
import type { Refusal } from '../core/reasons.ts';
import { refusalOfEnd } from '../core/review-end.ts';
import type { SubmissionView } from '../ports.ts';
import { presentState, timestamp } from './present.ts';

type Standing = Pick<ActionState, 'status' | 'readyUntil' | 'refusal' | 'outcome'>;

const plain = { readyUntil: null, refusal: null, outcome: null };

/** How an action stands, of its own state and its review's. */
export function standingOf({ submission, review, issued }: SubmissionView): Standing {
  const { state, deadlineMs } = submission;
  switch (state.status) {
    case 'allowed':
      return { ...plain, status: 'ready', readyUntil: timestamp(deadlineMs) };
    case 'review':
      if (review === null || review.state.status === 'pending') return { ...plain, status: 'pending' };
      if (review.state.status !== 'approved') return refused(refusalOfEnd(review));
      return {
        ...plain,
        status: 'ready',
        readyUntil: issued === null ? null : timestamp(issued.expiresAtMs),
      };
    case 'break_glass':
      return { ...plain, status: 'ready', readyUntil: timestamp(deadlineMs) };
    case 'refused':
      return refused(state.refusal);
    case 'granted':
      return { ...plain, status: 'granted' };
    case 'ended':
      return { ...plain, status: 'ended', outcome: { ...state.outcome } };
  }
}

const refused = ({ code, message, hint }: Refusal): Standing => ({
  ...plain,
  status: 'refused',
  refusal: { code, message, hint },
});

export function presentAction(view: SubmissionView, publicUrl: string): ActionState {
  const { id, target, declared, openedAtMs, state } = view.submission;
  const review = 'review' in state ? state.review : null;
  return {
    id,
    ...standingOf(view),
    target: target.name,
    operation: declared.operation,
    command: declared.command,
    openedAt: timestamp(openedAtMs),
    review,
    reviewUrl: review === null ? null : `${publicUrl}/reviews/${review}`,
    grantUrl: `${publicUrl}/v1/actions/${id}/grant`,
    questions: view.review === null ? [] : presentState(view.review).questions,
  };
}

export function presentGrant(
  granted: { readonly grant: string; readonly digest: string } & Pick<SubmissionView, 'submission'>,
  issuer: string,
): IssuedGrant {
  const { state } = granted.submission;
  if (state.status !== 'granted') throw new Error(`a grant of an action that is ${state.status}`);
  const { grant, digest } = granted;
  return { grant, digest, issuer, expiresAt: timestamp(state.token.expiresAtMs) };
}
