import type { Differing, DirectReason, ReconcileReport, Shown } from './reconcile/report.ts';
import type { Style } from './style.ts';
import { count, shown } from './text.ts';

const when = (timeMs: number): string => new Date(timeMs).toISOString();

const reasons: Readonly<Record<DirectReason, string>> = {
  no_session: 'its connection names no session of the gateway',
  unknown_session: 'its connection names a session that the ledger does not know',
  no_action: 'the ledger has no action for it',
  other_host: 'its connection has the name of the gateway’s own, from another host',
};

const textOf = ({ text, characters }: Shown, style: Style): string =>
  `${shown(text, style)}${characters > text.length ? ` … (${characters} characters)` : ''}`;

const placeOf = ({ file, line }: Shown, style: Style): string => `${shown(file, style)}, line ${line}`;

const whoOf = ({ user, database, host, atMs }: Shown, style: Style): string =>
  `${when(atMs)}, ${shown(user, style)}@${shown(database, style)} from ${shown(host === '' ? 'nowhere' : host, style)}`;

function differenceOf(each: Differing, style: Style): string {
  const action = `entry ${each.index}, ${shown(each.action, style)}`;
  return each.logged === null
    ? style.red(
        `  ✗ ${action}: succeeded by the ledger; the target logged ${shown(each.sqlState ?? '', style)}`,
      )
    : [
        style.red(
          `  ✗ ${action}: the target logged ${each.what === 'text' ? 'another text' : 'other values'}, ${placeOf(each.logged, style)}`,
        ),
        `    ${textOf(each.logged, style)}`,
      ].join('\n');
}

function findingsOf(report: ReconcileReport, style: Style): string[] {
  const { direct, missing, differing, gaps, omitted } = report;
  return [
    ...(direct.length === 0 ? [] : [style.bold('Reached the target without the gateway:')]),
    ...direct.flatMap((each) => [
      style.red(`  ✗ ${placeOf(each, style)}: ${reasons[each.reason]}`),
      `    ${whoOf(each, style)}`,
      `    ${textOf(each, style)}`,
    ]),
    ...(missing.length === 0 ? [] : [style.bold('Sent by the ledger, and not in the target’s log:')]),
    ...missing.map(({ index, action, atMs, status }) =>
      style.red(`  ✗ entry ${index}, ${shown(action, style)}, ${when(atMs)}: ${status ?? 'no outcome'}`),
    ),
    ...(differing.length === 0 ? [] : [style.bold('Different in ledger and log:')]),
    ...differing.map((each) => differenceOf(each, style)),
    ...(gaps.length === 0 ? [] : [style.bold('Records that the log lacks:')]),
    ...gaps.map(({ session, from, until, file, line }) =>
      style.red(
        `  ✗ ${from} to ${until - 1} of session ${session}, before ${shown(file, style)}, line ${line}`,
      ),
    ),
    ...(omitted === 0 ? [] : [`  and ${count(omitted, 'more finding')}`]),
  ];
}

export function renderReconcile(
  report: ReconcileReport & { readonly unfinished: readonly { file: string; line: number }[] },
  style: Style,
): string {
  const { records, statements, from, until, matched, matchedByCount, notSent, undecided, own } = report;
  const { valuesCompared, valuesUnclear } = report;
  const verdict = report.ok
    ? style.green('Ledger and log agree.')
    : style.red('Ledger and log do NOT agree.');
  return [
    style.bold(verdict),
    from === null || until === null
      ? '  the log has no record'
      : `  ${count(records, 'record')} from ${when(from)} to ${when(until)}: ${count(statements, 'statement')}`,
    `  ${count(matched, 'action')} found in the log`,
    ...(matchedByCount === 0 ? [] : [`  ${matchedByCount} more by count alone: their text is erased`]),
    ...(valuesCompared === 0
      ? []
      : [`  bound values of ${count(valuesCompared, 'action')} are those of the log`]),
    ...(valuesUnclear === 0
      ? []
      : [
          style.yellow(
            `  bound values of ${count(valuesUnclear, 'action')} were not compared: the log lacks them (log_parameter_max_length), or spells them in its own way`,
          ),
        ]),
    ...(notSent === 0 ? [] : [`  ${count(notSent, 'action')} authorized and never sent`]),
    ...(undecided === 0
      ? []
      : [
          style.dim(
            `  ${undecided} not decided: outside of the log’s time, or nobody knows what came of them`,
          ),
        ]),
    style.dim(
      `  by name and host the gateway’s own, which its ledger does not prove: ${own.catalog} on the catalog, ${own.preview} previews`,
    ),
    ...report.unfinished.map(({ file, line }) =>
      style.yellow(`  ${shown(file, style)}, line ${line}: the last record is not whole, and was left out`),
    ),
    ...findingsOf(report, style),
  ].join('\n');
}
