/** What stands in the conversation with somebody who is asked about what an agent does for them. Nothing is decided there. */
import type { AskedCard } from '../../core/card-asked.ts';
import { valueOf } from '../../core/shown-value.ts';
import type { Limits } from '../../limits.ts';
import { fit, plain, rich } from './blocks.ts';
import { ACTIONS, button, leftOutOf, type Message } from './message.ts';
import { escapeMarkup, line, literal } from './rich-text.ts';

/** Header, what about, state, what is left out, buttons: beside the sections. */
const BLOCKS_BESIDE = 5;
/** Slack's own, for one row of buttons, of which one leads to the browser. */
const MOST_BUTTONS = 24;

export function askedMessageOf({ card, title, open }: AskedCard, limits: Limits): Message {
  const { blocks, omitted } = fit(card, limits.slackMessageBlocks - BLOCKS_BESIDE, limits);
  const value = valueOf(card);
  const answers = open
    .slice(0, MOST_BUTTONS)
    .map((id) => button(`${ACTIONS.answer}.${id.toString()}`, `Answer ${id.toString()}…`, { value }));
  return {
    text: escapeMarkup(`Sallyport: ${title}: ${card.heading}`),
    blocks: [
      { type: 'header', block_id: 'header', text: plain(title) },
      rich('about', line(literal(card.heading, { bold: true }))),
      rich('state', line(literal(card.state))),
      ...blocks,
      ...(omitted.length === 0 ? [] : [leftOutOf(omitted, 'Open it.')]),
      {
        type: 'actions',
        block_id: 'actions',
        elements: [...answers, button(ACTIONS.open, 'Open in browser', { url: card.url })],
      },
    ],
  };
}
