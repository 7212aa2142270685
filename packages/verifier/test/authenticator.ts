import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { Assertion, PasskeyKey } from '../src/index.ts';

/** What tests change of what an honest authenticator and browser make. */
export interface Ceremony {
  readonly challenge: Uint8Array;
  readonly origin: string;
  readonly rpId: string;
  readonly flags?: number;
  readonly type?: string;
  /** Further members of the browser's data. */
  readonly more?: Readonly<Record<string, unknown>>;
}

const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const sha256 = (data: string | Uint8Array): Uint8Array => createHash('sha256').update(data).digest();

const PRESENT_AND_VERIFIED = 0x05;
const ATTESTED = 0x40;

type Encodable = number | string | Uint8Array | ReadonlyMap<number | string, Encodable>;

function head(major: number, value: number): Uint8Array {
  if (value < 24) return Uint8Array.of((major << 5) | value);
  if (value < 0x100) return Uint8Array.of((major << 5) | 24, value);
  return Uint8Array.of((major << 5) | 25, value >> 8, value & 0xff);
}

/** CBOR, for what authenticators write. */
export function encodeCbor(value: Encodable): Uint8Array {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  const members = [...value].flatMap(([key, member]) => [encodeCbor(key), encodeCbor(member)]);
  return Buffer.concat([head(5, value.size), ...members]);
}

const algorithms = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2_048 }),
};
export type Algorithm = keyof typeof algorithms;

/** An authenticator with one passkey, and the browser before it. */
export class Authenticator {
  readonly algorithm: Algorithm;
  readonly publicKey: PasskeyKey;
  readonly credential: string;
  readonly #privateKey: KeyObject;

  constructor(algorithm: Algorithm = 'ES256', credential = 'a passkey') {
    const { publicKey, privateKey } = algorithms[algorithm]();
    this.algorithm = algorithm;
    this.#privateKey = privateKey;
    this.publicKey = publicKey.export({ format: 'jwk' }) as unknown as PasskeyKey;
    this.credential = b64(Buffer.from(credential));
  }

  get #cose(): ReadonlyMap<number, Encodable> {
    const key = this.publicKey;
    const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64url');
    if (key.kty === 'EC')
      return new Map<number, Encodable>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, bytes(key.x)],
        [-3, bytes(key.y)],
      ]);
    if (key.kty === 'OKP')
      return new Map<number, Encodable>([
        [1, 1],
        [3, -8],
        [-1, 6],
        [-2, bytes(key.x)],
      ]);
    return new Map<number, Encodable>([
      [1, 3],
      [3, -257],
      [-1, bytes(key.n)],
      [-2, bytes(key.e)],
    ]);
  }

  #clientData({ challenge, origin, more }: Ceremony, type: string): string {
    return JSON.stringify({ type, challenge: b64(challenge), origin, crossOrigin: false, ...more });
  }

  assert(ceremony: Ceremony): Assertion {
    const { rpId, flags = PRESENT_AND_VERIFIED, type = 'webauthn.get' } = ceremony;
    const clientData = this.#clientData(ceremony, type);
    const data = Buffer.concat([sha256(rpId), Uint8Array.of(flags, 0, 0, 0, 1)]);
    const signed = Buffer.concat([data, sha256(clientData)]);
    const hash = this.algorithm === 'EdDSA' ? null : 'sha256';
    const signature = sign(hash, signed, this.#privateKey);
    return {
      authenticatorData: b64(data),
      clientDataJSON: b64(Buffer.from(clientData)),
      signature: b64(signature),
    };
  }

  register(ceremony: Ceremony): { readonly attestationObject: string; readonly clientDataJSON: string } {
    const { rpId, flags = PRESENT_AND_VERIFIED | ATTESTED, type = 'webauthn.create' } = ceremony;
    const id = Buffer.from(this.credential, 'base64url');
    const attested = [Buffer.alloc(16), Uint8Array.of(0, id.length), id, encodeCbor(this.#cose)];
    const authData = Buffer.concat([sha256(rpId), Uint8Array.of(flags, 0, 0, 0, 0), ...attested]);
    const object = new Map<string, Encodable>([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', authData],
    ]);
    const clientData = this.#clientData(ceremony, type);
    return { attestationObject: b64(encodeCbor(object)), clientDataJSON: b64(Buffer.from(clientData)) };
  }
}
