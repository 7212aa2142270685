// eslint-disable-next-line sallyport/randomness -- keys and nonces, in a thread that no port reaches; nothing is decided by them
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../store.ts';

export const MASTER_NAME = 'values-master-key';
export const KEYS_NAME = 'values-keys';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** A nonce, a key and a tag, and four spare bytes. */
const SLOT_BYTES = 64;
const SEALED_BEGINS = 4 + NONCE_BYTES + TAG_BYTES;
const PRIVATE_MODE = 0o600;
const OTHERS_MODE = 0o077;
/** Keys that are kept unwrapped; beyond, the memory of them starts anew. */
const KNOWN_KEYS = 4096;

/**
 * The keys of the values beside the ledger, in two files that are for their owner only. `values-master-key`: 32 random
 * bytes in hexadecimal digits, made at the first start, which wrap all others. `values-keys`: slots of 64 bytes, each a
 * wrapped key; a destroyed one is zeros, written over in place. They are not in the database, because that copies what
 * is in it to its log, to free pages and between pages, and a key that is destroyed must be nowhere.
 */
export class Vault {
  readonly #file: number;
  readonly #path: string;
  readonly #master: KeyObject;
  /** As objects of the library: a key that is handed over as bytes is set up anew each time, which triples the cost. */
  readonly #known = new Map<number, KeyObject>();
  #index: KeyObject | null = null;

  /** @param fingerprint where the database names keys: then both files must be there, and are never made anew. */
  constructor(directory: string, fingerprint: string | null) {
    const hasKeys = fingerprint !== null;
    this.#path = join(directory, KEYS_NAME);
    const master = join(directory, MASTER_NAME);
    if (hasKeys)
      for (const file of [master, this.#path]) if (!existsSync(file)) throw otherKey(`${file} is missing`);
    this.#master = createSecretKey(readMaster(master) ?? makeMaster(directory, master));
    if (hasKeys && fingerprint !== this.fingerprint) throw otherKey(`${master} is of another state folder`);
    this.#file = openSync(this.#path, hasKeys ? 'r+' : 'a+', PRIVATE_MODE);
    if (hasKeys) return;
    closeSync(this.#file);
    this.#file = openSync(this.#path, 'r+');
    syncFolder(directory);
  }

  /** By which the master key is known again; says nothing about it. */
  get fingerprint(): string {
    return createHmac('sha256', this.#master).update('sallyport state folder').digest('hex');
  }

  /** A new key, durable before its slot's number is known to anybody. */
  allocate(): number {
    const slot = Math.floor(fstatSync(this.#file).size / SLOT_BYTES);
    const key = randomBytes(KEY_BYTES);
    const cell = Buffer.alloc(SLOT_BYTES);
    encrypt(this.#master, key, slotName(slot)).copy(cell);
    this.#write(slot, cell);
    this.#remember(slot, createSecretKey(key));
    return slot;
  }

  /** Of a live slot. Throws where it was destroyed, or the master key is another one. */
  keyOf(slot: number): KeyObject {
    const known = this.#known.get(slot);
    if (known !== undefined) return known;
    const bytes = this.isDestroyed(slot)
      ? undefined
      : decrypt(this.#master, this.#read(slot), slotName(slot));
    if (bytes === undefined) throw otherKey(`${this.#path} holds no key ${slot} that the master key opens`);
    const key = createSecretKey(bytes);
    this.#remember(slot, key);
    return key;
  }

  isDestroyed(slot: number): boolean {
    return this.#read(slot).every((byte) => byte === 0);
  }

  /** Returns when the keys are gone from the disk, as far as it writes in place. What they sealed is lost for good. */
  destroy(slots: readonly number[]): void {
    for (const slot of slots) {
      this.#known.delete(slot);
      this.#write(slot, Buffer.alloc(SLOT_BYTES));
    }
  }

  /** AES-256-GCM under the slot's key: slot, nonce, tag, ciphertext. `about` must be the same again to open it. */
  seal(slot: number, plain: Uint8Array, about: string): Buffer {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(slot);
    return Buffer.concat([head, encrypt(this.keyOf(slot), plain, about)]);
  }

  /** Null where the key was destroyed. Throws where what was sealed is not whole, or about something else. */
  open(sealed: Buffer, about: string): Buffer | null {
    const slot = sealed.length < SEALED_BEGINS ? -1 : sealed.readUInt32LE();
    if (slot >= 0 && !this.#known.has(slot) && this.isDestroyed(slot)) return null;
    const plain = slot < 0 ? undefined : decrypt(this.keyOf(slot), sealed.subarray(4), about);
    if (plain === undefined) throw new StoreError('store.corrupt', `the values of ${about} do not open`);
    return plain;
  }

  /** By which values are found that must not be readable. */
  useIndex(slot: number): void {
    this.#index = this.keyOf(slot);
  }

  indexOf(value: string): string {
    if (this.#index === null) throw new RangeError('an index is used before it is set');
    return createHmac('sha256', this.#index).update(value).digest('base64url');
  }

  close(): void {
    closeSync(this.#file);
  }

  #remember(slot: number, key: KeyObject): void {
    if (this.#known.size >= KNOWN_KEYS) this.#known.clear();
    this.#known.set(slot, key);
  }

  #read(slot: number): Buffer {
    const cell = Buffer.alloc(SLOT_BYTES);
    const read = readSync(this.#file, cell, 0, SLOT_BYTES, slot * SLOT_BYTES);
    if (read < SLOT_BYTES) throw otherKey(`${this.#path} ends before key ${slot}`);
    return cell.subarray(0, NONCE_BYTES + TAG_BYTES + KEY_BYTES);
  }

  #write(slot: number, cell: Buffer): void {
    for (let done = 0; done < SLOT_BYTES;)
      done += writeSync(this.#file, cell, done, SLOT_BYTES - done, slot * SLOT_BYTES + done);
    fdatasyncSync(this.#file);
  }
}

const slotName = (slot: number): string => `slot ${slot}`;

function encrypt(key: KeyObject, plain: Uint8Array, about: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(about));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** Undefined where the key is another one, or a byte is. */
function decrypt(key: KeyObject, sealed: Buffer, about: string): Buffer | undefined {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(about)).setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    // Fails closed: the caller refuses.
    return undefined;
  }
}

function otherKey(what: string): StoreError {
  const way = `restore ${MASTER_NAME} and ${KEYS_NAME} of the same state folder from its backup`;
  return new StoreError('store.other_key', `${what}: ${way}`);
}

function readMaster(file: string): Buffer | undefined {
  const status = statSync(file, { throwIfNoEntry: false });
  if (status === undefined) return undefined;
  if ((status.mode & OTHERS_MODE) !== 0) {
    const way = 'chmod 600 it if nobody did, else treat what it protects as read';
    throw new StoreError('store.other_key', `others can read ${file}: ${way}`);
  }
  const text = readFileSync(file, 'latin1');
  if (!/^[0-9a-f]{64}\n$/.test(text)) throw otherKey(`${file} holds no key`);
  return Buffer.from(text, 'hex');
}

/** Durable under its own name before anything is sealed with it. */
function makeMaster(directory: string, file: string): Buffer {
  const key = randomBytes(KEY_BYTES);
  const descriptor = openSync(`${file}.new`, 'w', PRIVATE_MODE);
  writeSync(descriptor, `${key.toString('hex')}\n`);
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(`${file}.new`, file);
  syncFolder(directory);
  return key;
}

function syncFolder(directory: string): void {
  const folder = openSync(directory, 'r');
  fsyncSync(folder);
  closeSync(folder);
}
