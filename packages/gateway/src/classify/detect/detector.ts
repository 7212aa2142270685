/**
 * Recognises one kind of value. `pattern` finds what has the shape, anywhere in a text; `holds` checks what a shape alone
 * can't tell: check digits, issuers, countries, entropy. Both are pure, and take time in proportion to the text.
 */
export interface Detector {
  readonly name: string;
  /** What it finds, for people. */
  readonly title: string;
  /** The class that is proposed for data of this kind. */
  readonly class: string;
  /** Global. */
  readonly pattern: RegExp;
  /** True: a value of the shape that is one of these. */
  readonly holds: (candidate: string) => boolean;
  /** One find is enough to speak of: random text doesn't look like this. Otherwise three are asked for. */
  readonly alone: boolean;
}

export interface Finding {
  /** Of the shape. */
  readonly candidates: number;
  /** Of those, the ones that hold. */
  readonly matches: number;
}

/** What one value holds of what a detector looks for. */
export function look({ pattern, holds }: Detector, value: string): Finding {
  let candidates = 0;
  let matches = 0;
  for (const [candidate] of value.matchAll(pattern)) {
    candidates += 1;
    if (holds(candidate)) matches += 1;
  }
  return { candidates, matches };
}

/** The digits of a text, with what people write between them left out. */
export const digitsOf = (text: string): readonly number[] =>
  [...text].filter((sign) => sign >= '0' && sign <= '9').map(Number);

/** One digit over and over: what people type to fill a field. Check digits often agree with it. */
export const isFiller = (digits: readonly number[]): boolean => new Set(digits).size <= 1;
