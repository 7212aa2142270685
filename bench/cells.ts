import {
  atLeast,
  atMost,
  formatTable,
  information,
  median,
  type BenchOptions,
  type Figure,
} from './figures.ts';
import { measure, type Endpoint, type Load, type Run } from './pgbench.ts';

/** What is measured in turn; `sallyport` is missing where the yardsticks are measured alone. */
export interface Contenders {
  readonly direct: Endpoint;
  readonly pipe: Endpoint;
  readonly poolers: { readonly session: Endpoint; readonly transaction: Endpoint };
  readonly sallyport: Endpoint | undefined;
}

type Cell = Omit<Load, 'seconds'>;

/** One contender's medians over the rounds. */
type Medians = ReadonlyMap<string, Run>;

const wanted = { ofPipe: 0.65, ofPooler: 0.5, addedUs: 120 };

const protocols = ['simple', 'extended', 'prepared'] as const;
const cells: readonly Cell[] = [
  ...protocols.flatMap((protocol) =>
    [1, 8, 32].map((clients): Cell => ({ script: 'select-only', protocol, clients })),
  ),
  { script: 'tpcb-like', protocol: 'simple', clients: 8 },
];

const nameOf = (cell: Cell): string => `${cell.script} ${cell.protocol} ${cell.clients}`;

/** Whether there is a cell whose name contains the text. */
export const hasCells = (only: string): boolean => cells.some((cell) => nameOf(cell).includes(only));

/** Every cell: all contenders in turn, in rounds, each round beginning with another one. */
export async function runCells(contenders: Contenders, options: BenchOptions): Promise<readonly Figure[]> {
  const rounds = options.quick ? 3 : 5;
  const seconds = options.quick ? 2 : 5;
  const figures: Figure[] = [];
  for (const cell of cells.filter((candidate) => nameOf(candidate).includes(options.only))) {
    const medians = await measureInTurn(endpointsOf(contenders, cell), { ...cell, seconds }, rounds);
    process.stdout.write(
      `\n${nameOf(cell)} ${cell.clients === 1 ? 'client' : 'clients'}\n${tableOf(medians, contenders)}\n`,
    );
    figures.push(...figuresOf(cell, medians, contenders));
  }
  return figures;
}

/** Transaction pooling loses prepared statements (pgbouncer before 1.21), so it takes part in the simple cells. */
function endpointsOf({ direct, pipe, poolers, sallyport }: Contenders, cell: Cell): readonly Endpoint[] {
  const all = [direct, pipe, poolers.session];
  if (cell.protocol === 'simple') all.push(poolers.transaction);
  if (sallyport !== undefined) all.push(sallyport);
  return all;
}

async function measureInTurn(endpoints: readonly Endpoint[], load: Load, rounds: number): Promise<Medians> {
  const runs = new Map<string, Run[]>(endpoints.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const first = round % endpoints.length;
    for (const endpoint of [...endpoints.slice(first), ...endpoints.slice(0, first)]) {
      runs.get(endpoint.name)?.push(await measure(endpoint, load));
    }
  }
  return new Map([...runs].map(([name, all]) => [name, medianRun(all)]));
}

const medianRun = (runs: readonly Run[]): Run => ({
  transactionsPerSecond: median(runs.map((run) => run.transactionsPerSecond)),
  p50Us: median(runs.map((run) => run.p50Us)),
  p99Us: median(runs.map((run) => run.p99Us)),
});

function tableOf(medians: Medians, { direct, pipe }: Contenders): string {
  const share = (run: Run, of: string): string =>
    (run.transactionsPerSecond / runOf(medians, of).transactionsPerSecond).toFixed(2);
  const rows = [...medians].map(([name, run]) => [
    name,
    run.transactionsPerSecond.toFixed(0),
    run.p50Us.toFixed(0),
    run.p99Us.toFixed(0),
    share(run, direct.name),
    share(run, pipe.name),
  ]);
  return formatTable([['through', 'tx/s', 'p50 µs', 'p99 µs', 'of direct', 'of pipe'], ...rows]);
}

function figuresOf(cell: Cell, medians: Medians, contenders: Contenders): readonly Figure[] {
  const name = nameOf(cell);
  const measured = [...medians].flatMap(([contender, run]) => [
    information(`${name}: ${contender}, throughput`, run.transactionsPerSecond, 'tx/s'),
    information(`${name}: ${contender}, p50`, run.p50Us, 'µs'),
    information(`${name}: ${contender}, p99`, run.p99Us, 'µs'),
  ]);
  return [...measured, ...ratiosOf(cell, medians, contenders)];
}

function ratiosOf(cell: Cell, medians: Medians, contenders: Contenders): readonly Figure[] {
  const { direct, pipe, sallyport } = contenders;
  if (sallyport === undefined) return [];
  const name = nameOf(cell);
  const ours = runOf(medians, sallyport.name);
  const piped = runOf(medians, pipe.name);
  const ofDirect = ours.transactionsPerSecond / runOf(medians, direct.name).transactionsPerSecond;
  const ofPipe = ours.transactionsPerSecond / piped.transactionsPerSecond;
  const ofPooler = ours.transactionsPerSecond / fastestPooler(medians, contenders);
  const added = ours.p50Us - piped.p50Us;
  return [
    information(`${name}: share of direct`, ofDirect, ''),
    cell.clients === 1
      ? atMost(`${name}: median latency added to the raw pipe's`, added, 'µs', wanted.addedUs)
      : atLeast(`${name}: share of the raw pipe`, ofPipe, '', wanted.ofPipe),
    cell.clients === 32
      ? atLeast(`${name}: share of pgbouncer (the faster pooling)`, ofPooler, '', wanted.ofPooler)
      : information(`${name}: share of pgbouncer (the faster pooling)`, ofPooler, ''),
  ];
}

function fastestPooler(medians: Medians, { poolers }: Contenders): number {
  const measured = [poolers.session, poolers.transaction].flatMap(({ name }) => medians.get(name) ?? []);
  return Math.max(...measured.map((run) => run.transactionsPerSecond));
}

function runOf(medians: Medians, name: string): Run {
  const run = medians.get(name);
  if (run === undefined) throw new Error(`${name} was not measured.`);
  return run;
}
