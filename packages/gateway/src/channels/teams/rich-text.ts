/**
 * Text of others as Teams shows it letter for letter. Runs of rich text are no Markdown: no link, mention, image, list or
 * format is read from them. What a client could still read is taken apart into several runs: `{{DATE(…)}}`, which cards
 * replace by a date of their own, `<at>`, and addresses, which clients make links of.
 */
export interface TextRun {
  readonly type: 'TextRun';
  readonly text: string;
  readonly weight?: 'Bolder';
  readonly italic?: true;
  readonly isSubtle?: true;
  readonly fontType?: 'Monospace';
  readonly size?: 'Large';
}

export interface RichTextBlock {
  readonly type: 'RichTextBlock';
  readonly inlines: readonly TextRun[];
  readonly spacing?: 'None' | 'Small' | 'Medium';
}

type Style = Omit<TextRun, 'type' | 'text'>;

/** After what begins something: joined again, the pieces are the text. */
const BREAKS = /(?<=[{<])|(?<=[a-z]:)(?=\/\/)|(?<=www)(?=\.)|(?<=@)(?=[a-z0-9])|(?<=\])(?=\()/iu;

/**
 * Clients fold spaces into one: those beyond one are such as none folds. A text that is visible already has none of these
 * of its own (core/visible.ts), so that equal looks mean equal texts.
 */
const kept = (text: string): string => text.replace(/(?<= ) /gu, '\u00a0');

export const runs = (text: string, style: Style = {}): readonly TextRun[] =>
  // A run of no characters is not shown as a line.
  (text === '' ? [' '] : kept(text).split(BREAKS)).map((piece) => ({
    type: 'TextRun',
    text: piece,
    ...style,
  }));

export const line = (
  spacing: RichTextBlock['spacing'],
  ...parts: readonly (readonly TextRun[])[]
): RichTextBlock => ({
  type: 'RichTextBlock',
  inlines: parts.flat(),
  ...(spacing === undefined ? {} : { spacing }),
});

export const bold = (text: string): readonly TextRun[] => runs(text, { weight: 'Bolder' });
export const subtle = (text: string): readonly TextRun[] => runs(text, { isSubtle: true, italic: true });

/** A line each, so that none can end where it doesn't; spaces at its start and its end are kept too. */
const lines = (text: string, style: Style): readonly RichTextBlock[] =>
  text.split('\n').map((each) => line('None', runs(each.replace(/^ | $/gu, '\u00a0'), style)));

export const codeLines = (text: string): readonly RichTextBlock[] => lines(text, { fontType: 'Monospace' });

export const wordLines = (text: string): readonly RichTextBlock[] => lines(text, {});
