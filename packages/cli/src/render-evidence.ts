import type { FolderReport, WitnessFinding } from '@sallyport/verifier';
import type { Style } from './style.ts';
import { count, shown } from './text.ts';

const when = (timeMs: number): string => new Date(timeMs).toISOString();

function verdictOf({ ok, consistent }: FolderReport, style: Style): string {
  if (ok) return style.green('The evidence is proved.');
  if (consistent)
    return style.yellow(
      'The evidence is consistent, but nothing says whose it is: give the ledger’s key with --key.',
    );
  return style.red('The evidence is NOT what it claims to be.');
}

function contentOf({ from, until, size, query, fitting, kinds }: FolderReport): string[] {
  const told = Object.entries(kinds).map(([kind, number]) => `${number} ${kind}`);
  const held =
    from === 0 && until === size
      ? `all ${count(size, 'entry', 'entries')} under the checkpoint`
      : `entries ${from} to ${until - 1} of ${size}`;
  const { since, until: before } = query ?? { since: null, until: null };
  const asked = [
    ...(since === null ? [] : [`since ${when(since)}`]),
    ...(before === null ? [] : [`until ${when(before)}`]),
  ];
  return [
    `  ${until === from ? 'no entries' : held}${told.length === 0 ? '' : `: ${told.join(', ')}`}`,
    ...(asked.length === 0 ? [] : [`  ${asked.join(', ')}: ${count(fitting, 'entry', 'entries')} fit`]),
  ];
}

/** Nobody said that the gateway lives: nothing wrong by itself, and what somebody who asks for all wants to know. */
export function silencesOf(silences: FolderReport['silences'], style: Style): string[] {
  return silences.map(({ index, from, until }) =>
    style.yellow(`  no heartbeat from ${when(from)} to ${when(until)}, before entry ${index}`),
  );
}

/** Who has seen the log as it is. */
export function witnessesOf(cosigned: FolderReport['cosigned'], style: Style): string[] {
  return cosigned.map(
    ({ witness, timestampSeconds }) =>
      `  seen by ${shown(witness, style)} at ${when(timestampSeconds * 1_000)}`,
  );
}

/** @param notCovered entries behind the checkpoint. */
export function renderFolder(report: FolderReport, style: Style, notCovered = 0): string {
  const {
    findings,
    findingsOmitted,
    undecided,
    undecidedOmitted,
    cosigned,
    openIntents,
    unreviewedBreakGlass,
  } = report;
  const open = undecided.length + undecidedOmitted;
  return [
    style.bold(verdictOf(report, style)),
    `  ${shown(report.origin ?? 'an unknown ledger', style)}, root ${report.root ?? 'not reached'}`,
    ...(report.key === null ? [] : [`  key ${shown(report.key, style)}`]),
    ...contentOf(report),
    ...witnessesOf(cosigned, style),
    ...(notCovered === 0
      ? []
      : [style.dim(`  ${count(notCovered, 'entry', 'entries')} behind it, which nothing proves yet`)]),
    ...(openIntents === 0 ? [] : [`  ${count(openIntents, 'action')} without an outcome yet`]),
    ...(unreviewedBreakGlass === 0
      ? []
      : [style.yellow(`  ${count(unreviewedBreakGlass, 'use')} of break-glass without a review`)]),
    ...silencesOf(report.silences, style),
    ...findings.map(({ code, index, detail }) => {
      const place = index === null ? '' : ` at entry ${index}`;
      return style.red(`  ✗ ${code}${place}${detail === '' ? '' : `: ${shown(detail, style)}`}`);
    }),
    ...(findingsOmitted === 0 ? [] : [`  and ${count(findingsOmitted, 'more finding')}`]),
    ...(open === 0
      ? []
      : [style.dim(`  ${count(open, 'rule')} not decided: they rest on entries before this folder’s first`)]),
    ...report.unproved.map(({ detail }) => style.dim(`  not proved: ${detail}`)),
  ].join('\n');
}

export function renderWitnesses(findings: readonly WitnessFinding[], style: Style): string[] {
  return findings.map(({ index, code }) =>
    style.red(`  ✗ witnesses     ${index === null ? '' : `Entry ${index}: `}${code}`),
  );
}
