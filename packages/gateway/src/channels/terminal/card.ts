import type { DeliveryView } from '../channel.ts';
import type { Delivery, Notice } from '../../core/delivery.ts';
import { standingVotes } from '../../core/review.ts';

/** Everything but printable ASCII and line feeds becomes its code point: a terminal obeys control characters. */
const escaped = (text: string): string =>
  text.replaceAll(/[^\x20-\x7e\n]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

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

const indented = (text: string): readonly string[] =>
  escaped(text)
    .split('\n')
    .map((line) => `    ${line}`);

/** A review as lines of printable ASCII. The agent's own words are labelled and set apart (law 9). */
export function cardLines({ notice }: Delivery, { review, url }: DeliveryView): readonly string[] {
  const { requester, target, operation, risk, command, statedTask } = review.subject;
  const votes = standingVotes(review).map(({ person, kind }) => `${person} (${kind})`);
  const outcome = notice.kind === 'outcome' ? `: ${notice.status}, ${notice.rows.toString()} rows` : '';
  return [
    `* ${review.id} ${WORDS[notice.kind]}${outcome}`,
    escaped(`  agent ${requester.agent}, for ${requester.onBehalfOf}: ${operation}`),
    escaped(`  on ${target.name} (${target.environment}), risk ${risk.score.toString()} of 100`),
    `  ${review.state.status}; votes: ${escaped(votes.join(', ')) || 'none'}`,
    ...indented(command),
    ...(statedTask === '' ? [] : ['  the agent says of its task:', ...indented(statedTask)]),
    `  ${url}`,
  ];
}
