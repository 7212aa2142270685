/** A card as plain text, whole: for a terminal, a mail, a payload. */
import type { Card } from './card.ts';
import type { CardSection } from './card-sections.ts';

export function cardText(card: Card): string {
  return [card.heading, card.state, ...card.sections.map(sectionText), card.url].join('\n\n');
}

const titled = (title: string, note: string): string => (note === '' ? title : `${title} (${note})`);

/** Behind a bar, so that no line of others can pass for one of ours. */
const framed = (text: string): string =>
  text
    .split('\n')
    .map((line) => `  | ${line}`)
    .join('\n');

export function sectionText(section: CardSection): string {
  switch (section.kind) {
    case 'facts':
      return [section.title, ...section.facts.map(({ label, value }) => `  ${label}: ${value}`)].join('\n');
    case 'list':
      return [titled(section.title, section.note), ...section.items.map((item) => `  - ${item}`)].join('\n');
    case 'code':
    case 'words':
      return `${titled(section.title, section.note)}\n${framed(section.text)}`;
  }
}
