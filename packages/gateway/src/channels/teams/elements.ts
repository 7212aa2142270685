/** A card's sections as elements of an Adaptive Card: only kinds that show text as it is. */
import type { Card } from '../../core/card.ts';
import type { CardSection } from '../../core/card-sections.ts';
import type { Limits } from '../../limits.ts';
import { bold, codeLines, line, type RichTextBlock, runs, subtle, wordLines } from './rich-text.ts';

export interface Container {
  readonly type: 'Container';
  readonly style?: 'emphasis' | 'warning';
  readonly separator?: true;
  readonly spacing?: 'Medium';
  readonly items: readonly (RichTextBlock | Container)[];
}

export type Element = RichTextBlock | Container | InputText | InputChoice;

export interface InputText {
  readonly type: 'Input.Text';
  readonly id: string;
  readonly label: string;
  readonly isMultiline: true;
  readonly isRequired: true;
  readonly errorMessage: string;
  readonly maxLength: number;
  readonly value?: string;
}

export interface InputChoice {
  readonly type: 'Input.ChoiceSet';
  readonly id: string;
  readonly label: string;
  readonly style: 'expanded';
  readonly value: string;
  readonly choices: readonly { readonly title: string; readonly value: string }[];
}

const utf8 = new TextEncoder();

/** As it is sent. */
export const bytesOf = (value: object): number => utf8.encode(JSON.stringify(value)).length;

/** What fits whole, and what doesn't. */
export interface Fitted {
  readonly elements: readonly Container[];
  readonly omitted: readonly CardSection[];
}

/** The sections that there is room for, each whole; the others are left out, never cut (law 6). */
export function fit(card: Pick<Card, 'sections'>, mostBytes: number, { teamsSectionLines }: Limits): Fitted {
  const elements: Container[] = [];
  const omitted: CardSection[] = [];
  let bytes = 0;
  for (const section of card.sections) {
    const element = elementOf(section);
    const size = bytesOf(element) + 1;
    if (bytes + size > mostBytes || linesOf(element) > teamsSectionLines) omitted.push(section);
    else {
      bytes += size;
      elements.push(element);
    }
  }
  return { elements, omitted };
}

const linesOf = ({ items }: Container): number =>
  items.reduce((sum, item) => sum + ('items' in item ? linesOf(item) : 1), 0);

const section = (...items: Container['items']): Container => ({
  type: 'Container',
  separator: true,
  spacing: 'Medium',
  items,
});

/** Set off from what is ours. */
const framed = (items: readonly RichTextBlock[]): Container => ({
  type: 'Container',
  style: 'emphasis',
  items,
});

function elementOf(given: CardSection): Container {
  switch (given.kind) {
    case 'facts':
      return section(
        line(undefined, bold(given.title)),
        ...given.facts.map(({ label, value }) => line('None', bold(`${label}: `), runs(value))),
      );
    case 'list':
      return section(head(given), ...given.items.map((item) => line('None', runs(`• ${item}`))));
    case 'code':
      return section(head(given), framed(codeLines(given.text)));
    case 'words':
      return section(head(given), framed(wordLines(given.text)));
  }
}

const head = ({ title, note }: Exclude<CardSection, { kind: 'facts' }>): RichTextBlock =>
  note === '' ? line(undefined, bold(title)) : line(undefined, bold(title), subtle(`  ${note}`));
