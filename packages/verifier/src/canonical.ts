/** What JSON can say, and text that already is canonical JSON. */
export type JsonValue =
  null | boolean | number | string | Fragment | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/**
 * `not_finite`: NaN or an infinity; `lone_surrogate`: a string that UTF-8 can't carry; `too_deep`: more than 64 levels
 * of arrays and objects; `not_json`: undefined, a function, a symbol, a bigint, or an object that is not a plain one.
 */
export type CanonicalErrorCode = 'not_finite' | 'lone_surrogate' | 'too_deep' | 'not_json';

/** Thrown: a value without a canonical form is a bug of the one who built it. */
export class CanonicalError extends Error {
  readonly code: CanonicalErrorCode;

  constructor(code: CanonicalErrorCode) {
    super(`no canonical JSON: ${code}`);
    this.name = 'CanonicalError';
    this.code = code;
  }
}

/** Levels of arrays and objects; deeper values could exhaust a stack somewhere down the line. */
const MAX_DEPTH = 64;
/** `parseCanonical` refuses longer text unless told otherwise; entries have at most 65,535 bytes. */
const MAX_TEXT_CHARACTERS = 16_777_216;

/** Characters that a JSON string holds as they are, all of ASCII; longer text goes through JSON.stringify. */
const PLAIN = /^[ !#-[\]-~]{0,256}$/;

/** Encoded member names, because entries repeat the same few for ever. Bounded: names may come from outside. */
const encodedNames = new Map<string, string>();
const MAX_ENCODED_NAMES = 512;
const MAX_REMEMBERED_NAME_CHARACTERS = 64;

/** Canonical text of a value that is embedded in many others, made by `canonicalFragment` alone. */
class Fragment {
  readonly text: string;
  readonly depth: number;

  constructor(text: string, depth: number) {
    this.text = text;
    this.depth = depth;
  }
}
export type { Fragment };

/** One string (RFC 8785 §3.2.2.2): the escapes of ECMAScript's JSON.stringify; lone surrogates are refused. */
export function canonicalString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new CanonicalError('lone_surrogate');
  return JSON.stringify(text);
}

function encodeName(name: string): string {
  const known = encodedNames.get(name);
  if (known !== undefined) return known;
  const encoded = `${canonicalString(name)}:`;
  if (encodedNames.size < MAX_ENCODED_NAMES && name.length <= MAX_REMEMBERED_NAME_CHARACTERS) {
    encodedNames.set(name, encoded);
  }
  return encoded;
}

/** RFC 8785 §3.2.2.3: ECMAScript's own Number-to-String, in which -0 is 0. */
function encodeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new CanonicalError('not_finite');
  return String(value);
}

function encodeArray(value: readonly JsonValue[], depth: number): string {
  let text = '';
  for (let at = 0; at < value.length; at++) {
    // A hole of a sparse array reads as undefined, which `encode` refuses.
    text += (at === 0 ? '' : ',') + encode(value[at], depth);
  }
  return `[${text}]`;
}

/** Plain objects of any realm: no prototype, or one that has none itself. A Date or a Map would lose its content. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isSorted(names: readonly string[]): boolean {
  let previous = '';
  for (const name of names) {
    if (name < previous) return false;
    previous = name;
  }
  return true;
}

/** RFC 8785 §3.2.3: members by the UTF-16 code units of their names, which is how ECMAScript compares strings. */
function encodeObject(value: { readonly [name: string]: JsonValue }, depth: number): string {
  if (!isPlain(value)) throw new CanonicalError('not_json');
  const names = Object.keys(value);
  if (!isSorted(names)) names.sort();
  let text = '';
  for (const name of names) {
    text += (text === '' ? '' : ',') + encodeName(name) + encode(value[name], depth);
  }
  return `{${text}}`;
}

/** @param depth the levels that `value` is in. */
function encode(value: JsonValue | undefined, depth: number): string {
  switch (typeof value) {
    case 'string':
      return canonicalString(value);
    case 'number':
      return encodeNumber(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return value === null ? 'null' : encodeNested(value, depth);
    default:
      throw new CanonicalError('not_json');
  }
}

function encodeNested(value: JsonValue & object, depth: number): string {
  if (value instanceof Fragment) {
    if (depth + value.depth > MAX_DEPTH) throw new CanonicalError('too_deep');
    return value.text;
  }
  if (depth >= MAX_DEPTH) throw new CanonicalError('too_deep');
  if (Array.isArray(value)) return encodeArray(value as readonly JsonValue[], depth + 1);
  return encodeObject(value as { readonly [name: string]: JsonValue }, depth + 1);
}

/**
 * The canonical form (RFC 8785): equal values give equal text. Only own enumerable members count. Throws
 * `CanonicalError` where a value has no such form.
 */
export function canonicalize(value: JsonValue): string {
  return encode(value, 0);
}

function depthOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (value instanceof Fragment) return value.depth;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** Encodes a value once, for embedding in many: `canonicalize` accepts the result wherever a value may stand. */
export function canonicalFragment(value: JsonValue): Fragment {
  const text = canonicalize(value);
  return new Fragment(text, depthOf(value));
}

/**
 * `too_large`: longer than the limit; `not_json`: no JSON at all; `not_canonical`: JSON, but not the canonical text of
 * any value (white space, order, duplicate names, other spellings of numbers and strings, too deep).
 */
export type ParseCanonicalCode = 'too_large' | 'not_json' | 'not_canonical';

export type ParseCanonicalResult =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly code: ParseCanonicalCode };

/**
 * Parses text that must be canonical: it is encoded again and compared, so that a value has one text and a text has
 * one reading.
 */
export function parseCanonical(text: string, maxCharacters = MAX_TEXT_CHARACTERS): ParseCanonicalResult {
  if (text.length > maxCharacters) return { ok: false, code: 'too_large' };
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return { ok: false, code: 'not_json' };
  }
  return reencodes(value, text) ? { ok: true, value } : { ok: false, code: 'not_canonical' };
}

/** Fails closed: a value that has no canonical form (1e999, a lone surrogate, 65 levels) can't have come from one. */
function reencodes(value: JsonValue, text: string): boolean {
  try {
    return canonicalize(value) === text;
  } catch {
    return false;
  }
}
