import { encodeUtf8, fromBase64 } from './bytes.ts';
import type { Hash } from './hash.ts';
import { nameAt } from './leaf-members.ts';
import type { JsonObject } from './leaf-members.ts';
import { parseVkey } from './note.ts';
import type { VerifierKey, VerifySignature } from './note.ts';

const VERSION = 'sallyport/key-handover/v1';

/** The log's key names the one that signs after it (spec/ledger.md, "Keys"). Both are verifier keys of one name. */
export interface Handover {
  readonly previous: string;
  readonly next: string;
  /** Base64 of the Ed25519 signature by `previous` over `handoverText`. */
  readonly signature: string;
}

/** What the key before signs. */
export function handoverText({ previous, next }: Pick<Handover, 'previous' | 'next'>): Uint8Array {
  return encodeUtf8(`${VERSION}\n${previous}\n${next}\n`);
}

export function handoverOf(value: JsonObject): Handover {
  return {
    previous: nameAt(value, 'previous'),
    next: nameAt(value, 'next'),
    signature: nameAt(value, 'signature'),
  };
}

export interface HandoverTrust {
  readonly hash: Hash;
  readonly verify: VerifySignature;
}

/** The next key, where the one before it signed that, and both are of one log; undefined for anything else. */
export async function openHandover(
  handover: Handover,
  { hash, verify }: HandoverTrust,
): Promise<{ readonly previous: VerifierKey; readonly next: VerifierKey } | undefined> {
  const previous = await parseVkey(handover.previous, hash);
  const next = await parseVkey(handover.next, hash);
  const signature = fromBase64(handover.signature);
  if (previous === undefined || next === undefined || signature === undefined) return undefined;
  if (previous.name !== next.name || handover.previous === handover.next) return undefined;
  const isSigned = await verify(previous.publicKey, handoverText(handover), signature);
  return isSigned ? { previous, next } : undefined;
}

/** Which key signs a log's checkpoints, as its hand-overs say, starting from the one that is trusted. */
export class KeyChain {
  readonly #trust: HandoverTrust;
  /** Each key, with the size of the log from which on it signs; null before anything is known of it. */
  readonly #keys: { readonly vkey: string; readonly key: VerifierKey; readonly from: number }[];
  /** What earlier keys than the trusted one handed over, up to now: nobody vouches for it but the log. */
  #before: string | null = null;

  constructor(vkey: string, key: VerifierKey, trust: HandoverTrust) {
    this.#trust = trust;
    this.#keys = [{ vkey, key, from: 0 }];
  }

  /** The key of checkpoints of this size. */
  keyAt(size: number): VerifierKey {
    const [first] = this.#keys;
    const found = this.#keys.findLast(({ from }) => from <= size) ?? first;
    if (found === undefined) throw new RangeError('a chain has its first key');
    return found.key;
  }

  get newest(): string {
    return this.#keys.at(-1)?.vkey ?? '';
  }

  /** Call in the order of the log. False where the hand-over is not by the key that signed until then. */
  async observe(index: number, handover: Handover): Promise<boolean> {
    const opened = await openHandover(handover, this.#trust);
    if (opened === undefined) return false;
    if (handover.previous === this.newest) {
      this.#keys.push({ vkey: handover.next, key: opened.next, from: index + 1 });
      return true;
    }
    const isBefore = this.#keys.length === 1 && (this.#before === null || this.#before === handover.previous);
    if (isBefore) this.#before = handover.next;
    return isBefore;
  }
}
