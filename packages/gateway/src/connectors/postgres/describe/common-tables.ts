import type { CommonTableExpr, SelectStmt, WithClause } from 'libpg-query';
import { noSources, union } from './facts.ts';
import { renameColumns } from './from.ts';
import { growingColumns } from './recursion.ts';
import { allSources, type CommonTable, emptyRows, type Rows, Scope, type Walk } from './scope.ts';
import { as } from './tree.ts';

/** Rounds after which a recursive query's columns are taken to hold everything that any of them holds. */
const maxRounds = 8;

/**
 * Adds the tables of a WITH clause to the scope. All are analysed, referenced or not: a data-modifying one runs anyway.
 * In WITH RECURSIVE each sees all others, so a table is analysed when it is first referenced.
 */
export function analyseWith(clause: WithClause, scope: Scope, walk: Walk): void {
  const tables: CommonTable[] = [];
  for (const node of clause.ctes ?? []) {
    const expression = as(node, 'CommonTableExpr');
    if (!expression) continue;
    const inner = clause.recursive ? scope : before(scope);
    const table = lazily(expression, inner, walk, clause.recursive ?? false);
    scope.tables.set(expression.ctename ?? '', table);
    tables.push(table);
  }
  for (const table of tables) table.rows();
}

/** Without RECURSIVE a table sees only those before it. */
function before(scope: Scope): Scope {
  const copy = new Scope(scope.parent);
  for (const [name, table] of scope.tables) copy.tables.set(name, table);
  return copy;
}

function lazily(expression: CommonTableExpr, scope: Scope, walk: Walk, recursive: boolean): CommonTable {
  let state: Rows | 'analysing' | null = null;
  let soFar: Rows = { ...emptyRows, open: noSources };
  const analyse = (): Rows => {
    const query = as(expression.ctequery, 'SelectStmt');
    if (!query) return walk.modification(expression.ctequery, scope, walk) ?? emptyRows;
    if (!recursive || !query.larg || !query.rarg) return walk.select(query, scope, walk);
    const rows = analyseRecursive(query, scope, walk, (found) => {
      soFar = named(found);
    });
    const extended = expression.search_clause ?? expression.cycle_clause;
    const growing = growingColumns(expression.ctename ?? '', query.rarg, query.withClause ? null : scope);
    if (extended || growing === null) walk.facts.gather(allSources(rows));
    for (const i of growing ?? []) walk.facts.gather(rows.columns[i]?.sources ?? rows.open ?? noSources);
    return rows;
  };
  const named = (rows: Rows): Rows =>
    withExtras(renameColumns(rows, { colnames: expression.aliascolnames ?? [] }), expression);
  return {
    rows() {
      if (state === 'analysing') return soFar;
      if (state === null) {
        state = 'analysing';
        state = named(analyse());
      }
      return state;
    },
  };
}

/** Each round may move a column's sources to another column; ends when a round brings nothing more. */
function analyseRecursive(query: SelectStmt, scope: Scope, walk: Walk, publish: (rows: Rows) => void): Rows {
  const inner = new Scope(scope);
  if (query.withClause) analyseWith(query.withClause, inner, walk);
  const start = query.larg ? walk.select(query.larg, inner, walk) : emptyRows;
  let rows: Rows = { ...start, bound: null, filtered: false, constant: false };
  for (let round = 0; round < maxRounds; round++) {
    publish(rows);
    const before = size(rows);
    walk.subqueries.clear();
    const step = walk.select(query, scope, walk);
    rows = { ...rows, columns: merge(rows, step), open: step.open };
    if (size(rows) === before) return rows;
  }
  const everything = allSources(rows);
  return { ...rows, columns: rows.columns.map(({ name }) => ({ name, sources: everything })) };
}

const size = (rows: Rows): number =>
  rows.columns.reduce((sum, column) => sum + column.sources.size, rows.open?.size ?? 0);

const merge = (rows: Rows, step: Rows): Rows['columns'] =>
  rows.columns.map(({ name, sources }, i) => ({
    name,
    sources: union(sources, step.columns[i]?.sources ?? noSources, step.open ?? noSources),
  }));

/** SEARCH and CYCLE add columns that hold what they order or compare by. */
function withExtras(rows: Rows, expression: CommonTableExpr): Rows {
  const names = [
    expression.search_clause?.search_seq_column,
    expression.cycle_clause?.cycle_mark_column,
    expression.cycle_clause?.cycle_path_column,
  ].filter((name) => name !== undefined);
  if (names.length === 0) return rows;
  const sources = allSources(rows);
  return { ...rows, columns: [...rows.columns, ...names.map((name) => ({ name, sources }))] };
}
