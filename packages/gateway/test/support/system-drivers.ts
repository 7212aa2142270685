import pg from 'pg';
import type { TestSystem } from './system-fixture.ts';

export interface PgConnection {
  readonly client: pg.Client;
  readonly notices: pg.DatabaseError[];
}

/** The `pg` driver, connected as the agent. */
export async function connectPg(
  system: TestSystem,
  options: Partial<pg.ClientConfig> = {},
): Promise<PgConnection> {
  const { host, port, agent, agentToken, target } = system;
  const client = new pg.Client({
    host,
    port,
    user: agent,
    password: agentToken,
    database: target,
    ...options,
  });
  const notices: pg.DatabaseError[] = [];
  client.on('notice', (notice) => void notices.push(notice as pg.DatabaseError));
  client.on('error', () => undefined);
  await client.connect();
  return { client, notices };
}

/** What a query that has to fail was refused with. */
export async function refusalOf(query: Promise<unknown>): Promise<pg.DatabaseError> {
  try {
    await query;
  } catch (error) {
    return error as pg.DatabaseError;
  }
  throw new Error('a query that had to be refused succeeded');
}
