/** A WebAuthn registration (W3C Web Authentication Level 3, §7.1) without attestation. */
import { fromBase64url, toBase64url, type PasskeyKey } from '@sallyport/verifier';
import { err, ok, type Result } from '../core/result.ts';
import type { Hashing, NewCredential } from '../ports.ts';
import { isMap, readCbor } from './cbor.ts';
import { passkeyKeyOf } from './cose.ts';
import type { RelyingParty } from './relying-party.ts';

export interface Registered {
  readonly credential: string;
  readonly publicKey: PasskeyKey;
}

const FLAG = { present: 0x01, verified: 0x04, attested: 0x40, extended: 0x80 } as const;
/** A hash of 32 bytes, flags, a counter of 4, the authenticator's model of 16, and the length of the id. */
const FLAGS_AT = 32;
const ID_LENGTH_AT = 53;
const ID_AT = 55;
/** WebAuthn §4, "Credential ID": "at most 1023 bytes long". */
const MAX_ID_BYTES = 1_023;

/** Steps 6 to 12: what the browser says that it had made, and for whom. */
function refuseClientData(text: string, challenge: string, party: RelyingParty): string | null {
  const bytes = fromBase64url(text);
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const data = JSON.parse(bytes === undefined ? '' : decoder.decode(bytes)) as Record<
      string,
      unknown
    > | null;
    if (data?.['type'] !== 'webauthn.create') return 'It is not a registration.';
    if (data['challenge'] !== challenge) return 'It answers another question.';
    const isEmbedded = (data['crossOrigin'] ?? false) !== false || data['topOrigin'] !== undefined;
    if (data['origin'] !== party.origin || isEmbedded) return `It was not made at ${party.origin}.`;
    return null;
  } catch {
    return 'It can’t be read.';
  }
}

/** Steps 13 to 18: what the authenticator says. The statement of its maker is not asked for, and not looked at. */
function readAuthenticatorData(
  data: Uint8Array,
  { rpId }: RelyingParty,
  hashing: Hashing,
): Result<Registered, string> {
  const flags = data[FLAGS_AT] ?? 0;
  const idLength = new DataView(data.buffer, data.byteOffset, data.byteLength).getUint16(ID_LENGTH_AT);
  const party = hashing.base64url(data.subarray(0, FLAGS_AT));
  if (party !== hashing.sha256Base64url(rpId)) return err(`It was not made for ${rpId}.`);
  if ((flags & FLAG.present) === 0) return err('Nobody was at the authenticator.');
  if ((flags & FLAG.verified) === 0)
    return err('The authenticator did not verify who you are: it needs a PIN, a finger or a face.');
  if ((flags & FLAG.attested) === 0 || idLength === 0 || idLength > MAX_ID_BYTES)
    return err('It holds no credential.');
  const key = readCbor(data.subarray(ID_AT + idLength));
  const publicKey = key !== undefined && isMap(key.value) ? passkeyKeyOf(key.value) : undefined;
  if (key === undefined || publicKey === undefined) return err('Its key is of a kind that is not asked for.');
  const rest = data.length - ID_AT - idLength - key.length;
  if (rest > 0 !== ((flags & FLAG.extended) !== 0)) return err('It can’t be read.');
  return ok({ credential: toBase64url(data.subarray(ID_AT, ID_AT + idLength)), publicKey });
}

/** The credential, or a sentence that says why it is none. Never throws for what is in it. */
export function readRegistration(
  response: NewCredential,
  challenge: string,
  party: RelyingParty,
  hashing: Hashing,
): Result<Registered, string> {
  const refused = refuseClientData(response.clientDataJSON, challenge, party);
  if (refused !== null) return err(refused);
  const object = fromBase64url(response.attestationObject);
  const parsed = object === undefined ? undefined : readCbor(object);
  const isWhole = parsed !== undefined && parsed.length === object?.length && isMap(parsed.value);
  const data = isWhole && isMap(parsed.value) ? parsed.value.get('authData') : undefined;
  if (!(data instanceof Uint8Array) || data.length < ID_AT) return err('It can’t be read.');
  const registered = readAuthenticatorData(data, party, hashing);
  if (registered.ok && registered.value.credential !== response.credential)
    return err('It names another credential than it holds.');
  return registered;
}
