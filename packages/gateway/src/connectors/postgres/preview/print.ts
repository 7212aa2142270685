/**
 * Parse tree → text, for the conditions that people write most. What isn't known here is not printed at all, and
 * whoever prints parses the text again and compares the trees: a mistake in this file is an answer less, never another
 * condition.
 */
import type { A_Expr, FuncCall, Node, RangeVar, TypeName } from 'libpg-query';
import { as, type Body, nameParts, type Tag, tagOf } from '../describe/tree.ts';

class Unprintable extends Error {}

/** Null where the tree holds something that isn't printed. */
export function printed(print: () => string): string | null {
  try {
    return print();
  } catch (error) {
    if (error instanceof Unprintable) return null;
    throw error;
  }
}

const never = (): never => {
  throw new Unprintable();
};

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const names = (nodes: readonly Node[] | undefined): string => {
  const parts = nameParts(nodes);
  return parts.length === (nodes ?? []).length && parts.length > 0 ? parts.map(quoted).join('.') : never();
};
const list = (nodes: readonly Node[] | undefined): string => (nodes ?? []).map(operand).join(', ');
const operand = (node: Node | undefined): string => `(${expression(node)})`;

type Printers = { readonly [K in Tag]?: (body: Body<K>) => string };

const printers: Printers = {
  ColumnRef: ({ fields }) => names(fields),
  ParamRef: ({ number }) => `$${(number ?? never()).toString()}`,
  A_Const: constant,
  TypeCast: ({ arg, typeName }) => `${operand(arg)}::${type(typeName)}`,
  BoolExpr: ({ boolop, args }) => {
    if (boolop === 'NOT_EXPR') return `NOT ${operand(args?.[0])}`;
    return (args ?? []).map(operand).join(boolop === 'OR_EXPR' ? ' OR ' : ' AND ');
  },
  NullTest: ({ arg, nulltesttype }) => `${operand(arg)} IS ${nulltesttype === 'IS_NULL' ? '' : 'NOT '}NULL`,
  BooleanTest: ({ arg, booltesttype }) =>
    `${operand(arg)} ${(booltesttype ?? never()).replace(/^IS_/, 'IS ').replace('NOT_', 'NOT ')}`,
  A_Expr: operation,
  FuncCall: call,
  CoalesceExpr: ({ args }) => `COALESCE(${list(args)})`,
  A_ArrayExpr: ({ elements }) => `ARRAY[${list(elements)}]`,
  SQLValueFunction: ({ op, typmod }) => (typmod === -1 ? (op ?? never()).replace('SVFOP_', '') : never()),
};

export function expression(node: Node | undefined): string {
  if (node === undefined) return never();
  const tag = tagOf(node);
  const print = printers[tag] as ((body: unknown) => string) | undefined;
  return print === undefined ? never() : print((node as Record<Tag, unknown>)[tag]);
}

function constant({ isnull, ival, fval, boolval, sval }: Body<'A_Const'>): string {
  if (isnull === true) return 'NULL';
  if (ival !== undefined) return (ival.ival ?? 0).toString();
  if (fval !== undefined) return fval.fval ?? never();
  if (boolval !== undefined) return boolval.boolval === true ? 'TRUE' : 'FALSE';
  return sval === undefined ? never() : literal(sval.sval ?? '');
}

function type(typeName: TypeName | undefined): string {
  if (typeName === undefined || typeName.setof === true || typeName.pct_type === true) return never();
  const modifiers = (typeName.typmods ?? []).length > 0 ? `(${list(typeName.typmods)})` : '';
  const bounds = (typeName.arrayBounds ?? []).map((bound) =>
    as(bound, 'Integer')?.ival === -1 ? '[]' : never(),
  );
  return names(typeName.names) + modifiers + bounds.join('');
}

function symbol(name: readonly Node[] | undefined): string {
  const parts = nameParts(name);
  const last = parts.at(-1) ?? '';
  if (!/^[-+*/<>=~!@#%^&|`?]+$/.test(last)) return never();
  return parts.length === 1 ? last : `OPERATOR(${parts.slice(0, -1).map(quoted).join('.')}.${last})`;
}

/** LIKE and its kin come with the operator that they stand for. */
const likes: Readonly<Record<string, string>> = {
  '~~': 'LIKE',
  '!~~': 'NOT LIKE',
  '~~*': 'ILIKE',
  '!~~*': 'NOT ILIKE',
};

function operation({ kind, name, lexpr, rexpr }: A_Expr): string {
  const items = as(rexpr, 'List')?.items;
  switch (kind) {
    case 'AEXPR_OP':
      return `${lexpr === undefined ? '' : operand(lexpr)} ${symbol(name)} ${operand(rexpr)}`;
    case 'AEXPR_OP_ANY':
      return `${operand(lexpr)} ${symbol(name)} ANY ${operand(rexpr)}`;
    case 'AEXPR_OP_ALL':
      return `${operand(lexpr)} ${symbol(name)} ALL ${operand(rexpr)}`;
    case 'AEXPR_IN':
      return `${operand(lexpr)} ${symbol(name) === '=' ? 'IN' : 'NOT IN'} (${list(items)})`;
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
      return `${operand(lexpr)} ${likes[nameParts(name).join('.')] ?? never()} ${operand(rexpr)}`;
    case 'AEXPR_DISTINCT':
      return `${operand(lexpr)} IS DISTINCT FROM ${operand(rexpr)}`;
    case 'AEXPR_NOT_DISTINCT':
      return `${operand(lexpr)} IS NOT DISTINCT FROM ${operand(rexpr)}`;
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
      return `${operand(lexpr)} ${kind === 'AEXPR_BETWEEN' ? '' : 'NOT '}BETWEEN ${operand(items?.[0])} AND ${operand(items?.[1])}`;
    default:
      return never();
  }
}

/** A plain call: aggregates, windows and named arguments make another tree, and the comparison drops them. */
function call({ funcname, args }: FuncCall): string {
  return `${names(funcname)}(${list(args)})`;
}

/** A table as a FROM names it. */
export function table({ catalogname, schemaname, relname, inh, alias }: RangeVar): string {
  if (catalogname !== undefined && catalogname !== '') return never();
  const schema = schemaname === undefined || schemaname === '' ? '' : `${quoted(schemaname)}.`;
  const only = inh === true ? '' : 'ONLY ';
  if ((alias?.colnames ?? []).length > 0) return never();
  const as_ = alias?.aliasname === undefined ? '' : ` AS ${quoted(alias.aliasname)}`;
  return `${only}${schema}${quoted(relname ?? never())}${as_}`;
}
