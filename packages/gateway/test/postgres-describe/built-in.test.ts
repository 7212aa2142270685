import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { snapshotQueries } from '../../src/connectors/postgres/catalog/queries.ts';
import type { BuiltIn } from '../../src/connectors/postgres/catalog/offline.ts';
import { type Database, startDatabase } from './database.ts';

let database: Database;
let client: pg.Client;

beforeAll(async () => {
  database = await startDatabase();
  const first = await database.connect();
  await first.query('CREATE DATABASE empty TEMPLATE template0');
  await first.end();
  client = new pg.Client({ ...database.connection, database: 'empty' });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.stop();
});

interface Rows {
  readonly relations: { oid: string; schema: string; name: string; kind: string }[];
  readonly columns: { relation: string; columns: { name: string; notNull: boolean }[] }[];
  readonly functions: Record<'schema' | 'name' | 'volatility' | 'kind', string>[] &
    {
      returnsSet: boolean;
      securityDefiner: boolean;
    }[];
}

async function read<T>(sql: string): Promise<T[]> {
  return (await client.query(sql)).rows as T[];
}

const letter = (truth: boolean): string => (truth ? 't' : 'f');
const sorted = <T>(entries: readonly (readonly [string, T])[]): Record<string, T> =>
  Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));

async function builtIn(): Promise<BuiltIn> {
  const relations = await read<Rows['relations'][number]>(snapshotQueries.relations);
  const columns = await read<Rows['columns'][number]>(snapshotQueries.columns);
  const functions = await read<Rows['functions'][number]>(snapshotQueries.builtInFunctions);
  const operators = await read<{ names: string[] }>(snapshotQueries.builtInOperators);
  const types = await read<{ names: string[] }>(snapshotQueries.builtInTypes);
  const columnsOf = new Map(columns.map((row) => [row.relation, row.columns]));
  const byKey = Map.groupBy(functions, (row) =>
    [row.schema, row.kind, row.volatility, letter(row.returnsSet), letter(row.securityDefiner)].join(' '),
  );
  return {
    relations: sorted(
      relations.map(({ oid, schema, name, kind }) => [
        `${schema}.${name}`,
        [kind, ...(columnsOf.get(oid) ?? []).map((each) => `${each.notNull ? '!' : ''}${each.name}`)].join(
          ' ',
        ),
      ]),
    ),
    functions: sorted(
      [...byKey].map(([key, rows]) => [
        key,
        rows
          .map(({ name }) => name)
          .toSorted()
          .join(' '),
      ]),
    ),
    operators: (operators[0]?.names ?? []).toSorted().join(' '),
    types: (types[0]?.names ?? []).toSorted().join(' '),
  };
}

test('the catalog that tools use without a target is the one of PostgreSQL 18 (vitest -u writes it anew)', async () => {
  const text = `${JSON.stringify(await builtIn(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot('../../catalogs/postgresql-18.json');
});
