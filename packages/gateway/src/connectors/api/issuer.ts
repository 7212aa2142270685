import { createPublicKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, CompactSign } from 'jose';
import type { Action } from '../../core/action.ts';
import type { BreakGlassId, GrantId, ReviewId } from '../../core/ids.ts';

/** What one grant says (spec/grant.md). */
export interface TokenSubject {
  readonly id: GrantId;
  readonly action: Action;
  readonly operation: string;
  readonly digest: string;
  readonly review: ReviewId | null;
  /** The use under which a person runs it at once; absent: nobody broke glass. */
  readonly breakGlass?: BreakGlassId;
  /** Thumbprint of the key of the caller's proof (RFC 9449). */
  readonly thumbprint: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

export interface Issuer {
  /** RFC 7517. */
  readonly keys: object;
  sign(subject: TokenSubject): Promise<string>;
}

/** Signs grants with a key of its own: whoever checks grants need not trust the ledger's key, nor the other way round. */
export async function createIssuer(privateKey: KeyObject, issuer: string): Promise<Issuer> {
  // RFC 8037 section 2: `x` is the public key.
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const jwk = { kty: 'OKP', crv: 'Ed25519', x } as const;
  const kid = await calculateJwkThumbprint(jwk);
  return {
    keys: { keys: [{ ...jwk, kid, alg: 'EdDSA', use: 'sig' }] },
    sign: (subject) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify(claimsOf(subject, issuer))))
        .setProtectedHeader({ alg: 'EdDSA', typ: 'sallyport-grant+jwt', kid })
        .sign(privateKey),
  };
}

function claimsOf(subject: TokenSubject, issuer: string): object {
  const { requester, target, preconditions } = subject.action;
  const detail = {
    type: 'sallyport_action',
    locations: [target.name],
    actions: [subject.operation],
    action: subject.action.id,
    digest: subject.digest,
    environment: target.environment,
    on_behalf_of: requester.onBehalfOf,
    preconditions,
    review: subject.review,
    ...(subject.breakGlass === undefined ? {} : { break_glass: subject.breakGlass }),
  };
  return {
    iss: issuer,
    aud: target.name,
    sub: requester.agent,
    jti: subject.id,
    iat: Math.floor(subject.issuedAtMs / 1_000),
    exp: Math.floor(subject.expiresAtMs / 1_000),
    cnf: { jkt: subject.thumbprint },
    authorization_details: [detail],
  };
}
