/** What people have to do with a review: who may decide, who was asked, who answered, who voted. */
import type { Demand, Question, Review, Vote } from '@sallyport/sdk/contract';
import { title } from './render-parts.ts';
import type { Style } from './style.ts';
import { frame, shown, shownLines } from './text.ts';
import { clockTime } from './time.ts';

export function demands(review: Review, style: Style, width: number): string[] {
  const lines = review.demands.flatMap((demand) => demandLines(demand, review, style, width));
  return [title('Who may approve', review.demands.length > 1 ? 'every one of these' : '', style), ...lines];
}

function demandLines(demand: Demand, review: Review, style: Style, width: number): string[] {
  const { quorum, approvals, met } = demand;
  const standing = `${approvals} of ${quorum}`;
  const notes = [
    ...conditions(demand, review, style),
    // Said already, word by word, under the reasons.
    review.reasons.includes(demand.reason) ? sourceOf(demand) : `${demand.reason} (${sourceOf(demand)})`,
  ];
  return [
    `  ${met ? style.green(`${standing} ✓`) : style.yellow(standing)}  ${approvers(demand, style)}`,
    ...notes.flatMap((note) => shownLines(note, width - 4, style).map((part) => style.dim(`    ${part}`))),
    ...stillPossible(demand, review, style),
  ];
}

const sourceOf = ({ policy, controls }: Demand): string => [policy, ...controls].join(', ');

function approvers({ approvers: who, quorum }: Demand, style: Style): string {
  return `${quorum === 1 ? 'one person' : `${quorum} different people`} of: ${namesOf(who, style)}`;
}

const namesOf = (who: Demand['approvers'], style: Style): string =>
  who
    .map(({ kind, name }) => (kind === 'group' ? `the group ${shown(name, style)}` : shown(name, style)))
    .join(', ');

/** Everything else that bounds this demand, a note each. */
function conditions(demand: Demand, review: Review, style: Style): string[] {
  const { readAt } = review;
  const time = (at: string) => clockTime(at, readAt);
  const reminders = demand.remindersAt.map(time);
  return [
    `until ${time(demand.expiresAt)}${demand.calendar === null ? '' : `, in the working time of ${demand.calendar}`}`,
    ...demand.escalation.map((step) => `from ${time(step.at)} also ${namesOf(step.approvers, style)}`),
    ...(reminders.length === 0 ? [] : [`reminders at ${reminders.join(', ')}`]),
    ...(demand.rejections === 1 ? [] : [`${demand.rejections} different people must reject to end it`]),
    ...(demand.passkey ? ['an approval has to be signed with a passkey'] : []),
    ...(demand.excluded.length === 0 ? [] : [`never by ${demand.excluded.join(', ')}`]),
  ];
}

function stillPossible({ eligible, met }: Demand, { status }: Review, style: Style): string[] {
  if (status !== 'pending' || met) return [];
  if (eligible.length === 0) return [`    ${style.red('nobody could approve this now')}`];
  return [`    could approve now: ${eligible.map((name) => shown(name, style)).join(', ')}`];
}

export function questions(list: readonly Question[], style: Style, width: number): string[] {
  if (list.length === 0) return [];
  const open = list.filter((question) => question.answer === null).length;
  const note = open === 0 ? 'all answered' : `${open} without an answer`;
  return [title('Questions', note, style), ...list.flatMap((each) => questionLines(each, style, width))];
}

function questionLines(question: Question, style: Style, width: number): string[] {
  const { id, by, to, text, at, channel, answer } = question;
  const whom = to === 'agent' ? 'the agent' : 'the person for whom it acts';
  const asked = `  ${id}. ${style.bold(shown(by, style))} asked ${whom} at ${at} (${shown(channel, style)})`;
  const body = frame(text, width, style);
  if (answer === null) return [asked, ...body, style.yellow('  no answer yet')];
  return [asked, ...body, ...answerLines(answer, style, width)];
}

function answerLines(answer: NonNullable<Question['answer']>, style: Style, width: number): string[] {
  const { by, kind, text, at, channel } = answer;
  const whose = kind === 'agent' ? 'the agent’s own words' : `the words of ${shown(by, style)}`;
  const head = `  ${style.bold(shown(by, style))} answered at ${at} (${shown(channel, style)})`;
  return [`${head}${style.dim(`  ${whose}; nobody checked them`)}`, ...frame(text, width, style)];
}

export function votes(list: readonly Vote[], style: Style): string[] {
  if (list.length === 0) return [`${style.bold('Votes')}  none yet`];
  return [style.bold('Votes'), ...list.map((vote) => voteLine(vote, style))];
}

function voteLine({ person, kind, at, channel, reason, signed, retractedAt }: Vote, style: Style): string {
  const verb = kind === 'approve' ? style.green('approved') : style.red('rejected');
  const proof = signed ? 'signed with a passkey, by' : 'asserted by';
  const why = reason === '' ? '' : `: ${shown(reason, style)}`;
  const line = `  ${shown(person, style)} ${verb} at ${at} (${proof} ${shown(channel, style)})${why}`;
  return retractedAt === null ? line : `${line}${style.yellow(`, and took it back at ${retractedAt}`)}`;
}
