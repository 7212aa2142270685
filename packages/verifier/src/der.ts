import { concatBytes } from './bytes.ts';

const SEQUENCE = 0x30;
const INTEGER = 0x02;
/** Two integers of a P-256 signature with their heads: no length needs a second byte. */
const MAX_DER_BYTES = 72;

/** One positive integer at `at`, minimally encoded (X.690 §8.3.2), as `size` bytes; and where it ends. */
function readInteger(
  der: Uint8Array,
  at: number,
  size: number,
): { readonly bytes: Uint8Array; readonly end: number } | undefined {
  const length = der[at + 1] ?? 0;
  const end = at + 2 + length;
  if (der[at] !== INTEGER || length === 0 || end > der.length) return undefined;
  const [first = 0, second = 0] = der.subarray(at + 2, end);
  const isPadded = first === 0 && length > 1;
  if (first > 0x7f || (isPadded && second <= 0x7f)) return undefined;
  const value = der.subarray(at + 2 + (isPadded ? 1 : 0), end);
  if (value.length > size) return undefined;
  return { bytes: concatBytes(new Uint8Array(size - value.length), value), end };
}

/** An ECDSA signature (RFC 3279 §2.2.3) as `r ‖ s` of `size` bytes each; undefined for anything but strict DER. */
export function ecdsaSignature(der: Uint8Array, size: number): Uint8Array | undefined {
  if (der.length > MAX_DER_BYTES || der[0] !== SEQUENCE || der[1] !== der.length - 2) return undefined;
  const r = readInteger(der, 2, size);
  const s = r === undefined ? undefined : readInteger(der, r.end, size);
  return r === undefined || s?.end !== der.length ? undefined : concatBytes(r.bytes, s.bytes);
}
