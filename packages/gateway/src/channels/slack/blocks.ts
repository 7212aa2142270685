/** A card as blocks of Slack's Block Kit, within its limits. */
import type { Card } from '../../core/card.ts';
import type { CardSection } from '../../core/card-sections.ts';
import type { Limits } from '../../limits.ts';
import {
  bold,
  bullets,
  code,
  italic,
  line,
  literal,
  quote,
  type RichTextBlock,
  type RichTextPart,
} from './rich-text.ts';

export interface PlainText {
  readonly type: 'plain_text';
  readonly text: string;
  readonly emoji: false;
}

export interface Button {
  readonly type: 'button';
  readonly action_id: string;
  readonly text: PlainText;
  readonly value?: string;
  readonly url?: string;
  readonly style?: 'primary' | 'danger';
  readonly confirm?: {
    readonly title: PlainText;
    readonly text: PlainText;
    readonly confirm: PlainText;
    readonly deny: PlainText;
  };
}

export type Block =
  | RichTextBlock
  | { readonly type: 'header'; readonly block_id: string; readonly text: PlainText }
  | { readonly type: 'actions'; readonly block_id: string; readonly elements: readonly Button[] }
  | InputBlock;

interface Choice {
  readonly text: PlainText;
  readonly value: string;
}

export interface InputBlock {
  readonly type: 'input';
  readonly block_id: string;
  readonly label: PlainText;
  readonly element:
    | {
        readonly type: 'plain_text_input';
        readonly action_id: string;
        readonly multiline: true;
        readonly min_length: number;
        readonly max_length: number;
      }
    | {
        readonly type: 'radio_buttons';
        readonly action_id: string;
        readonly options: readonly Choice[];
        readonly initial_option: Choice;
      };
}

export const plain = (text: string): PlainText => ({ type: 'plain_text', text, emoji: false });

export const rich = (id: string, ...elements: readonly RichTextPart[]): RichTextBlock => ({
  type: 'rich_text',
  block_id: id,
  elements,
});

/** What fits whole, and how much doesn't. */
export interface Fitted {
  readonly blocks: readonly Block[];
  /** Titles of the sections that are left out. */
  readonly omitted: readonly CardSection[];
}

/**
 * The sections that there is room for, each whole; the others are named, never cut (law 6).
 * @param mostBlocks how many there may be.
 */
export function fit(card: Pick<Card, 'sections'>, mostBlocks: number, limits: Limits): Fitted {
  const blocks: Block[] = [];
  const omitted: CardSection[] = [];
  let characters = 0;
  let encoded = 0;
  for (const [index, section] of card.sections.entries()) {
    const block = blockOf(section, index);
    const json = JSON.stringify(block);
    const asForm = encodeURIComponent(json).length;
    const fits =
      blocks.length < mostBlocks &&
      isShort(section, limits) &&
      characters + json.length <= limits.slackMessageCharacters &&
      encoded + asForm <= limits.slackEncodedCharacters;
    if (!fits) {
      omitted.push(section);
      continue;
    }
    characters += json.length;
    encoded += asForm;
    blocks.push(block);
  }
  return { blocks, omitted };
}

function isShort(section: CardSection, { slackTextCharacters, slackSectionLines }: Limits): boolean {
  const texts = textsOf(section);
  const lines = texts.reduce((sum, text) => sum + text.split('\n').length, 0);
  return (
    lines <= slackSectionLines && texts.reduce((sum, { length }) => sum + length, 0) <= slackTextCharacters
  );
}

function textsOf(section: CardSection): readonly string[] {
  switch (section.kind) {
    case 'facts':
      return section.facts.map(({ label, value }) => label + value);
    case 'list':
      return section.items;
    case 'code':
    case 'words':
      return [section.text];
  }
}

function blockOf(section: CardSection, index: number): RichTextBlock {
  return rich(`section.${index.toString()}`, ...partsOf(section));
}

function partsOf(section: CardSection): readonly RichTextPart[] {
  switch (section.kind) {
    case 'facts':
      return [
        line(bold(section.title)),
        bullets(section.facts.map(({ label, value }) => [...bold(`${label}: `), ...literal(value)])),
      ];
    case 'list':
      return [
        head(section),
        ...(section.items.length === 0 ? [] : [bullets(section.items.map((item) => literal(item)))]),
      ];
    case 'code':
      return [head(section), code(section.text)];
    case 'words':
      return [head(section), quote(section.text)];
  }
}

const head = ({ title, note }: Exclude<CardSection, { kind: 'facts' }>): RichTextPart =>
  note === '' ? line(bold(title)) : line(bold(title), italic(`  ${note}`));
