import type { A_Expr, Node, RawStmt, SelectStmt } from 'libpg-query';
import { as, nameParts, walk } from './tree.ts';

const comparisons = new Set(['=', '<>', '<', '>', '<=', '>=']);
const arithmetic = new Set(['+', '-', '*', '/', '||']);
/** Types whose input function reads nothing and runs nothing of a user's. */
const plainTypes = new Set([
  'int2',
  'int4',
  'int8',
  'numeric',
  'text',
  'varchar',
  'bool',
  'date',
  'time',
  'timetz',
  'timestamp',
  'timestamptz',
  'uuid',
]);

/**
 * Where in the text the literals stand whose values a description never depends on: compared with a column, assigned
 * to one, or a cell of INSERT … VALUES. Null: the statement isn't of a kind that is looked into. Positions are those of
 * an ASCII text, so bytes and characters agree.
 */
export function valuePositions(statements: readonly RawStmt[], text: string): ReadonlySet<number> | null {
  const node = statements[0]?.stmt;
  const insert = as(node, 'InsertStmt');
  if (
    statements.length !== 1 ||
    !(as(node, 'SelectStmt') ?? as(node, 'UpdateStmt') ?? as(node, 'DeleteStmt') ?? insert)
  ) {
    return null;
  }
  const found = new Set<number>();
  walk(node, (part) => {
    const comparison = as(part, 'A_Expr');
    if (comparison) addCompared(comparison, text, found);
    const update = as(part, 'UpdateStmt');
    if (update)
      for (const target of update.targetList ?? []) addAssigned(as(target, 'ResTarget')?.val, text, found);
    return true;
  });
  const cells = as(insert?.selectStmt, 'SelectStmt');
  if (cells) addCells(cells, text, found);
  return found;
}

function addCells(query: SelectStmt, text: string, found: Set<number>): void {
  for (const list of query.valuesLists ?? []) {
    for (const cell of as(list, 'List')?.items ?? []) addLiteral(cell, text, found);
  }
}

function addCompared({ kind, name, lexpr, rexpr }: A_Expr, text: string, found: Set<number>): void {
  const operator = nameParts(name);
  if (kind === 'AEXPR_OP' && operator.length === 1 && comparisons.has(operator[0] ?? '')) {
    if (hasColumn(lexpr)) addLiteral(rexpr, text, found);
    if (hasColumn(rexpr)) addLiteral(lexpr, text, found);
  }
  if (!hasColumn(lexpr)) return;
  if (kind === 'AEXPR_IN' || kind === 'AEXPR_BETWEEN' || kind === 'AEXPR_NOT_BETWEEN') {
    for (const value of as(rexpr, 'List')?.items ?? []) addLiteral(value, text, found);
  }
}

/** Whether an operand is about a column itself, not about what a subquery finds. */
function hasColumn(node: Node | undefined): boolean {
  let found = false;
  walk(node, (part) => {
    if (as(part, 'SubLink')) return false;
    found ||= as(part, 'ColumnRef') !== undefined;
    return !found;
  });
  return found;
}

/** The value of SET: a literal, or arithmetic of literals and columns. */
function addAssigned(node: Node | undefined, text: string, found: Set<number>): void {
  const operation = as(node, 'A_Expr');
  if (operation?.kind === 'AEXPR_OP' && arithmetic.has(nameParts(operation.name).join('.'))) {
    addAssigned(operation.lexpr, text, found);
    addAssigned(operation.rexpr, text, found);
    return;
  }
  addLiteral(node, text, found);
}

function addLiteral(node: Node | undefined, text: string, found: Set<number>): void {
  const cast = as(node, 'TypeCast');
  if (cast) {
    const parts = nameParts(cast.typeName?.names);
    const builtIn = parts.length === 2 && parts[0] === 'pg_catalog' && plainTypes.has(parts[1] ?? '');
    if (builtIn && !cast.typeName?.typmods && !cast.typeName?.arrayBounds) addLiteral(cast.arg, text, found);
    return;
  }
  const literal = as(node, 'A_Const');
  if (!literal?.location || literal.isnull || literal.boolval) return;
  // A negative number is one literal that begins at its sign.
  let start = literal.location;
  if (text[start] === '-') for (start++; /\s/.test(text[start] ?? '');) start++;
  found.add(start);
}
