import { canonicalize, type PasskeyKey } from '@sallyport/verifier';
import type { SealedEntry } from './entry.ts';
import type { PasskeyId } from './ids.ts';

/** A WebAuthn credential of a person, as it was registered (spec/vote.md). Binary members are base64url without padding. */
export interface Passkey {
  readonly id: PasskeyId;
  /** The account under which it was registered. */
  readonly person: string;
  /** Who may sign with it, under whatever account. */
  readonly identity: string;
  /** The person's own name for it. */
  readonly label: string;
  /** By which the authenticator knows it. */
  readonly credential: string;
  readonly publicKey: PasskeyKey;
  /** RFC 7638 thumbprint of `publicKey`: by this the ledger knows it. */
  readonly key: string;
  readonly origin: string;
  readonly rpId: string;
  /** How browsers reach the authenticator, for them to find it again. */
  readonly transports: readonly string[];
  readonly registeredAtMs: number;
  /** The passkey that signed the registration; null: the identity's first, for which a token was enough. */
  readonly vouchedBy: PasskeyId | null;
  readonly revokedAtMs: number | null;
}

export const isLive = (passkey: Passkey): boolean => passkey.revokedAtMs === null;

/** Why a passkey was not offered, registered or revoked. */
export type PasskeyRefusalCode =
  | 'passkey.unavailable'
  | 'passkey.none'
  | 'passkey.challenge_unknown'
  | 'passkey.invalid'
  | 'passkey.unvouched'
  | 'passkey.known'
  | 'passkey.too_many'
  | 'passkey.not_found'
  | 'passkey.revoked'
  | 'ledger.unavailable';

export interface PasskeyRefusal {
  readonly code: PasskeyRefusalCode;
  readonly message: string;
}

/** What the log says of a passkey: names, and the thumbprint of its key. */
export function passkeyEntry(passkey: Passkey, event: 'registered' | 'revoked', atMs: number): SealedEntry {
  const { id, identity, key, origin, person, rpId, vouchedBy } = passkey;
  const record = { event, id, identity, key, origin, person, rpId };
  const leaf = canonicalize({
    action: null,
    at: atMs,
    kind: 'passkey',
    passkey: vouchedBy === null ? record : { ...record, vouchedBy },
    version: 1,
  });
  return { kind: 'passkey', action: null, atMs, leaf, aside: null, usage: null };
}
