import type { DeliveryView } from '../channel.ts';
import { cardOf, viewAt } from '../../core/card.ts';
import { cardText } from '../../core/card-text.ts';
import type { Delivery, Notice } from '../../core/delivery.ts';

/** Ours alone: in others' text these are code points already (core/visible.ts). */
const PLAIN: Readonly<Record<string, string>> = { '’': "'", '·': '-', '…': '...' };

/** Everything but printable ASCII and line feeds becomes its code point: a terminal obeys control characters. */
const escaped = (text: string): string =>
  text
    .replaceAll(/⟨U\+([0-9A-F]+)⟩/g, (_, digits: string) => `\\u{${parseInt(digits, 16).toString(16)}}`)
    .replaceAll(/[’·…]/g, (character) => PLAIN[character] ?? '')
    .replaceAll(/[^\x20-\x7e\n]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

const WORDS: Readonly<Record<Notice['kind'], string>> = {
  open: 'waits for a decision',
  update: 'has changed',
  close: 'is over',
  remind: 'still waits for a decision',
  escalate: 'waits, and more people may decide now',
  question: 'has a question',
  answer: 'has an answer',
  outcome: 'has run',
};

/** The whole card as lines of printable ASCII, with the digest of what is shown. */
export function cardLines({ notice }: Delivery, view: DeliveryView): readonly string[] {
  const { review, url, shown } = view;
  const outcome = notice.kind === 'outcome' ? `: ${notice.status}, ${notice.rows.toString()} rows` : '';
  const card = cardOf(review, viewAt(url, view));
  return [
    `* ${review.id} ${WORDS[notice.kind]}${outcome}`,
    '',
    escaped(cardText({ ...card, url })),
    '',
    `shown: ${shown.rendering}`,
  ];
}
