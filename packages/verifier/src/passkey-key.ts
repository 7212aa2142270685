import { canonicalize } from './canonical.ts';
import type { JsonValue } from './canonical.ts';
import { encodeUtf8, fromBase64url, toBase64url } from './bytes.ts';
import type { Hash } from './hash.ts';
import { isObject } from './leaf-members.ts';

/**
 * A passkey's public key: the members that RFC 7638 takes for a thumbprint, and no others, so that equal keys have
 * equal canonical JSON. ES256, EdDSA and RS256: what authenticators make. Binary members are base64url.
 */
export type PasskeyKey =
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string };

/**
 * Verification of a passkey's signature, in the form that WebAuthn has it: for EC keys DER (RFC 3279), for the others
 * as it is. Gives false, and does not throw, for whatever is malformed.
 */
export type VerifyPasskey = (
  key: PasskeyKey,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>;

const COORDINATE_BYTES = 32;
/** 65537, the one exponent in use. */
const RSA_EXPONENT = 'AQAB';
/** 2,048 bits, below which RSA is broken, to 4,096, beyond which nobody makes any. */
const RSA_BYTES = { least: 256, most: 512 };

const hasBytes = (text: JsonValue | undefined, least: number, most = least): text is string => {
  if (typeof text !== 'string' || text.length > 2 * most) return false;
  const length = fromBase64url(text)?.length ?? 0;
  return length >= least && length <= most;
};

/** Strict; undefined for a key of another kind or size, or with any other member. */
export function parsePasskeyKey(value: JsonValue | undefined): PasskeyKey | undefined {
  if (!isObject(value)) return undefined;
  const { kty, crv, x, y, n, e } = value;
  const members = Object.keys(value).length;
  if (kty === 'EC' && crv === 'P-256' && members === 4)
    return hasBytes(x, COORDINATE_BYTES) && hasBytes(y, COORDINATE_BYTES) ? { kty, crv, x, y } : undefined;
  if (kty === 'OKP' && crv === 'Ed25519' && members === 3)
    return hasBytes(x, COORDINATE_BYTES) ? { kty, crv, x } : undefined;
  if (kty === 'RSA' && e === RSA_EXPONENT && members === 3)
    return hasBytes(n, RSA_BYTES.least, RSA_BYTES.most) && !n.startsWith('AA') ? { kty, n, e } : undefined;
  return undefined;
}

/** RFC 7638 §3: by this the log knows the key. */
export async function thumbprintOf(key: PasskeyKey, hash: Hash): Promise<string> {
  return toBase64url(await hash(encodeUtf8(canonicalize({ ...key }))));
}
