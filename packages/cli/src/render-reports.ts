import type { UsageReport } from '@sallyport/sdk/contract';
import type { FolderReport, LogReport, ReceiptReport } from '@sallyport/verifier';
import { silencesOf, witnessesOf } from './render-evidence.ts';
import type { Style } from './style.ts';
import { count, frame, shown, table } from './text.ts';

export function renderUsage(report: UsageReport, style: Style): string {
  const who = report.agent === null ? 'all agents' : shown(report.agent, style);
  const { actions, rows, bytes } = report.totals;
  const head = `${style.bold(`Data used by ${who}`)}, ${report.since} to ${report.until}`;
  const totals = `${count(actions, 'action')}, ${count(rows, 'row')}, ${count(bytes, 'byte')}`;
  if (report.lines.length === 0) return `${head}\nnothing`;
  const datasets = table(
    [
      ['DATASET', 'TARGET', 'CLASSES', 'OWNER', 'COMPLIANCE', 'ACTIONS', 'ROWS', 'COLUMNS'],
      ...report.datasets.map((sum) => [
        sum.dataset,
        sum.target,
        sum.classes.join(' ') || '-',
        sum.owners.join(' ') || '-',
        sum.compliance.join(' ') || '-',
        String(sum.actions),
        String(sum.rows),
        sum.columns.join(' ') || '-',
      ]),
    ],
    style,
  );
  const lines = table(
    [
      ['AGENT', 'FOR', 'OPERATION', 'DATASETS', 'APPROVED', 'RESULT', 'ACTIONS', 'ROWS'],
      ...report.lines.map((line) => [
        line.agent,
        line.onBehalfOf,
        line.operation,
        line.datasets.map((dataset) => dataset.dataset).join(' ') || '-',
        approvedBy(line),
        line.status,
        String(line.actions),
        String(line.rows),
      ]),
    ],
    style,
  );
  return [head, totals, '', ...datasets, '', ...lines].join('\n');
}

/** What nobody approved is marked as that. */
const approvedBy = ({ breakGlass, reviewed }: UsageReport['lines'][number]): string =>
  breakGlass ? 'BY NOBODY: BREAK-GLASS' : reviewed ? 'by a person' : 'by policy';

/** What a check of a ledger says, and by which key. */
export interface LedgerVerdict {
  readonly origin: string;
  readonly key: string;
  /** Whether the key came from the person, and not from whom it vouches for. */
  readonly keyGiven: boolean;
  /** Witnesses that have seen the log up to this checkpoint. */
  readonly cosigned: FolderReport['cosigned'];
  readonly report: Pick<
    LogReport,
    | 'ok'
    | 'silences'
    | 'unreviewedBreakGlass'
    | 'covered'
    | 'notCovered'
    | 'root'
    | 'openIntents'
    | 'findingsOmitted'
    | 'unproved'
  > & {
    readonly findings: readonly {
      readonly code: string;
      readonly index: number | null;
      readonly detail: string;
    }[];
  };
}

export function renderLedgerVerdict(
  { origin, key, keyGiven, cosigned, report }: LedgerVerdict,
  style: Style,
): string {
  const verdict = report.ok
    ? style.green('The ledger is whole.')
    : style.red('The ledger is NOT what it claims to be.');
  const omitted =
    report.findingsOmitted === 0 ? [] : [`  and ${count(report.findingsOmitted, 'more finding')}`];
  return [
    style.bold(verdict),
    `  ${shown(origin, style)}: ${count(report.covered, 'entry', 'entries')} under a signed checkpoint`,
    `  root ${report.root ?? 'not reached'}`,
    `  key  ${shown(key, style)}`,
    ...(keyGiven
      ? []
      : [
          style.yellow(
            '       from the ledger itself: compare it with the one that you were given, or use --key',
          ),
        ]),
    ...witnessesOf(cosigned, style),
    ...(report.notCovered === 0 ? [] : [`  ${count(report.notCovered, 'entry', 'entries')} not yet covered`]),
    ...(report.openIntents === 0 ? [] : [`  ${count(report.openIntents, 'action')} without an outcome yet`]),
    ...(report.unreviewedBreakGlass === 0
      ? []
      : [style.yellow(`  ${count(report.unreviewedBreakGlass, 'use')} of break-glass without a review`)]),
    ...silencesOf(report.silences, style),
    ...report.findings.map(({ code, index, detail }) => {
      const where = index === null ? '' : ` at entry ${index}`;
      return style.red(`  ✗ ${code}${where}${detail === '' ? '' : `: ${shown(detail, style)}`}`);
    }),
    ...omitted,
    ...report.unproved.map(({ detail }) => style.dim(`  not proved: ${detail}`)),
  ].join('\n');
}

export function renderReceipt(report: ReceiptReport, style: Style, width: number): string {
  const verdict = report.ok
    ? style.green('The receipt is proved.')
    : report.consistent
      ? style.yellow(
          'The receipt is consistent, but nothing says whose it is: give the ledger’s key with --key.',
        )
      : style.red('The receipt is NOT valid.');
  const checks = report.checks.map(
    ({ name, ok, detail }) =>
      `  ${ok ? style.green('✓') : style.red('✗')} ${name.padEnd(13)} ${shown(detail, style)}`,
  );
  return [style.bold(verdict), ...checks, ...receiptStory(report, style, width)].join('\n');
}

function glassStory(use: NonNullable<ReceiptReport['summary']>['breakGlass'], style: Style): string[] {
  if (use === null) return [];
  const at = (timeMs: number) => new Date(timeMs).toISOString();
  const reviewed =
    use.review === null
      ? 'not reviewed'
      : `${use.review.finding.replace('_', ' ')}, says ${shown(use.review.person, style)} at ${at(use.review.at)}`;
  return [
    style.red(`BREAK-GLASS by ${shown(use.person, style)} at ${at(use.at)}, approved by nobody (${use.id})`),
    `reviewed afterwards: ${reviewed}`,
  ];
}

/** What the receipt says, once every check but authenticity has passed; before that it means nothing. */
function receiptStory({ consistent, summary }: ReceiptReport, style: Style, width: number): string[] {
  if (!consistent || summary === null) return [];
  const { requester, target, outcome } = summary;
  const at = (timeMs: number) => new Date(timeMs).toISOString();
  const result =
    outcome === null
      ? 'no outcome recorded'
      : `${outcome.status}, ${count(outcome.rows, 'row')}, ${count(outcome.bytes, 'byte')}`;
  return [
    '',
    `${shown(requester.agent, style)} for ${shown(requester.onBehalfOf, style)}, on ${shown(target.name, style)} (${shown(target.environment, style)}), ${shown(summary.operation, style)}`,
    `asked ${at(summary.attemptedAt)}, decision: ${summary.decision.effect} (${summary.decision.policies.map((name) => shown(name, style)).join(', ')})`,
    ...glassStory(summary.breakGlass, style),
    ...(summary.canary === null
      ? []
      : ['a canary of the gateway’s own: it should have been rejected, and never runs']),
    ...summary.votes.map(
      (vote) =>
        `${vote.kind === 'approve' ? 'approved' : 'rejected'} by ${shown(vote.person, style)} at ${at(vote.at)} (${shown(vote.channel, style)})`,
    ),
    summary.authorizedAt === null ? 'not performed' : `performed ${at(summary.authorizedAt)}: ${result}`,
    ...(summary.command === null ? ['the command is withheld'] : frame(summary.command, width, style)),
  ];
}
