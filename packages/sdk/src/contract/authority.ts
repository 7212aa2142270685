import { z } from 'zod';
import { ActionRequest } from './action.ts';
import { Count, ReviewId, Timestamp } from './primitives.ts';
import { maxReasonLength } from './review.ts';

const ulid = '[0-7][0-9a-hjkmnp-tv-z]{25}';
const name = z.string().min(1).max(200);

export const DelegationId = z
  .string()
  .regex(new RegExp(`^dlg_${ulid}$`))
  .meta({ id: 'DelegationId', example: 'dlg_01jd7z3v8k4m5n6p7q8r9s0t1v' });

export const PolicyChangeId = z
  .string()
  .regex(new RegExp(`^pch_${ulid}$`))
  .meta({ id: 'PolicyChangeId', example: 'pch_01jd7z3v8k4m5n6p7q8r9s0t1v' });

export const Delegation = z
  .object({
    id: DelegationId,
    status: z.enum(['coming', 'live', 'over', 'revoked']),
    from: z.string().meta({ description: 'Whose right it is.' }),
    to: z.string().meta({ description: 'Who may use it.' }),
    since: Timestamp,
    until: Timestamp,
    origin: z
      .enum(['person', 'configuration'])
      .meta({ description: 'Who made it: `from`, or the configuration.' }),
    revokedBy: z.string().nullable().meta({
      description:
        'A person; `configuration`, where it was taken out there; `gateway`, where a name is another human’s by now.',
    }),
  })
  .meta({ id: 'Delegation', description: 'A person’s right to decide, handed to another one for a time.' });
export type Delegation = z.infer<typeof Delegation>;

export const DelegationList = z.object({ delegations: z.array(Delegation) }).meta({ id: 'DelegationList' });

export const DelegationRequest = z
  .strictObject({
    to: name.meta({ description: 'The person who is to decide in your place.' }),
    since: Timestamp.optional().meta({ description: 'Default: now.' }),
    until: Timestamp,
  })
  .meta({ id: 'DelegationRequest' });
export type DelegationRequest = z.input<typeof DelegationRequest>;

const Entitlement = z
  .object({
    person: z.string(),
    may: z.boolean(),
    code: z.enum([
      'own_right',
      'delegated',
      'voted',
      'disabled',
      'party',
      'excluded',
      'not_named',
      'not_permitted',
    ]),
    why: z.string().meta({ description: 'What follows the name in a sentence.' }),
    delegators: z.array(z.string()).meta({ description: 'Whose right they would use; empty: their own.' }),
    policies: z.array(z.string()),
  })
  .meta({ id: 'Entitlement' });

export const Approvers = z
  .object({
    review: ReviewId,
    readAt: Timestamp,
    demands: z.array(
      z.object({
        policy: z.string(),
        quorum: Count,
        approvals: Count,
        met: z.boolean(),
        people: z.array(Entitlement).meta({ description: 'Everybody, those who may first.' }),
      }),
    ),
  })
  .meta({ id: 'Approvers', description: 'Who can decide on a review now, and why others can’t.' });
export type Approvers = z.infer<typeof Approvers>;

export const ForeseenActionRequest = z
  .strictObject({
    agent: name.meta({ description: 'Who would submit it.' }),
    action: ActionRequest.meta({ description: 'As the agent would send it to `POST /v1/actions`.' }),
  })
  .meta({ id: 'ForeseenActionRequest' });
export type ForeseenActionRequest = z.input<typeof ForeseenActionRequest>;

export const ForeseenApprovers = z
  .object({
    readAt: Timestamp,
    agent: z.string(),
    target: z.string(),
    operation: z.string(),
    effect: z.enum(['allow', 'deny', 'review']),
    reasons: z.array(z.string()),
    demands: z
      .array(
        z.object({
          policy: z.string(),
          quorum: Count,
          enough: z
            .boolean()
            .meta({ description: 'Whether as many could approve it as the demand asks for.' }),
          people: z.array(Entitlement).meta({ description: 'Everybody, those who could first.' }),
        }),
      )
      .meta({ description: 'Empty where nobody is asked.' }),
  })
  .meta({ id: 'ForeseenApprovers', description: 'Who could approve an action that nobody has attempted.' });
export type ForeseenApprovers = z.infer<typeof ForeseenApprovers>;

const PolicyFile = z
  .object({
    name: z.string().max(200).meta({ description: '`40-writes.cedar`: no folder.' }),
    text: z.string(),
  })
  .meta({ id: 'PolicyFile' });

export const PolicySet = z
  .object({
    version: z.string(),
    builtIn: z.boolean().meta({ description: 'They came with Sallyport: nothing is proposed for them.' }),
    files: z
      .array(PolicyFile)
      .meta({ description: 'Empty while the files on disk are not those in force: they are being changed.' }),
    observed: z
      .array(
        z.object({
          target: z.string(),
          directory: z.string(),
          version: z.string(),
          problems: z.array(z.string()).default([]).meta({
            description: 'What is wrong with its files as they are now: the version before is observed.',
          }),
        }),
      )
      .meta({ description: 'Drafts whose decisions are recorded, and never enforced.' }),
  })
  .meta({ id: 'PolicySet', description: 'The policies in force.' });
export type PolicySet = z.infer<typeof PolicySet>;

export const PolicyProposal = z
  .strictObject({
    base: z.string().max(200).meta({ description: 'The version that you have seen.' }),
    reason: z.string().max(maxReasonLength),
    files: z
      .array(z.strictObject(PolicyFile.shape))
      .meta({ description: 'All files of the directory, as they are to be.' }),
  })
  .meta({ id: 'PolicyProposal' });
export type PolicyProposal = z.input<typeof PolicyProposal>;

export const PolicyVote = z
  .strictObject({
    kind: z.enum(['approve', 'reject']),
    reason: z.string().max(maxReasonLength).default(''),
    digest: z.string().max(200).meta({ description: 'That of the change that you were shown.' }),
  })
  .meta({ id: 'PolicyVote' });
export type PolicyVote = z.input<typeof PolicyVote>;

const effect = z.enum(['allow', 'deny', 'review']);

const Replayed = z
  .object({
    action: z.string(),
    at: Timestamp,
    agent: z.string(),
    target: z.string(),
    operation: z.string(),
    from: effect,
    to: effect,
    before: z.array(z.string()),
    after: z.array(z.string()),
  })
  .meta({ id: 'PolicyReplayed' });

export const PolicyChangeSummary = z
  .object({
    id: PolicyChangeId,
    status: z.enum(['proposed', 'approved', 'applied', 'rejected', 'withdrawn', 'stale', 'expired']),
    author: z.string(),
    reason: z.string(),
    base: z.string().meta({ description: 'The version that it changes.' }),
    version: z.string().meta({ description: 'The version that it makes.' }),
    proposedAt: Timestamp,
    expiresAt: Timestamp,
    decidedBy: z.string().nullable(),
  })
  .meta({ id: 'PolicyChangeSummary' });
export type PolicyChangeSummary = z.infer<typeof PolicyChangeSummary>;

export const PolicyChange = PolicyChangeSummary.extend({
  digest: z.string().meta({ description: 'What a vote has to name.' }),
  files: z
    .array(z.object({ name: z.string(), before: z.string().nullable(), after: z.string().nullable() }))
    .meta({ description: 'Every file that differs, whole; null: it is not there.' }),
  rules: z
    .array(
      z.object({
        id: z.string(),
        change: z.enum(['added', 'removed', 'changed']),
        parts: z.array(z.object({ part: z.string(), from: z.string(), to: z.string() })),
      }),
    )
    .meta({ description: 'Rules that differ, by meaning.' }),
  replay: z
    .object({
      since: Timestamp,
      complete: z.boolean(),
      decided: Count,
      unchanged: Count,
      undecided: Count,
      changedCount: Count,
      changed: z.array(Replayed),
      reviews: z.array(z.object({ whom: z.string(), more: z.int() })),
    })
    .meta({ description: 'The recorded actions of the last days, decided again under both.' }),
  rejection: z.string().nullable(),
}).meta({ id: 'PolicyChange', description: 'Policies that somebody proposes, with all that is voted on.' });
export type PolicyChange = z.infer<typeof PolicyChange>;

export const PolicyChangePage = z
  .object({ changes: z.array(PolicyChangeSummary), next: PolicyChangeId.nullable() })
  .meta({ id: 'PolicyChangePage' });
export type PolicyChangePage = z.infer<typeof PolicyChangePage>;

export const PolicyChangeQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  before: PolicyChangeId.optional(),
});
