import { readdirSync, readFileSync } from 'node:fs';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCatalog } from '../../src/connectors/postgres/catalog/index.ts';
import type { TargetCatalog } from '../../src/connectors/postgres/catalog/index.ts';
import { prepareParser, SqlDescriber } from '../../src/connectors/postgres/describe/index.ts';
import type { DescribedStatement, SessionContext } from '../../src/connectors/postgres/describe/index.ts';
import { limits } from '../../src/limits.ts';
import { type Database, startDatabase, vectors } from './database.ts';

interface Expected {
  readonly text?: string;
  readonly effects?: Record<string, unknown>;
  readonly unknown: boolean;
}

interface Case {
  readonly name: string;
  readonly sql: string;
  /** What of the session differs from a fresh one; `before` ran in it. */
  readonly session?: Partial<Omit<SessionContext, 'temporary'>> & { temporary?: string[]; before?: string[] };
  readonly statements?: readonly Expected[];
  readonly refused?: string;
}

interface File {
  readonly title: string;
  readonly cases: readonly Case[];
}

const files = readdirSync(vectors)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(new URL(name, vectors), 'utf8')) as File);

let database: Database;
let client: pg.Client;
let catalog: TargetCatalog;

beforeAll(async () => {
  await prepareParser();
  database = await startDatabase();
  client = await database.connect();
  catalog = await loadCatalog(async (sql) => (await client.query<Record<string, unknown>>(sql)).rows);
});
afterAll(async () => {
  await client.end();
  await database.stop();
});

function sessionOf(given: Case['session'], describer: SqlDescriber): SessionContext {
  const prepared = new Map<string, DescribedStatement>();
  const cursors = new Map<string, DescribedStatement>();
  const { before = [], temporary = [], ...rest } = given ?? {};
  const session: SessionContext = {
    searchPath: ['$user', 'public'],
    standardConformingStrings: true,
    catalogStale: false,
    ...rest,
    temporary: new Set(temporary),
    prepared: (name) => prepared.get(name),
    cursor: (name) => cursors.get(name),
  };
  for (const sql of before) {
    const described = describer.describe(sql, catalog, session);
    for (const statement of described.ok ? described.value : []) {
      const { prepares, declaresCursor } = statement.effects;
      if (prepares) prepared.set(prepares.name, prepares.statement);
      if (declaresCursor !== null) cursors.set(declaresCursor, statement);
    }
  }
  return session;
}

/** A description in the form of the vectors: what an operator sees. */
function shown({ text, description, effects }: DescribedStatement): Record<string, unknown> {
  const { datasets, functions, unknown, ...rest } = description;
  return {
    ...rest,
    text,
    datasets: Object.fromEntries(
      datasets.map(({ dataset, access, basis, columns }) => [
        dataset,
        {
          access,
          ...(basis === 'unknown' ? { basis } : {}),
          columns: Object.fromEntries(columns.map(({ name, uses }) => [name, uses])),
        },
      ]),
    ),
    functions: Object.fromEntries(functions.map(({ name, effect }) => [name, effect])),
    unknown: unknown.length > 0,
    effects: {
      ...effects,
      prepares: effects.prepares && {
        name: effects.prepares.name,
        text: effects.prepares.statement.text,
        operation: effects.prepares.statement.description.operation,
      },
    },
  };
}

const calm = {
  transaction: null,
  chain: false,
  prepares: null,
  deallocates: null,
  declaresCursor: null,
  closesCursor: null,
  settings: [],
  ddl: false,
  createsTemporary: [],
  copy: null,
  sessionState: false,
  limitParameter: null,
};

/** What the server's own parser and analysis say, without running anything; null: accepted. */
async function serverRefusal(sql: string): Promise<string | null> {
  return new Promise((resolve) => {
    let refusal: string | null = null;
    const parseOnly = {
      submit(connection: { parse(query: object): void; sync(): void }) {
        connection.parse({ text: sql, name: '', types: [] });
        connection.sync();
      },
      handleError(error: { code?: string }) {
        refusal = error.code ?? 'unknown';
        // Where the statement can't even be sent, there is no answer to wait for.
        resolve(refusal);
      },
      handleReadyForQuery: () => resolve(refusal),
    };
    client.query(parseOnly as unknown as pg.Submittable);
  });
}

for (const { title, cases } of files) {
  describe(title, () => {
    it.each(cases)('$name', async ({ sql, session, statements, refused }) => {
      const describer = new SqlDescriber(limits);
      const context = sessionOf(session, describer);
      const described = describer.describe(sql, catalog, context);
      if (refused !== undefined) {
        expect(described).toMatchObject({ ok: false, error: { code: refused } });
        if (!session && sql.isWellFormed()) expect(await serverRefusal(sql)).not.toBeNull();
        return;
      }
      if (!described.ok) throw new Error(described.error.message);
      expect(described.value.map((statement) => statement.text).join('')).toBe(statements?.length ? sql : '');
      expect(described.value.map(shown)).toEqual(
        statements?.map(({ text, effects, ...rest }) => ({
          ...rest,
          text: text ?? sql,
          effects: { ...calm, ...effects },
        })),
      );
      // The second time it comes from the cache, where it may.
      expect(describer.describe(sql, catalog, context)).toEqual(described);
      if (session) return;
      for (const [i, statement] of (statements ?? []).entries()) {
        // What the gateway claims to know, the server accepts: so the vectors are about real statements.
        const answer = await serverRefusal(described.value[i]?.text ?? '');
        if (!statement.unknown) expect(answer).toBeNull();
      }
    });
  });
}

describe('the corpus', () => {
  it('has at least 150 statements', () => {
    expect(files.flatMap((file) => file.cases).length).toBeGreaterThanOrEqual(150);
  });

  it('names each case once', () => {
    for (const { cases } of files) expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });
});
