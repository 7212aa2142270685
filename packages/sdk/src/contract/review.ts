import { z } from 'zod';
import { SignedAssertion } from './passkey.ts';
import { ActionId, Count, Digest, ReviewId, Timestamp } from './primitives.ts';

export const ReviewStatus = z
  .enum(['pending', 'approved', 'rejected', 'expired', 'withdrawn', 'superseded'])
  .meta({ id: 'ReviewStatus' });
export type ReviewStatus = z.infer<typeof ReviewStatus>;

export const Target = z
  .object({ name: z.string(), protocol: z.string(), environment: z.string() })
  .meta({ id: 'Target', description: 'The protected endpoint that the action is for.' });

export const Requester = z
  .object({
    agent: z.string(),
    agentGroups: z.array(z.string()),
    sponsor: z.string().meta({ description: 'The person who answers for the agent.' }),
    onBehalfOf: z.string(),
    onBehalfOfBasis: z.enum(['configured', 'asserted']).meta({
      description:
        '`configured`: the sponsor; `asserted`: the agent said so, and its configuration entitles it to.',
    }),
    parties: z.array(z.string()).meta({ description: 'Identities that never decide on what is asked here.' }),
    session: z.string(),
    client: z.string().meta({ description: "The client's address, as the gateway saw it." }),
  })
  .meta({ id: 'Requester', description: 'Who asks, on whose behalf, in which connection.' });

export const Parameter = z
  .object({
    type: z
      .union([z.string(), z.number()])
      .meta({ description: "The protocol's own name or number of the type; for PostgreSQL the type's OID." }),
    format: z.enum(['text', 'binary']),
    value: z.string().nullable().meta({
      description: 'Text as it is; binary as base64url without padding; null is the NULL of SQL.',
    }),
  })
  .meta({ id: 'Parameter', description: 'One bound value, as it came over the wire.' });
export type Parameter = z.infer<typeof Parameter>;

export const Dataset = z
  .object({
    dataset: z.string(),
    access: z.array(z.enum(['read', 'write'])),
    basis: z
      .enum(['parsed', 'declared', 'unknown'])
      .meta({ description: 'How it was established. `unknown`: `columns` may be incomplete.' }),
    columns: z.array(
      z.object({
        name: z.string(),
        uses: z.array(z.enum(['read', 'filtered', 'written'])),
        classes: z.array(z.string()),
      }),
    ),
    classes: z.array(z.string()),
    owners: z
      .array(z.string())
      .default([])
      .meta({ description: 'People and groups that own the data, as the catalog says.' }),
    compliance: z
      .array(z.string())
      .default([])
      .meta({ description: 'What obliges somebody to protect it, as the catalog says: `GDPR`.' }),
  })
  .meta({ id: 'Dataset', description: 'A dataset that the action touches, with columns, uses and classes.' });
export type Dataset = z.infer<typeof Dataset>;

const FunctionUse = z
  .object({ name: z.string(), effect: z.enum(['none', 'reads', 'effects']) })
  .meta({ id: 'FunctionUse' });

export const Risk = z
  .object({
    score: z.number().min(0).max(100),
    signals: z.array(z.object({ name: z.string(), weight: z.number(), explanation: z.string() })),
  })
  .meta({ id: 'Risk', description: 'From 0 to 100, with the signals that made it, in words.' });
export type Risk = z.infer<typeof Risk>;

const Approver = z.object({ kind: z.enum(['group', 'person']), name: z.string() }).meta({ id: 'Approver' });

export const Demand = z
  .object({
    policy: z.string(),
    approvers: z.array(Approver),
    escalation: z
      .array(z.object({ at: Timestamp, approvers: z.array(Approver) }))
      .meta({ description: 'Who may approve besides, from then on.' }),
    quorum: z.int().positive().meta({ description: 'How many distinct people must approve.' }),
    rejections: z.int().positive().meta({ description: 'How many distinct people must reject to end it.' }),
    expiresAt: Timestamp.meta({ description: 'Approvals count before this instant.' }),
    remindersAt: z.array(Timestamp),
    calendar: z.string().nullable().meta({ description: 'In whose working time its delays were counted.' }),
    passkey: z.boolean().meta({ description: 'Whether an approval has to be signed by a passkey.' }),
    excluded: z.array(z.string()).meta({ description: 'Whose approval does not count here.' }),
    approvals: Count.meta({ description: 'Approvals that count towards it now.' }),
    met: z.boolean(),
    eligible: z.array(z.string()).meta({ description: 'Who could still approve it, now.' }),
    reason: z.string(),
    controls: z.array(z.string()),
  })
  .meta({ id: 'Demand', description: 'What one review policy demands; all demands are to be met.' });
export type Demand = z.infer<typeof Demand>;

export const Vote = z
  .object({
    person: z.string(),
    kind: z.enum(['approve', 'reject']),
    reason: z.string(),
    digest: Digest,
    rendering: Digest,
    at: Timestamp,
    channel: z.string(),
    signed: z.boolean().meta({ description: 'By a passkey. Otherwise it is asserted by the channel alone.' }),
    basis: z.enum(['passkey', 'token', 'platform']).meta({
      description:
        'What says that this person cast it: their passkey; their token; or, for a click in a chat, that platform.',
    }),
    retractedAt: Timestamp.nullable().meta({ description: 'When its author took it back.' }),
    rights: z.array(z.string()).optional().meta({
      description:
        'Whose rights it counts with, the voter’s own among them if that is one; absent: their own alone.',
    }),
  })
  .meta({ id: 'Vote', description: "One person's judgment, with the digest that this person was shown." });
export type Vote = z.infer<typeof Vote>;

/** The longest reason, question or answer, in characters: people write a sentence or a paragraph. */
export const maxReasonLength = 2_000;

export const Question = z
  .object({
    id: z.int().positive().meta({ description: 'Counted from 1 within its review.' }),
    by: z.string(),
    to: z.enum(['agent', 'sponsor']),
    text: z.string(),
    at: Timestamp,
    channel: z.string(),
    answer: z
      .object({
        by: z.string(),
        kind: z.enum(['agent', 'person']),
        text: z.string().meta({ description: 'The words of whoever answered. Nobody checked them.' }),
        at: Timestamp,
        channel: z.string(),
      })
      .nullable(),
  })
  .meta({
    id: 'Question',
    description: 'What a reviewer asked, and the answer. It changes nothing of the action.',
  });
export type Question = z.infer<typeof Question>;

export const Preview = z
  .object({
    at: Timestamp,
    findings: z.array(
      z.object({
        kind: z.string(),
        title: z.string(),
        text: z.string(),
        basis: z.enum(['counted', 'estimated', 'unavailable']),
        rows: Count.optional().meta({
          description: 'The rows that it speaks of; a count that stopped is one more than its bound.',
        }),
      }),
    ),
  })
  .meta({
    id: 'Preview',
    description: 'What the gateway found out about the effect. Never values of the data.',
  });
export type Preview = z.infer<typeof Preview>;

const Resolution = z
  .object({
    at: Timestamp,
    by: z.string().nullable().meta({ description: 'Who rejected.' }),
    reason: z.string().nullable(),
    supersededBy: ReviewId.nullable().meta({ description: 'The review to decide on instead.' }),
  })
  .meta({ id: 'Resolution' });

/** What a list shows; never enough to decide on (law 6). */
export const ReviewSummary = z
  .object({
    id: ReviewId,
    status: ReviewStatus,
    openedAt: Timestamp,
    expiresAt: Timestamp,
    revision: Count,
    agent: z.string(),
    onBehalfOf: z.string(),
    session: z.string().meta({ description: 'Reviews of one session may be decided on together.' }),
    target: Target,
    operation: z.string(),
    title: z.string(),
    datasets: z.array(z.string()),
    classes: z.array(z.string()),
    riskScore: z.number().min(0).max(100),
    shape: Digest.meta({
      description: 'Equal for reviews of one agent that differ in values alone. Binds nothing.',
    }),
    openQuestions: Count.meta({ description: 'Questions without an answer.' }),
    approvals: Count.meta({ description: 'Votes to approve so far.' }),
    quorum: Count.meta({ description: 'The largest quorum of its demands.' }),
  })
  .meta({ id: 'ReviewSummary', description: 'A review in a list: too little to decide on; read it first.' });
export type ReviewSummary = z.infer<typeof ReviewSummary>;

/** Everything that a person needs in order to judge, established by the gateway except where it says otherwise. */
export const Review = z
  .object({
    id: ReviewId,
    action: ActionId,
    status: ReviewStatus,
    openedAt: Timestamp,
    expiresAt: Timestamp,
    readAt: Timestamp.meta({ description: "The gateway's clock when it answered: measure time left by it." }),
    revision: Count,
    url: z.string(),
    digest: Digest,
    rendering: Digest.meta({
      description:
        'Over everything that is shown here but votes. A vote carries it: what has changed since is a conflict.',
    }),
    requester: Requester,
    target: Target,
    operation: z.string(),
    title: z.string(),
    command: z.string().meta({ description: 'Exactly what will be sent.' }),
    parameters: z.array(Parameter),
    preconditions: z.record(z.string(), z.string()),
    datasets: z.array(Dataset),
    functions: z.array(FunctionUse),
    rowLimit: z
      .number()
      .nullable()
      .meta({ description: 'The most rows, where the command itself bounds them.' }),
    unknown: z
      .array(z.string())
      .meta({ description: 'What the gateway could not resolve, each point in words.' }),
    risk: Risk,
    reasons: z.array(z.string()),
    policies: z.array(z.string()),
    demands: z.array(Demand),
    untrusted: z
      .object({ statedTask: z.string() })
      .meta({ description: "The agent's own words. Nobody checked them: show them escaped, and as such." }),
    holding: z.array(z.string()).meta({ description: 'What waits while this review is pending, in words.' }),
    votes: z.array(Vote),
    questions: z.array(Question),
    preview: Preview.nullable(),
    supersedes: ReviewId.nullable().meta({ description: 'The review that this one replaces.' }),
    shape: Digest.meta({
      description: 'Equal for reviews of one agent that differ in values alone. Binds nothing.',
    }),
    resolution: Resolution.nullable(),
    canary: z
      .object({
        flaw: z.string().meta({ description: 'Why it should have been rejected. Empty: erased.' }),
        revealedAt: Timestamp,
      })
      .nullable()
      .meta({
        description:
          'It is over, and was a canary: opened by the gateway to be rejected. Null: nobody says so; a review that is pending never does.',
      }),
    erasedAt: Timestamp.nullable().meta({
      description:
        'When the values in it were erased: what they were in is empty since. Null: they are there.',
    }),
  })
  .meta({ id: 'Review', description: 'One action that waits, or waited, for human judgment.' });
export type Review = z.infer<typeof Review>;

/** What an agent may know of its own review: how it stands, and nothing about people but their reason. */
export const ReviewState = z
  .object({
    id: ReviewId,
    status: ReviewStatus,
    openedAt: Timestamp,
    expiresAt: Timestamp,
    revision: Count,
    questions: z.array(Question).meta({ description: 'What reviewers want to know of the agent.' }),
    resolution: z.object({ at: Timestamp, reason: z.string().nullable() }).nullable(),
  })
  .meta({ id: 'ReviewState', description: 'How a review stands.' });
export type ReviewState = z.infer<typeof ReviewState>;

export const ReviewPage = z
  .object({ reviews: z.array(ReviewSummary), next: ReviewId.nullable() })
  .meta({ id: 'ReviewPage', description: 'Newest first. `next` goes into `before` for the following page.' });
export type ReviewPage = z.infer<typeof ReviewPage>;

/** The most reviews of one page. */
export const maxReviewsPerPage = 100;

export const ReviewQuery = z.strictObject({
  status: ReviewStatus.optional(),
  agent: z.string().min(1).max(200).optional(),
  session: z.string().min(1).max(200).optional(),
  target: z.string().min(1).max(200).optional(),
  minRisk: z.coerce.number().int().min(0).max(100).optional(),
  shape: Digest.optional(),
  limit: z.coerce.number().int().min(1).max(maxReviewsPerPage).default(50),
  before: ReviewId.optional(),
});

export const Channel = z.enum(['api', 'cli', 'browser']).default('api');

export const RetractRequest = z.strictObject({ channel: Channel }).meta({ id: 'RetractRequest' });
export type RetractRequest = z.input<typeof RetractRequest>;

export const QuestionRequest = z
  .strictObject({
    to: z.enum(['agent', 'sponsor']).default('agent'),
    text: z.string().max(maxReasonLength),
    channel: Channel,
  })
  .meta({ id: 'QuestionRequest' });
export type QuestionRequest = z.input<typeof QuestionRequest>;

export const AnswerRequest = z
  .strictObject({ text: z.string().max(maxReasonLength), channel: Channel })
  .meta({ id: 'AnswerRequest' });
export type AnswerRequest = z.input<typeof AnswerRequest>;

export const VoteRequest = z
  .strictObject({
    kind: z.enum(['approve', 'reject']),
    reason: z.string().max(maxReasonLength).default('').meta({ description: 'Required for a rejection.' }),
    digest: Digest.meta({ description: 'The digest of the action that was shown to the voter.' }),
    rendering: Digest.meta({ description: 'The digest of everything that was shown to the voter.' }),
    channel: Channel,
    passkey: SignedAssertion.optional().meta({
      description: 'The signature of one of your passkeys, where a demand asks for it or you want it.',
    }),
  })
  .meta({ id: 'VoteRequest' });
export type VoteRequest = z.input<typeof VoteRequest>;

export const VoteChallengeRequest = z
  .strictObject({ kind: z.enum(['approve', 'reject']), digest: Digest, rendering: Digest })
  .meta({ id: 'VoteChallengeRequest', description: 'The vote that is to be signed.' });
export type VoteChallengeRequest = z.input<typeof VoteChallengeRequest>;
