import { z } from 'zod';
import { ActionId, Count, Digest, ReviewId, StandingId, Timestamp } from './primitives.ts';
import { Channel, Dataset, Demand, maxReasonLength, Target, Vote } from './review.ts';

export const StandingStatus = z
  .enum(['proposed', 'live', 'rejected', 'revoked', 'expired', 'exhausted'])
  .meta({ id: 'StandingStatus' });
export type StandingStatus = z.infer<typeof StandingStatus>;

/** The longest value that is worth a constraint, in characters: people read it. */
const maxValueLength = 10_000;
/** The most constraints, and values of one of them; a person reads every one. */
const maxConstraints = 1_000;
const maxValues = 100;

const value = z.string().max(maxValueLength).nullable();

const Constraint = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('equals'), value }),
    z.strictObject({ kind: z.literal('oneOf'), values: z.array(value).min(1).max(maxValues) }),
    z.strictObject({
      kind: z.literal('range'),
      order: z.enum(['number', 'date', 'timestamp']),
      min: z.string().max(100),
      max: z.string().max(100).meta({ description: 'Included, as the other end is.' }),
    }),
  ])
  .meta({ id: 'Constraint', description: 'What a field of the command may be, compared as the text sent.' });

const StandingField = z
  .object({
    name: z.string().meta({ description: '`literal 1`, in the order of the text; `$1` for a bound value.' }),
    type: z.string(),
    free: z
      .boolean()
      .meta({ description: 'Whether anything but its own value may be allowed: it decides nothing else.' }),
    orders: z.array(z.enum(['number', 'date', 'timestamp'])),
    context: z.string().meta({ description: 'What stands before it.' }),
    constraint: Constraint,
  })
  .meta({ id: 'StandingField' });

/** What a list shows; never enough to decide on (law 6). */
export const StandingSummary = z
  .object({
    id: StandingId,
    status: StandingStatus,
    review: ReviewId,
    agent: z.string(),
    onBehalfOf: z.string(),
    target: Target,
    operation: z.string(),
    datasets: z.array(z.string()),
    proposedBy: z.string(),
    proposedAt: Timestamp,
    validFrom: Timestamp,
    validUntil: Timestamp,
    uses: Count,
    maxUses: Count,
    rows: Count.meta({
      description: 'Rows of its uses; of one that is under way the most that it may have.',
    }),
    maxRows: Count,
  })
  .meta({ id: 'StandingSummary', description: 'A standing grant in a list: too little to decide on.' });
export type StandingSummary = z.infer<typeof StandingSummary>;

export const StandingGrant = StandingSummary.omit({ uses: true, rows: true, datasets: true })
  .extend({
    readAt: Timestamp,
    digest: Digest.meta({ description: 'SHA-256 of the terms: what a vote names.' }),
    rendering: Digest.meta({ description: 'Over everything that is shown here but votes and uses.' }),
    reason: z.string(),
    command: z.string().meta({ description: 'The action that it was proposed from, whole.' }),
    template: Digest.meta({
      description: 'SHA-256 of the command without its fields. Only an equal one is covered.',
    }),
    preconditions: z.record(z.string(), z.string()),
    fields: z.array(StandingField),
    datasets: z.array(Dataset),
    functions: z.array(z.string()),
    maxRowsPerUse: Count,
    votesUntil: Timestamp,
    demands: z.array(Demand),
    votes: z.array(Vote),
    used: z.array(
      z.object({
        action: ActionId,
        at: Timestamp,
        rows: Count,
        settled: z.boolean().meta({ description: 'False: its outcome isn’t known, and `rows` is the most.' }),
      }),
    ),
    end: z
      .object({ at: Timestamp, by: z.string(), reason: z.string() })
      .nullable()
      .meta({ description: 'Who rejected or revoked it.' }),
  })
  .meta({ id: 'StandingGrant', description: 'Leave for one command’s like, bounded, that people vote on.' });
export type StandingGrant = z.infer<typeof StandingGrant>;

export const StandingPage = z
  .object({ standingGrants: z.array(StandingSummary), next: StandingId.nullable() })
  .meta({
    id: 'StandingPage',
    description: 'Newest first. `next` goes into `before` for the following page.',
  });
export type StandingPage = z.infer<typeof StandingPage>;

export const maxStandingPerPage = 100;

export const StandingQuery = z.strictObject({
  status: StandingStatus.optional(),
  agent: z.string().min(1).max(200).optional(),
  limit: z.coerce.number().int().min(1).max(maxStandingPerPage).default(50),
  before: StandingId.optional(),
});

const terms = {
  constraints: z
    .array(z.strictObject({ field: z.string().max(100), constraint: Constraint }))
    .max(maxConstraints)
    .default([])
    .meta({ description: 'Of fields that may be something else; all others stay what they are.' }),
  maxUses: z.int().positive(),
  maxRowsPerUse: z
    .int()
    .nonnegative()
    .optional()
    .meta({ description: 'Default: what the action itself limits.' }),
  maxRows: z.int().nonnegative().optional().meta({ description: 'Default: that of every use together.' }),
  validFrom: Timestamp.optional().meta({ description: 'Default: now.' }),
  validUntil: Timestamp.meta({ description: 'At most 24 hours from now.' }),
};

export const ProposalRequest = z
  .strictObject({ ...terms, reason: z.string().max(maxReasonLength) })
  .meta({ id: 'ProposalRequest' });
export type ProposalRequest = z.input<typeof ProposalRequest>;

export const ReplayRequest = z
  .union([z.strictObject({ standing: StandingId }), z.strictObject({ review: ReviewId, ...terms })])
  .meta({ id: 'ReplayRequest', description: 'A standing grant, or what would be proposed.' });
export type ReplayRequest = z.input<typeof ReplayRequest>;

export const RevocationRequest = z
  .strictObject({ reason: z.string().max(maxReasonLength), channel: Channel })
  .meta({ id: 'RevocationRequest' });
export type RevocationRequest = z.input<typeof RevocationRequest>;

const Replayed = z.object({
  action: ActionId,
  at: Timestamp,
  operation: z.string(),
  uncovered: z.object({ code: z.string(), message: z.string() }).nullable(),
});

export const Replay = z
  .object({
    since: Timestamp,
    complete: z.boolean().meta({ description: 'False: the record is longer than what was looked at.' }),
    examined: Count.meta({ description: 'Entries that were looked at.' }),
    coveredCount: Count,
    covered: z.array(Replayed),
    nearMisses: z
      .array(Replayed)
      .meta({ description: 'Of the same agent, target and operation, with what keeps each out.' }),
  })
  .meta({
    id: 'Replay',
    description: 'Which recorded actions that needed people it would have covered. Newest first.',
  });
export type Replay = z.infer<typeof Replay>;
