import { beforeAll, describe, expect, test } from 'vitest';
import type { Parameter } from '../../../core/action.ts';
import { limits } from '../../../limits.ts';
import { prepareParser } from './parser.ts';
import { shapeOfStatement } from './shape.ts';

beforeAll(() => prepareParser());

const text = (value: string | null, type = 25): Parameter => ({ type, format: 'text', value });
function shape(sql: string, ...parameters: readonly Parameter[]) {
  const found = shapeOfStatement(sql, parameters, limits);
  if (!found.ok) throw new Error(found.error);
  return found.value;
}
const fieldsOf = (sql: string): [string, string | null][] =>
  shape(sql).fields.map(({ type, value }) => [type, value]);

describe('literals that are fields', () => {
  test.each<[sql: string, fields: [string, string | null][]]>([
    ["SELECT a FROM t WHERE b = 'x'", [['string', 'x']]],
    ["SELECT a FROM t WHERE b = 'it''s'", [['string', "it's"]]],
    [
      'SELECT a FROM t WHERE b = 5 AND c < 1.5',
      [
        ['integer', '5'],
        ['decimal', '1.5'],
      ],
    ],
    ['SELECT a FROM t WHERE b = 1234567890', [['long integer', '1234567890']]],
    [
      'SELECT a FROM t WHERE b IN (1, 2)',
      [
        ['integer', '1'],
        ['integer', '2'],
      ],
    ],
    [
      "UPDATE t SET a = 'x', n = n + 2 WHERE id = 7",
      [
        ['string', 'x'],
        ['integer', '2'],
        ['integer', '7'],
      ],
    ],
    [
      "INSERT INTO t VALUES ('x', 1)",
      [
        ['string', 'x'],
        ['integer', '1'],
      ],
    ],
    ['DELETE FROM t WHERE id = 7', [['integer', '7']]],
  ])('%s', (sql, fields) => expect(fieldsOf(sql)).toEqual(fields));
});

test.each([
  'SELECT a FROM t LIMIT 5',
  'SELECT a FROM t WHERE b = -5',
  'SELECT a FROM t WHERE b = - 5',
  "SELECT a FROM t WHERE b = f('x')",
  "SELECT a, 'x' FROM t",
  "SELECT a FROM t WHERE b = E'x'",
  'SELECT a FROM t WHERE b = $$x$$',
  "SELECT a FROM t WHERE b = 'x' -- c",
  "SELECT a FROM t WHERE b = 'é'",
  "SELECT a FROM t WHERE b = 'x'::regclass",
  "SELECT a FROM t WHERE b = U&'x'",
  'SELECT a FROM t WHERE 1 = 1',
])('no literal may differ in %s', (sql) => {
  expect(fieldsOf(sql)).toEqual([]);
});

describe('parameters', () => {
  const freeOf = (sql: string, ...parameters: readonly Parameter[]) =>
    shape(sql, ...parameters).fields.map((field) => field.free);

  test('are free where they are compared, assigned or inserted, and nowhere besides', () => {
    expect(freeOf('SELECT a FROM t WHERE b = $1 LIMIT $2', text('x'), text('5'))).toEqual([true, false]);
    expect(freeOf('SELECT a FROM t WHERE b = $1 OR f($1)', text('x'))).toEqual([false]);
    expect(freeOf('UPDATE t SET a = $1 WHERE b = $2', text('x'), text('y'))).toEqual([true, true]);
    expect(freeOf('INSERT INTO t VALUES ($1, lower($2))', text('x'), text('y'))).toEqual([true, false]);
    expect(freeOf('SELECT a FROM t', text('unused'))).toEqual([false]);
  });

  test('have ranges by their type, and only as text', () => {
    const [int, date, open, binary] = shape(
      'SELECT a FROM t WHERE b = $1 AND c = $2 AND d = $3 AND e = $4',
      text('1', 23),
      text('2026-01-01', 1082),
      text('1', 0),
      { type: 23, format: 'binary', value: 'AAAAAQ' },
    ).fields;
    expect([int?.orders, date?.orders]).toEqual([['number'], ['date']]);
    expect([open?.orders.length, binary?.orders]).toEqual([3, []]);
  });
});

const BASE = "SELECT a FROM t WHERE b = 'x' AND c = 5 LIMIT 5";
test('values don’t change the template', () => {
  expect(shape("SELECT a FROM t WHERE b = 'other' AND c = 7 LIMIT 5").template).toBe(shape(BASE).template);
});

test.each([
  BASE.replace('a', 'A'),
  BASE.replace(' FROM', '\nFROM'),
  BASE.replace('SELECT', 'SELECT /* c */'),
  BASE.replace("'x'", "E'x'"),
  BASE.replace("'x'", '5'),
  BASE.replace('= 5', '= 5.0'),
  BASE.replace('= 5', '= 5000000000'),
  BASE.replace('= 5', '= -5'),
  BASE.replace('LIMIT 5', 'LIMIT 6'),
  BASE.replace('b =', 'b <='),
  BASE.replace('t W', 't, u W'),
  BASE.replace('LIMIT 5', ''),
  `${BASE};`,
  ` ${BASE}`,
  BASE.replace('b', '"b"'),
  BASE.replace('FROM t', 'FROM public.t'),
])('%s is of another template', (sql) => {
  expect(shape(sql).template).not.toBe(shape(BASE).template);
});

test('types and formats of parameters are part of the template', () => {
  const sql = 'SELECT a FROM t WHERE b = $1';
  const templates = [
    shape(sql, text('1', 23)),
    shape(sql, text('1', 20)),
    shape(sql, text('1', 0)),
    shape(sql, { type: 23, format: 'binary', value: 'AAAAAQ' }),
    shape(sql),
    shape(sql, text('1', 23), text('1', 23)),
  ].map((each) => each.template);
  expect(new Set(templates).size).toBe(templates.length);
});

test.each([
  'EXECUTE p',
  'FETCH ALL FROM c',
  'DECLARE c CURSOR FOR SELECT 1',
  'PREPARE p AS SELECT 1',
  'EXPLAIN ANALYZE SELECT a FROM t',
  "COPY t TO '/tmp/x'",
  'CALL f()',
  'DO $$BEGIN END$$',
  'DROP TABLE t',
  'SELECT 1; SELECT 2',
  'SELECT \0',
  'SELEC 1',
  '',
  `SELECT ${'f('.repeat(300)}1${')'.repeat(300)}`,
])('%s has no shape of its own', (sql) => {
  expect(shapeOfStatement(sql, [], limits).ok).toBe(false);
});
