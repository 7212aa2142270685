/** Which part of a text has the wrong type, and what would have been right in its place. */

export interface Mistyped {
  /** As it stands there. */
  readonly word: string;
  /** Absent: nobody can know. */
  readonly meant?: string;
}

/** What is longer is no word, and the place says enough. */
const MOST_CHARACTERS = 60;

const ABOUT_TYPES = /^unexpected type: expected (?<expected>.*) but saw |^the types .* are not compatible/;

/** @param part what the engine points at. Undefined: the message is not about a type, or about too much. */
export function mistypedIn(part: string, message: string): Mistyped | undefined {
  const match = ABOUT_TYPES.exec(message);
  const word = part.trim();
  if (match === null || word === '' || word.length > MOST_CHARACTERS || word.includes('\n')) return undefined;
  const { expected } = match.groups ?? {};
  const meant = expected === undefined ? comparedRightly(word, message) : rewritten(word, expected);
  return meant === undefined ? { word } : { word, meant };
}

/** A comparison with a literal of the other type. */
function comparedRightly(word: string, message: string): string | undefined {
  if (!/ Long and String | String and Long /.test(message)) return undefined;
  const [, left, number] = /^(.*[=!]= *)"(-?\d+)"$/.exec(word) ?? [];
  if (left !== undefined && number !== undefined) return `${left}${number}`;
  const [, before, bare] = /^(.*[=!]= *)(-?\d+)$/.exec(word) ?? [];
  return before === undefined || bare === undefined ? undefined : `${before}"${bare}"`;
}

/** Quotes too many, or too few. */
function rewritten(word: string, expected: string): string | undefined {
  const number = /^"(-?\d+)"$/.exec(word)?.[1];
  if (/\bLong\b/.test(expected) && number !== undefined) return number;
  const truth = /^"(true|false)"$/.exec(word)?.[1];
  if (expected === 'Bool' && truth !== undefined) return truth;
  return expected === 'String' && /^-?\d+$/.test(word) ? `"${word}"` : undefined;
}
