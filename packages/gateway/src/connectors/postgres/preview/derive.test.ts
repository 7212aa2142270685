import { beforeAll, describe, expect, it } from 'vitest';
import { parse, prepareParser } from '../describe/parser.ts';
import { as, sameShape } from '../describe/tree.ts';
import { countText, explainText, treeOf } from './derive.ts';

beforeAll(() => prepareParser());

const tree = (text: string) => {
  const found = treeOf(text);
  if (found === null) throw new Error(`not one statement: ${text}`);
  return found;
};
const count = (text: string): string | null => countText(tree(text));

/** The condition of the derived count, as PostgreSQL's grammar reads it. */
function conditionOf(text: string | null): unknown {
  const parsed = parse(text ?? '');
  const counting = as(parsed.ok ? parsed.value[0]?.stmt : undefined, 'SelectStmt');
  return as(as(counting?.fromClause?.[0], 'RangeSubselect')?.subquery, 'SelectStmt')?.whereClause;
}

describe('the count of what a condition holds for', () => {
  it.each([
    'a = 1',
    'a <> -5 AND b IS NOT NULL OR NOT c',
    "name = 'O''Brien; DROP TABLE t --' AND \"we\"\"ird\" = 'x'",
    "note = 'back\\slash\nand a line'",
    'id = $1 AND t.x = ANY($2) AND y <> ALL (ARRAY[1, 2])',
    "at > '2026-01-01'::date AND d > interval '1 day' AND n::numeric(10, 2) > 1.5e3 AND x = '{}'::int[]",
    'id IN (1, 2, 3) AND id NOT IN (4) AND id BETWEEN 1 AND 9 AND id NOT BETWEEN 3 AND $1',
    "name LIKE 'a%' AND name NOT ILIKE '%b' AND a IS DISTINCT FROM b AND a IS NOT DISTINCT FROM c",
    "name LIKE 'a!%' ESCAPE '!'",
    'flag IS NOT TRUE AND other IS UNKNOWN AND lower(name) = coalesce(a, b, NULL)',
    'a = 1 AND (b = 2 AND (c = 3 OR d = 4)) AND (a + b) * -c > @ d',
    'at < now() AND day = current_date AND pg_catalog.abs(a) OPERATOR(pg_catalog.=) 3 AND TRUE',
  ])('%s', (where) => {
    const update = `UPDATE ONLY shop."T" AS t SET a = 2 WHERE ${where}`;
    const text = count(update);
    expect(text).toMatch(
      /^SELECT pg_catalog\.count\(\*\) FROM \(SELECT 1 FROM ONLY "shop"\."T" AS "t" WHERE /,
    );
    expect(sameShape(conditionOf(text), as(tree(update), 'UpdateStmt')?.whereClause, true)).toBe(true);
  });

  it.each([
    ['no condition: every row', 'DELETE FROM t'],
    ['another table in it', 'DELETE FROM t USING u WHERE t.id = u.id'],
    ['another table in it', 'UPDATE t SET a = u.a FROM u WHERE t.id = u.id'],
    ['a query before it', 'WITH u AS (SELECT 1 AS id) DELETE FROM t WHERE id = 1'],
    ['a query inside of it', 'DELETE FROM t WHERE id IN (SELECT 1)'],
    ['a cursor’s row', 'DELETE FROM t WHERE CURRENT OF c'],
    ['an aggregate’s words', 'DELETE FROM t WHERE f(DISTINCT a) = 1'],
    ['an aggregate’s words', 'DELETE FROM t WHERE f(VARIADIC a) = 1'],
    ['a row', 'DELETE FROM t WHERE (a, b) = (1, 2)'],
    ['something else', 'SELECT 1'],
  ])('is left out for %s (%s)', (_, command) => {
    expect(count(command)).toBeNull();
  });
});

describe('the EXPLAIN of a statement', () => {
  it.each([
    'SELECT 1',
    "-- a comment\nDELETE FROM t WHERE a IN (1, 2) AND b = '--'",
    'WITH x AS (UPDATE t SET a = 1 RETURNING *) SELECT * FROM x;',
    'MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE',
  ])('%s', (command) => {
    expect(explainText(command, tree(command))).toBe(`EXPLAIN (FORMAT JSON) ${command}`);
  });

  it.each([
    ['more than one statement', 'SELECT 1; DELETE FROM t', 'SELECT 1'],
    ['another statement than was described', 'DELETE FROM t', 'SELECT 1'],
    ['options of its own', '(ANALYZE) DELETE FROM t', 'DELETE FROM t'],
    ['the word that runs it', 'ANALYZE DELETE FROM t', 'DELETE FROM t'],
    ['what can’t be explained', 'DROP TABLE t', 'DROP TABLE t'],
  ])('is refused for %s', (_, command, described) => {
    expect(explainText(command, tree(described))).toBeNull();
  });
});
