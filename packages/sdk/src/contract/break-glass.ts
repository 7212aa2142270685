import { z } from 'zod';
import { ActionOutcome, ActionRequest } from './action.ts';
import { SignedAssertion, VoteOffer } from './passkey.ts';
import { ActionId, BreakGlassId, Digest, Timestamp } from './primitives.ts';
import { Channel, Dataset, maxReasonLength, Requester, Risk, Target } from './review.ts';

const BreakGlassStatus = z.enum(['prepared', 'open', 'closed']).meta({
  id: 'BreakGlassStatus',
  description:
    '`prepared`: nobody has signed it. `open`: signed, and another person has to review it. `closed`: reviewed.',
});

const reason = z.string().max(maxReasonLength);

export const BreakGlassRequest = z
  .strictObject({
    ...ActionRequest.pick({ target: true, operation: true, arguments: true, datasets: true }).shape,
    reason: reason.default('').meta({ description: 'Why it can’t wait; whoever reviews it reads this.' }),
  })
  .meta({ id: 'BreakGlassRequest' });
export type BreakGlassRequest = z.input<typeof BreakGlassRequest>;

const shown = {
  digest: Digest.meta({ description: 'Of the action that you were shown.' }),
  rendering: Digest.meta({ description: 'Of everything that you were shown.' }),
};

export const BreakGlassChallengeRequest = z.strictObject(shown).meta({ id: 'BreakGlassChallengeRequest' });

export const BreakGlassOffer = VoteOffer.omit({ review: true }).extend({ breakGlass: BreakGlassId }).meta({
  id: 'BreakGlassOffer',
  description: 'What a passkey has to sign for exactly this use (spec/break-glass.md).',
});
export type BreakGlassOffer = z.infer<typeof BreakGlassOffer>;

export const BreakGlassSignature = z
  .strictObject({ ...shown, channel: Channel, passkey: SignedAssertion.optional() })
  .meta({ id: 'BreakGlassSignature' });
export type BreakGlassSignature = z.input<typeof BreakGlassSignature>;

export const BreakGlassClosing = z
  .strictObject({
    finding: z.enum(['justified', 'not_justified']),
    text: reason.default('').meta({ description: 'What you looked at, and why you find so.' }),
    channel: Channel,
  })
  .meta({ id: 'BreakGlassClosing' });
export type BreakGlassClosing = z.input<typeof BreakGlassClosing>;

const Review = z
  .object({
    by: z.string(),
    at: Timestamp,
    finding: z.enum(['justified', 'not_justified']),
    text: z.string(),
    channel: z.string(),
  })
  .meta({ id: 'BreakGlassReview' });

/** What a list and an event show. */
export const BreakGlassSummary = z
  .object({
    id: BreakGlassId,
    status: BreakGlassStatus,
    person: z.string(),
    target: Target,
    operation: z.string(),
    openedAt: Timestamp.nullable(),
    performed: z
      .boolean()
      .meta({ description: 'Whether its grant was handed out, so that it may have run.' }),
    finding: Review.shape.finding.nullable(),
  })
  .meta({ id: 'BreakGlassSummary' });
export type BreakGlassSummary = z.infer<typeof BreakGlassSummary>;

export const BreakGlass = BreakGlassSummary.extend({
  action: ActionId,
  identity: z.string(),
  reason: z.string(),
  url: z.string().meta({ description: 'Where its person signs it.' }),
  grantUrl: z
    .string()
    .meta({ description: 'What the proof (RFC 9449) names as `htu` when you ask for the grant.' }),
  readAt: Timestamp,
  digest: Digest,
  rendering: Digest,
  requester: Requester,
  command: z.string().meta({ description: 'Canonical JSON: exactly what was digested.' }),
  parameters: z.tuple([]),
  preconditions: z.record(z.string(), z.string()),
  datasets: z.array(Dataset),
  unknown: z.array(z.string()),
  risk: Risk,
  policies: z.array(z.string()).meta({ description: 'Those that let this person do it.' }),
  expiresAt: Timestamp.meta({
    description: 'Prepared: until when it can be signed. Then: until when it can be run.',
  }),
  channel: z.string().nullable(),
  passkey: z.string().nullable().meta({ description: 'The passkey that signed it.' }),
  remindedAt: Timestamp.nullable(),
  outcome: ActionOutcome.nullable(),
  reviewers: z.array(z.string()).meta({ description: 'Who may review it now.' }),
  review: Review.nullable(),
  erasedAt: Timestamp.nullable().meta({
    description: 'When the values in it were erased: what they were in is empty since. Null: they are there.',
  }),
}).meta({
  id: 'BreakGlass',
  description: 'A person runs one action at once, without approval; another reviews that.',
});
export type BreakGlass = z.infer<typeof BreakGlass>;

/** The most that one page holds. */
export const maxBreakGlassPerPage = 100;

export const BreakGlassQuery = z.strictObject({
  state: z.enum(['open', 'closed']).optional().meta({ description: 'Of their review. Default: both.' }),
  limit: z.coerce.number().int().min(1).max(maxBreakGlassPerPage).default(50),
  before: BreakGlassId.optional().meta({ description: '`next` of the page before.' }),
});

export const BreakGlassPage = z
  .object({ uses: z.array(BreakGlassSummary), next: BreakGlassId.nullable() })
  .meta({ id: 'BreakGlassPage' });
export type BreakGlassPage = z.infer<typeof BreakGlassPage>;
