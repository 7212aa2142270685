import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCatalog } from '../../src/connectors/postgres/catalog/index.ts';
import type { TargetCatalog } from '../../src/connectors/postgres/catalog/index.ts';
import {
  boundRowLimit,
  formatSearchPath,
  parseSearchPath,
  prepareParser,
  SqlDescriber,
} from '../../src/connectors/postgres/describe/index.ts';
import type { DescribedStatement, SessionContext } from '../../src/connectors/postgres/describe/index.ts';
import { limits } from '../../src/limits.ts';
import { type Database, startDatabase } from './database.ts';

let database: Database;
let catalog: TargetCatalog;

beforeAll(async () => {
  await prepareParser();
  database = await startDatabase();
  const client = await database.connect();
  catalog = await loadCatalog(async (sql) => (await client.query<Record<string, unknown>>(sql)).rows);
  await client.end();
});
afterAll(() => database.stop());

const session: SessionContext = {
  searchPath: ['$user', 'public'],
  temporary: new Set(),
  standardConformingStrings: true,
  catalogStale: false,
  prepared: () => undefined,
  cursor: () => undefined,
};

const fresh = (): SqlDescriber => new SqlDescriber(limits);

function all(describer: SqlDescriber, sql: string, context = session): readonly DescribedStatement[] {
  const described = describer.describe(sql, catalog, context);
  if (!described.ok) throw new Error(`${described.error.message} in ${sql}`);
  return described.value;
}

function one(describer: SqlDescriber, sql: string, context = session): DescribedStatement {
  const [statement] = all(describer, sql, context);
  if (!statement) throw new Error(`no statement in ${sql}`);
  return statement;
}

/** Literals in every position, so that a template which forgets a value that matters is found out. */
const literal = fc.oneof(
  fc.integer({ min: 0, max: 3 }).map(String),
  fc.bigInt({ min: 0n, max: 99_999_999_999n }).map(String),
  fc.constantFrom(
    '1.5',
    '0.25',
    "'x'",
    "'a''b'",
    "'%'",
    "'2020-01-01'",
    '$1',
    '-1',
    '- 2',
    'null',
    'true',
    "E'x'",
  ),
);
const column = fc.constantFrom('id', 'name', 'price_cents', '"id"', 'p.name', 'lower(name)', 'id + 1');
const comparison = fc.constantFrom('=', '<>', '<', '>=', 'like', '~', '!=', '||', '=-');
const condition: fc.Arbitrary<string> = fc.letrec<{ tree: string; leaf: string }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 2 },
    tie('leaf'),
    fc.tuple(tie('tree'), fc.constantFrom('and', 'or'), tie('tree')).map((parts) => `(${parts.join(' ')})`),
    tie('tree').map((part) => `not ${part}`),
  ),
  leaf: fc.oneof(
    fc.tuple(column, comparison, literal).map((parts) => parts.join(' ')),
    fc.tuple(column, comparison, literal).map((parts) => parts.join('')),
    fc.tuple(literal, comparison, column).map((parts) => parts.join(' ')),
    fc.tuple(literal, comparison, literal).map((parts) => parts.join(' ')),
    fc.tuple(column, literal, literal).map(([a, b, c]) => `${a} between ${b} and ${c}`),
    fc.tuple(column, literal, literal).map(([a, b, c]) => `${a} in (${b}, ${c})`),
    fc.tuple(column, literal).map(([a, b]) => `${a} = ${b} :: text`),
    fc.tuple(column, column).map(([a, b]) => `${a} = ${b}`),
    fc.tuple(column, literal).map(([a, b]) => `coalesce(${a}, ${b}) = ${b}`),
  ),
})).tree;
const statement = fc.oneof(
  fc
    .tuple(literal, condition, literal, fc.constantFrom('1', '2', 'name', 'id'))
    .map(([a, b, c, d]) => `select id, ${a}, name from products p where ${b} order by ${d} limit ${c}`),
  condition.map((where) => `delete from products p where ${where}`),
  fc.tuple(literal, condition).map(([a, b]) => `update products p set price_cents = ${a} where ${b}`),
  fc
    .tuple(literal, condition)
    .map(([a, b]) => `update products p set price_cents = price_cents - ${a} where ${b}`),
  fc.tuple(literal, literal).map(([a, b]) => `insert into products (name, price_cents) values (${a}, ${b})`),
  fc.tuple(literal, literal).map(([a, b]) => `select set_config(${a}, ${b}, false)`),
  fc.tuple(literal, literal).map(([a, b]) => `select interval ${a}, name from products limit ${b}`),
  fc.tuple(literal, literal).map(([a, b]) => `select name from products group by ${a}, name offset ${b}`),
  fc.tuple(condition, literal).map(([a, b]) => `select id from products p where ${a} -- ${b}`),
);

describe('the template cache', () => {
  it('never gives another description than a full parse', () => {
    const cached = fresh();
    const seen = { hits: 0 };
    fc.assert(
      fc.property(statement, (sql) => {
        const expected = fresh().describe(sql, catalog, session);
        const first = cached.describe(sql, catalog, session);
        expect(first).toEqual(expected);
        const again = cached.describe(sql, catalog, session);
        if (first.ok && again.ok)
          seen.hits += Number(first.value[0]?.description === again.value[0]?.description);
        expect(again).toEqual(expected);
      }),
      { numRuns: 1_500, seed: 7 },
    );
    expect(seen.hits).toBeGreaterThan(200);
  });

  it('shares one description among statements that differ in values, and keeps their texts', () => {
    const describer = fresh();
    const a = one(describer, "select name from products where id = 1 and name = 'x'");
    const b = one(describer, "select name from products where id = 987654 and name = 'it''s'");
    expect(b.description).toBe(a.description);
    expect(b.text).toBe("select name from products where id = 987654 and name = 'it''s'");
  });

  it.each([
    ['LIMIT', 'select id from products limit 5', 'select id from products limit 50000'],
    [
      'the column to order by',
      'select id, name from products order by 1',
      'select id, name from products order by 2',
    ],
    ['an expression', "delete from products where name ~ 'a'", "delete from products where name ~ '.*'"],
    [
      'a pattern by its operator',
      "delete from products where name ~~ 'a'",
      "delete from products where name ~~ '%'",
    ],
    ['a pattern', "delete from products where name like 'a'", "delete from products where name like '%'"],
    [
      'a setting',
      "select set_config('timezone', 'x', false)",
      "select set_config('search_path', 'x', false)",
    ],
    [
      'the sign of a comment',
      'delete from products where id = 1 - 1',
      'delete from products where id = 1 --1',
    ],
  ])('tells apart by %s', (_what, first, second) => {
    const describer = fresh();
    one(describer, first);
    expect(one(describer, second)).toEqual(one(fresh(), second));
    expect(one(describer, second)).not.toEqual({ ...one(describer, first), text: second });
  });

  it('is of no use to a session whose names mean something else', () => {
    const describer = fresh();
    const sql = 'select * from customers where id = 1';
    const usual = one(describer, sql).description;
    for (const other of [
      { ...session, searchPath: ['evil', 'public'] },
      { ...session, searchPath: null },
      { ...session, temporary: new Set(['customers']) },
      { ...session, catalogStale: true },
    ]) {
      expect(one(describer, sql, other).description).not.toEqual(usual);
    }
    expect(one(describer, sql).description).toBe(usual);
  });

  it('forgets with the catalog', () => {
    const describer = fresh();
    const before = one(describer, 'select 1 from nowhere').description;
    const changed: TargetCatalog = { ...catalog, version: 'other', relation: () => undefined };
    const after = describer.describe('select 1 from products', changed, session);
    expect(before.unknown).toHaveLength(1);
    expect(after.ok && after.value[0]?.description.unknown).toHaveLength(1);
  });
});

describe('limits', () => {
  const deep: readonly (readonly [string, (depth: number) => string])[] = [
    ['brackets', (n) => `select ${'('.repeat(n)}1${')'.repeat(n)}`],
    ['subqueries', (n) => `select ${'(select '.repeat(n)}1${')'.repeat(n)}`],
    ['NOT', (n) => `select ${'not '.repeat(n)}true`],
    ['minus', (n) => `select ${'- '.repeat(n)}a`],
    ['sums', (n) => `select 1${'+1'.repeat(n)}`],
    ['joins', (n) => `select 1 from products${' join products b on true'.repeat(n)}`],
    ['unions', (n) => `select 1${' union select 1'.repeat(n)}`],
    ['calls', (n) => `select ${'abs('.repeat(n)}1${')'.repeat(n)}`],
    ['CASE', (n) => `select ${'case when '.repeat(n)}true${' then true end'.repeat(n)}`],
    ['casts', (n) => `select 1${'::int'.repeat(n)}`],
  ];

  it.each(deep)('refuses %s nested too deeply, and goes on', async (_what, text) => {
    for (const depth of [1_000, 3_000, 12_000, 60_000]) {
      const refused = fresh().describe(text(depth), catalog, session);
      expect(refused.ok).toBe(false);
      // The parser may have to be replaced; until then statements are refused, never let through.
      await prepareParser();
      expect(one(fresh(), 'select id from products').description.unknown).toEqual([]);
    }
  });

  it('refuses a text beyond the size limit', () => {
    const refused = fresh().describe(`select '${'é'.repeat(limits.statementBytes / 2)}'`, catalog, session);
    expect(refused).toMatchObject({ ok: false, error: { code: 'limit.exceeded' } });
  });

  it('refuses more statements than allowed', () => {
    const refused = fresh().describe('select 1;'.repeat(limits.statementsPerText + 1), catalog, session);
    expect(refused).toMatchObject({ ok: false, error: { code: 'limit.exceeded' } });
    expect(all(fresh(), 'select 1;'.repeat(limits.statementsPerText))).toHaveLength(limits.statementsPerText);
  });
});

describe('a text of several statements', () => {
  it('is cut into slices that are the text again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('select 1', "select 'é;😀'", ' /* ; */ begin', '-- ;\nselect $$;$$', ''), {
          maxLength: 6,
        }),
        fc.constantFrom('', ';', ' ; -- end', ';;'),
        (parts, end) => {
          const sql = parts.join(' ;\n') + end;
          const statements = all(fresh(), sql);
          const slices = statements.map(({ text }) => text);
          expect(slices.join('')).toBe(slices.length > 0 ? sql : '');
          expect(slices.flatMap((text) => all(fresh(), text).map((alone) => alone.description))).toEqual(
            statements.map(({ description }) => description),
          );
        },
      ),
      { numRuns: 200, seed: 3 },
    );
  });
});

describe('a limit that is a parameter', () => {
  const statement = (): DescribedStatement => one(fresh(), 'select email from customers limit $1');

  it('bounds the rows once it is bound', () => {
    const described = statement();
    const bound = boundRowLimit(described, '10');
    expect(bound.rowLimit).toBe(10);
    expect(boundRowLimit(described, '10')).toBe(bound);
    expect(described.description.rowLimit).toBeNull();
  });

  it.each([null, '', '-1', '1e3', ' 5', '9'.repeat(30)])('does not bound them by %j', (text) => {
    expect(boundRowLimit(statement(), text).rowLimit).toBeNull();
  });

  it('does not bound what one row may hold', () => {
    expect(
      boundRowLimit(one(fresh(), 'select array_agg(email) from customers limit $1'), '1').rowLimit,
    ).toBeNull();
    expect(
      boundRowLimit(one(fresh(), "select table_to_xml('a', true, true, '') limit $1"), '1').rowLimit,
    ).toBeNull();
  });
});

describe('EXECUTE of what a message of the protocol prepared', () => {
  it.each([
    ['set search_path = evil', 'settings'],
    ['drop table products', 'ddl'],
  ] as const)('leaves the session as %j does', (sql, effect) => {
    const describer = fresh();
    const known = one(describer, sql);
    const executed = one(describer, 'execute p', { ...session, prepared: () => known });
    expect(executed.effects[effect]).toEqual(known.effects[effect]);
    expect(executed.description).toMatchObject({
      operation: known.description.operation,
      flags: known.description.flags,
    });
  });
});

describe('a search path as text', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 })), (schemas) => {
        expect(parseSearchPath(formatSearchPath(schemas))).toEqual(schemas);
      }),
    );
  });

  it.each([
    ['"$user", public', ['$user', 'public']],
    ['Public,"Mixed Case"', ['public', 'Mixed Case']],
    ['', []],
    ['a b', null],
    ['a,', null],
    ['"a', null],
  ])('%j', (text, schemas) => {
    expect(parseSearchPath(text)).toEqual(schemas);
  });
});
