import type { Node, ResTarget, SelectStmt, WithClause } from 'libpg-query';
import { filterBy, flow, windowSources } from './expression.ts';
import { noSources, type Sources, union } from './facts.ts';
import { analyseFrom, type Element } from './from.ts';
import { isFiltered, rowBound } from './bounds.ts';
import { outputName } from './output-name.ts';
import { describeOperator } from './operators.ts';
import { analyseWith } from './common-tables.ts';
import {
  allSources,
  type Column,
  columnOf,
  emptyRows,
  findColumn,
  findRows,
  type RangeItem,
  type Rows,
  Scope,
  type Walk,
} from './scope.ts';
import { as, literalText, nameParts, walk as walkTree } from './tree.ts';

/** Analyses a query; its columns are only read where the caller says so. */
export function analyseSelect(query: SelectStmt, outer: Scope | null, walk: Walk): Rows {
  const known = walk.subqueries.get(query);
  if (known) return known;
  const scope = new Scope(outer, false);
  if (query.withClause) analyseWith(query.withClause, scope, walk);
  const rows =
    query.op === 'SETOP_NONE' || !query.op ? analyseArm(query, scope, walk) : analyseSets(query, scope, walk);
  filterBy([query.limitCount, query.limitOffset], scope, walk);
  if (query.lockingClause) {
    walk.facts.flags.add('locking');
    walk.facts.changes = true;
  }
  const limited = { ...rows, bound: limitedBound(query, rows.bound) };
  walk.subqueries.set(query, limited);
  return limited;
}

/** The names of a WITH clause for a statement that isn't a SELECT. */
export function withScope(clause: WithClause | undefined, outer: Scope | null, walk: Walk): Scope {
  const scope = new Scope(outer);
  if (clause) analyseWith(clause, scope, walk);
  return scope;
}

function limitedBound(query: SelectStmt, bound: number | null): number | null {
  const limit = literalText(query.limitCount);
  if (typeof limit !== 'string' || query.limitOption === 'LIMIT_OPTION_WITH_TIES') return bound;
  if (!/^\d{1,15}$/.test(limit)) return bound;
  return bound === null ? Number(limit) : Math.min(bound, Number(limit));
}

function analyseSets(query: SelectStmt, scope: Scope, walk: Walk): Rows {
  const left = query.larg ? analyseSelect(query.larg, scope, walk) : emptyRows;
  const right = query.rarg ? analyseSelect(query.rarg, scope, walk) : emptyRows;
  const except = query.op === 'SETOP_EXCEPT';
  if (!query.all || query.op !== 'SETOP_UNION') {
    walk.facts.mark(union(allSources(left), allSources(right)), 'filtered');
  }
  const open = (left.open ?? right.open) ? union(allSources(left), allSources(right)) : null;
  // Where a side does not say how many columns it has, any column may be beside any other.
  const columns = left.columns.map(({ name, sources }, i) => ({
    name,
    sources: open ?? (except ? sources : union(sources, right.columns[i]?.sources ?? noSources)),
  }));
  const rows: Rows = {
    columns,
    open,
    bound: setBound(query, left.bound, right.bound),
    filtered: (left.filtered || left.constant) && (right.filtered || right.constant || except),
    constant: left.constant && right.constant,
  };
  orderBy(query, rows, scope, walk);
  return rows;
}

function setBound(query: SelectStmt, left: number | null, right: number | null): number | null {
  if (query.op === 'SETOP_EXCEPT') return left;
  if (query.op === 'SETOP_INTERSECT') {
    if (left === null || right === null) return left ?? right;
    return query.all ? Math.min(left, right) : Math.min(left, right);
  }
  return left === null || right === null ? null : left + right;
}

function analyseArm(query: SelectStmt, scope: Scope, walk: Walk): Rows {
  if (query.valuesLists) return analyseValues(query, scope, walk);
  const elements = (query.fromClause ?? []).map((entry) => analyseFrom(entry, scope, walk));
  if (query.whereClause) {
    scope.conditions.push({ expression: query.whereClause, restricts: null });
    filterBy(query.whereClause, scope, walk);
  }
  for (const node of query.windowClause ?? []) {
    const window = as(node, 'WindowDef');
    if (window) scope.windows.set(window.name ?? '', windowSources(window, scope, walk));
  }
  const partial: Rows = { ...emptyRows, ...targetColumns(query.targetList, elements, scope, walk) };
  groupBy(query, partial, scope, walk);
  filterBy(query.havingClause, scope, walk);
  distinct(query, partial, scope, walk);
  orderBy(query, partial, scope, walk);
  return { ...partial, bound: armBound(query, scope, walk), filtered: isFiltered(scope, walk, null) };
}

function analyseValues(query: SelectStmt, scope: Scope, walk: Walk): Rows {
  const lists = (query.valuesLists ?? []).map((list) => as(list, 'List')?.items ?? []);
  const width = Math.max(0, ...lists.map((list) => list.length));
  const columns: Column[] = [];
  for (let i = 0; i < width; i++) {
    const sources = union(...lists.map((list) => flow(list[i], scope, walk)));
    for (const source of sources) walk.facts.computed.add(source);
    columns.push({ name: `column${i + 1}`, sources });
  }
  const rows: Rows = { columns, open: null, bound: lists.length, filtered: false, constant: true };
  orderBy(query, rows, scope, walk);
  return rows;
}

/** What a target list gives, stars expanded. */
export function targetColumns(
  targets: readonly Node[] | undefined,
  elements: readonly Element[],
  scope: Scope,
  walk: Walk,
): Pick<Rows, 'columns' | 'open'> {
  const columns: Column[] = [];
  let open: Sources | null = null;
  for (const node of targets ?? []) {
    const target = as(node, 'ResTarget');
    if (!target) continue;
    const found = starColumns(target, elements, scope, walk) ?? plainColumn(target, scope, walk);
    columns.push(...found.columns);
    if (found.open !== null) open = union(open ?? noSources, found.open);
  }
  return { columns, open };
}

function plainColumn(target: ResTarget, scope: Scope, walk: Walk): Pick<Rows, 'columns' | 'open'> {
  const sources = flow(target.val, scope, walk);
  if (!as(target.val, 'ColumnRef')) for (const source of sources) walk.facts.computed.add(source);
  const name = target.name ?? outputName(target.val, walk);
  return name === null ? { columns: [], open: sources } : { columns: [{ name, sources }], open: null };
}

/** Null: it is no star. */
function starColumns(
  target: ResTarget,
  elements: readonly Element[],
  scope: Scope,
  walk: Walk,
): Pick<Rows, 'columns' | 'open'> | null {
  const isStar = (node: Node): boolean => as(node, 'A_Star') !== undefined;
  if (as(target.val, 'A_Indirection')?.indirection?.some(isStar)) {
    // `(expression).*`: columns of unknown names, all from the expression.
    return { columns: [], open: flow(target.val, scope, walk) };
  }
  const fields = as(target.val, 'ColumnRef')?.fields;
  if (!fields?.some(isStar)) return null;
  const parts = nameParts(fields);
  if (parts.length === 0) return joined(elements.map(({ rows }) => rows));
  const items = findRows(scope, parts);
  if (items.length > 0) return joined(items.map(({ rows }) => rows));
  walk.facts.unknown.add(`What ${parts.join('.')}.* stands for is not known.`);
  return { columns: [], open: findColumn(scope, parts)?.sources ?? noSources };
}

function joined(parts: readonly Rows[]): Pick<Rows, 'columns' | 'open'> {
  const open = parts.flatMap((rows) => (rows.open === null ? [] : [rows.open]));
  return {
    columns: parts.flatMap((rows) => rows.columns),
    open: open.length > 0 ? union(...open) : null,
  };
}

/** `ORDER BY 1` and `ORDER BY name` mean an output column; a name may mean a column of the input as well. */
function orderKeys(nodes: readonly Node[] | undefined, rows: Rows, scope: Scope, walk: Walk): void {
  for (const node of nodes ?? []) {
    const sort = as(node, 'SortBy');
    const key = sort ? sort.node : node;
    if (sort?.useOp) describeOperator(nameParts(sort.useOp), walk);
    const position = as(key, 'A_Const')?.ival?.ival;
    const parts = nameParts(as(key, 'ColumnRef')?.fields);
    const counted = rows.open === null ? rows.columns[(position ?? 0) - 1]?.sources : undefined;
    const output = position === undefined ? null : (counted ?? allSources(rows));
    const named = parts.length === 1 ? columnOf(rows, parts[0] ?? '') : null;
    walk.facts.mark(union(output ?? noSources, named ?? noSources), 'filtered');
    if (named && !findColumn(scope, parts)) continue;
    filterBy(key, scope, walk);
  }
}

function groupBy(query: SelectStmt, rows: Rows, scope: Scope, walk: Walk): void {
  for (const node of query.groupClause ?? []) {
    const sets = as(node, 'GroupingSet');
    if (sets) orderKeys(groupingKeys(sets.content), rows, scope, walk);
    else orderKeys([node], rows, scope, walk);
  }
}

function groupingKeys(nodes: readonly Node[] | undefined): Node[] {
  return (nodes ?? []).flatMap((node) => {
    const inner = as(node, 'GroupingSet')?.content ?? as(node, 'RowExpr')?.args;
    return inner ? groupingKeys(inner) : [node];
  });
}

function distinct(query: SelectStmt, rows: Rows, scope: Scope, walk: Walk): void {
  if (!query.distinctClause) return;
  const keys = query.distinctClause.filter((node) => Object.keys(node).length > 0);
  if (keys.length > 0) orderKeys(keys, rows, scope, walk);
  else walk.facts.mark(allSources(rows), 'filtered');
}

function orderBy(query: SelectStmt, rows: Rows, scope: Scope, walk: Walk): void {
  orderKeys(query.sortClause, rows, scope, walk);
}

function armBound(query: SelectStmt, scope: Scope, walk: Walk): number | null {
  const calls = outputCalls(query, scope, walk);
  if (calls.returnsSet) return null;
  if (!query.groupClause && (calls.aggregates || query.havingClause)) return 1;
  const grouped = query.groupClause?.some((node) => as(node, 'GroupingSet') !== undefined) ?? false;
  return grouped ? null : rowBound(scope, walk);
}

/** Aggregates and set-returning functions of this level of the query. */
function outputCalls(
  query: SelectStmt,
  scope: Scope,
  walk: Walk,
): { aggregates: boolean; returnsSet: boolean } {
  const found = { aggregates: false, returnsSet: false };
  walkTree([query.targetList, query.havingClause, query.sortClause], (node) => {
    if (as(node, 'SubLink')) return false;
    if ((as(node, 'JsonObjectAgg') ?? as(node, 'JsonArrayAgg')) && isOfLevel(node, scope)) {
      found.aggregates = true;
    }
    if (fieldsOf(node).some((name) => walk.resolver.functions([name]).some((f) => f.returnsSet))) {
      found.returnsSet = true;
    }
    const call = as(node, 'FuncCall');
    if (!call) return true;
    const functions = walk.resolver.functions(nameParts(call.funcname));
    if (functions.length === 0 || functions.some((f) => f.returnsSet)) found.returnsSet = true;
    const aggregate = functions.length > 0 && functions.every((f) => f.kind === 'aggregate');
    if (!call.over && aggregate && isOfLevel(node, scope)) found.aggregates = true;
    return true;
  });
  return found;
}

/** `(x).f` and `t.f`, where f may be a function. */
function fieldsOf(node: Node): readonly string[] {
  const reference = nameParts(as(node, 'ColumnRef')?.fields);
  return nameParts(as(node, 'A_Indirection')?.indirection).concat(reference.slice(1).slice(-1));
}

/**
 * An aggregate belongs to the innermost query whose columns it is given, not to the one that it stands in: over outer
 * columns alone it is the outer query's (PostgreSQL manual, 4.2.7), and doesn't make this one a single row.
 */
function isOfLevel(aggregate: Node, scope: Scope): boolean {
  let outer = false;
  let own = false;
  walkTree(aggregate, (node) => {
    // What a subquery inside of it refers to is not looked into.
    if (as(node, 'SubLink')) {
      outer = true;
      return false;
    }
    const reference = as(node, 'ColumnRef');
    if (!reference) return true;
    const parts = nameParts(reference.fields);
    const star = reference.fields?.some((field) => as(field, 'A_Star')) ?? false;
    const items = star ? findRows(scope, parts) : (findColumn(scope, parts)?.items ?? []);
    if (items.some((item) => scope.items.includes(item) && isCertain(item, parts))) own = true;
    else outer = true;
    return true;
  });
  return own || !outer || !hasOuterNames(scope);
}

/** Whether a name is this item's for sure: an item of unknown columns may have it, or leave it to an outer query. */
const isCertain = (item: RangeItem, parts: readonly string[]): boolean =>
  parts.length > 1 || item.rows.open === null || columnOf(item.rows, parts[0] ?? '') !== null;

function hasOuterNames(scope: Scope): boolean {
  for (let level = scope.parent; level !== null; level = level.parent) {
    if (level.items.length > 0) return true;
  }
  return false;
}
