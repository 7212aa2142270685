import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { removeServerHome } from '../sample/server-home.ts';
import { startServer } from '../sample/server.ts';
import { secret } from '../sample/state.ts';
import { initialise, type Endpoint } from './pgbench.ts';

const name = 'bench';
/** A million accounts: larger than the processors' caches, and all of it in PostgreSQL's own. */
const scale = 10;
export const largeRows = 1_000_000;

export interface BenchDatabase {
  /** The owner of the tables: the credential that each contender holds upstream. */
  readonly direct: Endpoint;
  readonly stateDirectory: string;
  /** Stops the server and forgets the data. */
  remove(): Promise<void>;
}

/** PostgreSQL 18 in a folder of its own, with pgbench's tables, a large one, and one that the catalog classifies. */
export async function startBenchDatabase(): Promise<BenchDatabase> {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const settings = ['max_connections=300', 'shared_buffers=512MB', 'max_wal_size=4GB'];
  const server = await startServer({ stateDirectory, settings });
  const remove = async (): Promise<void> => {
    await server.stop();
    removeServerHome(stateDirectory);
    rmSync(stateDirectory, { recursive: true });
  };
  try {
    const password = secret(stateDirectory, 'bench-owner');
    const { host, port } = server;
    const direct: Endpoint = { name: 'direct', host, port, user: name, password, database: name };
    await withClient({ ...direct, ...server, database: 'postgres' }, async (client) => {
      await client.query(`CREATE ROLE ${name} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
      await client.query(`CREATE DATABASE ${name} OWNER ${name}`);
    });
    await initialise(direct, scale);
    await withClient(direct, makeTables);
    return { direct, stateDirectory, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function makeTables(client: pg.Client): Promise<void> {
  await client.query(`CREATE TABLE large AS
    SELECT n AS id, md5(n::text) AS name, n % 1000 AS amount, now() AS made_at FROM generate_series(1, ${largeRows}) n`);
  await client.query('CREATE TABLE people (id int PRIMARY KEY, email text NOT NULL)');
  await client.query("INSERT INTO people VALUES (1, 'someone@example.com')");
  await client.query('VACUUM ANALYZE');
}

async function withClient(endpoint: Endpoint, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const { host, port, user, password, database } = endpoint;
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
