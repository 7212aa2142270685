import type { DeliveryView } from '../channel.ts';
import type { Delivery } from '../../core/delivery.ts';
import { eventOf, type ReviewEventName } from '../../core/review-events.ts';
import { standingVotes } from '../../core/review.ts';

export interface Message {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const WORDS: Readonly<Record<ReviewEventName, string>> = {
  'review.opened': 'Waits for a decision',
  'review.previewed': 'Has a preview',
  'review.voted': 'Has a vote',
  'review.retracted': 'A vote was taken back',
  'review.asked': 'Has a question',
  'review.answered': 'Has an answer',
  'review.reminded': 'Still waits for a decision',
  'review.escalated': 'Waits, and more people may decide now',
  'review.resolved': 'Is decided',
  'review.expired': 'Expired before it was decided',
  'review.withdrawn': 'Was withdrawn',
  'review.superseded': 'Was replaced by another one',
  'review.executed': 'Has run',
};

/** Agents' words beyond this are behind the link. */
const MOST_TASK_CHARACTERS = 500;
const MOST_LINE_CHARACTERS = 200;

/**
 * What a person must see as it is, on one line: controls, line ends, bidirectional overrides and what else has no shape
 * become their code points. So nothing here ends a header, or shows as something else (law 9).
 */
export const line = (text: string, most = MOST_LINE_CHARACTERS): string => {
  const visible = text
    .slice(0, most)
    .replaceAll(
      /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{M}]/gu,
      (character) => `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
    );
  return text.length > most ? `${visible} …` : visible;
};

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

type Row = readonly [label: string, value: string];

function rowsOf({ notice }: Delivery, { review }: DeliveryView): readonly Row[] {
  const { requester, target, operation, risk, datasets, demands } = review.subject;
  const votes = standingVotes(review).map(({ person, kind }) => `${person} (${kind})`);
  const outcome: Row[] =
    notice.kind === 'outcome' ? [['Outcome', `${notice.status}, ${notice.rows.toString()} rows`]] : [];
  return [
    ['Review', review.id],
    ['Agent', `${requester.agent}, for ${requester.onBehalfOf}`],
    ['Target', `${target.name} (${target.environment})`],
    ['Operation', operation],
    ['Data', datasets.map(({ dataset }) => dataset).join(', ') || 'none named'],
    ['Risk', `${risk.score.toString()} of 100`],
    ['Demanded by', demands.map(({ policy }) => policy).join(', ')],
    ['State', review.state.status],
    ['Votes', votes.join(', ') || 'none'],
    ['Open until', new Date(review.expiresAtMs).toISOString()],
    ...outcome,
  ];
}

const TASK_LABEL = 'The agent says of its task (its own words; nobody has checked them)';
const LINK_LABEL = 'Read all of it, and decide, at';
export const FOOTER = 'Answers to this mail decide nothing.';

/** It notifies and links. The action, its values and what it would do stay behind the link (laws 6 and 8). */
export function messageOf(delivery: Delivery, view: DeliveryView): Message {
  const { review, url } = view;
  const { requester, target, statedTask } = review.subject;
  const words = WORDS[eventOf(delivery.notice, review.state.status)];
  const rows = rowsOf(delivery, view).map(([label, value]): Row => [label, line(value)]);
  const task = statedTask === '' ? null : line(statedTask, MOST_TASK_CHARACTERS);
  return {
    subject: line(`${words}: ${requester.agent} on ${target.name} (${target.environment})`),
    text: textOf(words, rows, { task, url }),
    html: htmlOf(words, rows, { task, url }),
  };
}

interface Rest {
  readonly task: string | null;
  readonly url: string;
}

function textOf(words: string, rows: readonly Row[], { task, url }: Rest): string {
  const said = task === null ? [] : ['', `${TASK_LABEL}:`, `> ${task}`];
  const facts = rows.map(([label, value]) => `${`${label}:`.padEnd(13)} ${value}`);
  return [words, '', ...facts, ...said, '', `${LINK_LABEL} ${url}`, '', FOOTER, ''].join('\n');
}

function htmlOf(words: string, rows: readonly Row[], { task, url }: Rest): string {
  const facts = rows.map(
    ([label, value]) => `<tr><th align="left">${escapeHtml(label)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  const said =
    task === null ? '' : `<p>${escapeHtml(TASK_LABEL)}:</p><blockquote>${escapeHtml(task)}</blockquote>`;
  const link = `<p>${LINK_LABEL} <a href="${escapeHtml(url)}">${escapeHtml(url)}</a></p>`;
  return `<!doctype html><html><body><h1>${escapeHtml(words)}</h1><table>${facts.join('')}</table>${said}${link}<p>${FOOTER}</p></body></html>`;
}
