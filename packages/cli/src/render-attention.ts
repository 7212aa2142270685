import type { AttentionReport, ReviewGroup } from '@sallyport/sdk/contract';
import type { Style } from './style.ts';
import { count, shown, table } from './text.ts';
import { duration } from './time.ts';

const percent = (share: number | null): string => (share === null ? '-' : `${Math.round(share * 100)} %`);
const time = (ms: number | null): string => (ms === null ? '-' : duration(ms));

export function renderAttention(report: AttentionReport, style: Style): string {
  const { since, until, wordsPerMinute, minimumReadingMs, approvalsPerHour } = report;
  const head = [
    `${style.bold('Reviewers')}, ${since} to ${until}`,
    `${count(report.pending, 'review')} pending${report.queuesComplete ? '' : ' and more'}, ${count(report.standingGrantsProposed, 'proposed standing grant')}`,
    style.dim(
      `reading: ${wordsPerMinute} words a minute at most, ${time(minimumReadingMs)} at least; approvals of one person in an hour: ${approvalsPerHour ?? 'no bound'}`,
    ),
    ...(report.complete ? [] : [style.yellow('There were more votes: these figures are of the newest.')]),
  ];
  return [...head, '', ...reviewersOf(report, style), ...agentsOf(report, style)].join('\n');
}

function reviewersOf({ reviewers }: AttentionReport, style: Style): string[] {
  if (reviewers.length === 0) return ['Nobody has decided, and nothing waits for anybody.'];
  const rows = reviewers.map((each) => [
    each.person,
    String(each.queue),
    String(each.decided),
    percent(each.shareApproved),
    time(each.medianDecideMs),
    time(each.medianReadMs),
    String(each.fasterThanReading),
    each.canaries === 0 ? '-' : `${each.canariesApproved} of ${each.canaries}`,
  ]);
  const titles = [
    'PERSON',
    'QUEUE',
    'DECIDED',
    'APPROVED',
    'TO DECIDE',
    'TO READ',
    'FASTER THAN READING',
    'CANARIES APPROVED',
  ];
  return table([titles, ...rows], style);
}

function agentsOf({ agents }: AttentionReport, style: Style): string[] {
  if (agents.length === 0) return [];
  const rows = agents.map(({ agent, pending, refused }) => [agent, String(pending), String(refused)]);
  return ['', ...table([['AGENT', 'PENDING', 'TOLD TO BACK OFF'], ...rows], style)];
}

/** What looks alike, with the two ways to decide on more than one at a time. */
export function renderGroup({ count: many, newest, shape, ...group }: ReviewGroup, style: Style): string {
  const what = `${shown(newest.title, style)} on ${shown(newest.target.name, style)} (${shown(newest.target.environment, style)})`;
  const who = `${shown(newest.agent, style)} for ${shown(newest.onBehalfOf, style)}`;
  const touched = newest.datasets.map((name) => shown(name, style)).join(', ');
  return [
    `${style.bold(`${many} ×`)} ${what}  ${who}`,
    `    ${touched === '' ? 'no dataset' : touched}  ${style.dim(`opened ${group.oldestOpenedAt} to ${group.newestOpenedAt}`)}`,
    `    each of them: sallyport reviews --shape ${shape}`,
    ...(many > 1 ? waysOf(newest, style) : []),
  ].join('\n');
}

function waysOf({ id, session, target }: ReviewGroup['newest'], style: Style): string[] {
  const bundle = `    those of one session together: sallyport approve --bundle ${shown(session, style)}`;
  // A standing grant covers nothing of which the gateway sees no effect.
  if (target.protocol === 'api') return [bundle];
  return [bundle, `    leave for the like of it: sallyport standing propose ${id} --reason "..."`];
}
