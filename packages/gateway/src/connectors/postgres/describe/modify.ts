import type {
  DeleteStmt,
  InsertStmt,
  MergeStmt,
  Node,
  RangeVar,
  ReturningClause,
  UpdateStmt,
} from 'libpg-query';
import { isFiltered, targetBound } from './bounds.ts';
import { filterBy, flow } from './expression.ts';
import { noSources } from './facts.ts';
import { analyseFrom, type Element } from './from.ts';
import { describeOperator } from './operators.ts';
import { allSources, type Column, emptyRows, type RangeItem, type Rows, Scope, type Walk } from './scope.ts';
import { analyseSelect, targetColumns, withScope } from './select.ts';
import { as } from './tree.ts';
import { type Target, writeRelation, type WriteEvent } from './write.ts';

/** INSERT, UPDATE, DELETE or MERGE: its rows are those of RETURNING; null: it is none of them. */
export function analyseModification(node: Node | undefined, outer: Scope | null, walk: Walk): Rows | null {
  const insert = as(node, 'InsertStmt');
  if (insert) return analyseInsert(insert, outer, walk);
  const update = as(node, 'UpdateStmt');
  if (update) return analyseUpdate(update, outer, walk);
  const remove = as(node, 'DeleteStmt');
  if (remove) return analyseDelete(remove, outer, walk);
  const merge = as(node, 'MergeStmt');
  return merge ? analyseMerge(merge, outer, walk) : null;
}

function open(range: RangeVar | undefined, event: readonly WriteEvent[], walk: Walk): Target {
  return writeRelation(range ?? {}, event, walk);
}

/** What RETURNING gives. @param elements what its star stands for, in order. */
function returning(
  clause: ReturningClause | undefined,
  { item: target, elements }: { readonly item: RangeItem; readonly elements: readonly Element[] },
  scope: Scope,
  walk: Walk,
): Rows {
  if (!clause) return emptyRows;
  const inner = new Scope(scope);
  // OLD and NEW are the row before and after; WITH (OLD AS o) renames them (PostgreSQL manual, 6.4).
  const renamed = (clause.options ?? []).map((node) => as(node, 'ReturningOption')?.value ?? '');
  for (const alias of ['old', 'new', ...renamed]) inner.items.push({ ...target, alias, joinAlias: true });
  const lookup = new Scope(inner);
  lookup.items.push(...scope.items);
  return { ...emptyRows, ...targetColumns(clause.exprs, elements, lookup, walk) };
}

const elementOf = ({ item }: Target): Element => ({ items: [item], rows: item.rows });

/** SET a = …, (b, c) = (…): written, and what flows there is read. */
function assign(targets: readonly Node[] | undefined, target: Target, scope: Scope, walk: Walk): void {
  for (const node of targets ?? []) {
    const assignment = as(node, 'ResTarget');
    if (!assignment) continue;
    target.writeColumn(assignment.name ?? '');
    walk.facts.mark(flow(assignment.val, scope, walk), 'read');
    for (const part of assignment.indirection ?? []) walk.facts.mark(flow(part, scope, walk), 'filtered');
  }
}

function analyseInsert(statement: InsertStmt, outer: Scope | null, walk: Walk): Rows {
  walk.facts.operations.push('insert');
  const scope = withScope(statement.withClause, outer, walk);
  const conflict = statement.onConflictClause;
  const updates = conflict?.action === 'ONCONFLICT_UPDATE';
  const target = open(statement.relation, updates ? ['insert', 'update'] : ['insert'], walk);
  if (!statement.cols) target.writeAll();
  for (const node of statement.cols ?? []) {
    const column = as(node, 'ResTarget');
    target.writeColumn(column?.name ?? '');
    // A subscript is an expression, which runs.
    filterBy(column?.indirection, scope, walk);
  }
  const query = as(statement.selectStmt, 'SelectStmt');
  const rows = query ? analyseSelect(query, scope, walk) : { ...emptyRows, bound: 1 };
  walk.facts.mark(allSources(rows), 'read');
  scope.items.push(target.item);
  if (conflict) {
    const inner = new Scope(scope);
    inner.items.push({ ...target.item, alias: 'excluded', rows: blank(target.item.rows) });
    inner.items.push(target.item);
    if (conflict.infer) filterBy(conflict.infer, inner, walk);
    for (const node of conflict.infer?.indexElems ?? []) target.filterColumn(as(node, 'IndexElem')?.name);
    assign(conflict.targetList, target, inner, walk);
    filterBy(conflict.whereClause, inner, walk);
  }
  const { item } = target;
  const result = returning(statement.returningClause, { item, elements: [elementOf(target)] }, scope, walk);
  return { ...result, bound: rows.bound };
}

/** The proposed row of ON CONFLICT: its values come with the statement, not from the table. */
const blank = (rows: Rows): Rows => ({
  ...rows,
  columns: rows.columns.map(({ name }): Column => ({ name, sources: noSources })),
  open: rows.open === null ? null : noSources,
});

function analyseUpdate(statement: UpdateStmt, outer: Scope | null, walk: Walk): Rows {
  walk.facts.operations.push('update');
  const scope = withScope(statement.withClause, outer, walk);
  const target = open(statement.relation, ['update'], walk);
  scope.items.push(target.item);
  const from = (statement.fromClause ?? []).map((entry) => analyseFrom(entry, scope, walk));
  assign(statement.targetList, target, scope, walk);
  return restricted(statement, { ...target, elements: [elementOf(target), ...from] }, scope, walk);
}

function analyseDelete(statement: DeleteStmt, outer: Scope | null, walk: Walk): Rows {
  walk.facts.operations.push('delete');
  const scope = withScope(statement.withClause, outer, walk);
  const target = open(statement.relation, ['delete'], walk);
  scope.items.push(target.item);
  const using = (statement.usingClause ?? []).map((entry) => analyseFrom(entry, scope, walk));
  return restricted(statement, { ...target, elements: [elementOf(target), ...using] }, scope, walk);
}

function restricted(
  statement: UpdateStmt | DeleteStmt,
  target: Target & { readonly elements: readonly Element[] },
  scope: Scope,
  walk: Walk,
): Rows {
  const condition = statement.whereClause;
  const cursor = as(condition, 'CurrentOfExpr');
  if (condition) {
    scope.conditions.push({ expression: condition, restricts: null });
    filterBy(condition, scope, walk);
  }
  const rows = returning(statement.returningClause, target, scope, walk);
  if (cursor) return { ...rows, bound: 1, filtered: true };
  return {
    ...rows,
    bound: targetBound(target.item, scope, walk),
    filtered: isFiltered(scope, walk, target.item),
  };
}

const mergeEvents: Readonly<Record<string, WriteEvent>> = {
  CMD_INSERT: 'insert',
  CMD_UPDATE: 'update',
  CMD_DELETE: 'delete',
};

function analyseMerge(statement: MergeStmt, outer: Scope | null, walk: Walk): Rows {
  walk.facts.operations.push('merge');
  const scope = withScope(statement.withClause, outer, walk);
  const clauses = (statement.mergeWhenClauses ?? []).flatMap((node) => as(node, 'MergeWhenClause') ?? []);
  const events = clauses.flatMap((clause) => mergeEvents[clause.commandType ?? ''] ?? []);
  const target = open(statement.relation, events, walk);
  const source = new Scope(scope);
  const element = statement.sourceRelation ? analyseFrom(statement.sourceRelation, source, walk) : null;
  scope.items.push(target.item, ...source.items);
  filterBy(statement.joinCondition, scope, walk);
  describeOperator(['='], walk);
  for (const clause of clauses) {
    filterBy(clause.condition, scope, walk);
    if (clause.commandType === 'CMD_INSERT' && !clause.targetList) target.writeAll();
    assign(clause.targetList, target, scope, walk);
    for (const value of clause.values ?? []) walk.facts.mark(flow(value, scope, walk), 'read');
  }
  const elements = [...(element ? [element] : []), elementOf(target)];
  const rows = returning(statement.returningClause, { item: target.item, elements }, scope, walk);
  // Rows of the target that match no source row are reached by NOT MATCHED BY SOURCE only.
  const bySource = clauses.some((clause) => clause.matchKind === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE');
  return { ...rows, bound: null, filtered: !bySource && (element?.rows.constant ?? false) };
}
