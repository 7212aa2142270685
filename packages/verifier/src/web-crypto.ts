import type { Hash } from './hash.ts';
import type { VerifySignature } from './note.ts';

const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** Web Crypto takes no views of shared memory, which the type of a byte array does not rule out. */
const owned = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

async function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  try {
    const key = await crypto.subtle.importKey('raw', owned(publicKey), 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, owned(signature), owned(message));
  } catch {
    // Fails closed: some platforms refuse to import bytes that are no point of the curve.
    return false;
  }
}

/** SHA-256 and Ed25519 verification of the platform: Node 24 and browsers alike. */
export function webCryptoVerifier(): { readonly hash: Hash; readonly verify: VerifySignature } {
  return {
    hash: async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', owned(data))),
    verify: verifyEd25519,
  };
}
