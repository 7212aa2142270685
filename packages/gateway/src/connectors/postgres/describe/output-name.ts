import type { Node } from 'libpg-query';
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
const minMax: Readonly<Record<string, string>> = { IS_GREATEST: 'greatest', IS_LEAST: 'least' };

/** The name of an output column without AS, as FigureColname of PostgreSQL's parse_target.c gives it. */
export function outputName(node: Node | undefined): string {
  return guess(node) ?? '?column?';
}

function guess(node: Node | undefined): string | undefined {
  if (!node) return undefined;
  const reference = as(node, 'ColumnRef');
  if (reference) return nameParts(reference.fields).at(-1);
  const indirection = as(node, 'A_Indirection');
  if (indirection) return nameParts(indirection.indirection).at(-1) ?? guess(indirection.arg);
  const call = as(node, 'FuncCall');
  if (call) return nameParts(call.funcname).at(-1);
  const cast = as(node, 'TypeCast');
  if (cast) return guess(cast.arg) ?? nameParts(cast.typeName?.names).at(-1);
  const collate = as(node, 'CollateClause');
  if (collate) return guess(collate.arg);
  const choice = as(node, 'CaseExpr');
  if (choice) return guess(choice.defresult) ?? 'case';
  return guessSpecial(node);
}

function guessSpecial(node: Node): string | undefined {
  const link = as(node, 'SubLink');
  if (link?.subLinkType === 'EXISTS_SUBLINK') return 'exists';
  if (link?.subLinkType === 'ARRAY_SUBLINK') return 'array';
  if (link?.subLinkType === 'EXPR_SUBLINK') {
    const target = as(as(link.subselect, 'SelectStmt')?.targetList?.[0], 'ResTarget');
    return target?.name ?? guess(target?.val);
  }
  if (as(node, 'A_Expr')?.kind === 'AEXPR_NULLIF') return 'nullif';
  const value = as(node, 'SQLValueFunction');
  if (value)
    return value.op
      ?.replace(/^SVFOP_/, '')
      .replace(/_N$/, '')
      .toLowerCase();
  const choice = as(node, 'MinMaxExpr');
  if (choice) return minMax[choice.op ?? ''];
  return fixedNames[tagOf(node)];
}
