import type { Alias, JoinExpr, Node, RangeFunction, RangeVar } from 'libpg-query';
import { describeCall } from './call.ts';
import { flow, walkThrough } from './expression.ts';
import { noSources, type Sources, union } from './facts.ts';
import { describeOperator, describeType } from './operators.ts';
import { readRelation } from './relation.ts';
import {
  allSources,
  type Column,
  columnOf,
  emptyRows,
  type RangeItem,
  type Rows,
  Scope,
  type Walk,
} from './scope.ts';
import { as, nameParts, tagOf } from './tree.ts';

/** One entry of a FROM clause: the names that it brings, and the columns that a star gives. */
export interface Element {
  readonly items: readonly RangeItem[];
  readonly rows: Rows;
}

/** Adds the entry's names to the scope; later entries and conditions see them. */
export function analyseFrom(node: Node, scope: Scope, walk: Walk): Element {
  const relation = as(node, 'RangeVar');
  if (relation) return single(fromRelation(relation, scope, walk), scope);
  const join = as(node, 'JoinExpr');
  if (join) return fromJoin(join, scope, walk);
  const subquery = as(node, 'RangeSubselect');
  if (subquery) {
    const query = as(subquery.subquery, 'SelectStmt');
    const outer = subquery.lateral ? scope : outside(scope);
    const rows = query ? walk.select(query, outer, walk) : emptyRows;
    return single(named(subquery.alias, rows), scope);
  }
  const call = as(node, 'RangeFunction');
  if (call) return single(fromFunction(call, scope, walk), scope);
  const sample = as(node, 'RangeTableSample');
  if (sample?.relation) {
    describeCall(nameParts(sample.method), walk);
    walk.facts.mark(walkThrough([sample.args, sample.repeatable], scope, walk), 'filtered');
    return analyseFrom(sample.relation, scope, walk);
  }
  return single(fromTableFunction(node, scope, walk), scope);
}

/** Without LATERAL the entries before are not visible, but common tables and outer queries are. */
function outside(scope: Scope): Scope {
  const outer = new Scope(scope.parent, scope.mute);
  for (const [name, table] of scope.tables) outer.tables.set(name, table);
  return outer;
}

function single(item: RangeItem, scope: Scope): Element {
  scope.items.push(item);
  return { items: [item], rows: item.rows };
}

function named(alias: Alias | undefined, rows: Rows, keys: RangeItem['keys'] = []): RangeItem {
  const renamed = renameColumns(rows, alias);
  return {
    alias: alias?.aliasname ?? '',
    schema: null,
    rows: renamed,
    keys: alias?.colnames ? [] : keys,
    relation: null,
    shows: alias?.aliasname === undefined ? 'columns' : 'all',
    joinAlias: false,
  };
}

/** `AS t(a, b)` renames the first columns; where not all are known, each may be any. */
export function renameColumns(rows: Rows, alias: Alias | undefined): Rows {
  const names = nameParts(alias?.colnames);
  if (names.length === 0) return rows;
  const open = rows.open === null ? null : allSources(rows);
  const columns: Column[] = rows.columns.map((column, i) => ({
    name: names[i] ?? column.name,
    sources: union(column.sources, open ?? noSources),
  }));
  for (const name of names.slice(columns.length)) columns.push({ name, sources: open ?? noSources });
  return { ...rows, columns, open };
}

function fromRelation(relation: RangeVar, scope: Scope, walk: Walk): RangeItem {
  const name = relation.relname ?? '';
  const common = relation.schemaname ? undefined : scope.table(name);
  if (common) {
    const item = named(relation.alias ?? { aliasname: name }, common.rows());
    return item;
  }
  const read = readRelation(relation, walk);
  const plain = relation.alias?.colnames === undefined;
  return {
    alias: relation.alias?.aliasname ?? name,
    schema: relation.alias ? null : (read.relation?.schema ?? relation.schemaname ?? null),
    rows: renameColumns(read.rows, relation.alias),
    keys: plain ? read.keys : [],
    relation: plain ? read.relation : null,
    shows: 'all',
    joinAlias: false,
  };
}

/** A function's columns have names that only its result type tells: any name may be one of them. */
function fromFunction(node: RangeFunction, scope: Scope, walk: Walk): RangeItem {
  let sources: Sources = noSources;
  let bound: number | null = node.is_rowsfrom ? null : 1;
  for (const entry of node.functions ?? []) {
    // Each entry is a list: the call, and perhaps its column definitions.
    const [call, ...definitions] = as(entry, 'List')?.items ?? [];
    walkThrough(definitions, scope, walk);
    sources = union(sources, flow(call, scope, walk));
    const parts = nameParts(as(call, 'FuncCall')?.funcname);
    const found = parts.length > 0 ? walk.resolver.functions(parts) : [];
    if (parts.length > 0 && (found.length === 0 || found.some((f) => f.returnsSet || f.userDefined)))
      bound = null;
  }
  walkThrough(node.coldeflist, scope, walk);
  // How many rows there are tells of what the function was given, whatever is taken of them.
  for (const source of sources) walk.facts.computed.add(source);
  const rows: Rows = { columns: [], open: sources, bound, filtered: false, constant: false };
  const [first] = as(node.functions?.[0], 'List')?.items ?? [];
  const ownName = nameParts(as(first, 'FuncCall')?.funcname).at(-1);
  const alias: Alias = { ...node.alias };
  alias.aliasname ??= ownName ?? '';
  return named(alias, rows);
}

/** XMLTABLE and JSON_TABLE: every column comes from the document. */
function fromTableFunction(node: Node, scope: Scope, walk: Walk): RangeItem {
  const known = as(node, 'RangeTableFunc') ?? as(node, 'JsonTable');
  if (!known) walk.facts.unknown.add(`What ${tagOf(node)} in a FROM clause reads is not known.`);
  for (const column of as(node, 'RangeTableFunc')?.columns ?? []) {
    describeType(as(column, 'RangeTableFuncCol')?.typeName, walk, true);
  }
  const sources = walkThrough(known ?? node, scope, walk);
  for (const source of sources) walk.facts.computed.add(source);
  return named(known?.alias ?? { aliasname: '' }, { ...emptyRows, open: sources });
}

function fromJoin(join: JoinExpr, scope: Scope, walk: Walk): Element {
  const before = scope.items.length;
  const left = join.larg ? analyseFrom(join.larg, scope, walk) : { items: [], rows: emptyRows };
  const right = join.rarg ? analyseFrom(join.rarg, scope, walk) : { items: [], rows: emptyRows };
  const items = [...left.items, ...right.items];
  const restrictsLeft = join.jointype === 'JOIN_INNER' || join.jointype === 'JOIN_RIGHT';
  const restrictsRight = join.jointype === 'JOIN_INNER' || join.jointype === 'JOIN_LEFT';
  if (join.jointype === 'JOIN_FULL') scope.fullJoin = true;
  if (join.quals) {
    // Only the join's own sides are visible: other names are those of outer queries.
    const sides = outside(scope);
    sides.items.push(...scope.items.slice(before));
    walk.facts.mark(flow(join.quals, sides, walk), 'filtered');
    const restricts = new Set([...(restrictsLeft ? left.items : []), ...(restrictsRight ? right.items : [])]);
    scope.conditions.push({ expression: join.quals, restricts });
  }
  const shared = sharedColumns(join, left.rows, right.rows);
  if (shared.length > 0) describeOperator(['='], walk);
  for (const name of shared) {
    walk.facts.mark(sharedSources(left.rows, right.rows, name), 'filtered');
    scope.equalColumns.push({ name, left: left.items, right: right.items, restrictsLeft, restrictsRight });
  }
  if (join.isNatural && (left.rows.open ?? right.rows.open)) {
    walk.facts.unknown.add('The columns that a NATURAL JOIN compares are not known.');
  }
  const rows = joinRows(left.rows, right.rows, shared);
  // A shared column is one of either side, also where one of them does not say which columns it has.
  const columns = rows.columns.slice(0, shared.length);
  if (rows.open !== null && columns.length > 0) {
    scope.items.push({ ...named(undefined, { ...emptyRows, columns }), joinAlias: true });
  }
  return aliasJoin(join, { items, rows }, scope, before);
}

function sharedColumns(join: JoinExpr, left: Rows, right: Rows): string[] {
  if (!join.isNatural) return nameParts(join.usingClause);
  const names = new Set(right.columns.map((column) => column.name));
  return left.columns.map((column) => column.name).filter((name) => names.has(name));
}

const sharedSources = (left: Rows, right: Rows, name: string): Sources =>
  union(...[left, right].map((rows) => columnOf(rows, name) ?? rows.open ?? noSources));

/** Shared columns come once and first, then the rest of both sides (PostgreSQL manual, 7.2.1.1). */
function joinRows(left: Rows, right: Rows, shared: readonly string[]): Rows {
  const rest = (rows: Rows): Column[] => rows.columns.filter((column) => !shared.includes(column.name));
  const open = (left.open ?? right.open) ? union(left.open ?? noSources, right.open ?? noSources) : null;
  const merged = shared.map((name) => ({
    name,
    sources: sharedSources(left, right, name),
  }));
  return { ...emptyRows, columns: [...merged, ...rest(left), ...rest(right)], open };
}

/** @param before how many names the scope had before the join: an alias hides all that it brought. */
function aliasJoin(join: JoinExpr, element: Element, scope: Scope, before: number): Element {
  if (join.join_using_alias) {
    const names = new Set(nameParts(join.usingClause));
    const columns = element.rows.columns.filter((column) => names.has(column.name));
    scope.items.push({ ...named(join.join_using_alias, { ...element.rows, columns }), joinAlias: true });
  }
  if (!join.alias) return element;
  for (const hidden of scope.items.slice(before)) hidden.shows = 'nothing';
  const item: RangeItem = { ...named(join.alias, element.rows), joinAlias: true };
  scope.items.push(item);
  return { items: element.items, rows: item.rows };
}
