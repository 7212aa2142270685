import { ecdsaSignature } from './der.ts';
import type { Hash } from './hash.ts';
import type { VerifySignature } from './note.ts';
import type { PasskeyKey, VerifyPasskey } from './passkey-key.ts';

const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const COORDINATE_BYTES = 32;

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

/** How Web Crypto imports each type of key, and what it verifies with it. */
const ALGORITHMS = {
  EC: {
    import: { name: 'ECDSA', namedCurve: 'P-256' },
    verify: { name: 'ECDSA', hash: 'SHA-256' },
  },
  OKP: { import: { name: 'Ed25519' }, verify: { name: 'Ed25519' } },
  RSA: {
    import: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    verify: { name: 'RSASSA-PKCS1-v1_5' },
  },
} as const;

const verifyPasskey = async (
  key: PasskeyKey,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> => {
  const algorithm = ALGORITHMS[key.kty];
  const raw = key.kty === 'EC' ? ecdsaSignature(signature, COORDINATE_BYTES) : signature;
  if (raw === undefined) return false;
  try {
    const imported = await crypto.subtle.importKey('jwk', { ...key }, algorithm.import, false, ['verify']);
    return await crypto.subtle.verify(algorithm.verify, imported, owned(raw), owned(message));
  } catch {
    // Fails closed: no key of its type, such as a point that is not on the curve.
    return false;
  }
};

/** SHA-256 and the verification of signatures of the platform: Node 24 and browsers alike. */
export function webCryptoVerifier(): {
  readonly hash: Hash;
  readonly verify: VerifySignature;
  readonly verifyPasskey: VerifyPasskey;
} {
  return {
    hash: async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', owned(data))),
    verify: verifyEd25519,
    verifyPasskey,
  };
}
