/** The part of ports.ts that is about passkeys. */
import type { PasskeyProof } from '@sallyport/verifier';
import type { Person } from './core/identity.ts';
import type { BreakGlassId, PasskeyId, ReviewId, StandingId } from './core/ids.ts';
import type { Passkey, PasskeyRefusal } from './core/passkey.ts';
import type { VoteRefusal } from './core/reasons.ts';
import type { Result } from './core/result.ts';

/** What an authenticator signed, as a browser hands it in. Binary members are base64url without padding. */
export interface PasskeyAssertion {
  /** By which the authenticator knows its key. */
  readonly credential: string;
  readonly authenticatorData: string;
  readonly clientDataJSON: string;
  readonly signature: string;
}

export interface SignedAssertion extends PasskeyAssertion {
  /** That of the offer which was signed. */
  readonly nonce: string;
}

/** What a browser has to know for an authenticator to make a passkey. */
export interface RegistrationOffer {
  readonly nonce: string;
  readonly expiresAtMs: number;
  readonly origin: string;
  readonly rpId: string;
  /** The person's handle at authenticators: opaque, the same for all of a person's passkeys. */
  readonly user: string;
  /** COSE algorithms, by preference. */
  readonly algorithms: readonly number[];
  /** Live passkeys: an authenticator that has one makes no second. */
  readonly known: readonly Passkey[];
  /** One of these has to sign the registration (spec/vote.md); null: the first passkey, for which the token is enough. */
  readonly vouching: readonly Passkey[] | null;
}

export interface NewCredential {
  readonly credential: string;
  readonly clientDataJSON: string;
  readonly attestationObject: string;
  readonly transports: readonly string[];
}

export interface Registration {
  readonly person: Person;
  readonly nonce: string;
  readonly label: string;
  readonly credential: NewCredential;
  readonly vouching: PasskeyAssertion | null;
}

/** What people vote on; or what one of them runs at once, by breaking glass. */
export type VotedOn =
  | { readonly kind: 'review'; readonly id: ReviewId }
  | { readonly kind: 'standing'; readonly id: StandingId }
  | { readonly kind: 'break_glass'; readonly id: BreakGlassId };

export interface VoteToSign {
  readonly on: VotedOn;
  readonly voter: Person;
  readonly kind: 'approve' | 'reject' | 'break_glass';
  /** Of the action, or of the terms that are proposed. */
  readonly digest: string;
  readonly rendering: string;
}

export interface VoteOffer {
  readonly nonce: string;
  readonly expiresAtMs: number;
  readonly rpId: string;
  /** What the authenticator is to sign: spec/vote.md. */
  readonly challenge: string;
  readonly usable: readonly Passkey[];
}

export interface VoteToProve extends VoteToSign {
  readonly assertion: SignedAssertion;
}

type Refusable<T> = Promise<Result<T, PasskeyRefusal>>;

/** Passkeys of people. Every change is in the ledger when it resolves; rejects only where the store has failed. */
export interface Passkeys {
  /** All of the person's identity, revoked ones too. */
  list(person: Person): Promise<readonly Passkey[]>;
  offerRegistration(person: Person): Refusable<RegistrationOffer>;
  register(registration: Registration): Refusable<Passkey>;
  /** Takes a right away, so that the person's token is enough. */
  revoke(person: Person, id: PasskeyId): Refusable<Passkey>;
  /** A challenge for exactly this vote, for once and for two minutes. */
  offerVote(vote: VoteToSign): Refusable<VoteOffer>;
  /** The proof of a signed vote, or why it is none. The nonce is used up either way. */
  proveVote(vote: VoteToProve): Promise<Result<PasskeyProof, VoteRefusal>>;
}
