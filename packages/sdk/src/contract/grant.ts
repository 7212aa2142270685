import { z } from 'zod';
import { ActionId, BreakGlassId, Digest, ReviewId, Timestamp } from './primitives.ts';

/** A JWS in compact form. Far longer than any of ours is refused unread. */
export const maxTokenLength = 16_384;
const compact = z
  .string()
  .max(maxTokenLength)
  .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/);

export const Grant = compact.meta({
  id: 'Grant',
  description:
    'A JWS by the gateway (spec/grant.md): one use, at most 60 seconds, bound to the key of its proof.',
});

export const grantType = 'sallyport-grant+jwt';
/** How long a grant can live at most. Verifiers refuse one that says more. */
export const maxGrantSeconds = 60;

const GrantId = z.string().regex(/^gra_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
const Thumbprint = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const name = z.string().min(1).max(63);

/** RFC 9396: what exactly is authorized. */
export const AuthorizationDetail = z
  .strictObject({
    type: z.literal('sallyport_action'),
    locations: z.tuple([name]).meta({ description: 'The target.' }),
    actions: z.tuple([z.string().min(1).max(100)]).meta({ description: 'The operation.' }),
    action: ActionId,
    digest: Digest,
    environment: name,
    on_behalf_of: name,
    preconditions: z.record(z.string(), z.string()),
    review: ReviewId.nullable().meta({
      description: 'The review that approved it; null: policy allowed it, or a person broke glass.',
    }),
    break_glass: BreakGlassId.optional().meta({
      description: 'The use under which a person runs it at once, without approval.',
    }),
  })
  .meta({ id: 'AuthorizationDetail' });

export const GrantHeader = z.strictObject({
  alg: z.literal('EdDSA'),
  typ: z.literal(grantType),
  kid: Thumbprint,
});

export const GrantClaims = z
  .strictObject({
    iss: z.string().min(1).max(2_000),
    aud: name,
    sub: name.meta({ description: 'The agent, or the person who broke glass.' }),
    jti: GrantId,
    iat: z.int().positive(),
    exp: z.int().positive(),
    cnf: z
      .strictObject({ jkt: Thumbprint })
      .meta({ description: 'RFC 9449: the thumbprint of the key of the proof.' }),
    authorization_details: z.tuple([AuthorizationDetail]),
  })
  .meta({ id: 'GrantClaims' });
export type GrantClaims = z.infer<typeof GrantClaims>;

/** Why a grant, or the proof beside it, is not accepted. Closed; one code for each check of spec/grant.md. */
export const grantProblemCodes = [
  'token.malformed',
  'token.header',
  'token.key',
  'token.signature',
  'token.claims',
  'token.issuer',
  'token.audience',
  'token.subject',
  'token.id',
  'token.lifetime',
  'token.confirmation',
  'token.details',
  'token.expired',
  'token.not_yet',
  'token.other_action',
  'token.replayed',
  'proof.malformed',
  'proof.header',
  'proof.signature',
  'proof.claims',
  'proof.method',
  'proof.url',
  'proof.stale',
  'proof.token',
  'proof.key',
  'proof.replayed',
] as const;
export const GrantProblemCode = z.enum(grantProblemCodes);
export type GrantProblemCode = z.infer<typeof GrantProblemCode>;

export const RedeemRequest = z
  .strictObject({
    grant: z.string().max(maxTokenLength).meta({ description: 'The grant as it came with the request.' }),
    proof: z.string().max(maxTokenLength).meta({ description: 'The `DPoP` header of that request.' }),
    method: z.string().min(1).max(20).meta({ description: 'The method of that request.' }),
    url: z
      .string()
      .min(1)
      .max(2_000)
      .meta({ description: 'The URL of that request, as its caller sees it.' }),
    target: name.meta({ description: 'What you are: the target that the grant has to be for.' }),
    operation: z.string().min(1).max(100).meta({ description: 'What you were asked to do.' }),
    arguments: z
      .custom<Readonly<Record<string, unknown>>>(
        (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      )
      .meta({
        type: 'object',
        additionalProperties: true,
        description: 'What you were asked to do it with.',
      }),
  })
  .meta({ id: 'RedeemRequest' });
export type RedeemRequest = z.input<typeof RedeemRequest>;

export const Redeemed = z
  .object({
    action: ActionId,
    review: ReviewId.nullable(),
    agent: z.string(),
    onBehalfOf: z.string(),
    redeemedAt: Timestamp,
  })
  .meta({ id: 'Redeemed', description: 'The grant was good, is for exactly this, and is used up now.' });
export type Redeemed = z.infer<typeof Redeemed>;

export const KeySet = z
  .object({
    keys: z.array(
      z.object({
        kty: z.literal('OKP'),
        crv: z.literal('Ed25519'),
        x: z.string(),
        kid: Thumbprint,
        alg: z.literal('EdDSA'),
        use: z.literal('sig'),
      }),
    ),
  })
  .meta({ id: 'KeySet', description: 'The keys that sign grants (RFC 7517).' });
export type KeySet = z.infer<typeof KeySet>;
