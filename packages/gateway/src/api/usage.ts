import { Dataset, type UsageLine, type UsageReport } from '@sallyport/sdk/contract';
import { z } from 'zod';
import type { HourOfUsage } from './deps.ts';
import { timestamp } from './present.ts';

const hourMs = 3_600_000;

export interface UsageSpan {
  readonly agent: string | null;
  readonly sinceMs: number;
  readonly untilMs: number;
}

interface Totals {
  actions: number;
  rows: number;
  bytes: number;
}

/** Adds the hours up: by line (same shape, same end), by dataset, and in all. */
export function reportUsage(hours: readonly HourOfUsage[], span: UsageSpan): UsageReport {
  const lines = new Map<string, UsageLine>();
  const totals: Totals = { actions: 0, rows: 0, bytes: 0 };
  for (const hour of hours) {
    const key = `${hour.status} ${hour.shape.key}`;
    const line = lines.get(key) ?? lineOf(hour);
    lines.set(key, line);
    add(line, hour);
    add(totals, hour);
  }
  const sorted = [...lines.values()].toSorted(
    // What nobody approved comes first, however little it was.
    (a, b) => Number(b.breakGlass) - Number(a.breakGlass) || b.rows - a.rows || b.actions - a.actions,
  );
  return {
    agent: span.agent,
    since: timestamp(Math.floor(span.sinceMs / hourMs) * hourMs),
    until: timestamp(Math.ceil(span.untilMs / hourMs) * hourMs),
    totals,
    datasets: datasetTotals(sorted),
    lines: sorted,
  };
}

function add(totals: Totals, more: Readonly<Totals>): void {
  totals.actions += more.actions;
  totals.rows += more.rows;
  totals.bytes += more.bytes;
}

function lineOf({ shape, status }: HourOfUsage): UsageLine {
  return {
    agent: shape.agent,
    onBehalfOf: shape.onBehalfOf,
    target: shape.target,
    environment: shape.environment,
    operation: shape.operation,
    datasets: z.array(Dataset).parse(JSON.parse(shape.datasets)),
    reviewed: shape.reviewed,
    breakGlass: shape.breakGlass === true,
    status,
    actions: 0,
    rows: 0,
    bytes: 0,
  };
}

interface DatasetSums extends Totals {
  readonly target: string;
  readonly dataset: string;
  readonly columns: Set<string>;
  readonly classes: Set<string>;
  readonly owners: Set<string>;
  readonly compliance: Set<string>;
}

function datasetTotals(lines: readonly UsageLine[]): UsageReport['datasets'] {
  const sums = new Map<string, DatasetSums>();
  for (const line of lines) {
    for (const used of line.datasets) {
      const key = JSON.stringify([line.target, used.dataset]);
      const sum = sums.get(key) ?? emptySum(line.target, used.dataset);
      sums.set(key, sum);
      add(sum, line);
      note(sum, used);
    }
  }
  return [...sums.values()].map((sum) => ({
    ...sum,
    columns: [...sum.columns].toSorted(),
    classes: [...sum.classes].toSorted(),
    owners: [...sum.owners].toSorted(),
    compliance: [...sum.compliance].toSorted(),
  }));
}

function note(sum: DatasetSums, used: z.infer<typeof Dataset>): void {
  const classes = [...used.classes, ...used.columns.flatMap((column) => column.classes)];
  for (const name of classes) sum.classes.add(name);
  for (const column of used.columns) sum.columns.add(column.name);
  for (const owner of used.owners) sum.owners.add(owner);
  for (const rule of used.compliance) sum.compliance.add(rule);
}

function emptySum(target: string, dataset: string): DatasetSums {
  const sets = (): Set<string> => new Set();
  const named = { columns: sets(), classes: sets(), owners: sets(), compliance: sets() };
  return { target, dataset, ...named, actions: 0, rows: 0, bytes: 0 };
}
