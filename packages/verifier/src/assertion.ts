/** A WebAuthn assertion (W3C Web Authentication Level 3, §7.2), as far as it can be judged offline. */
import { concatBytes, encodeUtf8, equalBytes, fromBase64url, toBase64url } from './bytes.ts';
import type { JsonValue } from './canonical.ts';
import type { Hash } from './hash.ts';
import { isObject } from './leaf-members.ts';
import type { PasskeyKey, VerifyPasskey } from './passkey-key.ts';

/** What the authenticator and the browser made. Binary members are base64url without padding. */
export interface Assertion {
  readonly authenticatorData: string;
  readonly clientDataJSON: string;
  readonly signature: string;
}

export interface AssertionTerms {
  readonly key: PasskeyKey;
  /** What had to be signed, 32 bytes. */
  readonly challenge: Uint8Array;
  readonly origin: string;
  readonly rpId: string;
}

export interface PasskeyCrypto {
  readonly hash: Hash;
  readonly verifyPasskey: VerifyPasskey;
}

/** Why an assertion is none, or one of something else. Closed. */
export type AssertionRefusal =
  | 'passkey.malformed'
  /** Not an assertion, but a registration, or something else that a browser signs. */
  | 'passkey.other_type'
  /** Another review, action, rendering, decision, voter, nonce or time was signed. */
  | 'passkey.other_challenge'
  /** Signed for another web page, or inside of one. */
  | 'passkey.other_origin'
  | 'passkey.other_party'
  /** Nobody touched the authenticator. */
  | 'passkey.user_not_present'
  /** Nobody proved to the authenticator to be its owner. */
  | 'passkey.user_not_verified'
  | 'passkey.bad_signature';

/** Browsers write a few hundred bytes. */
const MAX_CLIENT_DATA_CHARACTERS = 8_192;
/** A relying party's hash, flags and a counter; more only with extensions, which nobody asks for here. */
const AUTHENTICATOR_DATA_BYTES = 37;
const MAX_AUTHENTICATOR_DATA_CHARACTERS = 2_048;
/** RSA of 4,096 bits. */
const MAX_SIGNATURE_CHARACTERS = 700;
const FLAGS_AT = 32;
const FLAG = { present: 0x01, verified: 0x04, attested: 0x40, extended: 0x80 } as const;

function bytesOf(text: string, mostCharacters: number): Uint8Array | undefined {
  return text.length <= mostCharacters ? fromBase64url(text) : undefined;
}

function parseClientData(bytes: Uint8Array): JsonValue | undefined {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) as JsonValue;
  } catch {
    return undefined;
  }
}

/** Steps 10 to 14: what the browser says that it had signed, and for whom. */
function refuseClientData(bytes: Uint8Array, terms: AssertionTerms): AssertionRefusal | null {
  const data = parseClientData(bytes);
  if (!isObject(data)) return 'passkey.malformed';
  if (data['type'] !== 'webauthn.get') return 'passkey.other_type';
  if (data['challenge'] !== toBase64url(terms.challenge)) return 'passkey.other_challenge';
  const isEmbedded = (data['crossOrigin'] ?? false) !== false || data['topOrigin'] !== undefined;
  return data['origin'] !== terms.origin || isEmbedded ? 'passkey.other_origin' : null;
}

/** Steps 15 to 17: what the authenticator says. */
async function refuseAuthenticatorData(
  data: Uint8Array,
  { rpId }: AssertionTerms,
  hash: Hash,
): Promise<AssertionRefusal | null> {
  const flags = data[FLAGS_AT] ?? 0;
  const isLonger = (flags & (FLAG.attested | FLAG.extended)) !== 0;
  const hasLength = isLonger
    ? data.length > AUTHENTICATOR_DATA_BYTES
    : data.length === AUTHENTICATOR_DATA_BYTES;
  if (!hasLength) return 'passkey.malformed';
  if (!equalBytes(data.subarray(0, FLAGS_AT), await hash(encodeUtf8(rpId)))) return 'passkey.other_party';
  if ((flags & FLAG.present) === 0) return 'passkey.user_not_present';
  return (flags & FLAG.verified) === 0 ? 'passkey.user_not_verified' : null;
}

/** Null where the assertion holds. Never throws for what is in it. */
export async function refuseAssertion(
  assertion: Assertion,
  terms: AssertionTerms,
  { hash, verifyPasskey }: PasskeyCrypto,
): Promise<AssertionRefusal | null> {
  const clientData = bytesOf(assertion.clientDataJSON, MAX_CLIENT_DATA_CHARACTERS);
  const data = bytesOf(assertion.authenticatorData, MAX_AUTHENTICATOR_DATA_CHARACTERS);
  const signature = bytesOf(assertion.signature, MAX_SIGNATURE_CHARACTERS);
  if (clientData === undefined || data === undefined || signature === undefined) return 'passkey.malformed';
  const refused = refuseClientData(clientData, terms) ?? (await refuseAuthenticatorData(data, terms, hash));
  if (refused !== null) return refused;
  const signed = concatBytes(data, await hash(clientData));
  return (await verifyPasskey(terms.key, signed, signature)) ? null : 'passkey.bad_signature';
}
