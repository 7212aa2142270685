import type {
  Approvers,
  Delegation,
  ForeseenApprovers,
  PolicyChange,
  PolicyChangeSummary,
  PolicySet,
} from '@sallyport/sdk/contract';
import type { Style } from './style.ts';
import { count, frame, shown, table } from './text.ts';

type Entitlement = Approvers['demands'][number]['people'][number];

export function renderApprovers({ demands }: Approvers, style: Style): string {
  return demands
    .map(({ policy, quorum, approvals, met, people }) =>
      [
        `${style.bold(shown(policy, style))}  ${approvals} of ${quorum}${met ? ', met' : ''}`,
        ...people.map((each) => entitlementLine(each, style)),
      ].join('\n'),
    )
    .join('\n\n');
}

const EFFECTS = {
  allow: 'allowed, nobody is asked',
  deny: 'denied, nobody can approve it',
  review: 'held for a review',
} as const;

export function renderForeseen(
  { agent, target, operation, effect, reasons, demands }: ForeseenApprovers,
  style: Style,
): string {
  const what = `${shown(operation, style)} by ${shown(agent, style)} on ${shown(target, style)}`;
  return [
    `${what}: ${style.bold(EFFECTS[effect])}`,
    ...reasons.map((reason) => `  ${shown(reason, style)}`),
    ...demands.flatMap(({ policy, quorum, enough, people }) => [
      `${style.bold(shown(policy, style))}  asks for ${quorum}${enough ? '' : style.red(': too few people can')}`,
      ...people.map((each) => entitlementLine(each, style)),
    ]),
  ].join('\n');
}

function entitlementLine({ person, may, why }: Entitlement, style: Style): string {
  const line = `${shown(person, style)} ${shown(why, style)}`;
  return may ? `  ${style.green('can')}  ${line}` : `  ${style.dim(`no   ${line}`)}`;
}

export function renderDelegations(delegations: readonly Delegation[], style: Style): string {
  if (delegations.length === 0) return 'nobody has handed anything over';
  const rows = delegations.map(({ id, status, from, to, since, until }) => [
    id,
    status,
    from,
    to,
    since,
    until,
  ]);
  return table([['DELEGATION', 'STATUS', 'FROM', 'TO', 'SINCE', 'UNTIL'], ...rows], style).join('\n');
}

export const renderDelegation = ({ id, status, from, to, since, until }: Delegation, style: Style): string =>
  `${id}  ${style.bold(status)}: ${shown(to, style)} decides with the right of ${shown(from, style)}, from ${since} until ${until}`;

/** What is in force, and in red what only seems to be. */
export function renderPolicies({ version, builtIn, files, observed }: PolicySet, style: Style): string {
  return [
    `${style.bold('Policies in force')}  ${version}`,
    builtIn ? 'those that come with Sallyport' : count(files.length, 'file'),
    ...files.map(({ name }) => `  ${shown(name, style)}`),
    ...observed.flatMap(({ target, directory, problems }) => [
      style.red(
        `OBSERVED ONLY, NOT ENFORCED on ${shown(target, style)}: the draft in ${shown(directory, style)}`,
      ),
      ...(problems.length === 0
        ? []
        : [style.red('  its files are not valid now, the draft before is observed:')]),
      ...problems.map((problem) => `  ${shown(problem, style)}`),
    ]),
  ].join('\n');
}

export function renderChanges(changes: readonly PolicyChangeSummary[], style: Style): string {
  if (changes.length === 0) return 'nobody has proposed any';
  const rows = changes.map(({ id, status, author, proposedAt, reason }) => [
    id,
    status,
    author,
    proposedAt,
    reason,
  ]);
  return table([['CHANGE', 'STATUS', 'BY', 'PROPOSED', 'REASON'], ...rows], style).join('\n');
}

/** A whole change, for the person who decides on it. */
export function renderChange(change: PolicyChange, style: Style, width: number): string {
  const { id, status, author, reason, base, version, decidedBy, rejection } = change;
  const ended = decidedBy === null ? '' : ` by ${shown(decidedBy, style)}`;
  return [
    `${style.bold('Change of policy')} ${id}  ${style.bold(status)}${ended}`,
    `proposed by ${style.bold(shown(author, style))}: ${shown(reason, style)}`,
    style.dim(`${base} → ${version}`),
    ...(rejection === null ? [] : [`rejected: ${shown(rejection, style)}`]),
    ...rules(change, style),
    ...files(change, style, width),
    ...replay(change, style),
    style.dim(`\ndigest ${change.digest}`),
  ].join('\n');
}

const signs = { added: '+', removed: '-', changed: '~' } as const;

function rules(change: PolicyChange, style: Style): string[] {
  const lines = change.rules.map((rule) => {
    const parts = rule.parts.length === 0 ? '' : `  ${rule.parts.map(({ part }) => part).join(', ')}`;
    return `  ${signs[rule.change]} ${shown(rule.id, style)}${shown(parts, style)}`;
  });
  return [`\n${style.bold('Rules')}`, ...(lines.length === 0 ? ['  none differs in meaning'] : lines)];
}

/** Every line that differs: what is equal at both ends of a file is left out, and nothing else. */
function files(change: PolicyChange, style: Style, width: number): string[] {
  return change.files.flatMap(({ name, before, after }) => {
    const [old, next] = [linesOf(before), linesOf(after)];
    const head = equalLines(old, next);
    const tail = equalLines(old.slice(head).reverse(), next.slice(head).reverse());
    const text = [
      ...old.slice(head, old.length - tail).map((line) => `- ${line}`),
      ...next.slice(head, next.length - tail).map((line) => `+ ${line}`),
    ].join('\n');
    const what = before === null ? 'is added' : after === null ? 'is removed' : `from line ${head + 1}`;
    return [`\n${style.bold(shown(name, style))}  ${what}`, ...frame(text, width, style)];
  });
}

const linesOf = (text: string | null): readonly string[] => (text === null ? [] : text.split('\n'));

function equalLines(left: readonly string[], right: readonly string[]): number {
  const most = Math.min(left.length, right.length);
  let equal = 0;
  while (equal < most && left[equal] === right[equal]) equal += 1;
  return equal;
}

function replay({ replay: found }: PolicyChange, style: Style): string[] {
  const { since, complete, decided, unchanged, undecided, changed, changedCount, reviews } = found;
  const bounded = complete ? '' : ' (not all: there are more entries than are looked at)';
  return [
    `\n${style.bold('Replay')} of what was recorded since ${since}${bounded}`,
    `  ${count(decided, 'action')}, ${unchanged} as before, ${changedCount} decided otherwise, ${undecided} that can’t be decided again`,
    ...changed.map(
      ({ at, action, agent, target, operation, from, to, after }) =>
        `  ${at}  ${shown(action, style)}  ${shown(agent, style)} on ${shown(target, style)}  ${shown(operation, style)}  ${from} → ${style.bold(to)} (${shown(after.join(', ') || 'no rule', style)})`,
    ),
    ...reviews.map(({ whom, more }) => `  ${shown(whom, style)}: ${more > 0 ? '+' : ''}${more} reviews`),
  ];
}
