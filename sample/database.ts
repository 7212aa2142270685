import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { makeSeed, type SeedTable } from './seed.ts';
import { startServer, type RunningServer, type ServerOptions } from './server.ts';
import { secret } from './state.ts';

const database = 'shop';
/** The gateway's login: no superuser, and the owner of the tables, so that a DROP which passes really drops. */
const gatewayRole = 'sallyport_gateway';
const seed = 20_261_031;

export interface SampleDatabase {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** The credential that the gateway holds, and no agent ever sees. */
  readonly user: string;
  readonly password: string;
  stop(): Promise<void>;
}

/** Starts the sample shop; the first start in a state folder fills it, later ones find it as it was left. */
export async function startSampleDatabase(options: ServerOptions): Promise<SampleDatabase> {
  const server = await startServer(options);
  const password = secret(options.stateDirectory, 'postgres-gateway');
  try {
    await withClient(server, 'postgres', (client) => ensureDatabase(client, password));
    await withClient(server, database, ensureTables);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const { host, port } = server;
  return { host, port, database, user: gatewayRole, password, stop: () => server.stop() };
}

async function withClient(
  server: RunningServer,
  name: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const { host, port, user, password } = server;
  const client = new pg.Client({ host, port, user, password, database: name });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** Each step looks first, because CREATE DATABASE can't be part of a transaction with the others. */
async function ensureDatabase(client: pg.Client, password: string): Promise<void> {
  const role = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [gatewayRole]);
  // DDL takes no parameters, so the driver quotes.
  const set = `LOGIN PASSWORD ${client.escapeLiteral(password)}`;
  if (role.rowCount === 0) await client.query(`CREATE ROLE ${gatewayRole} NOSUPERUSER ${set}`);
  const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
  if (found.rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
}

/** One transaction: tables and rows are there whole, or the next start makes them. */
async function ensureTables(client: pg.Client): Promise<void> {
  // The mark is not a table: one that was dropped through the gateway stays dropped.
  const found = await client.query(
    "SELECT FROM pg_database WHERE datname = current_database() AND shobj_description(oid, 'pg_database') IS NOT NULL",
  );
  if (found.rowCount === 1) return;
  await client.query('BEGIN');
  await client.query(`COMMENT ON DATABASE ${database} IS 'The sample shop, seed ${seed}'`);
  await client.query(readFileSync(join(import.meta.dirname, 'schema.sql'), 'utf8'));
  const tables = makeSeed(seed);
  for (const table of tables) await insert(client, table);
  for (const { table } of tables) await client.query(`ALTER TABLE ${table} OWNER TO ${gatewayRole}`);
  await client.query('COMMIT');
  await client.query('ANALYZE');
}

/** One statement a table: the columns go over as arrays. */
async function insert(client: pg.Client, { table, columns }: SeedTable): Promise<void> {
  const names = columns.map((column) => column.name).join(', ');
  const arrays = columns.map((column, at) => `$${at + 1}::${column.type}[]`).join(', ');
  const values = columns.map((column) => column.values);
  await client.query(`INSERT INTO ${table} (${names}) SELECT * FROM unnest(${arrays})`, values);
}
