import { z } from 'zod';
import { ReviewId } from './primitives.ts';
import { ProblemCode } from './problem.ts';
import { Channel, maxReviewsPerPage, Review, ReviewSummary, VoteRequest } from './review.ts';

/** The most reviews of one bundle: as many as one text may have statements. */
export const maxReviewsPerBundle = maxReviewsPerPage;

export const Bundle = z
  .object({
    session: z.string(),
    reviews: z.array(Review).meta({
      description: 'Pending, in the order in which they were opened. Each has a digest of its own.',
    }),
    more: z.boolean().meta({ description: 'Whether the session has more than fit: decide on these first.' }),
  })
  .meta({
    id: 'Bundle',
    description: 'What one session waits for. A group to look at together, and never to vote on as one.',
  });
export type Bundle = z.infer<typeof Bundle>;

export const BundleVoteRequest = z
  .strictObject({
    votes: z
      .array(VoteRequest.omit({ channel: true }).extend({ review: ReviewId }))
      .min(1)
      .max(maxReviewsPerBundle),
    channel: Channel,
  })
  .meta({ id: 'BundleVoteRequest', description: 'One vote for each review that is decided on.' });
export type BundleVoteRequest = z.input<typeof BundleVoteRequest>;

export const BundleVoteResult = z
  .object({
    review: ReviewId,
    code: ProblemCode.nullable().meta({ description: 'Why the vote does not count; null: it counts.' }),
    detail: z.string(),
    summary: ReviewSummary.nullable().meta({ description: 'The review after the vote, where it counts.' }),
  })
  .meta({ id: 'BundleVoteResult' });
export type BundleVoteResult = z.infer<typeof BundleVoteResult>;

export const BundleVoteResults = z
  .object({ results: z.array(BundleVoteResult) })
  .meta({ id: 'BundleVoteResults', description: 'One result for each vote, in their order.' });
export type BundleVoteResults = z.infer<typeof BundleVoteResults>;
