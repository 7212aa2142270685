/** What stands in a Slack channel about one review: a message while it is open, and how it ended. */
import { sizeOf, type Card } from '../../core/card.ts';
import { valueOf } from '../../core/shown-value.ts';
import type { Limits } from '../../limits.ts';
import { type Block, type Button, fit, type Fitted, plain, rich } from './blocks.ts';
import { escapeMarkup, line, literal } from './rich-text.ts';

export interface Message {
  /** For notifications, where Slack reads markup. */
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** Names of what people can press. */
export const ACTIONS = {
  approve: 'sallyport.approve',
  reject: 'sallyport.reject',
  ask: 'sallyport.ask',
  /** With the question's id after a full stop. */
  answer: 'sallyport.answer',
  details: 'sallyport.details',
  open: 'sallyport.open',
  sign: 'sallyport.sign',
  link: 'sallyport.link',
} as const;

/** Header, state, what is left out, buttons: beside the sections. */
const BLOCKS_BESIDE = 4;

/** @param decides false: its one reader may not decide (any more), and finds nothing to press. */
export function messageOf(card: Card, limits: Limits, decides = true): Message {
  const { blocks, omitted } = fit(card, limits.slackMessageBlocks - BLOCKS_BESIDE, limits);
  const isWhole = omitted.length === 0;
  return {
    text: escapeMarkup(`Sallyport: ${card.heading}. ${card.state}`),
    blocks: [
      header(card, limits),
      rich('state', line(literal(card.state))),
      ...blocks,
      ...(isWhole ? [] : [leftOutOf(omitted)]),
      {
        type: 'actions',
        block_id: 'actions',
        elements: buttons(decides ? card : { ...card, isOpen: false }, isWhole),
      },
    ],
  };
}

/** For what Slack doesn't take: no part of the action, and nothing to decide with. */
export const linkMessageOf = (card: Card, limits: Limits): Message => ({
  text: escapeMarkup(`Sallyport: ${card.heading}. ${card.state}`),
  blocks: [
    header(card, limits),
    rich('state', line(literal(`${card.state} Slack can’t show it: open it.`))),
    {
      type: 'actions',
      block_id: 'actions',
      elements: [button(ACTIONS.open, 'Open in browser', { url: card.url })],
    },
  ],
});

/** A name that is too long for the header stands whole among the facts. */
export function header({ heading }: Pick<Card, 'heading'>, { slackHeaderCharacters }: Limits): Block {
  const characters = [...heading];
  const text =
    heading.length <= slackHeaderCharacters
      ? heading
      : `${characters.slice(0, slackHeaderCharacters / 2 - 1).join('')}…`;
  return { type: 'header', block_id: 'header', text: plain(text) };
}

const CONSEQUENCE = 'It can’t be approved from here: open it.';

export function leftOutOf(omitted: Fitted['omitted'], consequence = CONSEQUENCE): Block {
  const named = omitted
    .slice(0, 5)
    .map((each) => `${clip(each.title)} (${sizeOf(each).toString()} characters)`);
  const others = omitted.length > 5 ? ` and ${(omitted.length - 5).toString()} more` : '';
  const words = `Too long to be shown here: ${named.join(', ')}${others}. ${consequence}`;
  return rich('left_out', line(literal(words, { bold: true })));
}

const clip = (title: string): string => (title.length <= 60 ? title : `${title.slice(0, 59)}…`);

export const button = (id: string, text: string, more: Partial<Button>): Button => ({
  type: 'button',
  action_id: id,
  text: plain(text),
  ...more,
});

/** Law 6: what isn't shown whole has no Approve; what has to be signed is signed where there are passkeys. */
function buttons(card: Card, isWhole: boolean): readonly Button[] {
  const open = button(ACTIONS.open, 'Open in browser', { url: card.url });
  if (!card.isOpen) return [open];
  const value = valueOf(card);
  return [
    ...(isWhole && !card.needsPasskey ? [approve(value)] : []),
    ...(card.needsPasskey ? [button(ACTIONS.sign, 'Sign with your passkey', { url: card.signUrl })] : []),
    button(ACTIONS.reject, 'Reject…', { value, style: 'danger' }),
    button(ACTIONS.ask, 'Ask…', { value }),
    ...(isWhole ? [] : [button(ACTIONS.details, 'Details', { value })]),
    open,
  ];
}

const approve = (value: string): Button =>
  button(ACTIONS.approve, 'Approve exactly this', {
    value,
    style: 'primary',
    confirm: {
      title: plain('Approve exactly this?'),
      text: plain('It runs once, byte for byte as it is shown. Your vote is recorded as Slack asserts it.'),
      confirm: plain('Approve'),
      deny: plain('Not yet'),
    },
  });
