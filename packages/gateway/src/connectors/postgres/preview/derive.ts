/** The gateway's own statements about the agent's: made from its tree, and read back before they count. */
import type { Node, RangeVar, RawStmt } from 'libpg-query';
import { limits } from '../../../limits.ts';
import { parse } from '../describe/parser.ts';
import { as, sameShape } from '../describe/tree.ts';
import { expression, printed, table } from './print.ts';

const onlyStatement = (text: string): Node | null => {
  const parsed = parse(text);
  const [only, more] = parsed.ok ? parsed.value.filter((raw: RawStmt) => raw.stmt !== undefined) : [];
  return more === undefined ? (only?.stmt ?? null) : null;
};

/** The tree of a command that is one statement of its own. */
export const treeOf = onlyStatement;

/** `ANALYZE` would run it, so the options are read back too. Null: the text doesn't come back as what it was. */
export function explainText(command: string, tree: Node): string | null {
  const text = `EXPLAIN (FORMAT JSON) ${command}`;
  const explain = as(onlyStatement(text) ?? undefined, 'ExplainStmt');
  const [option, more] = explain?.options ?? [];
  const isPlain = more === undefined && as(option, 'DefElem')?.defname === 'format';
  return isPlain && sameShape(explain?.query, tree, true) ? text : null;
}

interface Condition {
  readonly relation: RangeVar;
  readonly where: Node;
}

/** The table and the condition of an UPDATE or DELETE of nothing else. */
function conditionOf(tree: Node): Condition | null {
  const update = as(tree, 'UpdateStmt');
  const change = update ?? as(tree, 'DeleteStmt');
  const others = update?.fromClause ?? as(tree, 'DeleteStmt')?.usingClause ?? [];
  if (change?.relation === undefined || change.whereClause === undefined) return null;
  if (others.length > 0 || change.withClause !== undefined) return null;
  return { relation: change.relation, where: change.whereClause };
}

/** Counts the rows that the condition of an UPDATE or DELETE holds for, up to a bound; null where it can't be said. */
export function countText(tree: Node): string | null {
  const condition = conditionOf(tree);
  if (condition === null) return null;
  const { relation, where } = condition;
  const most = (limits.previewCountRows + 1).toString();
  const text = printed(
    () =>
      // Printed from the tree, quoted by print.ts, and read back below: nothing is pasted.
      // eslint-disable-next-line sallyport/sql-by-concatenation -- a derived statement is text by nature
      `SELECT pg_catalog.count(*) FROM (SELECT 1 FROM ${table(relation)} WHERE ${expression(where)} LIMIT ${most}) AS counted`,
  );
  return text !== null && asksTheSame(text, condition) ? text : null;
}

/** Whether the text, read by PostgreSQL's own grammar, is a count over that table and that condition. */
function asksTheSame(text: string, { relation, where }: Condition): boolean {
  const counting = as(onlyStatement(text) ?? undefined, 'SelectStmt');
  const from = as(counting?.fromClause?.[0], 'RangeSubselect');
  const inner = as(from?.subquery, 'SelectStmt');
  const source = as(inner?.fromClause?.[0], 'RangeVar');
  return (
    counting?.fromClause?.length === 1 &&
    inner?.fromClause?.length === 1 &&
    sameShape(source, relation, true) &&
    sameShape(inner.whereClause, where, true)
  );
}
