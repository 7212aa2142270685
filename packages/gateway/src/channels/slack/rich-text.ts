/**
 * Text of others as Slack shows it letter for letter. Elements of rich text are no markup: no mention, link, emoji or
 * format is read from them. Besides, no text holds anything after a `<`, so that nothing which looks like one of Slack's
 * control sequences (`<!channel>`, `<@U1>`, `<https://…|…>`) is in one piece, for whatever reads the message as text.
 */
export interface TextElement {
  readonly type: 'text';
  readonly text: string;
  readonly style?: { readonly bold?: true; readonly italic?: true; readonly code?: true };
}

/** Notifies the person: made of ids of ours and Slack's alone. */
export interface MentionElement {
  readonly type: 'user';
  readonly user_id: string;
}

type Element = TextElement | MentionElement;

export interface RichTextSection {
  readonly type: 'rich_text_section' | 'rich_text_preformatted' | 'rich_text_quote';
  readonly elements: readonly Element[];
}

export interface RichTextList {
  readonly type: 'rich_text_list';
  readonly style: 'bullet';
  readonly elements: readonly RichTextSection[];
}

export type RichTextPart = RichTextSection | RichTextList;

export interface RichTextBlock {
  readonly type: 'rich_text';
  readonly block_id: string;
  readonly elements: readonly RichTextPart[];
}

/** Joined again, the pieces are the text. */
const pieces = (text: string): readonly string[] => text.split(/(?<=<)/u).filter((piece) => piece !== '');

export const literal = (text: string, style?: TextElement['style']): readonly TextElement[] =>
  // Slack refuses a text of no characters.
  (text === '' ? [' '] : pieces(text)).map((piece) => ({
    type: 'text',
    text: piece,
    ...(style === undefined ? {} : { style }),
  }));

export const bold = (text: string): readonly TextElement[] => literal(text, { bold: true });
export const italic = (text: string): readonly TextElement[] => literal(text, { italic: true });

export const mention = (user: string): MentionElement => ({ type: 'user', user_id: user });

export const line = (...parts: readonly (readonly Element[])[]): RichTextSection => ({
  type: 'rich_text_section',
  elements: parts.flat(),
});

/** In a fixed-width font; there is no sequence that ends it. */
export const code = (text: string): RichTextSection => ({
  type: 'rich_text_preformatted',
  elements: literal(text),
});

export const quote = (text: string): RichTextSection => ({
  type: 'rich_text_quote',
  elements: literal(text),
});

export const bullets = (items: readonly (readonly TextElement[])[]): RichTextList => ({
  type: 'rich_text_list',
  style: 'bullet',
  elements: items.map((elements) => line(elements)),
});

/** For the places where Slack reads markup: the text of a notification, and nothing of an agent. */
export const escapeMarkup = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
