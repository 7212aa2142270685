import type {
  Passkey as PasskeyView,
  RegistrationOffer as OfferView,
  VoteOffer as VoteOfferView,
} from '@sallyport/sdk/contract';
import type { Person } from '../core/identity.ts';
import type { Passkey } from '../core/passkey.ts';
import type { RegistrationOffer, VoteOffer } from '../ports.ts';
import { timestamp } from './present.ts';

export function presentPasskey(passkey: Passkey): PasskeyView {
  const { id, person, label, key, origin, registeredAtMs, vouchedBy, revokedAtMs } = passkey;
  return {
    id,
    person,
    label,
    key,
    origin,
    registeredAt: timestamp(registeredAtMs),
    vouchedBy,
    revokedAt: revokedAtMs === null ? null : timestamp(revokedAtMs),
  };
}

const descriptor = ({ credential, transports }: Passkey) => ({
  type: 'public-key' as const,
  id: credential,
  transports: [...transports],
});

export function presentOffer(offer: RegistrationOffer, person: Person, nowMs: number): OfferView {
  const { nonce, expiresAtMs, origin, rpId, user, algorithms, known, vouching } = offer;
  const { name, displayName, identity } = person;
  const timeout = expiresAtMs - nowMs;
  return {
    nonce,
    expiresAt: timestamp(expiresAtMs),
    origin,
    person: name,
    identity,
    publicKey: {
      challenge: nonce,
      rp: { id: rpId, name: 'Sallyport' },
      user: { id: user, name, displayName },
      pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: known.map(descriptor),
      authenticatorSelection: { userVerification: 'required', residentKey: 'preferred' },
      attestation: 'none',
      timeout,
    },
    vouching: vouching === null ? null : { ...requestOptions(rpId, vouching), timeout },
  };
}

const requestOptions = (rpId: string, allowed: readonly Passkey[]) => ({
  rpId,
  allowCredentials: allowed.map(descriptor),
  userVerification: 'required' as const,
});

/** What a passkey is asked to sign, whatever it is about. */
export function presentSigning(
  { nonce, expiresAtMs, rpId, challenge, usable }: VoteOffer,
  voter: Person,
  nowMs: number,
): Omit<VoteOfferView, 'review'> {
  return {
    nonce,
    expiresAt: timestamp(expiresAtMs),
    person: voter.name,
    identity: voter.identity,
    publicKey: { challenge, ...requestOptions(rpId, usable), timeout: expiresAtMs - nowMs },
  };
}
