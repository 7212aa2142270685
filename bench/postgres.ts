import { startBenchDatabase } from './bench-database.ts';
import { hasCells, runCells, type Contenders } from './cells.ts';
import type { BenchOptions, Figure } from './figures.ts';
import { buildGateway, startGatewayProcess, type GatewayProcess } from './gateway-handle.ts';
import { runHeldSessions, runVoteToRow } from './holding.ts';
import { runLargeResult } from './large-result.ts';
import { startPgbouncer, startRawPipe } from './yardsticks.ts';

type Stop = () => Promise<void>;

/** PostgreSQL directly, through a raw pipe, through pgbouncer and through Sallyport, in turn in one run. */
export async function run(options: BenchOptions): Promise<readonly Figure[]> {
  const started: Stop[] = [];
  /** Remembers how to stop what was started; everything is stopped in the opposite order. */
  const keep = <T extends { stop(): Promise<void> }>(part: T): T => {
    started.push(() => part.stop());
    return part;
  };
  try {
    if (!options.withoutSallyport) {
      process.stdout.write('building the gateway\n');
      buildGateway();
    }
    process.stdout.write('making the database\n');
    const database = await startBenchDatabase();
    const { direct, stateDirectory } = database;
    started.push(() => database.remove());
    const pipe = keep(await startRawPipe(direct));
    const session = keep(await startPgbouncer(direct, 'session', stateDirectory));
    const transaction = keep(await startPgbouncer(direct, 'transaction', stateDirectory));
    const startGateway = async (): Promise<GatewayProcess | undefined> =>
      options.withoutSallyport ? undefined : keep(await startGatewayProcess(direct));
    const contenders = (gateway: GatewayProcess | undefined): Contenders => ({
      direct,
      pipe: pipe.endpoint,
      poolers: { session: session.endpoint, transaction: transaction.endpoint },
      sallyport: gateway?.endpoint,
    });
    const figures: Figure[] = [];
    for (const part of partsOf(options)) figures.push(...(await part(contenders, startGateway)));
    return figures;
  } finally {
    for (const stop of started.reverse()) await stop();
  }
}

type Part = (
  contenders: (gateway: GatewayProcess | undefined) => Contenders,
  startGateway: () => Promise<GatewayProcess | undefined>,
) => Promise<readonly Figure[]>;

/** Each part gets a gateway of its own, so that its memory is not what an earlier part left behind. */
function partsOf(options: BenchOptions): readonly Part[] {
  const parts: Readonly<Record<string, Part>> = {
    cells: async (contenders, startGateway) => runCells(contenders(await startGateway()), options),
    'million rows': async (contenders, startGateway) => {
      const gateway = await startGateway();
      return runLargeResult(contenders(gateway), gateway, options);
    },
    'vote to first row': async (_, startGateway) => {
      const gateway = await startGateway();
      return gateway === undefined ? [] : runVoteToRow(gateway, options);
    },
    'held sessions': async (_, startGateway) => {
      const gateway = await startGateway();
      return gateway === undefined ? [] : runHeldSessions(gateway, options);
    },
  };
  return Object.entries(parts)
    .filter(([name]) => (name === 'cells' ? hasCells(options.only) : name.includes(options.only)))
    .map(([, part]) => part);
}
