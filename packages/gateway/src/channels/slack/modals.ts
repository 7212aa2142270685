/** Slack's modals: a reason, a question, and what a message has no room for. */
import type { Card } from '../../core/card.ts';
import type { Limits } from '../../limits.ts';
import { type Block, fit, type InputBlock, plain, type PlainText, rich } from './blocks.ts';
import { line, literal } from './rich-text.ts';

export interface Modal {
  readonly type: 'modal';
  readonly callback_id: string;
  readonly private_metadata: string;
  readonly title: PlainText;
  readonly submit?: PlainText;
  readonly close: PlainText;
  readonly blocks: readonly Block[];
}

export const CALLBACKS = {
  reject: 'sallyport.reject',
  ask: 'sallyport.ask',
  answer: 'sallyport.answer',
  details: 'sallyport.details',
  told: 'sallyport.told',
} as const;

/** Block and field of what people write. */
export const FIELDS = { reason: 'reason', question: 'question', answer: 'answer', to: 'to' } as const;

const words = (field: string, label: string, { judgmentCharacters }: Limits): InputBlock => ({
  type: 'input',
  block_id: field,
  label: plain(label),
  element: {
    type: 'plain_text_input',
    action_id: field,
    multiline: true,
    min_length: 1,
    max_length: judgmentCharacters,
  },
});

export const rejectModal = (value: string, about: string, limits: Limits): Modal => ({
  type: 'modal',
  callback_id: CALLBACKS.reject,
  private_metadata: value,
  title: plain('Reject'),
  submit: plain('Reject'),
  close: plain('Cancel'),
  blocks: [rich('about', line(literal(about))), words(FIELDS.reason, 'Why? The agent is told it.', limits)],
});

const AGENT = { text: plain('The agent'), value: 'agent' };
const SPONSOR = { text: plain('The person for whom it acts'), value: 'sponsor' };

export const askModal = (value: string, about: string, limits: Limits): Modal => ({
  type: 'modal',
  callback_id: CALLBACKS.ask,
  private_metadata: value,
  title: plain('Ask'),
  submit: plain('Ask'),
  close: plain('Cancel'),
  blocks: [
    rich('about', line(literal(`${about}. The answer arrives in the message’s thread.`))),
    words(FIELDS.question, 'Your question', limits),
    {
      type: 'input',
      block_id: FIELDS.to,
      label: plain('To whom'),
      element: {
        type: 'radio_buttons',
        action_id: FIELDS.to,
        options: [AGENT, SPONSOR],
        initial_option: AGENT,
      },
    },
  ],
});

/** What is asked was on the message. */
export const answerModal = (value: string, id: number, about: string, limits: Limits): Modal => ({
  type: 'modal',
  callback_id: `${CALLBACKS.answer}.${id.toString()}`,
  private_metadata: value,
  title: plain('Answer'),
  submit: plain('Answer'),
  close: plain('Cancel'),
  blocks: [
    rich('about', line(literal(`Question ${id.toString()}. ${about}`))),
    words(FIELDS.answer, 'Your answer; whoever decides is shown it', limits),
  ],
});

/** What there is room for, in the order of its size: what is left out of a message is long. Nothing is decided there. */
export function detailsModal(card: Card, limits: Limits): Modal {
  const { blocks, omitted } = fit(card, limits.slackModalBlocks - 2, limits);
  const rest = `${omitted.length.toString()} parts are too long for Slack. All of it: ${card.url}`;
  return {
    type: 'modal',
    callback_id: CALLBACKS.details,
    private_metadata: '',
    title: plain('Details'),
    close: plain('Close'),
    blocks: [
      rich('heading', line(literal(`${card.heading}. ${card.state}`, { bold: true }))),
      ...blocks,
      ...(omitted.length === 0 ? [] : [rich('left_out', line(literal(rest)))]),
    ],
  };
}

/** In place of a modal whose submission isn't recorded yet. */
export const toldModal = (told: string): Modal => ({
  type: 'modal',
  callback_id: CALLBACKS.told,
  private_metadata: '',
  title: plain('Not recorded yet'),
  close: plain('Close'),
  blocks: [rich('told', line(literal(told)))],
});
