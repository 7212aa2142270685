import { z } from 'zod';
import { Grant } from './grant.ts';
import { ActionId, Count, Digest, ReviewId, Timestamp } from './primitives.ts';
import { maxReasonLength, Question } from './review.ts';

/** The most levels of arrays and objects in arguments: what nests deeper, nobody reads. */
const maxArgumentsDepth = 32;
const operation = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9._:-]{0,99}$/)
  .meta({ description: "The caller's own name of what is done.", example: 'invoice.refund' });

/**
 * Whether a value is an object of JSON that every reader understands alike: numbers that survive a double, text that
 * UTF-8 carries, no `__proto__`, not nested too deep. Looks without recursion, because the depth is the caller's choice.
 */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxArgumentsDepth || !level.every(isPlain)) return false;
    level = level.flatMap((each): unknown[] =>
      typeof each === 'object' && each !== null ? Object.values(each) : [],
    );
  }
  return true;
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number')
    return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  if (typeof value !== 'object' || value === null) return typeof value === 'boolean' || value === null;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isRecord = prototype === Object.prototype || prototype === null;
  return isRecord && Object.keys(value).every((name) => name !== '__proto__' && name.isWellFormed());
}

export const Arguments = z.custom<Readonly<Record<string, unknown>>>(isPlainObject).meta({
  id: 'Arguments',
  type: 'object',
  additionalProperties: true,
  description:
    'Exactly what the operation is performed with: an object of JSON, whole numbers within 2^53, at most 32 levels.',
});

export const DeclaredDataset = z
  .strictObject({
    dataset: z.string().min(1).max(200),
    access: z
      .array(z.enum(['read', 'write']))
      .min(1)
      .max(2),
    columns: z.array(z.string().min(1).max(200)).max(200).default([]).meta({
      description: 'Columns or fields; none named: all of them.',
    }),
  })
  .meta({ id: 'DeclaredDataset', description: 'Data that the operation touches, as its caller says.' });

export const ActionRequest = z
  .strictObject({
    target: z.string().min(1).max(63).meta({ description: 'A target of protocol `api`.' }),
    operation,
    arguments: Arguments.default({}),
    title: z.string().max(200).default('').meta({ description: 'For the reviewer, in your own words.' }),
    datasets: z.array(DeclaredDataset).max(50).default([]),
    statedTask: z.string().max(maxReasonLength).default('').meta({ description: 'What it is for.' }),
    onBehalfOf: z.string().min(1).max(63).optional().meta({
      description: 'The person for whom you act; you have to be entitled to that. Default: your sponsor.',
    }),
    supersedes: ReviewId.optional().meta({ description: 'Your pending review that this replaces.' }),
    session: z
      .string()
      .regex(/^[A-Za-z0-9._:-]{1,100}$/)
      .optional()
      .meta({ description: 'Your own name for the work that this is part of.' }),
  })
  .meta({ id: 'ActionRequest' });
export type ActionRequest = z.input<typeof ActionRequest>;

export const ActionOutcome = z
  .object({
    status: z.enum(['succeeded', 'failed', 'refused', 'unknown']),
    rows: Count,
    bytes: Count,
    durationMs: z.number().nonnegative(),
    code: z.string(),
  })
  .meta({ id: 'ActionOutcome' });

export const ActionState = z
  .object({
    id: ActionId,
    status: z.enum(['pending', 'ready', 'refused', 'granted', 'ended']).meta({
      description:
        '`pending`: people decide. `ready`: ask for the grant. `granted`: perform it and report the outcome. `refused`, `ended`: over.',
    }),
    target: z.string(),
    operation: z.string(),
    command: z.string().meta({ description: 'Canonical JSON: exactly what was digested.' }),
    openedAt: Timestamp,
    readyUntil: Timestamp.nullable().meta({ description: 'Until when the grant can be asked for.' }),
    review: ReviewId.nullable(),
    reviewUrl: z.string().nullable().meta({ description: 'Where a person decides.' }),
    grantUrl: z
      .string()
      .meta({ description: 'What the proof (RFC 9449) names as `htu` when you ask for the grant.' }),
    questions: z.array(Question).meta({ description: 'What reviewers want to know of you.' }),
    refusal: z
      .object({ code: z.string(), message: z.string(), hint: z.string() })
      .nullable()
      .meta({ description: 'Why it was refused.' }),
    outcome: ActionOutcome.nullable(),
  })
  .meta({ id: 'ActionState', description: 'How an action that you submitted stands.' });
export type ActionState = z.infer<typeof ActionState>;

export const ActionQuery = z.strictObject({
  wait: z.coerce.number().int().min(0).max(60).default(0).meta({
    description:
      'Seconds to wait: while the state is what `If-None-Match` names; without that, while it is `pending`.',
  }),
});

export const GrantRequest = z.strictObject({}).meta({ id: 'GrantRequest' });

export const IssuedGrant = z
  .object({
    grant: Grant,
    expiresAt: Timestamp,
    issuer: z.string(),
    digest: Digest,
  })
  .meta({
    id: 'IssuedGrant',
    description: 'Handed out once. Whoever holds it needs the key of its proof too.',
  });
export type IssuedGrant = z.infer<typeof IssuedGrant>;

export const OutcomeReport = z
  .strictObject({
    status: z.enum(['succeeded', 'failed', 'unknown']).meta({
      description: '`unknown`: you can’t tell whether it took effect.',
    }),
    rows: Count.max(Number.MAX_SAFE_INTEGER).default(0),
    bytes: Count.max(Number.MAX_SAFE_INTEGER).default(0),
    code: z
      .string()
      .regex(/^[A-Za-z0-9._:-]{0,100}$/)
      .default('')
      .meta({ description: 'Your own error code; never a message.' }),
  })
  .meta({ id: 'OutcomeReport' });
export type OutcomeReport = z.input<typeof OutcomeReport>;

export const WithdrawRequest = z
  .strictObject({ reason: z.string().max(maxReasonLength).default('') })
  .meta({ id: 'WithdrawRequest' });
