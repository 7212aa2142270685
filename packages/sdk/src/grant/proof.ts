import {
  base64url,
  calculateJwkThumbprint,
  CompactSign,
  compactVerify,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose';
import { z } from 'zod';
import type { GrantProblemCode } from '../contract/index.ts';
import { drawBytes } from '../platform.ts';
import { readCompact } from './compact.ts';
import { sha256Base64url } from './digest.ts';
import type { Replay } from './replay.ts';

/** How old a proof may be: it is made for one request. */
export const proofLifeSeconds = 60;
/** How far another machine's clock may be ahead of ours. */
export const skewSeconds = 5;

/** The key by which a caller proves that a grant is its own (RFC 9449). It never leaves its process. */
export interface ProofKey {
  readonly thumbprint: string;
  /** @param about the request, and the grant that goes with it, if one does. */
  prove(about: ProofAbout, nowMs: number): Promise<string>;
}

export interface ProofAbout {
  readonly method: string;
  readonly url: string;
  readonly grant?: string;
}

/** A key of P-256, which every browser has; not extractable. */
export async function createProofKey(): Promise<ProofKey> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const { kty, crv, x, y } = await exportJWK(publicKey);
  const jwk = { kty, crv, x, y } as JWK;
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    prove: async ({ method, url, grant }, nowMs) => {
      const claims = {
        jti: base64url.encode(drawBytes(16)),
        htm: method,
        htu: withoutQuery(url),
        iat: Math.floor(nowMs / 1_000),
        ...(grant === undefined ? {} : { ath: await sha256Base64url(grant) }),
      };
      return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .sign(privateKey);
    },
  };
}

const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
/** Strict, so that a private member in a header is refused and seen. */
const Header = z.discriminatedUnion('alg', [
  z.strictObject({
    alg: z.literal('ES256'),
    typ: z.literal('dpop+jwt'),
    jwk: z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: coordinate, y: coordinate }),
  }),
  z.strictObject({
    alg: z.literal('EdDSA'),
    typ: z.literal('dpop+jwt'),
    jwk: z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: coordinate }),
  }),
]);

const Claims = z.object({
  jti: z.string().min(1).max(200),
  htm: z.string(),
  htu: z.string(),
  iat: z.number(),
  ath: z.string().optional(),
});

export interface ProofCheck {
  readonly proof: string;
  readonly method: string;
  readonly url: string;
  /** The grant that came with the request; null: none did. */
  readonly grant: string | null;
  readonly nowMs: number;
  readonly replay: Replay;
}

export type ProofResult =
  | { readonly ok: true; readonly thumbprint: string }
  | { readonly ok: false; readonly code: GrantProblemCode };

const refuse = (code: GrantProblemCode): ProofResult => ({ ok: false, code });

/** RFC 9449 section 4.3, each check with a code of its own. The replay is looked at last: nothing else fills its memory. */
export async function verifyProof(check: ProofCheck): Promise<ProofResult> {
  const compact = readCompact(check.proof);
  if (compact === undefined) return refuse('proof.malformed');
  const header = Header.safeParse(compact.header);
  if (!header.success) return refuse('proof.header');
  const { jwk, alg } = header.data;
  if (!(await isSigned(check.proof, jwk, alg))) return refuse('proof.signature');
  const claims = Claims.safeParse(compact.payload);
  if (!claims.success) return refuse('proof.claims');
  const wrong = await objection(claims.data, check);
  if (wrong !== undefined) return refuse(wrong);
  const thumbprint = await calculateJwkThumbprint(jwk);
  const id = `proof ${thumbprint} ${claims.data.jti}`;
  const untilMs = (claims.data.iat + proofLifeSeconds + skewSeconds) * 1_000;
  if (!(await check.replay.take(id, untilMs, check.nowMs))) return refuse('proof.replayed');
  return { ok: true, thumbprint };
}

async function objection(
  claims: z.infer<typeof Claims>,
  { method, url, grant, nowMs }: ProofCheck,
): Promise<GrantProblemCode | undefined> {
  if (claims.htm !== method) return 'proof.method';
  if (claims.htu === '' || claims.htu !== withoutQuery(url)) return 'proof.url';
  const ageSeconds = nowMs / 1_000 - claims.iat;
  if (!(ageSeconds >= -skewSeconds && ageSeconds <= proofLifeSeconds)) return 'proof.stale';
  if (grant === null) return claims.ath === undefined ? undefined : 'proof.token';
  return claims.ath === (await sha256Base64url(grant)) ? undefined : 'proof.token';
}

/** Normalised as URLs are, without query and fragment; empty, which equals nothing, where it is none. */
function withoutQuery(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null || !/^https?:$/.test(parsed.protocol) ? '' : parsed.origin + parsed.pathname;
}

async function isSigned(token: string, jwk: JWK, alg: string): Promise<boolean> {
  try {
    await compactVerify(token, await importJWK(jwk, alg), { algorithms: [alg] });
    return true;
  } catch {
    // Fails closed: whatever is wrong with key or signature, it isn't signed.
    return false;
  }
}
