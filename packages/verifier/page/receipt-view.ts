import type { ReceiptReport, ReceiptSummary, WitnessFinding } from '../src/index.ts';
import { checks, element, facts, verdict, visible } from './dom.ts';
import type { Line } from './dom.ts';

const when = (timeMs: number): string => new Date(timeMs).toISOString();

function headOf(report: ReceiptReport, witnesses: readonly WitnessFinding[]): HTMLElement {
  const { ok, consistent } = report;
  if (ok && witnesses.length === 0)
    return verdict(
      'proved',
      'Proved',
      'What this receipt says was recorded so, by the ledger whose key you gave.',
    );
  if (consistent && witnesses.length === 0) {
    const detail =
      'Nothing is wrong in itself, but nobody’s key vouches for it: enter the ledger’s key above.';
    return verdict('open', 'Consistent, not proved', detail);
  }
  const isHeld = ok || consistent;
  const detail = isHeld ? 'Its checkpoints lack witnesses that you ask for.' : 'Believe nothing of it.';
  return verdict('wrong', isHeld ? 'Not witnessed' : 'Not valid', detail);
}

function storyOf(summary: ReceiptSummary): HTMLElement {
  const { requester, target, decision, outcome, authorizedAt } = summary;
  const result =
    outcome === null
      ? 'none recorded'
      : `${outcome.status}, ${outcome.rows} rows, ${outcome.bytes} bytes${outcome.code === '' ? '' : `, ${outcome.code}`}`;
  return facts([
    ['Agent', `${requester.agent}, for ${requester.onBehalfOf}`],
    ['Target', `${target.name} (${target.environment}), ${summary.operation}`],
    ['Asked', when(summary.attemptedAt)],
    ['Decision', `${decision.effect}: ${decision.policies.join(', ')}`],
    ...summary.votes.map(
      ({ kind, person, at, channel, signed }) =>
        [
          'Vote',
          `${kind} by ${person}, ${when(at)}, ${channel}${signed ? ', signed with a passkey' : ''}`,
        ] as const,
    ),
    ['Performed', authorizedAt === null ? 'no' : when(authorizedAt)],
    ['Outcome', result],
    ['Digest', summary.digest ?? 'withheld'],
  ]);
}

export function receiptView(report: ReceiptReport, witnesses: readonly WitnessFinding[]): HTMLElement[] {
  const { consistent, summary } = report;
  const isTold = consistent && summary !== null;
  const lines = [
    ...report.checks.map(({ name, ok, detail }): Line => {
      const isOpen = name === 'authenticity' && consistent;
      return { mood: ok ? 'proved' : isOpen ? 'open' : 'wrong', name, detail };
    }),
    ...witnesses.map(({ index, code }): Line => ({
      mood: 'wrong',
      name: 'witnesses',
      detail: `Entry ${index ?? '?'}: ${code}`,
    })),
  ];
  return [
    headOf(report, witnesses),
    ...(isTold ? [storyOf(summary)] : []),
    ...(isTold && summary.command !== null ? [element('pre', '', visible(summary.command))] : []),
    checks(lines),
  ];
}
