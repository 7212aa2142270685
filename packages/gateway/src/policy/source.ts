/** A file of policies: its name as people know it, and its text. */
export interface PolicySource {
  readonly name: string;
  readonly text: string;
}

/** One policy of a file, from its first token to its semicolon. */
export interface PolicyPiece {
  readonly text: string;
  /** Where it begins in the file, in UTF-16 units. */
  readonly offset: number;
  /** The deepest nesting of brackets. */
  readonly nesting: number;
  /** Operators, `if`s and attribute steps: chains of them nest in the engine, though not on paper. */
  readonly operators: number;
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** White space and comments, strings, brackets, semicolons, operators, words; anything else one by one. */
const TOKEN =
  /(?<space>\s+|\/\/[^\n]*)|(?<string>"(?:[^"\\]|\\(?:.|$))*(?:"|$))|(?<open>[([{])|(?<close>[)\]}])|(?<end>;)|(?<operator>&&|\|\||[<>=!]=|[-+*!<>.]|\b(?:if|in|has|like|is)\b)|(?<other>\w+|.)/gsu;

/**
 * Splits a file into its policies, by lexical rules alone and in linear time: it runs before the engine's own parser,
 * which deep nesting can trap. What follows the last semicolon is a piece as well, for the parser to refuse.
 */
export function splitPolicies(text: string): readonly PolicyPiece[] {
  const pieces: PolicyPiece[] = [];
  let start = -1;
  let depth = 0;
  let nesting = 0;
  let operators = 0;
  const finish = (end: number): void => {
    if (start >= 0) pieces.push({ text: text.slice(start, end), offset: start, nesting, operators });
    [start, depth, nesting, operators] = [-1, 0, 0, 0];
  };
  for (const token of text.matchAll(TOKEN)) {
    const { space, open, close, end, operator } = token.groups ?? {};
    if (space !== undefined) continue;
    if (start < 0) start = token.index;
    if (open !== undefined) nesting = Math.max(nesting, ++depth);
    if (close !== undefined) depth--;
    if (operator !== undefined) operators++;
    if (end !== undefined) finish(token.index + 1);
  }
  finish(text.length);
  return pieces;
}

export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

/** The engine counts bytes of UTF-8. */
export function offsetOfByte(text: string, byte: number): number {
  return Buffer.from(text).subarray(0, byte).toString().length;
}
