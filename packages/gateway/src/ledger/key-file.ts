import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { LedgerError } from './error.ts';
import type { HeldKey, KeyCustody } from './key-custody.ts';

const PRIVATE_MODE = 0o600;
const OTHERS_MODE = 0o077;

/** Keys in files of the state folder: the one in use, and beside it the next one during a hand-over. */
export class KeyFiles implements KeyCustody {
  readonly #file: string;
  readonly #next: string;

  constructor(directory: string, name: string) {
    this.#file = join(directory, `${name}.pem`);
    this.#next = join(directory, `${name}.next.pem`);
  }

  async current(): Promise<HeldKey> {
    return heldKey(openKeyFile(this.#file));
  }

  async next(): Promise<HeldKey | null> {
    const key = readKey(this.#next);
    return key === undefined ? null : heldKey(key);
  }

  async makeNext(): Promise<HeldKey> {
    return heldKey(makeKey(this.#next));
  }

  async adoptNext(): Promise<void> {
    if (!existsSync(this.#next)) return;
    const before = openSync(this.#file, 'r+');
    try {
      renameSync(this.#next, this.#file);
      syncDirectoryOf(this.#file);
      overwrite(before);
    } finally {
      closeSync(before);
    }
  }

  async discardNext(): Promise<void> {
    if (!existsSync(this.#next)) return;
    rmSync(this.#next);
    syncDirectoryOf(this.#next);
  }
}

function heldKey(privateKey: KeyObject): HeldKey {
  // RFC 8037 §2: `x` is the public key.
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return {
    publicKey: new Uint8Array(Buffer.from(x, 'base64url')),
    sign: async (message) => new Uint8Array(sign(null, message, privateKey)),
  };
}

/** What was in the file is no longer on the disk, as far as that writes in place. */
function overwrite(descriptor: number): void {
  writeSync(descriptor, Buffer.alloc(fstatSync(descriptor).size));
  fsyncSync(descriptor);
}

/**
 * Reads a signing key, or makes it at the first start: an Ed25519 key as PKCS #8 PEM, readable by its owner only. Throws
 * `key.exposed` or `key.malformed`: what a key signs that others may have had proves nothing.
 */
export function openKeyFile(file: string): KeyObject {
  return readKey(file) ?? makeKey(file);
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
