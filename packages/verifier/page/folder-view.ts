import type { FolderReport } from '../src/index.ts';
import { checks, element, facts, verdict } from './dom.ts';
import type { Line } from './dom.ts';

const when = (timeMs: number): string => new Date(timeMs).toISOString();

function headOf({ ok, consistent, findings, findingsOmitted, size }: FolderReport): HTMLElement {
  if (ok) return verdict('proved', 'Proved', 'Every entry is the one that the ledger signed, in its order.');
  if (consistent) {
    const detail =
      'Nothing is wrong in itself, but nobody’s key vouches for it: enter the ledger’s key above.';
    return verdict('open', 'Consistent, not proved', detail);
  }
  const number = findings.length + findingsOmitted;
  return verdict(
    'wrong',
    'Not what it claims to be',
    `${number === 1 ? 'One thing is' : `${number} things are`} wrong in a ledger of ${size} entries.`,
  );
}

const linesOf = (report: FolderReport): Line[] => [
  ...report.findings.map(({ code, index, detail }): Line => {
    const place = index === null ? '' : `Entry ${index}. `;
    return { mood: 'wrong', name: code, detail: `${place}${detail}` };
  }),
  ...(report.undecided.length === 0
    ? []
    : [
        {
          mood: 'open',
          name: 'undecided',
          detail: `${report.undecided.length + report.undecidedOmitted} rules rest on entries before the first one here.`,
        } as const,
      ]),
  ...report.silences.map(({ index, from, until }): Line => ({
    mood: 'open',
    name: 'no heartbeat',
    detail: `${when(from)} to ${when(until)}, before entry ${index}: the gateway was down, or held.`,
  })),
  ...report.unproved.map(({ code, detail }): Line => ({ mood: 'open', name: `not: ${code}`, detail })),
];

function queryOf({ query, fitting }: FolderReport): (readonly [string, string])[] {
  if (query === null || (query.since === null && query.until === null)) return [];
  const since = query.since === null ? 'the beginning' : when(query.since);
  const until = query.until === null ? 'the export' : when(query.until);
  return [['Asked for', `${since} to ${until}: ${fitting} entries`]];
}

export function folderView(report: FolderReport): HTMLElement[] {
  const { from, until, size, origin, key, root, kinds, cosigned } = report;
  const held = until === from ? 'none' : `${from} to ${until - 1}, of ${size}`;
  const told = Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`);
  return [
    headOf(report),
    facts([
      ['Ledger', origin ?? 'unknown'],
      ['Key', key ?? 'none'],
      ['Entries', held],
      ...(told.length === 0 ? [] : [['Of them', told.join(', ')] as const]),
      ...queryOf(report),
      ['Root', root ?? 'not reached'],
      ...cosigned.map(
        ({ witness, timestampSeconds }) =>
          ['Seen by', `${witness}, ${when(timestampSeconds * 1_000)}`] as const,
      ),
    ]),
    checks(linesOf(report)),
    element('p', 'soft', 'What is marked “not” can’t be proved by files alone, whatever they hold.'),
  ];
}
