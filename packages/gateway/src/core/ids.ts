/**
 * Identifiers: a prefix that names the kind, then a ULID (48 bits of Unix milliseconds, 80 random bits) in lower-case
 * Crockford base 32. They sort by time, and the time of an id bounds where the ledger has to look for its entries.
 */
export type ActionId = `act_${string}`;
export type ReviewId = `rev_${string}`;
export type GrantId = `gra_${string}`;
export type StandingId = `std_${string}`;
export type PasskeyId = `pky_${string}`;
export type BreakGlassId = `bgl_${string}`;
export type DelegationId = `dlg_${string}`;
export type PolicyChangeId = `pch_${string}`;
export type DeliveryId = `dlv_${string}`;

type Prefix = 'act' | 'rev' | 'gra' | 'std' | 'pky' | 'bgl' | 'dlg' | 'pch' | 'dlv' | 'ses';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const ULID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;
const TIME_CHARACTERS = 10;
const RANDOM_BYTES = 10;

let timeOfPrefixMs = -1;
let timePrefix = '';

/** The first ten characters, which thousands of ids of the same millisecond share. */
function encodeTime(timeMs: number): string {
  if (timeMs === timeOfPrefixMs) return timePrefix;
  let text = '';
  let rest = timeMs;
  for (let at = 0; at < TIME_CHARACTERS; at++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  timeOfPrefixMs = timeMs;
  timePrefix = text;
  return text;
}

function encodeRandom(bytes: Uint8Array): string {
  let text = '';
  let buffered = 0;
  let bits = 0;
  for (let at = 0; at < RANDOM_BYTES; at++) {
    buffered = (buffered << 8) | (bytes[at] ?? 0);
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((buffered >>> bits) & 31);
    }
    buffered &= (1 << bits) - 1;
  }
  return text;
}

/** @param random at least 10 bytes from a cryptographic source; a shorter array is a bug of the caller. */
export function makeId<P extends Prefix>(prefix: P, timeMs: number, random: Uint8Array): `${P}_${string}` {
  return `${prefix}_${encodeTime(timeMs)}${encodeRandom(random)}`;
}

/** The id, if the text is one of this kind; otherwise undefined. */
export function parseId<P extends Prefix>(prefix: P, text: string): `${P}_${string}` | undefined {
  const head = `${prefix}_`;
  if (!text.startsWith(head) || !ULID.test(text.slice(head.length))) return undefined;
  return text as `${P}_${string}`;
}

/** Unix milliseconds at which the id was made. */
export function timeOfId(id: string): number {
  let timeMs = 0;
  for (const character of id.slice(4, 4 + TIME_CHARACTERS))
    timeMs = timeMs * 32 + ALPHABET.indexOf(character);
  return timeMs;
}
