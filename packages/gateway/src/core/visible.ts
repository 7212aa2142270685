interface VisibleOptions {
  /** How an escape is set off, e.g. with a colour. Default: as it is. */
  readonly mark?: (escape: string) => string;
  /** Whether line feeds stay what they are, for a frame that shows each line as one. Default false. */
  readonly keepLineFeeds?: boolean;
}

/**
 * Characters that show as nothing, as a space, or that move what is around them: controls, formats (bidirectional
 * overrides, zero width), every space but U+0020, line separators, unassigned, private and lone surrogates, combining
 * marks and what is ignored by default. And the brackets of the escape itself, so that no text can forge one.
 */
const hidden = /[\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}⟨⟩]/u;
/** Quotes and dashes other than ASCII's: they seem to end a string or to begin a comment, and do neither. */
const punctuation =
  /[\p{Pd}\p{Pi}\p{Pf}\p{Quotation_Mark}\u02b9-\u02bd\u2032-\u2037\u2212\u2215\u2044\u2236\u037e]/u;
const word = /[\p{L}\p{N}_]+/gu;
const latin = /\p{Script=Latin}/u;
const foreignLetter = /[^\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]/u;
/** Scripts with letters that are drawn as Latin ones. */
const lookAlikeScript =
  /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}\p{Script=Lisu}]/u;
/** Letters drawn as Latin ones, of which a whole word may be made: `раураl`, `ѕсоре`. */
const lookAlikes = new Set(
  'аеорсухіјѕһԁԛԝвкмнтгпԍАВЕКМНОРСТУХІЈЅԌԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧαοορνικτυγօսոացհոԁᎪᏴᏟᎠᎬᎻᎥᎫᏦᏞᎷᏢᏒᏚᎢᏙᎳᏃ',
);
const lookAlikeLatin = /[ıȷɡɑɩʟɴʀʏꜱꞁ]/u;

/**
 * Text as a person must see it: what is hidden, or only looks like something else, becomes its code point, `⟨U+202E⟩`.
 * Equal results mean equal texts. For anything that came from an agent, and for what is to be approved (laws 6 and 9).
 */
export function visible(text: string, options: VisibleOptions = {}): string {
  const mark = options.mark ?? ((escape: string) => escape);
  const escape = (character: string) => mark(`⟨U+${codePoint(character)}⟩`);
  const deceptive = deceptivePositions(text);
  let shown = '';
  let at = 0;
  for (const character of text) {
    const plain = character === ' ' || (character === '\n' && options.keepLineFeeds === true);
    shown += plain || !(deceptive.has(at) || isDeceptive(character)) ? character : escape(character);
    at += character.length;
  }
  return shown;
}

function codePoint(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

function isDeceptive(character: string): boolean {
  if (character >= '\u0020' && character <= '\u007e') return false;
  if (hidden.test(character) || punctuation.test(character) || lookAlikeLatin.test(character)) return true;
  // Full-width, mathematical and other forms of an ASCII character.
  const folded = character.normalize('NFKC');
  return folded !== character && /^[\u0020-\u007e]+$/.test(folded);
}

/** Where letters of another script stand in a word with Latin ones, or make up a word that reads as Latin. */
function deceptivePositions(text: string): ReadonlySet<number> {
  const positions = new Set<number>();
  for (const match of text.matchAll(word)) {
    const characters = [...match[0]];
    const foreign = characters.filter((character) => foreignLetter.test(character));
    if (foreign.length === 0) continue;
    const mixed = characters.some((c) => latin.test(c)) && foreign.some((c) => lookAlikeScript.test(c));
    if (!mixed && !foreign.every((c) => lookAlikes.has(c))) continue;
    let at = match.index;
    for (const character of characters) {
      if (foreignLetter.test(character)) positions.add(at);
      at += character.length;
    }
  }
  return positions;
}
