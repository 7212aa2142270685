import { canonicalize, type SignedVote } from '@sallyport/verifier';

export const REGISTRATION_VERSION = 'sallyport/passkey/v1';

/** What an existing passkey signs so that another one is registered: exactly that one, for this person, now. */
export interface Vouching extends Pick<SignedVote, 'expiresAtMs' | 'identity' | 'nonce' | 'person'> {
  /** SHA-256 of the new passkey's attestation object, as it is sent: base64url text. */
  readonly attestation: string;
}

export function vouchingForm({ attestation, expiresAtMs, identity, nonce, person }: Vouching): string {
  const form = { attestation, expiresAt: expiresAtMs, identity, nonce, person };
  return canonicalize({ ...form, version: REGISTRATION_VERSION });
}
