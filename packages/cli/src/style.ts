export type Paint = (text: string) => string;

export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly yellow: Paint;
  readonly green: Paint;
  readonly cyan: Paint;
  /** For what must not be overlooked inside of other text. */
  readonly inverse: Paint;
}

/** ECMA-48 "select graphic rendition": what sets, and what ends it. */
const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  cyan: [36, 39],
  inverse: [7, 27],
} as const;

export function createStyle(colours: boolean): Style {
  const paint = (name: keyof typeof codes): Paint => {
    const [set, end] = codes[name];
    return colours ? (text) => `\u001b[${set}m${text}\u001b[${end}m` : (text) => text;
  };
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    yellow: paint('yellow'),
    green: paint('green'),
    cyan: paint('cyan'),
    inverse: paint('inverse'),
  };
}
