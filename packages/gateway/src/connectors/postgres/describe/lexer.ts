/** A statement with its literals taken out. */
export interface Template {
  /** The text with a sign for the class of each literal in its place. */
  readonly key: string;
  /** Where each literal begins and ends. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

const kinds = { identifier: 1, digit: 2, quote: 3, plain: 4, refuse: 5, sign: 6 } as const;

/** What each character of the texts handled here may begin; everything else refuses the text. */
const classes = new Uint8Array(128).fill(kinds.refuse);
for (const code of [9, 10, 13, 32]) classes[code] = kinds.plain;
for (const character of '()*,.;<=>[]+%:!|&^~#?@') classes[character.charCodeAt(0)] = kinds.plain;
for (const character of '-/') classes[character.charCodeAt(0)] = kinds.sign;
for (let code = 0; code < 128; code++) {
  const character = String.fromCharCode(code);
  if (/[A-Za-z_]/.test(character)) classes[code] = kinds.identifier;
  if (/[0-9]/.test(character)) classes[code] = kinds.digit;
}
classes[39] = kinds.quote;

const isWord = (code: number): boolean =>
  code < 128 && (classes[code] === kinds.identifier || classes[code] === kinds.digit || code === 36);
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
/** Literals up to this many digits are int4 to the grammar (ICONST); longer ones may not be. */
const shortDigits = 9;

/**
 * Takes the literals out of a plain statement: ASCII words, decimal numbers, operators and '…' strings. Anything that
 * PostgreSQL's lexer treats in another way (comments, dollar quotes, quoted identifiers, backslashes, E'' and its like,
 * numbers with exponents, prefixes or underscores) gives null, and the text is parsed. Two texts of the same key have
 * the same tokens but for the values of these literals, hence the same tree.
 */
export function tokenise(text: string): Template | null {
  const starts: number[] = [];
  const ends: number[] = [];
  let key = '';
  let copied = 0;
  for (let i = 0; i < text.length;) {
    const code = text.charCodeAt(i);
    const kind = code < 128 ? classes[code] : kinds.refuse;
    let end = i + 1;
    if (kind === kinds.refuse) {
      // Parameters and quoted identifiers stay in the key as they are.
      end = code === 36 ? endOfParameter(text, i) : code === 34 ? endOfIdentifier(text, i) : -1;
      if (end < 0) return null;
    } else if (kind === kinds.identifier) {
      while (end < text.length && isWord(text.charCodeAt(end))) end++;
      const next = text.charCodeAt(end);
      if (next === 39 || next === 34 || text.charCodeAt(end - 1) === 36) return null;
    } else if (kind === kinds.sign) {
      if (text.charCodeAt(end) === code || (code === 47 && text.charCodeAt(end) === 42)) return null;
    } else if (kind === kinds.digit || kind === kinds.quote) {
      end = kind === kinds.digit ? endOfNumber(text, i) : endOfString(text, i);
      if (end < 0) return null;
      starts.push(i);
      ends.push(end);
      key += text.slice(copied, i) + literalClass(text, i, end);
      copied = end;
    }
    i = end;
  }
  return { key: key + text.slice(copied), starts, ends };
}

/** Signs that no text handled here can hold. */
function literalClass(text: string, start: number, end: number): string {
  if (text.charCodeAt(start) === 39) return '\x01';
  if (text.slice(start, end).includes('.')) return '\x02';
  return end - start <= shortDigits ? '\x03' : '\x04';
}

function endOfParameter(text: string, start: number): number {
  let end = start + 1;
  while (isDigit(text.charCodeAt(end))) end++;
  return end === start + 1 || isWord(text.charCodeAt(end)) ? -1 : end;
}

/** A quoted identifier of printable ASCII without quotes in it, and no U&"…". */
function endOfIdentifier(text: string, start: number): number {
  const before = start > 0 ? text.charCodeAt(start - 1) : 32;
  if (before === 38 || before === 34 || isWord(before)) return -1;
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || code > 126) return -1;
    if (code === 34) return text.charCodeAt(i + 1) === 34 || text.charCodeAt(i + 1) === 39 ? -1 : i + 1;
  }
  return -1;
}

function endOfNumber(text: string, start: number): number {
  let end = start;
  while (isDigit(text.charCodeAt(end))) end++;
  if (text.charCodeAt(end) === 46) {
    const fraction = ++end;
    while (isDigit(text.charCodeAt(end))) end++;
    if (end === fraction) return -1;
  }
  const next = text.charCodeAt(end);
  const before = start > 0 ? text.charCodeAt(start - 1) : 32;
  return next === 46 || before === 46 || isWord(next) ? -1 : end;
}

function endOfString(text: string, start: number): number {
  const before = start > 0 ? text.charCodeAt(start - 1) : 32;
  // U&'…', 'a''b' split in two, and words before a quote have meanings of their own.
  if (before === 38 || before === 39 || isWord(before)) return -1;
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 92 || code > 126 || code < 32) return -1;
    if (code !== 39) continue;
    if (text.charCodeAt(i + 1) !== 39) return i + 1;
    i++;
  }
  return -1;
}
