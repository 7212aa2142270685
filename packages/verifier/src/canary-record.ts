/**
 * Canaries: requests that should be rejected, opened by the gateway itself (spec/attention.md). The session of such an
 * attempt commits to that from the start, and looks as random as every other; the `canary` entry opens the commitment.
 */
import { concatBytes, encodeUtf8, fromBase64url } from './bytes.ts';
import type { Hash } from './hash.ts';
import { isObject, listAt, Malformed, nameAt, objectAt, wordAt } from './leaf-members.ts';
import type { JsonObject } from './leaf-members.ts';

export interface CanaryRecord {
  readonly kind: 'canary';
  readonly review: string;
  /** The commitment of the action under review. */
  readonly subject: string;
  readonly canary: {
    /** Base64url of 32 bytes. */
    readonly nonce: string;
    /** How its review ended. */
    readonly status: 'approved' | 'rejected' | 'expired' | 'withdrawn' | 'superseded';
    /** The votes that counted then. */
    readonly votes: readonly { readonly identity: string; readonly kind: 'approve' | 'reject' }[];
  };
}

const CANARY_NONCE_BYTES = 32;
/** Bytes of the hash that an id has room for. */
export const CANARY_SESSION_BYTES = 10;
const DOMAIN = encodeUtf8('sallyport/canary/v1\n');
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const SESSION = /^ses_[0-9a-hjkmnp-tv-z]{26}$/;

/** What is hashed for the session of a canary: its first ten bytes are the random part of the session's id. */
export const canarySessionInput = (nonce: Uint8Array, action: string): Uint8Array =>
  concatBytes(DOMAIN, nonce, encodeUtf8(action));

function encode(bytes: Uint8Array): string {
  let text = '';
  let [buffered, bits] = [0, 0];
  for (const byte of bytes) {
    buffered = (buffered << 8) | byte;
    for (bits += 8; bits >= 5;) {
      bits -= 5;
      text += ALPHABET.charAt((buffered >>> bits) & 31);
    }
    buffered &= (1 << bits) - 1;
  }
  return text;
}

/** The random part that the session's id must have: 16 characters; empty where the nonce is no nonce. */
export async function canaryCommitment(nonce: string, action: string, hash: Hash): Promise<string> {
  const bytes = fromBase64url(nonce);
  if (bytes?.length !== CANARY_NONCE_BYTES) return '';
  return encode((await hash(canarySessionInput(bytes, action))).subarray(0, CANARY_SESSION_BYTES));
}

/** Whether the session's id commits to it. Nothing commits to an empty commitment. */
export const isCommittedBy = (session: string | null, commitment: string): boolean =>
  commitment !== '' && session !== null && SESSION.test(session) && session.endsWith(commitment);

export function canaryOf(value: JsonObject): CanaryRecord {
  const canary = objectAt(value, 'canary');
  return {
    kind: 'canary',
    review: nameAt(value, 'review'),
    subject: nameAt(value, 'subject'),
    canary: {
      nonce: nameAt(canary, 'nonce'),
      status: wordAt(canary, 'status', ['approved', 'rejected', 'expired', 'withdrawn', 'superseded']),
      votes: listAt(canary, 'votes').map((vote) => {
        if (!isObject(vote)) throw new Malformed('votes');
        return { identity: nameAt(vote, 'identity'), kind: wordAt(vote, 'kind', ['approve', 'reject']) };
      }),
    },
  };
}
