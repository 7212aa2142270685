import { parsePasskeyKey, toBase64url, type PasskeyKey } from '@sallyport/verifier';
import type { Cbor, CborMap } from './cbor.ts';

/** COSE_Key (RFC 9052 §7, RFC 9053 §7, RFC 8230 §4): labels and values that authenticators use. */
const LABEL = { kty: 1, alg: 3, crv: -1, x: -2, y: -3, n: -1, e: -2 } as const;

/** COSE algorithms that are asked for, by preference: EdDSA, ES256, RS256. */
export const algorithms = [-8, -7, -257] as const;

const text = (value: Cbor | undefined): string =>
  value instanceof Uint8Array && value.length > 0 ? toBase64url(value) : '';

const label = (value: Cbor | undefined): string => (typeof value === 'number' ? value.toString() : '');

type Read = (key: CborMap) => { readonly size: number; readonly jwk: Readonly<Record<string, string>> };

/** By algorithm and type of key, which have to go together. */
const readers: Readonly<Record<string, Read>> = {
  '-7 2': (key) => ({
    size: 5,
    jwk: {
      kty: 'EC',
      crv: key.get(LABEL.crv) === 1 ? 'P-256' : '',
      x: text(key.get(LABEL.x)),
      y: text(key.get(LABEL.y)),
    },
  }),
  '-8 1': (key) => ({
    size: 4,
    jwk: { kty: 'OKP', crv: key.get(LABEL.crv) === 6 ? 'Ed25519' : '', x: text(key.get(LABEL.x)) },
  }),
  '-257 3': (key) => ({
    size: 4,
    jwk: { kty: 'RSA', n: text(key.get(LABEL.n)), e: text(key.get(LABEL.e)) },
  }),
};

/** The key in the one form that the ledger has; undefined for every other kind of key. */
export function passkeyKeyOf(key: CborMap): PasskeyKey | undefined {
  const read = readers[`${label(key.get(LABEL.alg))} ${label(key.get(LABEL.kty))}`]?.(key);
  return read === undefined || key.size !== read.size ? undefined : parsePasskeyKey(read.jwk);
}
