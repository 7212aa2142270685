import type { Dataset, Parameter, Review, ReviewSummary } from '@sallyport/sdk/contract';
import { demands, questions, votes } from './render-judgment.ts';
import { bullets, classes, row, rows, title } from './render-parts.ts';
import type { Style } from './style.ts';
import { count, escapesIn, frame, pad, shown, table } from './text.ts';
import { clockTime, duration } from './time.ts';

type Finding = NonNullable<Review['preview']>['findings'][number];

const barWidth = 20;

/** A whole action, for the person who decides on it. Pure: the time is the gateway's own, `readAt`. */
export function renderReview(review: Review, style: Style, width: number): string {
  return sectionsOf(review, standing(review, style), style, width);
}

/** The same for a surface that stays: it shows the time left by itself, since that goes on changing. */
export function renderCard(review: Review, style: Style, width: number): string {
  const until = `, until ${clockTime(review.expiresAt, review.readAt)}`;
  return sectionsOf(review, review.status === 'pending' ? until : standing(review, style), style, width);
}

function sectionsOf(review: Review, state: string, style: Style, width: number): string {
  const sections = [
    heading(review, state, style),
    requester(review, style),
    command(review, style, width),
    parameters(review.parameters, style, width),
    data(review, style),
    preview(review, style, width),
    unknowns(review, style, width),
    risk(review, style),
    reasons(review, style, width),
    statement(review, style, width),
    questions(review.questions, style, width),
    demands(review, style, width),
    votes(review.votes, style),
    footing(review, style),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

export const statusPaint: Readonly<Record<Review['status'], keyof Style>> = {
  pending: 'yellow',
  approved: 'green',
  rejected: 'red',
  expired: 'dim',
  withdrawn: 'dim',
  superseded: 'dim',
};

function heading(review: Review, state: string, style: Style): string[] {
  const { target } = review;
  const where = `${shown(target.name, style)} (${shown(target.environment, style)})`;
  return [
    `${style.bold(shown(review.title, style))} on ${style.bold(where)}`,
    `${style[statusPaint[review.status]](review.status)}${state}`,
    style.dim(`review ${review.id}, opened ${review.openedAt}`),
    ...links(review),
    ...canary(review, style),
  ];
}

/** What the agent asked instead of what. */
function links({ supersedes, resolution }: Review): string[] {
  const successor = resolution?.supersededBy ?? null;
  return [
    ...(supersedes === null ? [] : [`asked instead of ${supersedes}`]),
    ...(successor === null ? [] : [`the agent changed its action: decide on ${successor} instead`]),
  ];
}

/** Said when it is over: it never was what it looked like. */
function canary({ canary: told }: Review, style: Style): string[] {
  if (told === null) return [];
  const why = told.flaw === '' ? '' : `: ${shown(told.flaw, style)}`;
  return [style.red(`This was a canary, and never runs. It should have been rejected${why}`)];
}

function standing(review: Review, style: Style): string {
  if (review.status === 'pending') {
    const leftMs = Date.parse(review.expiresAt) - Date.parse(review.readAt);
    return leftMs > 0 ? `, ${duration(leftMs)} left` : ', out of time';
  }
  const { resolution } = review;
  if (resolution === null) return '';
  const by = resolution.by === null ? '' : ` by ${shown(resolution.by, style)}`;
  const reason = resolution.reason === null ? '' : `: ${shown(resolution.reason, style)}`;
  return `${by} at ${resolution.at}${reason}`;
}

function requester(review: Review, style: Style): string[] {
  const { agent, agentGroups, sponsor, onBehalfOf, onBehalfOfBasis, session, client } = review.requester;
  const groups =
    agentGroups.length === 0 ? '' : ` (${agentGroups.map((name) => shown(name, style)).join(', ')})`;
  const basis =
    onBehalfOfBasis === 'configured'
      ? 'its sponsor, by configuration'
      : `as the agent says; entitled to by configuration; its sponsor is ${shown(sponsor, style)}`;
  return [
    row('agent', style.bold(shown(agent, style)) + groups, style),
    row('on behalf of', `${style.bold(shown(onBehalfOf, style))}, ${basis}`, style),
    row('session', `${shown(session, style)} from ${shown(client, style)}`, style),
    row(
      'target',
      [review.target.name, review.target.protocol, review.target.environment]
        .map((t) => shown(t, style))
        .join(' · '),
      style,
    ),
    row('operation', shown(review.operation, style), style),
  ];
}

function command(review: Review, style: Style, width: number): string[] {
  if (review.erasedAt !== null) {
    const what = `erased at ${review.erasedAt}, with all values and words: nothing brings it back`;
    return [title('Command', what, style)];
  }
  const bytes = new TextEncoder().encode(review.command).length;
  const lines = [
    title('Command', `exactly what will be sent, ${count(bytes, 'byte')}`, style),
    ...frame(review.command, width, style),
  ];
  const escapes = escapesIn(review.command);
  if (escapes > 0) {
    const what = `${count(escapes, 'character')} that can't be seen, or that look like others, are shown as ⟨U+…⟩`;
    lines.push(style.red(what));
  }
  return lines;
}

/** Names of PostgreSQL's common types by OID (its catalog pg_type). */
const typeNames: Readonly<Record<number, string>> = {
  16: 'boolean',
  17: 'bytea',
  20: 'bigint',
  21: 'smallint',
  23: 'integer',
  25: 'text',
  114: 'json',
  701: 'double precision',
  1043: 'varchar',
  1082: 'date',
  1114: 'timestamp',
  1184: 'timestamptz',
  1700: 'numeric',
  2950: 'uuid',
  3802: 'jsonb',
};

function parameters(list: readonly Parameter[], style: Style, width: number): string[] {
  if (list.length === 0) return [];
  const lines = list.flatMap((parameter, at) => {
    const head = `$${at + 1} ${typeOf(parameter, style)}`;
    if (parameter.value === null) return [`${head} ${style.bold('NULL')}`];
    return [head, ...frame(parameter.value, width, style)];
  });
  return [title('Parameters', 'bound values, as they will be sent', style), ...lines];
}

function typeOf({ type, format, value }: Parameter, style: Style): string {
  const name =
    typeof type === 'number'
      ? (typeNames[type] ?? (type === 0 ? 'type left open' : `type ${type}`))
      : shown(type, style);
  return style.dim(`${name}${format === 'binary' && value !== null ? ', binary, as base64url' : ''}`);
}

function data(review: Review, style: Style): string[] {
  const lines = review.datasets.flatMap((dataset) => datasetLines(dataset, style));
  const functions = review.functions.map(
    ({ name, effect }) => `${shown(name, style)} (${effect === 'none' ? 'no effect' : effect})`,
  );
  return [
    title('Data', 'established by the gateway', style),
    ...(lines.length === 0 ? [style.dim('  no dataset')] : lines),
    ...rows('functions', functions, style),
    row('row limit', review.rowLimit === null ? style.yellow('none') : count(review.rowLimit, 'row'), style),
  ];
}

function datasetLines(dataset: Dataset, style: Style): string[] {
  const basis: Readonly<Record<Dataset['basis'], string>> = {
    parsed: '',
    declared: style.dim(' (as the agent declares)'),
    unknown: style.red(' (not resolved: there may be more columns)'),
  };
  const head = `  ${style.bold(shown(dataset.dataset, style))} ${dataset.access.join(' and ')}${classes(dataset.classes, style)}${basis[dataset.basis]}`;
  const cells = table(
    dataset.columns.map((column) => [column.name, column.uses.join(', ')]),
    style,
  );
  const duties = [
    ...(dataset.owners.length === 0 ? [] : [`owned by ${dataset.owners.join(', ')}`]),
    ...(dataset.compliance.length === 0 ? [] : [`under ${dataset.compliance.join(', ')}`]),
  ].join('; ');
  return [
    head,
    ...(duties === '' ? [] : [`    ${shown(duties, style)}`]),
    ...dataset.columns.map((column, at) => `    ${cells[at] ?? ''}${classes(column.classes, style)}`),
  ];
}

const basisNotes: Readonly<Record<Finding['basis'], string>> = {
  counted: 'as the target has it',
  estimated: 'as the target estimates',
  unavailable: 'not known',
};

/** What the gateway found out about the effect; a name in it may come from anybody, so it is framed like a command. */
function preview({ preview: found }: Review, style: Style, width: number): string[] {
  if (found === null) return [];
  const lines = found.findings.flatMap((finding) => {
    const paint = finding.basis === 'unavailable' ? style.yellow : style.dim;
    const head = `  ${shown(finding.title, style)}${paint(`  ${basisNotes[finding.basis]}`)}`;
    return [head, ...frame(finding.text, width - 2, style).map((line) => `  ${line}`)];
  });
  return [
    title('Preview', `found out by the gateway at ${found.at}; nothing of it has run`, style),
    ...lines,
  ];
}

function unknowns(review: Review, style: Style, width: number): string[] {
  if (review.unknown.length === 0) return [];
  const lines = review.unknown.flatMap((point) => bullets(point, style, width, style.red));
  return [title('Unknown', 'what the gateway could not resolve', style), ...lines];
}

export function riskBar(score: number, style: Style, width = barWidth): string {
  const filled = Math.round((Math.min(100, Math.max(0, score)) / 100) * width);
  const paint = score >= 70 ? style.red : score >= 40 ? style.yellow : style.green;
  return `${paint('█'.repeat(filled))}${style.dim('░'.repeat(width - filled))} ${paint(`${score}/100`)}`;
}

function risk(review: Review, style: Style): string[] {
  const signals = review.risk.signals.map(
    ({ weight, explanation }) =>
      `${`${weight < 0 ? '' : '+'}${weight}`.padStart(6)}  ${shown(explanation, style)}`,
  );
  return [`${style.bold('Risk')}  ${riskBar(review.risk.score, style)}`, ...signals];
}

function reasons(review: Review, style: Style, width: number): string[] {
  const policies = review.policies.map((name) => shown(name, style)).join(', ');
  return [
    title('Why a person is asked', policies, style),
    ...review.reasons.flatMap((reason) => bullets(reason, style, width)),
    ...(review.holding.length === 0 ? [] : [title('What waits', '', style)]),
    ...review.holding.flatMap((held) => bullets(held, style, width)),
  ];
}

function statement(review: Review, style: Style, width: number): string[] {
  const { statedTask } = review.untrusted;
  if (statedTask === '') return [];
  return [title('The agent’s own words', 'nobody checked them', style), ...frame(statedTask, width, style)];
}

function footing(review: Review, style: Style): string[] {
  return [
    ...Object.entries(review.preconditions).map(([name, value]) =>
      row('must still hold', `${shown(name, style)} = ${shown(value, style)}`, style),
    ),
    row('digest', review.digest, style),
    row('link', shown(review.url, style), style),
  ];
}

/** One line of a list; a person opens the review before they decide. */
export function renderSummary(review: ReviewSummary, style: Style): string {
  const status = style[statusPaint[review.status]](pad(review.status, 9));
  const what = `${shown(review.title, style)} on ${shown(review.target.name, style)} (${shown(review.target.environment, style)})`;
  const who = `${shown(review.agent, style)} for ${shown(review.onBehalfOf, style)}`;
  const asked = review.openQuestions === 0 ? '' : `, ${count(review.openQuestions, 'open question')}`;
  const votesSoFar = `${review.approvals}/${review.quorum}${asked}`;
  const touched = review.datasets.map((name) => shown(name, style)).join(', ');
  return [
    `${review.id}  ${status}  ${riskBar(review.riskScore, style)}`,
    `    ${style.bold(what)}  ${who}  ${style.dim(`votes ${votesSoFar}, opened ${review.openedAt}`)}`,
    `    ${touched === '' ? style.dim('no dataset') : touched}${classes(review.classes, style)}`,
  ].join('\n');
}
