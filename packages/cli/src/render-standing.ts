import type { Replay, StandingGrant, StandingSummary } from '@sallyport/sdk/contract';
import type { Style } from './style.ts';
import { count, frame, pad, shown, shownLines, table } from './text.ts';
import { duration } from './time.ts';

const labelWidth = 13;
const row = (label: string, value: string, style: Style): string => style.dim(pad(label, labelWidth)) + value;

/** One line of a list; a person opens it before they decide. */
export function renderStandingSummary(grant: StandingSummary, style: Style): string {
  const what = `${shown(grant.operation, style)} on ${shown(grant.target.name, style)} (${shown(grant.target.environment, style)})`;
  const who = `${shown(grant.agent, style)} for ${shown(grant.onBehalfOf, style)}`;
  const used = `${grant.uses}/${grant.maxUses} uses, ${grant.rows}/${grant.maxRows} rows`;
  return [
    `${grant.id}  ${style.bold(grant.status)}  until ${grant.validUntil}`,
    `    ${what}  ${who}  ${style.dim(used)}`,
    `    ${grant.datasets.map((name) => shown(name, style)).join(', ')}`,
  ].join('\n');
}

/** A whole grant, for the person who decides on it. */
export function renderStanding(grant: StandingGrant, style: Style, width: number): string {
  return [heading(grant, style), command(grant, style, width), fields(grant, style), data(grant, style)]
    .concat([bounds(grant, style), people(grant, style, width), uses(grant, style), footing(grant, style)])
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function heading(grant: StandingGrant, style: Style): string[] {
  const where = `${shown(grant.target.name, style)} (${shown(grant.target.environment, style)})`;
  const { end } = grant;
  const ended = end === null ? '' : ` by ${shown(end.by, style)} at ${end.at}: ${shown(end.reason, style)}`;
  return [
    `${style.bold(`Leave for ${shown(grant.operation, style)}`)} on ${style.bold(where)}`,
    `${style.bold(grant.status)}${ended}`,
    style.dim(`standing grant ${grant.id}, made of review ${grant.review}`),
    row('agent', style.bold(shown(grant.agent, style)), style),
    row('on behalf of', shown(grant.onBehalfOf, style), style),
    row('proposed by', `${shown(grant.proposedBy, style)}: ${shown(grant.reason, style)}`, style),
  ];
}

function command(grant: StandingGrant, style: Style, width: number): string[] {
  const note = style.dim('  this text, byte for byte, but for its fields');
  return [style.bold('Command') + note, ...frame(grant.command, width, style)];
}

function fields(grant: StandingGrant, style: Style): string[] {
  if (grant.fields.length === 0) return [`${style.bold('Fields')}  none: nothing may differ`];
  const cells = grant.fields.map((field) => [field.name, field.type, field.context, constraintOf(field)]);
  return [style.bold('Fields'), ...table(cells, style).map((line) => `  ${line}`)];
}

const textOf = (value: string | null): string => (value === null ? 'NULL' : JSON.stringify(value));

function constraintOf({ constraint }: StandingGrant['fields'][number]): string {
  switch (constraint.kind) {
    case 'equals':
      return `is ${textOf(constraint.value)}`;
    case 'oneOf':
      return `is one of ${constraint.values.map(textOf).join(', ')}`;
    case 'range':
      return `is a ${constraint.order} from ${constraint.min} to ${constraint.max}`;
  }
}

function data(grant: StandingGrant, style: Style): string[] {
  const lines = grant.datasets.flatMap(({ dataset, access, classes, columns }) => {
    const marks = classes.map((name) => ` [${shown(name, style)}]`).join('');
    const cells = columns.map((column) => [column.name, column.uses.join(', '), column.classes.join(', ')]);
    const head = `  ${style.bold(shown(dataset, style))} ${access.join(' and ')}${style.yellow(marks)}`;
    return [head, ...table(cells, style).map((line) => `    ${line}`)];
  });
  return [style.bold('Data') + style.dim('  these columns in these ways, and nothing besides'), ...lines];
}

function bounds(grant: StandingGrant, style: Style): string[] {
  const rows = `at most ${count(grant.maxRowsPerUse, 'row')} a use, ${count(grant.maxRows, 'row')} in all`;
  const lastsMs = Date.parse(grant.validUntil) - Date.parse(grant.validFrom);
  return [
    style.bold('Bounds'),
    row('uses', `at most ${grant.maxUses}`, style),
    row('rows', rows, style),
    row('time', `${grant.validFrom} to ${grant.validUntil} (${duration(lastsMs)})`, style),
  ];
}

function people(grant: StandingGrant, style: Style, width: number): string[] {
  const demands = grant.demands.flatMap(({ approvers, quorum, reason, policy }) => {
    const who = approvers.map(({ kind, name }) => `${kind} ${shown(name, style)}`).join(', ');
    const why = shownLines(`${reason} (${policy})`, width - 4, style).map((line) => style.dim(`    ${line}`));
    return [`  ${quorum === 1 ? 'one person' : `${quorum} different people`} of: ${who}`, ...why];
  });
  const votes = grant.votes.map(
    ({ person, kind, at, channel }) =>
      `  ${shown(person, style)} voted to ${kind} at ${at} (${shown(channel, style)})`,
  );
  return [style.bold('Who may approve'), ...demands, ...votes];
}

function uses(grant: StandingGrant, style: Style): string[] {
  if (grant.used.length === 0) return [];
  const cells = grant.used.map((use) => [
    use.at,
    use.action,
    `${use.settled ? '' : 'at most '}${count(use.rows, 'row')}`,
  ]);
  return [style.bold('Uses'), ...table(cells, style).map((line) => `  ${line}`)];
}

function footing(grant: StandingGrant, style: Style): string[] {
  const conditions = Object.entries(grant.preconditions).map(([name, value]) =>
    row('must hold', `${shown(name, style)} = ${shown(value, style)}`, style),
  );
  return [...conditions, row('digest', grant.digest, style)];
}

export function renderReplay(replay: Replay, style: Style): string {
  const { covered, nearMisses, coveredCount, examined, since, complete } = replay;
  const line = ({ at, action, operation }: Replay['covered'][number]): string =>
    `  ${at}  ${action}  ${shown(operation, style)}`;
  const missed = nearMisses.map((each) => `${line(each)}  ${shown(each.uncovered?.message ?? '', style)}`);
  const whole = complete ? '' : style.yellow(' (the record is longer than what was looked at)');
  return [
    `${style.bold(`It would have covered ${count(coveredCount, 'action')}`)} since ${since}, out of ${count(examined, 'entry', 'entries')}${whole}`,
    ...covered.map(line),
    ...(missed.length === 0 ? [] : [style.bold('Nearly'), ...missed]),
  ].join('\n');
}
