import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { encodeVkey, keyIdOf, webCryptoVerifier } from '@sallyport/verifier';
import type { Checkpoint, NoteSigner, VerifierKey } from '@sallyport/verifier';
import { Failure } from '../failure.ts';
import { readRecord, type WitnessState } from './keeper.ts';

const KEY_NAME = 'witness-key.pem';
const LOCK_NAME = 'lock';
const PRIVATE_MODE = 0o600;
const OTHERS_MODE = 0o077;

const refuse = (code: 'witness.state' | 'witness.locked' | 'witness.key', detail: string): Failure =>
  new Failure('refused', code, detail);

/** One process at a time: two that share a record would take back what the other one cosigned. */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, LOCK_NAME);
  if (existsSync(file) && isRunning(Number(readFileSync(file, 'latin1')))) {
    throw refuse('witness.locked', `${folder} is in use by process ${readFileSync(file, 'latin1').trim()}.`);
  }
  rmSync(file, { force: true });
  const descriptor = openSync(file, 'wx', PRIVATE_MODE);
  writeSync(descriptor, `${process.pid}\n`);
  closeSync(descriptor);
  return () => rmSync(file, { force: true });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch {
    return false;
  }
}

/** The witness's key: made at the first start, readable by its owner only. */
export async function openWitnessKey(
  folder: string,
  name: string,
): Promise<{ readonly signer: NoteSigner; readonly vkey: string }> {
  const file = join(folder, KEY_NAME);
  const privateKey = readKey(file) ?? makeKey(file);
  // RFC 8037 §2: `x` is the public key.
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const publicKey = new Uint8Array(Buffer.from(x, 'base64url'));
  const sha256 = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest();
  const id = await keyIdOf(name, publicKey, sha256, 'cosignature');
  const signer = { name, id, sign: (message: Uint8Array) => new Uint8Array(sign(null, message, privateKey)) };
  return { signer, vkey: encodeVkey({ name, id, publicKey }, 'cosignature') };
}

function readKey(file: string): KeyObject | undefined {
  const status = statSync(file, { throwIfNoEntry: false });
  if (status === undefined) return undefined;
  if ((status.mode & OTHERS_MODE) !== 0)
    throw refuse('witness.key', `Others can read ${file}: chmod 600 it if nobody did, else start anew.`);
  try {
    const key = createPrivateKey(readFileSync(file, 'utf8'));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Fails closed, below; the library's message might quote the file.
  }
  throw refuse('witness.key', `${file} holds no Ed25519 key: restore it.`);
}

function makeKey(file: string): KeyObject {
  const { privateKey } = generateKeyPairSync('ed25519');
  writeDurably(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return privateKey;
}

function writeDurably(file: string, content: string): void {
  const descriptor = openSync(`${file}.new`, 'w', PRIVATE_MODE);
  writeSync(descriptor, content);
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(`${file}.new`, file);
  const folder = openSync(join(file, '..'), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/**
 * The last cosigned checkpoint of each log, in a file of its own that is named after the hash of its origin. Refuses what
 * is there and can't be read: a witness that forgot would cosign a fork.
 */
export async function openState(folder: string, logs: readonly VerifierKey[]): Promise<WitnessState> {
  const fileOf = (origin: string): string =>
    join(folder, `log-${createHash('sha256').update(origin).digest('hex').slice(0, 32)}`);
  const { verify } = webCryptoVerifier();
  const known = new Map<string, Pick<Checkpoint, 'size' | 'root'>>();
  for (const { name } of logs) {
    const file = fileOf(name);
    if (!existsSync(file)) continue;
    const keys = logs.filter((key) => key.name === name);
    const checkpoint = await readRecord(readFileSync(file, 'utf8'), keys, verify);
    if (checkpoint === undefined) {
      const way = 'restore it, or give the witness the key that signed it';
      throw refuse('witness.state', `${file} is no checkpoint of ${name} by a known key: ${way}.`);
    }
    known.set(name, checkpoint);
  }
  return {
    read: (origin) => known.get(origin),
    write: (origin, checkpoint) => {
      writeDurably(fileOf(origin), checkpoint.note);
      known.set(origin, checkpoint);
    },
  };
}
