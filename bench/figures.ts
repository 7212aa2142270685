/** `want` of a figure that keeps no bound: information only. */
const noBound = 'measured';

/** One measured number, with the bound that it must keep. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly want: string;
  readonly ok: boolean;
}

export interface BenchOptions {
  /** Fewer and shorter rounds: to see that everything runs, not to judge by. */
  readonly quick: boolean;
  /** Measures the yardsticks alone. */
  readonly withoutSallyport: boolean;
  /** Only cells and parts whose name contains this; empty: all. */
  readonly only: string;
}

/** What every topic's file exports as `run`. */
export type Bench = (options: BenchOptions) => Promise<readonly Figure[]>;

export function information(name: string, value: number, unit: string): Figure {
  return { name, value: rounded(value), unit, want: noBound, ok: true };
}

export function atLeast(name: string, value: number, unit: string, bound: number): Figure {
  return { name, value: rounded(value), unit, want: `>= ${bound}`, ok: value >= bound };
}

export function below(name: string, value: number, unit: string, bound: number): Figure {
  return { name, value: rounded(value), unit, want: `< ${bound}`, ok: value < bound };
}

export function atMost(name: string, value: number, unit: string, bound: number): Figure {
  return { name, value: rounded(value), unit, want: `<= ${bound}`, ok: value <= bound };
}

/** @throws where there is nothing to choose from: a figure of no measurement is a bug of the bench. */
export function percentile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new Error('No measurement to take a percentile of.');
  return value;
}

export const median = (values: ArrayLike<number>): number => percentile(values, 0.5);

/** The first row is the head; numbers are set to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ');
  const [head = [], ...body] = rows;
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...body.map(line)].join('\n');
}

/** The verdicts; what is only information stands in each topic's own tables, and in the JSON. */
export function formatFigures(figures: readonly Figure[]): string {
  const rows = figures
    .filter(({ want }) => want !== noBound)
    .map(({ name, value, unit, want, ok }) => [name, `${value} ${unit}`.trim(), want, ok ? 'ok' : 'MISSED']);
  return formatTable([['figure', 'value', 'want', ''], ...rows]);
}

const rounded = (value: number): number => Number(value.toPrecision(4));
