/** Spaces other than U+0020 become one; RFC 3454 table C.1.2. */
const otherSpaces = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu;
/** Mapped to nothing; RFC 3454 table B.1. */
const mappedToNothing =
  /\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200b-\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/gu;
/** Control, private use, non-character, surrogate and unassigned code points, and the tags; RFC 4013 section 2.3. */
const prohibited = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\u2028\u2029\u2ff0-\u2ffb\ufffc\ufffd]|\u0340|\u0341/u;

/**
 * SASLprep (RFC 4013) as far as passwords need it: map, normalise with NFKC, and where the outcome holds what is
 * prohibited use the password as it is, which is what PostgreSQL does. ASCII stays as it is. Two simplifications: NFKC is
 * that of the runtime's Unicode version instead of 3.2, and text that breaks only the rule on writing direction (RFC 3454
 * section 6) is normalised nevertheless.
 */
export function saslPrep(password: string): string {
  const mapped = password.replace(otherSpaces, ' ').replace(mappedToNothing, '').normalize('NFKC');
  return mapped === '' || prohibited.test(mapped) ? password : mapped;
}
