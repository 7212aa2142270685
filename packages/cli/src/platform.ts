import { createPublicKey, hash, verify } from 'node:crypto';
import { webCryptoVerifier } from '@sallyport/verifier';
import type { VerifySignature } from '@sallyport/verifier';

/** RFC 8410: an Ed25519 public key as SubjectPublicKeyInfo is these bytes, then the key. */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');
const PUBLIC_KEY_BYTES = 32;

const verifyEd25519: VerifySignature = (publicKey, message, signature) => {
  if (publicKey.length !== PUBLIC_KEY_BYTES) return false;
  try {
    const key = Buffer.concat([SPKI_HEAD, publicKey]);
    return verify(null, message, createPublicKey({ key, format: 'der', type: 'spki' }), signature);
  } catch {
    // Fails closed: bytes that are no point of the curve have signed nothing.
    return false;
  }
};

/** Node's own hash and signatures, without a promise for each of a million entries. */
export const platform = {
  ...webCryptoVerifier(),
  hash: (data: Uint8Array): Uint8Array => hash('sha256', data, 'buffer'),
  verify: verifyEd25519,
};
