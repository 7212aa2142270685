import { hash } from 'node:crypto';
import { encodeVkey, handoverText, keyIdOf, signNote } from '@sallyport/verifier';
import type { Handover, VerifierKey } from '@sallyport/verifier';
import { LedgerError } from './error.ts';
import type { HeldKey, KeyCustody } from './key-custody.ts';
import { KeyFiles } from './key-file.ts';
import { verifyEd25519 } from './ed25519.ts';

const FILE_NAME = 'ledger-key';

/** A key as the log names it. */
interface NamedKey {
  readonly held: HeldKey;
  readonly verifier: VerifierKey;
  readonly vkey: string;
}

export interface KeyOptions {
  /** The state directory. */
  readonly directory: string;
  readonly origin: string;
  /** Default: files of the state directory. */
  readonly custody?: KeyCustody;
}

/** Who signs the log. The key changes when it is handed over (`Rotation`). */
export class LedgerKeys {
  /** The log's name, and each key's: C2SP tlog-checkpoint, "Signatures". */
  readonly origin: string;
  readonly custody: KeyCustody;
  #current: NamedKey;

  constructor(origin: string, custody: KeyCustody, current: NamedKey) {
    this.origin = origin;
    this.custody = custody;
    this.#current = current;
  }

  get verifier(): VerifierKey {
    return this.#current.verifier;
  }

  /** The printed form of the public key (C2SP signed-note, "Verifier keys"): what auditors are given. */
  get vkey(): string {
    return this.#current.vkey;
  }

  /** A note of this text, signed by the key in use. */
  async signNote(text: string): Promise<string> {
    const { verifier, held } = this.#current;
    const signature = await this.#sign(held, verifier, Buffer.from(text));
    return signNote(text, [{ name: verifier.name, id: verifier.id, sign: () => signature }]);
  }

  /** The key in use says that this one follows it. */
  async handOver(next: HeldKey): Promise<Handover> {
    const { held, verifier, vkey: previous } = this.#current;
    const named = { previous, next: (await nameKey(next, this.origin)).vkey };
    const signature = await this.#sign(held, verifier, handoverText(named));
    return { ...named, signature: Buffer.from(signature).toString('base64') };
  }

  /** A signature that doesn't verify would end the log for good: whoever holds the key gave another one's, or none. */
  async #sign(held: HeldKey, { publicKey }: VerifierKey, message: Uint8Array): Promise<Uint8Array> {
    const signature = await held.sign(message);
    if (verifyEd25519(publicKey, message, signature)) return signature;
    throw new LedgerError('key.unavailable', 'what holds the log’s key gave a signature that is not by it');
  }

  /** What the custody has in use now signs from now on. */
  async reload(): Promise<void> {
    this.#current = await nameKey(await this.custody.current(), this.origin);
  }
}

async function nameKey(held: HeldKey, origin: string): Promise<NamedKey> {
  const id = await keyIdOf(origin, held.publicKey, (data) => hash('sha256', data, 'buffer'));
  const verifier = { name: origin, id, publicKey: held.publicKey };
  return { held, verifier, vkey: encodeVkey(verifier) };
}

export const vkeyOf = async (held: HeldKey, origin: string): Promise<string> =>
  (await nameKey(held, origin)).vkey;

/**
 * Opens the signing key, or makes it at the first start. Rejects with `key.exposed`, `key.malformed` or
 * `key.unavailable`: a log whose key others may have had proves nothing.
 */
export async function openKeys({ directory, origin, custody }: KeyOptions): Promise<LedgerKeys> {
  const keys = custody ?? new KeyFiles(directory, FILE_NAME);
  return new LedgerKeys(origin, keys, await nameKey(await keys.current(), origin));
}
