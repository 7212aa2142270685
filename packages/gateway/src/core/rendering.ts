import { canonicalize } from '@sallyport/verifier';
import type { Review } from './review.ts';

type Json = Parameters<typeof canonicalize>[0];

/**
 * Everything that a surface shows of a review, in canonical form. Its SHA-256 is the rendering's digest, which a vote
 * has to carry: whoever votes on something that has changed since they looked, votes on nothing (threat A4). It covers
 * the action, the findings, the demands, the preview, questions and answers, and the policies of now. Votes are no part
 * of it: two people may decide at the same time. The action's salt is: the digest stays in the ledger when the action is
 * erased, and must not let anybody try out what it was.
 */
export function renderingForm(review: Review, policyVersion: string): string {
  const { commitment: _, ...subject } = review.subject;
  const shown = {
    review: review.id,
    subject,
    schedule: review.schedule,
    questions: review.questions,
    preview: review.preview,
    supersedes: review.supersedes,
    policies: policyVersion,
    version: 'sallyport/rendering/v1',
  };
  // Every member is plain JSON by its type; the cast says so to the compiler, which knows no index signature here.
  return canonicalize(shown as unknown as Json);
}
