import { createPublicKey, hash, sign } from 'node:crypto';
import { join } from 'node:path';
import { encodeVkey, keyIdOf } from '@sallyport/verifier';
import type { NoteSigner, VerifierKey } from '@sallyport/verifier';
import { openKeyFile } from './key-file.ts';

const FILE_NAME = 'ledger-key.pem';

/** Who signs the log. */
export interface LedgerKeys {
  /** The log's name, and the key's: C2SP tlog-checkpoint, "Signatures". */
  readonly origin: string;
  readonly verifier: VerifierKey;
  /** The printed form of the public key (C2SP signed-note, "Verifier keys"): what auditors are given. */
  readonly vkey: string;
  readonly signer: NoteSigner;
}

export interface KeyOptions {
  /** The state directory. */
  readonly directory: string;
  readonly origin: string;
}

/**
 * Reads the signing key, or makes it at the first start: an Ed25519 key as PKCS #8 PEM, readable by its owner only.
 * Rejects with `key.exposed` or `key.malformed`: a log whose key others may have had proves nothing.
 */
export async function openKeys({ directory, origin }: KeyOptions): Promise<LedgerKeys> {
  const privateKey = openKeyFile(join(directory, FILE_NAME));
  // RFC 8037 §2: `x` is the public key.
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const publicKey = new Uint8Array(Buffer.from(x, 'base64url'));
  const id = await keyIdOf(origin, publicKey, (data) => hash('sha256', data, 'buffer'));
  const verifier = { name: origin, id, publicKey };
  return {
    origin,
    verifier,
    vkey: encodeVkey(verifier),
    signer: { name: origin, id, sign: (message) => sign(null, message, privateKey) },
  };
}
