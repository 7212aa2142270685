import { compactVerify, importJWK } from 'jose';
import {
  GrantClaims,
  GrantHeader,
  type GrantProblemCode,
  isPlainObject,
  type KeySet,
  maxGrantSeconds,
} from '../contract/index.ts';
import { readCompact } from './compact.ts';
import { actionDigest } from './digest.ts';
import { skewSeconds, verifyProof } from './proof.ts';
import type { Replay } from './replay.ts';

/** One request as a resource server got it, and what the server knows of itself. */
export interface GrantCheck {
  /** From `Authorization: DPoP GRANT`. */
  readonly grant: string;
  /** The `DPoP` header. */
  readonly proof: string;
  readonly method: string;
  /** As the caller sees it. */
  readonly url: string;
  /** The gateway's public URL. */
  readonly issuer: string;
  /** The name of this server among the gateway's targets. */
  readonly target: string;
  /** What the request is about to do. */
  readonly operation: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** `GET /v1/keys` of the gateway, over a connection that is trusted. */
  readonly keys: KeySet;
  readonly nowMs: number;
  /** One for all requests of the server: a grant is good once. */
  readonly replay: Replay;
}

export type GrantResult =
  | { readonly ok: true; readonly claims: GrantClaims }
  | { readonly ok: false; readonly code: GrantProblemCode };

const refuse = (code: GrantProblemCode): { readonly ok: false; readonly code: GrantProblemCode } => ({
  ok: false,
  code,
});

/** What a claim that is missing or of the wrong form is called. */
const codeOfClaim: Readonly<Record<string, GrantProblemCode>> = {
  iss: 'token.issuer',
  aud: 'token.audience',
  sub: 'token.subject',
  jti: 'token.id',
  iat: 'token.lifetime',
  exp: 'token.lifetime',
  cnf: 'token.confirmation',
  authorization_details: 'token.details',
};

/**
 * Every check of spec/grant.md, in its order: signature, claims, time, the very action, the proof, first use. What it
 * can't see is a revocation since; where a minute matters, ask the gateway (`redeem`).
 */
export async function verifyGrant(check: GrantCheck): Promise<GrantResult> {
  const read = await readGrant(check);
  if (!read.ok) return read;
  const { claims } = read;
  const wrong = (await objection(claims, check)) ?? (await proofObjection(claims, check));
  if (wrong !== undefined) return refuse(wrong);
  const taken = await check.replay.take(
    `token ${claims.jti}`,
    (claims.exp + skewSeconds) * 1_000,
    check.nowMs,
  );
  return taken ? read : refuse('token.replayed');
}

async function readGrant({ grant, keys }: GrantCheck): Promise<GrantResult> {
  const compact = readCompact(grant);
  if (compact === undefined) return refuse('token.malformed');
  const header = GrantHeader.safeParse(compact.header);
  if (!header.success) return refuse('token.header');
  const key = keys.keys.find(({ kid }) => kid === header.data.kid);
  if (key === undefined) return refuse('token.key');
  try {
    await compactVerify(grant, await importJWK({ ...key }, 'EdDSA'), { algorithms: ['EdDSA'] });
  } catch {
    // Fails closed: whatever is wrong with key or signature, it isn't signed.
    return refuse('token.signature');
  }
  const claims = GrantClaims.safeParse(compact.payload);
  if (claims.success) return { ok: true, claims: claims.data };
  const [member] = claims.error.issues[0]?.path ?? [];
  return refuse(codeOfClaim[String(member)] ?? 'token.claims');
}

async function objection(claims: GrantClaims, check: GrantCheck): Promise<GrantProblemCode | undefined> {
  const { issuer, target, nowMs } = check;
  const nowSeconds = nowMs / 1_000;
  if (claims.iss !== issuer) return 'token.issuer';
  if (claims.aud !== target) return 'token.audience';
  if (claims.exp <= claims.iat || claims.exp - claims.iat > maxGrantSeconds) return 'token.lifetime';
  if (claims.iat > nowSeconds + skewSeconds) return 'token.not_yet';
  if (nowSeconds >= claims.exp) return 'token.expired';
  return (await isAbout(claims, check)) ? undefined : 'token.other_action';
}

/** Whether the digest is that of exactly what the request does. Equal digests mean equal actions. */
async function isAbout(claims: GrantClaims, check: GrantCheck): Promise<boolean> {
  const [detail] = claims.authorization_details;
  const isHere = detail.locations[0] === check.target && detail.actions[0] === check.operation;
  if (!isHere || !isPlainObject(check.arguments)) return false;
  const digest = await actionDigest({
    agent: claims.sub,
    onBehalfOf: detail.on_behalf_of,
    target: check.target,
    environment: detail.environment,
    operation: check.operation,
    arguments: check.arguments,
    preconditions: detail.preconditions,
  });
  return digest === detail.digest;
}

async function proofObjection(claims: GrantClaims, check: GrantCheck): Promise<GrantProblemCode | undefined> {
  const { proof, method, url, grant, nowMs, replay } = check;
  const proved = await verifyProof({ proof, method, url, grant, nowMs, replay });
  if (!proved.ok) return proved.code;
  return proved.thumbprint === claims.cnf.jkt ? undefined : 'proof.key';
}
