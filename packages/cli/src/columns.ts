import { eastAsianWidth } from 'get-east-asian-width';

/**
 * How many columns a terminal gives to text that went through `visible`: there, whatever has no width of its own
 * (combining marks, joiners, controls) is spelled out, so each character stands alone.
 */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += characterColumns(character);
  return columns;
}

export function characterColumns(character: string): number {
  const codePoint = character.codePointAt(0) ?? 0;
  if (codePoint < 0x300) return 1;
  return eastAsianWidth(codePoint);
}

/** The beginning of a plain text that fits, with a mark where something is missing. */
export function clip(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let clipped = '';
  let used = 0;
  for (const character of text) {
    used += characterColumns(character);
    if (used > columns - 1) break;
    clipped += character;
  }
  return columns <= 0 ? '' : `${clipped}…`;
}
