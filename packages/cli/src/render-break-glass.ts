import type { BreakGlass, BreakGlassSummary, ReviewEvent } from '@sallyport/sdk/contract';
import { bullets, classes, row } from './render-parts.ts';
import type { Style } from './style.ts';
import { frame, shown, shownLines } from './text.ts';
import { duration } from './time.ts';

type GlassEvent = 'opened' | 'reminded' | 'closed';
type GlassKind = Extract<ReviewEvent, { breakGlass: unknown }>['kind'];

export const glassEventOf = (kind: GlassKind): GlassEvent => kind.slice('break_glass.'.length) as GlassEvent;

/** One sentence, for a line that is looked over. */
export function glassWords(
  event: GlassEvent,
  { person, operation, target, finding }: BreakGlassSummary,
): string {
  const what = `${person} broke glass for ${operation} on ${target.name} (${target.environment})`;
  if (event === 'closed') return `BREAK-GLASS reviewed: ${what}: ${(finding ?? '').replace('_', ' ')}.`;
  return event === 'opened' ? `BREAK-GLASS: ${what}.` : `BREAK-GLASS, not reviewed yet: ${what}.`;
}

/** Marked, and in two lines; a person opens it before they judge. */
export function renderUseSummary(use: BreakGlassSummary, nowMs: number, style: Style): string {
  const { id, status, person, operation, target, openedAt, performed, finding } = use;
  const age = openedAt === null ? '' : `${duration(Math.max(0, nowMs - Date.parse(openedAt)))} ago`;
  const state = status === 'closed' ? `reviewed: ${(finding ?? '').replace('_', ' ')}` : 'not reviewed';
  const mark = status === 'closed' ? style.dim('BREAK-GLASS') : style.inverse('BREAK-GLASS');
  const where = `${shown(target.name, style)} (${shown(target.environment, style)})`;
  return [
    `${id}  ${mark}  ${style[status === 'closed' ? 'dim' : 'red'](state)}  ${style.dim(age)}`,
    `    ${style.bold(shown(operation, style))} on ${where} by ${style.bold(shown(person, style))}, approved by nobody${performed ? '' : ', not performed'}`,
  ].join('\n');
}

/** A whole use, for the person who runs it, and for the one who reviews it afterwards. */
export function renderBreakGlass(use: BreakGlass, style: Style, width: number): string {
  return [
    heading(use, style, width),
    command(use, style, width),
    data(use, style, width),
    record(use, style),
    judged(use, style, width),
  ]
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

const states: Readonly<Record<BreakGlass['status'], string>> = {
  prepared: 'nobody has signed it: nothing runs',
  open: 'signed; another person has to review it',
  closed: 'reviewed',
};

function heading(use: BreakGlass, style: Style, width: number): string[] {
  const { id, operation, person, reason, status, target } = use;
  const where = `${shown(target.name, style)} (${shown(target.environment, style)})`;
  return [
    `${style.inverse('BREAK-GLASS')} ${style.bold(shown(operation, style))} on ${style.bold(where)}`,
    `${style.bold(status)}: ${states[status]}`,
    style.dim(`use ${id}, action ${use.action}`),
    row('person', `${style.bold(shown(person, style))}, in their own name, approved by nobody`, style),
    style.bold('Their reason'),
    ...shownLines(reason, width - 4, style).map((line) => `  ${line}`),
  ];
}

function command({ command, erasedAt }: BreakGlass, style: Style, width: number): string[] {
  if (erasedAt !== null)
    return [style.bold(`Erased at ${erasedAt}, with all values and words: nothing brings it back`)];
  return [style.bold('What runs, exactly'), ...frame(command, width, style)];
}

function data({ datasets, risk, unknown }: BreakGlass, style: Style, width: number): string[] {
  const lines = datasets.map(
    (each) => `  ${shown(each.dataset, style)} ${each.access.join(' and ')}${classes(each.classes, style)}`,
  );
  return [
    style.bold('Data') + style.dim('  as the person declares it'),
    ...(lines.length === 0 ? ['  none'] : lines),
    ...unknown.flatMap((each) => bullets(each, style, width)),
    row('risk', `${risk.score} of 100`, style),
  ];
}

function record(use: BreakGlass, style: Style): string[] {
  const { channel, expiresAt, openedAt, outcome, passkey, performed, policies } = use;
  const ended = outcome === null ? 'no outcome reported' : `${outcome.status} ${shown(outcome.code, style)}`;
  return [
    style.bold('Record'),
    row('let by', policies.map((name) => shown(name, style)).join(', '), style),
    ...(openedAt === null
      ? [row('sign until', expiresAt, style)]
      : [row('signed', `${openedAt} with ${passkey ?? ''} (${channel ?? ''})`, style)]),
    row('performed', performed ? ended : 'no', style),
    row('digest', use.digest, style),
  ];
}

function judged({ remindedAt, review, reviewers }: BreakGlass, style: Style, width: number): string[] {
  const who = reviewers.length === 0 ? 'nobody' : reviewers.map((name) => shown(name, style)).join(', ');
  if (review === null)
    return [
      style.bold('Review'),
      row('may review', who, style),
      ...(remindedAt === null ? [] : [row('reminded', remindedAt, style)]),
    ];
  const paint = review.finding === 'justified' ? style.green : style.red;
  return [
    style.bold('Review'),
    row(
      'finding',
      `${paint(review.finding.replace('_', ' '))}, by ${shown(review.by, style)} at ${review.at}`,
      style,
    ),
    ...shownLines(review.text, width - 4, style).map((line) => `  ${line}`),
  ];
}
