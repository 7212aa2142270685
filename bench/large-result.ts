import { largeRows } from './bench-database.ts';
import type { Contenders } from './cells.ts';
import {
  atLeast,
  below,
  formatTable,
  information,
  median,
  type BenchOptions,
  type Figure,
} from './figures.ts';
import type { GatewayProcess } from './gateway-handle.ts';
import { LightClient } from './light-client-handle.ts';

const statement = 'SELECT * FROM large';
const wanted = { ofDirect: 0.6, memoryMiB: 150 };

/** A million rows through each contender in turn, and what the gateway's memory grows to meanwhile. */
export async function runLargeResult(
  { direct, pipe, sallyport }: Contenders,
  gateway: GatewayProcess | undefined,
  options: BenchOptions,
): Promise<readonly Figure[]> {
  const endpoints = sallyport === undefined ? [direct, pipe] : [direct, pipe, sallyport];
  const speeds = new Map<string, number[]>(endpoints.map(({ name }) => [name, []]));
  const client = new LightClient();
  await gateway?.watchMemory();
  for (let round = 0; round < (options.quick ? 3 : 5); round++) {
    for (const endpoint of endpoints) {
      const { answer, elapsedMs } = await client.read(endpoint, statement);
      if (answer.error !== null || answer.rows !== largeRows) {
        throw new Error(
          `${endpoint.name}: ${answer.error ?? ''} ${answer.rows} rows instead of ${largeRows}`,
        );
      }
      speeds.get(endpoint.name)?.push(answer.bytes / 1_048_576 / (elapsedMs / 1000));
    }
  }
  const memory = await gateway?.memory();
  await client.stop();
  const medians = new Map([...speeds].map(([name, all]) => [name, median(all)]));
  const directSpeed = medians.get(direct.name) ?? Number.NaN;
  process.stdout.write(`\na result of ${largeRows} rows\n${tableOf(medians, directSpeed)}\n`);
  const measured = [...medians].map(([name, speed]) => information(`million rows: ${name}`, speed, 'MiB/s'));
  if (sallyport === undefined || memory === undefined) return measured;
  const share = (medians.get(sallyport.name) ?? Number.NaN) / directSpeed;
  return [
    ...measured,
    atLeast('million rows: share of direct', share, '', wanted.ofDirect),
    information('million rows: memory of the gateway before', memory.firstMiB, 'MiB'),
    below('million rows: most memory of the gateway', memory.mostMiB, 'MiB', wanted.memoryMiB),
  ];
}

function tableOf(medians: ReadonlyMap<string, number>, directSpeed: number): string {
  const rows = [...medians].map(([name, speed]) => [
    name,
    speed.toFixed(0),
    (speed / directSpeed).toFixed(2),
  ]);
  return formatTable([['through', 'MiB/s', 'of direct'], ...rows]);
}
