import { z } from 'zod';
import { Count, Digest, Timestamp } from './primitives.ts';
import { ReviewSummary } from './review.ts';

/** The most groups of one answer, the largest first. */
export const maxReviewGroups = 100;

export const ReviewGroupQuery = z.strictObject({
  agent: z.string().min(1).max(200).optional(),
  limit: z.coerce.number().int().min(1).max(maxReviewGroups).default(50),
});

const ReviewGroup = z
  .object({
    shape: Digest.meta({ description: 'Goes into `shape` of the list of reviews.' }),
    count: Count,
    oldestOpenedAt: Timestamp,
    newestOpenedAt: Timestamp,
    newest: ReviewSummary,
  })
  .meta({
    id: 'ReviewGroup',
    description:
      'Pending reviews of one agent that differ in values alone. A way to look at them: each is decided by itself.',
  });
export type ReviewGroup = z.infer<typeof ReviewGroup>;

export const ReviewGroups = z
  .object({ groups: z.array(ReviewGroup) })
  .meta({ id: 'ReviewGroups', description: 'The largest groups first.' });
export type ReviewGroups = z.infer<typeof ReviewGroups>;

export const AttentionQuery = z.strictObject({
  since: Timestamp.optional().meta({ description: 'Default: 24 hours before `until`.' }),
  until: Timestamp.optional().meta({ description: 'Default: now.' }),
});

const milliseconds = z.number().nonnegative();

const ReviewerAttention = z
  .object({
    person: z.string().meta({ description: 'The account used last; accounts of one identity are one line.' }),
    queue: Count.meta({ description: 'Pending reviews that this person could decide on now.' }),
    decided: Count.meta({ description: 'Votes cast, those taken back later included.' }),
    approved: Count,
    shareApproved: z.number().min(0).max(1).nullable(),
    medianDecideMs: milliseconds.nullable().meta({ description: 'From the opening to the vote.' }),
    medianReadMs: milliseconds
      .nullable()
      .meta({ description: 'From when the gateway first showed it to this person, or opened it.' }),
    fasterThanReading: Count.meta({ description: 'Votes sooner than reading takes at `wordsPerMinute`.' }),
    canaries: Count.meta({
      description: 'Of the votes, those on requests that the gateway opened to be rejected, and has said so.',
    }),
    canariesApproved: Count,
    lastDecidedAt: Timestamp.nullable(),
  })
  .meta({ id: 'ReviewerAttention' });

export const AttentionReport = z
  .object({
    since: Timestamp,
    until: Timestamp,
    complete: z
      .boolean()
      .meta({ description: 'False: there were more votes than are looked at, which are the newest.' }),
    wordsPerMinute: z.int().positive().meta({ description: 'Words of six characters.' }),
    minimumReadingMs: Count,
    approvalsPerHour: z.int().positive().nullable().meta({ description: 'For one person; null: no bound.' }),
    pending: Count.meta({ description: 'Pending reviews that queues were counted in.' }),
    queuesComplete: z
      .boolean()
      .meta({ description: 'False: more reviews are pending than are looked at, which are the newest.' }),
    standingGrantsProposed: Count.meta({ description: 'Standing grants that wait for votes.' }),
    reviewers: z.array(ReviewerAttention),
    agents: z.array(
      z.object({
        agent: z.string(),
        pending: Count,
        refused: Count.meta({ description: 'Times it was told to back off, since the gateway started.' }),
      }),
    ),
  })
  .meta({ id: 'AttentionReport', description: 'What waits for whom, and how people decide.' });
export type AttentionReport = z.infer<typeof AttentionReport>;
