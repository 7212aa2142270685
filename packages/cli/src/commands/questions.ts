import type { ReviewState } from '@sallyport/sdk/contract';
import type { Command, Context } from '../command.ts';
import { Failure } from '../failure.ts';
import { questions } from '../render-judgment.ts';
import { renderReview } from '../render-review.ts';
import { shown } from '../text.ts';
import type { Style } from '../style.ts';

export const ask: Command = {
  name: 'ask',
  arguments: ['REVIEW'],
  summary: 'ask the agent, or the person for whom it acts, before deciding',
  details: [
    'The agent is told at once where it waits. The answer changes nothing of the action; look at the review again before you vote.',
  ],
  options: ['text', 'to'],
  remote: true,
  run: async ({ client, invocation, output }) => {
    const to = invocation.text('to') ?? 'agent';
    if (to !== 'agent' && to !== 'sponsor')
      throw new Failure('usage', 'option.to', '--to is agent or sponsor');
    const question = { to, text: textOf(invocation), channel: 'cli' } as const;
    const review = await client().ask(invocation.arguments[0] ?? '', question);
    output.result(review, (style) => renderReview(review, style, output.width));
  },
};

export const answer: Command = {
  name: 'answer',
  arguments: ['REVIEW', 'QUESTION'],
  summary: 'answer a reviewer’s question: for the agent that asked, and for people for whom it acts',
  details: [
    'QUESTION is its number, as the notice to the agent says it. The answer is shown as your own words, and is final.',
    'Prints how the review stands.',
  ],
  options: ['text'],
  remote: true,
  run: async ({ client, invocation, output }) => {
    const [id = '', number = ''] = invocation.arguments;
    if (!/^[1-9]\d{0,2}$/.test(number))
      throw new Failure('usage', 'question.number', 'QUESTION is the number of a question, such as 1');
    const request = { text: textOf(invocation), channel: 'cli' } as const;
    const state = await client().answer(id, Number(number), request);
    output.result(state, (style) => renderState(state, style, output.width));
  },
};

function textOf(invocation: Context['invocation']): string {
  const text = invocation.text('text') ?? '';
  if (text.trim() !== '') return text;
  throw new Failure('usage', 'question.empty', 'It needs --text "…": what do you want to say?');
}

/** For whoever asked for the action: how it stands, and what reviewers want to know. */
function renderState(state: ReviewState, style: Style, width: number): string {
  const { resolution } = state;
  const reason = (resolution?.reason ?? null) === null ? '' : `: ${shown(resolution?.reason ?? '', style)}`;
  const ended = resolution === null ? ` until ${state.expiresAt}` : ` at ${resolution.at}${reason}`;
  return [
    `${state.id} is ${style.bold(state.status)}${ended}`,
    ...questions(state.questions, style, width),
  ].join('\n');
}
