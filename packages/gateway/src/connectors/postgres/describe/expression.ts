import type { A_Indirection, FuncCall, Node, SubLink, TypeName, WindowDef } from 'libpg-query';
import { noSources, type Sources, union } from './facts.ts';
import { describeCall } from './call.ts';
import { collectsRows } from './functions.ts';
import { qualifiedName } from './names.ts';
import {
  allSources,
  type ColumnMatch,
  columnOf,
  findColumn,
  findRows,
  type Scope,
  type Walk,
} from './scope.ts';
import { as, type Body, isNode, isRecord, nameParts, type Tag, tagOf } from './tree.ts';
import { describeOperator, describeType } from './operators.ts';

type Handler<K extends Tag> = (body: Body<K>, scope: Scope, walk: Walk) => Sources;
type Handlers = { readonly [K in Tag]?: Handler<K> };

const nothing = (): Sources => noSources;

/**
 * Which columns flow into the value of an expression; functions, operators, types and subqueries met on the way go to
 * the facts. A kind of node that has no row here is walked through: whatever it holds counts.
 */
const handlers: Handlers = {
  A_Const: nothing,
  ParamRef: nothing,
  SetToDefault: nothing,
  SQLValueFunction: nothing,
  MergeSupportFunc: nothing,
  CurrentOfExpr: nothing,
  ColumnRef: (body, scope, walk) => columnSources(body.fields, scope, walk),
  FuncCall: (body, scope, walk) => callSources(body, scope, walk),
  A_Expr: (body, scope, walk) => {
    describeOperator(nameParts(body.name), walk);
    return union(flow(body.lexpr, scope, walk), flow(body.rexpr, scope, walk));
  },
  NullTest: (body, scope, walk) => flow(body.arg, scope, walk),
  TypeName: (body, _scope, walk) => {
    describeType(body, walk, true);
    return noSources;
  },
  TypeCast: (body, scope, walk) => {
    describeType(body.typeName, walk, true);
    return flow(body.arg, scope, walk);
  },
  CollateClause: (body, scope, walk) => flow(body.arg, scope, walk),
  CaseExpr: (body, scope, walk) => {
    if (body.arg) describeOperator(['='], walk);
    return walkThrough(body, scope, walk);
  },
  A_Indirection: (body, scope, walk) => indirectionSources(body, scope, walk),
  SubLink: (body, scope, walk) => subLinkSources(body, scope, walk),
  SelectStmt: (body, scope, walk) => allSources(walk.select(body, scope, walk)),
  JsonArrayQueryConstructor: (body, scope, walk) => {
    const query = as(body.query, 'SelectStmt');
    if (!query) return noSources;
    const rows = walk.select(query, scope, walk);
    walk.facts.collect(rows.bound);
    if (rows.bound === null) walk.facts.gather(allSources(rows));
    return allSources(rows);
  },
  JsonObjectAgg: (body, scope, walk) => collecting(body, scope, walk),
  JsonArrayAgg: (body, scope, walk) => collecting(body, scope, walk),
};

function collecting(body: unknown, scope: Scope, walk: Walk): Sources {
  walk.facts.collect(null);
  walk.facts.flags.add('collectsRows');
  const sources = walkThrough(body, scope, walk);
  walk.facts.gather(sources);
  return sources;
}

export function flow(node: Node | undefined, scope: Scope, walk: Walk): Sources {
  if (!node) return noSources;
  const tag = tagOf(node);
  // The table's type ties each tag to its own body, which TypeScript can't follow through a union.
  const handler = handlers[tag] as Handler<Tag> | undefined;
  const body = (node as Record<Tag, Body<Tag>>)[tag];
  return handler ? handler(body, scope, walk) : walkThrough(body, scope, walk);
}

/** Everything below, whatever it is. */
export function walkThrough(value: unknown, scope: Scope, walk: Walk): Sources {
  if (Array.isArray(value)) return union(...value.map((item) => walkThrough(item, scope, walk)));
  if (!isRecord(value)) return noSources;
  if (isNode(value)) return flow(value, scope, walk);
  const found: Sources[] = [];
  for (const key in value) {
    if (key === 'typeName') describeType(value[key] as TypeName, walk, true);
    else found.push(walkThrough(value[key], scope, walk));
  }
  return union(...found);
}

/** Marks the columns of a condition, an ordering or a grouping. */
export function filterBy(value: unknown, scope: Scope, walk: Walk): void {
  walk.facts.mark(walkThrough(value, scope, walk), 'filtered');
}

function columnSources(fields: readonly Node[] | undefined, scope: Scope, walk: Walk): Sources {
  const parts = nameParts(fields);
  if (fields?.some((field) => as(field, 'A_Star'))) return starSources(parts, scope);
  const match = findColumn(scope, parts);
  if (match) {
    if (!match.exact && parts.length > 1) unknownField(parts, match, scope, walk);
    return match.sources;
  }
  if (!scope.isMute()) walk.facts.unknown.add(`The column ${qualifiedName(...parts)} is not known.`);
  // The server may still know it: then any column in reach may be meant.
  return union(...scope.items.map((item) => allSources(item.rows)));
}

/** `t.f` where t has no column f is f(t); where it is neither, the server refuses it. */
function unknownField(parts: readonly string[], match: ColumnMatch, scope: Scope, walk: Walk): void {
  const isFunction = fieldCall(parts.at(-1) ?? '', match.sources, walk);
  if (isFunction || match.column !== null || scope.isMute()) return;
  walk.facts.unknown.add(`The column ${qualifiedName(...parts)} is not known.`);
}

/** `(x).f`: of a row its column f, if it has one; of anything else it may be f(x), and so is each further name. */
function indirectionSources({ arg, indirection }: A_Indirection, scope: Scope, walk: Walk): Sources {
  const sources = union(flow(arg, scope, walk), walkThrough(indirection, scope, walk));
  const owner = nameParts(as(arg, 'ColumnRef')?.fields);
  const isRow = owner.length === 1 && findColumn(scope, owner)?.column === null;
  const row = isRow ? findRows(scope, owner) : [];
  for (const [at, node] of (indirection ?? []).entries()) {
    const name = as(node, 'String')?.sval;
    const isColumn = at === 0 && row.some((item) => columnOf(item.rows, name ?? '') !== null);
    if (name !== undefined && !isColumn) fieldCall(name, sources, walk);
  }
  return sources;
}

/** `(x).f` and `t.f` call the function f, or cast to the type f, where there is no such field. */
function fieldCall(name: string, sources: Sources, walk: Walk): boolean {
  const known = walk.resolver.functions([name]).length > 0 || walk.resolver.types([name]).length > 0;
  if (!known) return false;
  const call = { args: [{ ColumnRef: {} }] };
  const found = describeCall([name], walk, call);
  if (found.some((candidate) => collectsRows(candidate, call))) walk.facts.gather(sources);
  return true;
}

/** A star within an expression: `count(t.*)`, `row(t.*)`. */
function starSources(parts: readonly string[], scope: Scope): Sources {
  if (parts.length === 0) return union(...scope.items.map((item) => allSources(item.rows)));
  const rows = findRows(scope, parts);
  if (rows.length > 0) return union(...rows.map((item) => allSources(item.rows)));
  return findColumn(scope, parts)?.sources ?? noSources;
}

function callSources(call: FuncCall, scope: Scope, walk: Walk): Sources {
  const name = nameParts(call.funcname);
  const found = describeCall(name, walk, call);
  if (call.agg_filter) filterBy(call.agg_filter, scope, walk);
  // Ordered-set aggregates take what they order by as their argument: percentile, mode.
  const ordered = call.agg_within_group ? walkThrough(call.agg_order, scope, walk) : noSources;
  if (!call.agg_within_group) filterBy(call.agg_order, scope, walk);
  const window = call.over ? windowSources(call.over, scope, walk) : noSources;
  const sources = union(walkThrough(call.args, scope, walk), ordered, window);
  if (found.some((candidate) => collectsRows(candidate, call))) walk.facts.gather(sources);
  return sources;
}

export function windowSources(window: WindowDef, scope: Scope, walk: Walk): Sources {
  const named = [window.name, window.refname].map((name) => (name ? scope.window(name) : undefined));
  return union(
    ...named.map((sources) => sources ?? noSources),
    walkThrough(window.partitionClause, scope, walk),
    walkThrough(window.orderClause, scope, walk),
    flow(window.startOffset, scope, walk),
    flow(window.endOffset, scope, walk),
  );
}

function subLinkSources(link: SubLink, scope: Scope, walk: Walk): Sources {
  const query = as(link.subselect, 'SelectStmt');
  const test = flow(link.testexpr, scope, walk);
  if (!query) return union(test, walkThrough(link.subselect, scope, walk));
  if (link.testexpr) describeOperator(link.operName ? nameParts(link.operName) : ['='], walk);
  const rows = walk.select(query, scope, walk);
  if (link.subLinkType === 'EXISTS_SUBLINK') return noSources;
  if (link.subLinkType === 'ARRAY_SUBLINK') {
    walk.facts.collect(rows.bound);
    if (rows.bound === null) {
      walk.facts.flags.add('collectsRows');
      walk.facts.gather(allSources(rows));
    }
  }
  return union(test, allSources(rows));
}
