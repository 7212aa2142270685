import type { Node, SelectStmt } from 'libpg-query';
import type { Scope } from './scope.ts';
import { as, nameParts, walk as walkTree } from './tree.ts';

/** The names of the FROM clause of a recursive arm. */
interface Names {
  /** Of tables, which a round finds as they are. */
  readonly tables: ReadonlySet<string>;
  /** Of the recursive table itself. */
  readonly itself: ReadonlySet<string>;
  /** There is something else: a subquery, a function, a common table. */
  readonly others: boolean;
}

/**
 * Which columns of a recursive query may grow from round to round, so that one row of the result holds what many rows of
 * the input do: those that are more than a column as it is, unless they are made of a table's columns alone. Null: there
 * are some, and a star hides which.
 *
 * @param scope where names of common tables are found; null: any name may be one.
 */
export function growingColumns(
  name: string,
  arm: SelectStmt,
  scope: Scope | null,
): ReadonlySet<number> | null {
  // A WITH of its own may give any name another meaning.
  const named = arm.withClause ? null : scope;
  if (arm.larg ?? arm.rarg) {
    const [left, right] = [arm.larg, arm.rarg].map((side) => side && growingColumns(name, side, named));
    if (left === null || right === null) return null;
    return new Set([...(left ?? []), ...(right ?? [])]);
  }
  const names = namesOf(name, arm, named);
  const values = (arm.targetList ?? []).map((node) => as(node, 'ResTarget')?.val);
  const growing = values.flatMap((value, i) => (value && !staysAsItIs(value, names) ? [i] : []));
  return growing.length > 0 && values.some(isStar) ? null : new Set(growing);
}

function namesOf(name: string, arm: SelectStmt, scope: Scope | null): Names {
  const tables = new Set<string>();
  const itself = new Set<string>();
  let others = false;
  const add = (node: Node | undefined): void => {
    const join = as(node, 'JoinExpr');
    const range = as(node, 'RangeVar');
    if (join && !join.alias) {
      add(join.larg);
      add(join.rarg);
    } else if (!range) others = true;
    else {
      const alias = range.alias?.aliasname ?? range.relname ?? '';
      const common = scope?.table(range.relname ?? '');
      if (range.schemaname || (scope && !common)) tables.add(alias);
      else if (common && range.relname === name) itself.add(alias);
      else others = true;
    }
  };
  for (const entry of arm.fromClause ?? []) add(entry);
  return { tables, itself, others };
}

function staysAsItIs(value: Node, { tables, itself, others }: Names): boolean {
  const plain = as(value, 'ColumnRef') ?? as(as(value, 'TypeCast')?.arg, 'ColumnRef');
  if (plain) {
    const parts = nameParts(plain.fields);
    const owner = isStar(value) ? parts.at(-1) : parts.at(-2);
    if (owner === undefined) return !others;
    return tables.has(owner) || itself.has(owner);
  }
  let stays = true;
  walkTree(value, (node) => {
    const reference = as(node, 'ColumnRef');
    const owner = reference && nameParts(reference.fields).at(-2);
    if (as(node, 'SubLink') ?? (reference && !(owner !== undefined && tables.has(owner)))) stays = false;
    return stays;
  });
  return stays;
}

const isStar = (value: Node | undefined): boolean =>
  as(value, 'ColumnRef')?.fields?.some((field) => as(field, 'A_Star') !== undefined) ?? false;
