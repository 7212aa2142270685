import type { Node, SubLink } from 'libpg-query';
import type { Walk } from './scope.ts';
import { as, nameParts, tagOf } from './tree.ts';

const fixedNames: Readonly<Record<string, string>> = {
  CoalesceExpr: 'coalesce',
  A_ArrayExpr: 'array',
  RowExpr: 'row',
  GroupingFunc: 'grouping',
  MergeSupportFunc: 'merge_action',
  XmlSerialize: 'xmlserialize',
  JsonParseExpr: 'json',
  JsonScalarExpr: 'json_scalar',
  JsonSerializeExpr: 'json_serialize',
  JsonObjectConstructor: 'json_object',
  JsonArrayConstructor: 'json_array',
  JsonArrayQueryConstructor: 'json_array',
  JsonObjectAgg: 'json_objectagg',
  JsonArrayAgg: 'json_arrayagg',
};
const byOperation: Readonly<Record<string, string>> = {
  IS_GREATEST: 'greatest',
  IS_LEAST: 'least',
  IS_XMLCONCAT: 'xmlconcat',
  IS_XMLELEMENT: 'xmlelement',
  IS_XMLFOREST: 'xmlforest',
  IS_XMLPARSE: 'xmlparse',
  IS_XMLPI: 'xmlpi',
  IS_XMLROOT: 'xmlroot',
  JSON_EXISTS_OP: 'json_exists',
  JSON_QUERY_OP: 'json_query',
  JSON_VALUE_OP: 'json_value',
};

/** A weak name gives way to that of a cast or a CASE around it. A strong one may be null: nobody can tell it. */
interface Guess {
  readonly name: string | null;
  readonly strong: boolean;
}

const strong = (name: string | null | undefined): Guess | undefined =>
  name === undefined ? undefined : { name, strong: true };

/**
 * The name of an output column without AS, as FigureColname of PostgreSQL's parse_target.c gives it; null where it can't
 * be told. A wrong name would make one column look like another. The expression was analysed before.
 */
export function outputName(node: Node | undefined, walk: Walk): string | null {
  const found = guess(node, walk);
  return found ? found.name : '?column?';
}

function guess(node: Node | undefined, walk: Walk): Guess | undefined {
  if (!node) return undefined;
  const reference = as(node, 'ColumnRef');
  if (reference) return strong(nameParts(reference.fields).at(-1));
  const indirection = as(node, 'A_Indirection');
  if (indirection) return strong(nameParts(indirection.indirection).at(-1)) ?? guess(indirection.arg, walk);
  const call = as(node, 'FuncCall');
  if (call) return strong(nameParts(call.funcname).at(-1));
  const collate = as(node, 'CollateClause');
  if (collate) return guess(collate.arg, walk);
  const cast = as(node, 'TypeCast');
  if (cast) return stronger(guess(cast.arg, walk), nameParts(cast.typeName?.names).at(-1) ?? null);
  const choice = as(node, 'CaseExpr');
  if (choice) return stronger(guess(choice.defresult, walk), 'case');
  const link = as(node, 'SubLink');
  return link ? strong(subLinkName(link, walk)) : strong(specialName(node));
}

const stronger = (inner: Guess | undefined, otherwise: string | null): Guess =>
  inner?.strong ? inner : { name: otherwise, strong: false };

function subLinkName(link: SubLink, walk: Walk): string | null | undefined {
  if (link.subLinkType === 'EXISTS_SUBLINK') return 'exists';
  if (link.subLinkType === 'ARRAY_SUBLINK') return 'array';
  if (link.subLinkType !== 'EXPR_SUBLINK') return undefined;
  const query = as(link.subselect, 'SelectStmt');
  const rows = query && walk.subqueries.get(query);
  return rows?.open === null ? (rows.columns[0]?.name ?? null) : null;
}

function specialName(node: Node): string | undefined {
  if (as(node, 'A_Expr')?.kind === 'AEXPR_NULLIF') return 'nullif';
  const value = as(node, 'SQLValueFunction');
  if (value)
    return value.op
      ?.replace(/^SVFOP_/, '')
      .replace(/_N$/, '')
      .toLowerCase();
  const operation = as(node, 'MinMaxExpr')?.op ?? as(node, 'XmlExpr')?.op ?? as(node, 'JsonFuncExpr')?.op;
  return operation === undefined ? fixedNames[tagOf(node)] : byOperation[operation];
}
