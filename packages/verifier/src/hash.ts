import { concatBytes } from './bytes.ts';

/** SHA-256, synchronous: what the log's writer uses. Returns 32 bytes that the caller owns. */
export type Sha256 = (data: Uint8Array) => Uint8Array;

/** SHA-256 that may be asynchronous, as in Web Crypto: what verifiers use. Every `Sha256` is one. */
export type Hash = (data: Uint8Array) => Uint8Array | Promise<Uint8Array>;

export const HASH_BYTES = 32;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** What is hashed for a leaf (RFC 6962 §2.1): 0x00, then the entry. The prefixes keep a node from posing as a leaf. */
export function leafInput(entry: Uint8Array): Uint8Array {
  return concatBytes(LEAF, entry);
}

/** What is hashed for an inner node (RFC 6962 §2.1): 0x01, left hash, right hash. */
export function nodeInput(left: Uint8Array, right: Uint8Array): Uint8Array {
  return concatBytes(NODE, left, right);
}

/** The root of the tree without leaves (RFC 6962 §2.1): the SHA-256 of nothing. */
export function emptyRoot(sha256: Sha256): Uint8Array {
  return sha256(new Uint8Array());
}
