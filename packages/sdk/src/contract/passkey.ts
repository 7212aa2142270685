import { z } from 'zod';
import { ReviewId, StandingId, Timestamp } from './primitives.ts';

/** Base64url without padding, at most as much as WebAuthn's own members have. */
const Binary = z.string().regex(/^[A-Za-z0-9_-]{1,20000}$/);
const Nonce = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

export const PasskeyId = z
  .string()
  .regex(/^pky_[0-7][0-9a-hjkmnp-tv-z]{25}$/)
  .meta({ id: 'PasskeyId', example: 'pky_01jd7z3v8k4m5n6p7q8r9s0t1v' });

export const Passkey = z
  .object({
    id: PasskeyId,
    person: z.string().meta({ description: 'The account under which it was registered.' }),
    label: z.string(),
    key: z.string().meta({ description: 'RFC 7638 thumbprint of its public key, as the ledger has it.' }),
    origin: z.string().meta({ description: 'The one address at which it signs.' }),
    registeredAt: Timestamp,
    vouchedBy: PasskeyId.nullable().meta({ description: 'The passkey that signed its registration.' }),
    revokedAt: Timestamp.nullable(),
  })
  .meta({ id: 'Passkey', description: 'A WebAuthn credential of a person, with which they sign votes.' });
export type Passkey = z.infer<typeof Passkey>;

export const PasskeyList = z.object({ passkeys: z.array(Passkey) }).meta({ id: 'PasskeyList' });
export type PasskeyList = z.infer<typeof PasskeyList>;

const Descriptor = z.object({
  type: z.literal('public-key'),
  id: Binary,
  transports: z.array(z.string()),
});

/** WebAuthn's own members and names: a page hands them to `parseRequestOptionsFromJSON`. */
const RequestOptions = z
  .object({
    challenge: Binary,
    rpId: z.string(),
    allowCredentials: z.array(Descriptor),
    userVerification: z.literal('required'),
    timeout: z.int(),
  })
  .meta({ id: 'PasskeyRequestOptions', description: 'PublicKeyCredentialRequestOptionsJSON of WebAuthn.' });

const CreationOptions = z
  .object({
    challenge: Nonce,
    rp: z.object({ id: z.string(), name: z.string() }),
    user: z.object({ id: Binary, name: z.string(), displayName: z.string() }),
    pubKeyCredParams: z.array(z.object({ type: z.literal('public-key'), alg: z.int() })),
    excludeCredentials: z.array(Descriptor),
    authenticatorSelection: z.object({
      userVerification: z.literal('required'),
      residentKey: z.literal('preferred'),
    }),
    attestation: z.literal('none'),
    timeout: z.int(),
  })
  .meta({ id: 'PasskeyCreationOptions', description: 'PublicKeyCredentialCreationOptionsJSON of WebAuthn.' });

export const RegistrationOffer = z
  .object({
    nonce: Nonce,
    expiresAt: Timestamp,
    origin: z.string().meta({ description: 'The page has to be opened there.' }),
    person: z.string(),
    identity: z.string(),
    publicKey: CreationOptions,
    vouching: RequestOptions.omit({ challenge: true }).nullable().meta({
      description:
        'Null: the first passkey. Otherwise one of these signs the registration; its challenge is in spec/vote.md.',
    }),
  })
  .meta({ id: 'RegistrationOffer' });
export type RegistrationOffer = z.infer<typeof RegistrationOffer>;

/** Of `PublicKeyCredential.toJSON()`; its other members are left out. */
export const Assertion = z
  .object({
    id: Binary,
    response: z.object({ authenticatorData: Binary, clientDataJSON: Binary, signature: Binary }),
  })
  .meta({ id: 'Assertion', description: 'AuthenticationResponseJSON of WebAuthn.' });
export type Assertion = z.infer<typeof Assertion>;

const longestLabel = 60;
const mostTransports = 10;

export const RegistrationRequest = z
  .strictObject({
    nonce: Nonce,
    label: z.string().max(longestLabel).default('').meta({ description: 'Your own name for it.' }),
    credential: z
      .object({
        id: Binary,
        response: z.object({
          clientDataJSON: Binary,
          attestationObject: Binary,
          transports: z
            .array(z.string().regex(/^[a-z-]{1,20}$/))
            .max(mostTransports)
            .default([]),
        }),
      })
      .meta({ description: 'RegistrationResponseJSON of WebAuthn.' }),
    vouching: Assertion.nullable().default(null),
  })
  .meta({ id: 'RegistrationRequest' });
export type RegistrationRequest = z.input<typeof RegistrationRequest>;

export const VoteOffer = z
  .object({
    review: ReviewId,
    nonce: Nonce,
    expiresAt: Timestamp,
    person: z.string(),
    identity: z.string(),
    publicKey: RequestOptions,
  })
  .meta({ id: 'VoteOffer', description: 'What a passkey has to sign for exactly this vote (spec/vote.md).' });
export type VoteOffer = z.infer<typeof VoteOffer>;

export const StandingVoteOffer = VoteOffer.omit({ review: true }).extend({ standing: StandingId }).meta({
  id: 'StandingVoteOffer',
  description: 'What a passkey has to sign for exactly this vote on a proposal (spec/vote.md).',
});
export type StandingVoteOffer = z.infer<typeof StandingVoteOffer>;

export const SignedAssertion = z
  .strictObject({ nonce: Nonce, assertion: Assertion })
  .meta({ id: 'SignedAssertion', description: 'The signature over a vote, with the nonce of its offer.' });
