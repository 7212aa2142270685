import type { DeliveryView } from '../channel.ts';
import { sizeOf, viewAt, type Card } from '../../core/card.ts';
import { outlineOf } from '../../core/card-outline.ts';
import { concernsAnswerers } from '../../core/chat-people.ts';
import type { CardSection } from '../../core/card-sections.ts';
import { sectionText } from '../../core/card-text.ts';
import type { Delivery, Notice } from '../../core/delivery.ts';
import { toldEventOf, type ReviewEventName } from '../../core/review-events.ts';
import { standingVotes, type Review } from '../../core/review.ts';

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
/** What somebody reads in a mail; more is read in the browser. */
const ROOM = { perSection: 4_000, inAll: 16_000, sections: 40, linesPerSection: 60 };

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

const TASK_LABEL = 'The agent says of its task (its own words; nobody has checked them)';
const LINK_LABEL = 'Read all of it, and decide, at';
export const FOOTER = 'Answers to this mail decide nothing.';

/** What a mail has of a review. All text is on one line, and visible. */
interface Told {
  readonly words: string;
  readonly card: Card;
  readonly task: string | null;
  /** What isn't in it, by name. */
  readonly left: string;
  readonly rendering: string;
}

/** It notifies and links. The action, its values and what it would do stay behind the link (laws 6 and 8). */
export function messageOf(delivery: Delivery, view: DeliveryView): Message {
  const { requester, target } = view.review.subject;
  const words = wordsFor(delivery.notice, view.review);
  const told = toldOf(words, delivery, view);
  return {
    subject: line(`${words}: ${requester.agent} on ${target.name} (${target.environment})`),
    text: textOf(told),
    html: htmlOf(told),
  };
}

function wordsFor(notice: Notice, review: Review): string {
  if (notice.kind === 'question' && concernsAnswerers(review, notice)) return ASKED;
  return WORDS[toldEventOf(notice, review.state.status)];
}

const ASKED = 'Has a question for the person for whom it acts';

function toldOf(words: string, { notice }: Delivery, view: DeliveryView): Told {
  const { review, url, shown } = view;
  const { subject } = review;
  const isTaskShown = subject.statedTask.length <= MOST_TASK_CHARACTERS;
  const outlined = isTaskShown ? { ...review, subject: { ...subject, statedTask: '' } } : review;
  const { card, left } = outlineOf(outlined, viewAt(url, view), ROOM);
  const task = isTaskShown && subject.statedTask !== '' ? subject.statedTask : null;
  const sections = [soFar(review, notice), ...card.sections];
  return {
    words,
    card: { ...card, url, sections },
    task: task === null ? null : line(task, MOST_TASK_CHARACTERS),
    left: line(left.map((each) => `${each.title} (${sizeOf(each).toString()} characters)`).join(', '), 2_000),
    rendering: shown.rendering,
  };
}

/** Who voted, without what they wrote. */
function soFar(review: Review, notice: Notice): CardSection {
  const votes = standingVotes(review).map(({ person, kind }) => `${person} (${kind})`);
  const outcome =
    notice.kind === 'outcome'
      ? [{ label: 'Outcome', value: `${notice.status}, ${notice.rows.toString()} rows` }]
      : [];
  return {
    kind: 'facts',
    title: 'So far',
    facts: [
      { label: 'Review', value: review.id },
      { label: 'State', value: review.state.status },
      { label: 'Votes', value: line(votes.join(', ')) || 'none' },
      ...outcome,
    ],
  };
}

const leftOut = (left: string): string => `Not in this mail: ${left}. ${LINK_LABEL}`;

function textOf({ words, card, task, left, rendering }: Told): string {
  const said = task === null ? [] : [`${TASK_LABEL}:\n> ${task}`];
  return [
    words,
    `${card.heading}\n${card.state}`,
    ...card.sections.map(sectionText),
    ...said,
    `${leftOut(left)} ${card.url}`,
    `${FOOTER}\nShown: ${rendering}\n`,
  ].join('\n\n');
}

function htmlOf({ words, card, task, left, rendering }: Told): string {
  const said =
    task === null ? '' : `<p>${escapeHtml(TASK_LABEL)}:</p><blockquote>${escapeHtml(task)}</blockquote>`;
  const url = escapeHtml(card.url);
  return [
    `<!doctype html><html><body><h1>${escapeHtml(words)}</h1>`,
    `<p><strong>${escapeHtml(card.heading)}</strong><br>${escapeHtml(card.state)}</p>`,
    ...card.sections.map(sectionHtml),
    said,
    `<p>${escapeHtml(leftOut(left))} <a href="${url}">${url}</a></p>`,
    `<p>${FOOTER}<br>Shown: ${rendering}</p></body></html>`,
  ].join('');
}

function sectionHtml(section: CardSection): string {
  const head = `<h2>${escapeHtml(section.title)}</h2>`;
  if (section.kind === 'facts') {
    const rows = section.facts.map(
      ({ label, value }) =>
        `<tr><th align="left">${escapeHtml(label)}</th><td>${escapeHtml(value)}</td></tr>`,
    );
    return `${head}<table>${rows.join('')}</table>`;
  }
  if (section.kind === 'list')
    return `${head}<p>${escapeHtml(section.note)}</p><ul>${section.items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`;
  return `${head}<pre>${escapeHtml(section.text)}</pre>`;
}
