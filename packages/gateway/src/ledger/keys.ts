import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { encodeVkey, keyIdOf } from '@sallyport/verifier';
import type { NoteSigner, VerifierKey } from '@sallyport/verifier';
import { LedgerError } from './error.ts';

const FILE_NAME = 'ledger-key.pem';
const PRIVATE_MODE = 0o600;
const OTHERS_MODE = 0o077;

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
  const file = join(directory, FILE_NAME);
  const privateKey = readKey(file) ?? makeKey(file);
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

function readKey(file: string): KeyObject | undefined {
  const status = statSync(file, { throwIfNoEntry: false });
  if (status === undefined) return undefined;
  if ((status.mode & OTHERS_MODE) !== 0) {
    throw new LedgerError(
      'key.exposed',
      `others can read ${file}: chmod 600 it if nobody did, else start a new log`,
    );
  }
  const key = parseKey(readFileSync(file, 'utf8'));
  if (key?.asymmetricKeyType !== 'ed25519')
    throw new LedgerError('key.malformed', `${file} holds no Ed25519 key`);
  return key;
}

function parseKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    // Fails closed: the caller refuses, and the library's message might quote the file.
    return undefined;
  }
}

/** Durable under its own name before it is used: a checkpoint by a lost key could never be followed by another. */
function makeKey(file: string): KeyObject {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeDurably(`${file}.new`, pem);
  renameSync(`${file}.new`, file);
  syncDirectoryOf(file);
  return privateKey;
}

function writeDurably(file: string, content: string | Buffer): void {
  const descriptor = openSync(file, 'w', PRIVATE_MODE);
  try {
    writeSync(descriptor, content.toString());
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function syncDirectoryOf(file: string): void {
  const descriptor = openSync(join(file, '..'), 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
