import type { A_Const, A_Expr, Node, ParamRef, RawStmt, SelectStmt } from 'libpg-query';
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

/** Literals and parameters whose values a description never depends on. */
interface ValueNodes {
  readonly literals: Set<A_Const>;
  readonly parameters: Set<ParamRef>;
}

/**
 * Those that are compared with a column, assigned to one, or a cell of INSERT … VALUES. Null: the statement isn't of a
 * kind that is looked into.
 */
function valueNodes(statements: readonly RawStmt[]): ValueNodes | null {
  const node = statements[0]?.stmt;
  const insert = as(node, 'InsertStmt');
  if (
    statements.length !== 1 ||
    !(as(node, 'SelectStmt') ?? as(node, 'UpdateStmt') ?? as(node, 'DeleteStmt') ?? insert)
  ) {
    return null;
  }
  const found: ValueNodes = { literals: new Set(), parameters: new Set() };
  walk(node, (part) => {
    const comparison = as(part, 'A_Expr');
    if (comparison) addCompared(comparison, found);
    const update = as(part, 'UpdateStmt');
    if (update)
      for (const target of update.targetList ?? []) addAssigned(as(target, 'ResTarget')?.val, found);
    return true;
  });
  const cells = as(insert?.selectStmt, 'SelectStmt');
  if (cells) addCells(cells, found);
  return found;
}

/** Where those literals stand in the text, which is ASCII, so that bytes and characters agree. */
export function valuePositions(statements: readonly RawStmt[], text: string): ReadonlySet<number> | null {
  const nodes = valueNodes(statements);
  return nodes && new Set([...nodes.literals].map((literal) => startOf(literal, text)));
}

/** Numbers of the parameters that stand nowhere but in such places. Null as above. */
export function valueParameters(statements: readonly RawStmt[]): ReadonlySet<number> | null {
  const nodes = valueNodes(statements);
  if (!nodes) return null;
  const free = new Set([...nodes.parameters].map((parameter) => parameter.number ?? 0));
  walk(statements, (part) => {
    const parameter = as(part, 'ParamRef');
    if (parameter && !nodes.parameters.has(parameter)) free.delete(parameter.number ?? 0);
    return true;
  });
  return free;
}

function addCells(query: SelectStmt, found: ValueNodes): void {
  for (const list of query.valuesLists ?? []) {
    for (const cell of as(list, 'List')?.items ?? []) addLiteral(cell, found);
  }
}

function addCompared({ kind, name, lexpr, rexpr }: A_Expr, found: ValueNodes): void {
  const operator = nameParts(name);
  if (kind === 'AEXPR_OP' && operator.length === 1 && comparisons.has(operator[0] ?? '')) {
    if (hasColumn(lexpr)) addLiteral(rexpr, found);
    if (hasColumn(rexpr)) addLiteral(lexpr, found);
  }
  if (!hasColumn(lexpr)) return;
  if (kind === 'AEXPR_IN' || kind === 'AEXPR_BETWEEN' || kind === 'AEXPR_NOT_BETWEEN') {
    for (const value of as(rexpr, 'List')?.items ?? []) addLiteral(value, found);
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
function addAssigned(node: Node | undefined, found: ValueNodes): void {
  const operation = as(node, 'A_Expr');
  if (operation?.kind === 'AEXPR_OP' && arithmetic.has(nameParts(operation.name).join('.'))) {
    addAssigned(operation.lexpr, found);
    addAssigned(operation.rexpr, found);
    return;
  }
  addLiteral(node, found);
}

function addLiteral(node: Node | undefined, found: ValueNodes): void {
  const cast = as(node, 'TypeCast');
  if (cast) {
    const parts = nameParts(cast.typeName?.names);
    const builtIn = parts.length === 2 && parts[0] === 'pg_catalog' && plainTypes.has(parts[1] ?? '');
    if (builtIn && !cast.typeName?.typmods && !cast.typeName?.arrayBounds) addLiteral(cast.arg, found);
    return;
  }
  const parameter = as(node, 'ParamRef');
  if (parameter) found.parameters.add(parameter);
  const literal = as(node, 'A_Const');
  if (literal?.location && !literal.isnull && !literal.boolval) found.literals.add(literal);
}

/** A negative number is one literal that begins at its sign; what is looked for are its digits. */
function startOf({ location = 0 }: A_Const, text: string): number {
  let start = location;
  if (text[start] === '-') for (start++; /\s/.test(text[start] ?? '');) start++;
  return start;
}
