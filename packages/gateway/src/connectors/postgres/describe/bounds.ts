import type { Node } from 'libpg-query';
import { findColumn, type RangeItem, type Scope, type Walk } from './scope.ts';
import { as, literalText, nameParts, sameShape, walk as walkTree } from './tree.ts';

/** `item.column = value`: of so many constants, or of what other items determine. */
interface Equality {
  readonly item: RangeItem;
  readonly column: string;
  readonly values: number;
  readonly needs: ReadonlySet<RangeItem>;
}

interface Conjunct {
  readonly expression: Node;
  readonly restricts: ReadonlySet<RangeItem> | null;
}

function conjuncts(scope: Scope): Conjunct[] {
  const split = (expression: Node, restricts: Conjunct['restricts']): Conjunct[] => {
    const and = as(expression, 'BoolExpr');
    if (and?.boolop === 'AND_EXPR') return (and.args ?? []).flatMap((argument) => split(argument, restricts));
    return [{ expression, restricts }];
  };
  return scope.conditions.flatMap(({ expression, restricts }) => split(expression, restricts));
}

/** The single item of this level that a plain column reference belongs to. */
function ownColumn(node: Node | undefined, scope: Scope): { item: RangeItem; column: string } | null {
  const reference = as(node, 'ColumnRef');
  const match = reference ? findColumn(scope, nameParts(reference.fields)) : null;
  const item = match?.items.length === 1 ? match.items[0] : undefined;
  return item && match && match.column !== null ? { item, column: match.column } : null;
}

/** Casts under which equal values of the column could be more than one value of the constant's type. */
const inexactTypes = new Set(['float4', 'float8', 'money', 'bpchar', 'name', 'citext']);

/** How many values a constant stands for; null: not a constant. Outer references are constants to this level. */
function constantValues(node: Node | undefined, scope: Scope): number | null {
  if (as(node, 'A_Const') ?? as(node, 'ParamRef')) return 1;
  const cast = as(node, 'TypeCast');
  const type = nameParts(cast?.typeName?.names).at(-1) ?? '';
  if (cast && !inexactTypes.has(type) && !cast.typeName?.arrayBounds) return constantValues(cast.arg, scope);
  const reference = as(node, 'ColumnRef');
  const match = reference ? findColumn(scope, nameParts(reference.fields)) : null;
  return match && match.items.length === 0 && match.column !== null ? 1 : null;
}

function equalities(scope: Scope, walk: Walk): Equality[] {
  // A user-defined "=" may hold for any number of values.
  if (walk.resolver.operators(['=']).length > 0) return [];
  const found: Equality[] = [];
  for (const { expression, restricts } of conjuncts(scope)) {
    const comparison = as(expression, 'A_Expr');
    if (!comparison || nameParts(comparison.name).at(-1) !== '=') continue;
    for (const equality of comparedColumns(comparison, scope)) {
      if (restricts === null || restricts.has(equality.item)) found.push(equality);
    }
  }
  return [...found, ...sharedEqualities(scope)];
}

function comparedColumns(
  { kind, lexpr, rexpr }: NonNullable<ReturnType<typeof as<'A_Expr'>>>,
  scope: Scope,
): Equality[] {
  const none = new Set<RangeItem>();
  const [left, right] = [ownColumn(lexpr, scope), ownColumn(rexpr, scope)];
  if (kind === 'AEXPR_OP') {
    const found: Equality[] = [];
    const [values, mirrored] = [constantValues(rexpr, scope), constantValues(lexpr, scope)];
    if (left && values !== null) found.push({ ...left, values, needs: none });
    if (right && mirrored !== null) found.push({ ...right, values: mirrored, needs: none });
    if (left && right && left.item !== right.item) {
      found.push({ ...left, values: 1, needs: new Set([right.item]) });
      found.push({ ...right, values: 1, needs: new Set([left.item]) });
    }
    return found;
  }
  const list =
    kind === 'AEXPR_IN'
      ? as(rexpr, 'List')?.items
      : kind === 'AEXPR_OP_ANY'
        ? as(rexpr, 'A_ArrayExpr')?.elements
        : null;
  if (!left || !list || list.some((value) => constantValues(value, scope) === null)) return [];
  return [{ ...left, values: list.length, needs: none }];
}

/** USING and NATURAL, where each side has the column in one item. */
function sharedEqualities(scope: Scope): Equality[] {
  return scope.equalColumns.flatMap(({ name, left, right, restrictsLeft, restrictsRight }) => {
    const owner = (items: readonly RangeItem[]): RangeItem | null => {
      const owners = items.filter((item) => item.rows.columns.some((column) => column.name === name));
      return owners.length === 1 ? (owners[0] ?? null) : null;
    };
    const [a, b] = [owner(left), owner(right)];
    if (!a || !b) return [];
    const found: Equality[] = [];
    if (restrictsLeft) found.push({ item: a, column: name, values: 1, needs: new Set([b]) });
    if (restrictsRight) found.push({ item: b, column: name, values: 1, needs: new Set([a]) });
    return found;
  });
}

/** The items of a level whose rows make up its result. */
const realItems = (scope: Scope): RangeItem[] => scope.items.filter((item) => !item.joinAlias);

/**
 * The most rows that a level gives by its joins and conditions: the product of what bounds each of its items. An item
 * is bounded by itself, or where all columns of a unique key equal constants or columns of bounded items.
 */
export function rowBound(scope: Scope, walk: Walk): number | null {
  const known = equalities(scope, walk);
  const items = realItems(scope);
  const factors = new Map<RangeItem, number>();
  for (let grown = true; grown;) {
    grown = false;
    for (const item of items) {
      if (factors.has(item)) continue;
      const factor = itemBound(item, known, factors);
      if (factor === null) continue;
      factors.set(item, factor);
      grown = true;
    }
  }
  if (factors.size < items.length) return null;
  const extra = scope.fullJoin ? 1 : 0;
  const product = [...factors.values()].reduce((rows, factor) => rows * (Math.max(1, factor) + extra), 1);
  return Number.isSafeInteger(product) ? product : null;
}

export function itemBound(
  item: RangeItem,
  known: readonly Equality[],
  factors: ReadonlyMap<RangeItem, number>,
): number | null {
  let best = item.rows.bound;
  for (const key of item.keys) {
    let values: number | null = 1;
    for (const column of key) {
      const fitting = known
        .filter(
          (e) => e.item === item && e.column === column && [...e.needs].every((need) => factors.has(need)),
        )
        .map((e) => e.values);
      values = values === null || fitting.length === 0 ? null : values * Math.min(...fitting);
    }
    if (values !== null && (best === null || values < best)) best = values;
  }
  return best;
}

/** The bound of one item (the target of an UPDATE or DELETE), whatever it is joined with. */
export function targetBound(target: RangeItem, scope: Scope, walk: Walk): number | null {
  const constants = equalities(scope, walk).filter((equality) => equality.needs.size === 0);
  return itemBound(target, constants, new Map());
}

/**
 * Whether every row of every item (or of `target` alone) passed a condition: a conjunct that is about the item and
 * constants, or about the item and others that are conditioned themselves.
 */
export function isFiltered(scope: Scope, walk: Walk, target: RangeItem | null): boolean {
  const items = realItems(scope);
  const conditioned = new Set(items.filter((item) => item.rows.filtered || item.rows.constant));
  const parts = conjuncts(scope);
  for (let grown = true; grown;) {
    grown = false;
    for (const item of items) {
      if (conditioned.has(item) || !isRestricted(item, parts, { scope, walk, conditioned })) continue;
      conditioned.add(item);
      grown = true;
    }
  }
  if (target) return conditioned.has(target);
  return (
    items.length > 0 &&
    items.every((item) => conditioned.has(item)) &&
    !items.every((item) => item.rows.constant)
  );
}

interface Conditions {
  readonly scope: Scope;
  readonly walk: Walk;
  readonly conditioned: ReadonlySet<RangeItem>;
}

function isRestricted(item: RangeItem, parts: readonly Conjunct[], context: Conditions): boolean {
  const shared = context.scope.equalColumns.some(({ left, right, restrictsLeft, restrictsRight }) => {
    const by = (side: readonly RangeItem[]): boolean => side.some((other) => context.conditioned.has(other));
    return (
      (restrictsLeft && left.includes(item) && by(right)) ||
      (restrictsRight && right.includes(item) && by(left))
    );
  });
  if (shared) return true;
  return parts.some(
    ({ expression, restricts }) =>
      (restricts === null || restricts.has(item)) && isReal(expression, item, context),
  );
}

/** Whether a condition can be false for a row of the item; conditions that are always true are seen by their shape. */
function isReal(node: Node, item: RangeItem, context: Conditions, negated = false): boolean {
  const logic = as(node, 'BoolExpr');
  if (logic) {
    const parts = logic.args ?? [];
    const real = (part: Node): boolean => isReal(part, item, context, negated);
    if (logic.boolop === 'NOT_EXPR') return parts.every((part) => isReal(part, item, context, !negated));
    // De Morgan: a negated AND lets through what any of its parts does.
    const anyOf = (logic.boolop === 'OR_EXPR') !== negated;
    return anyOf ? !coversAll(parts) && parts.every(real) : parts.some(real);
  }
  const link = as(node, 'SubLink');
  if (link) return isRealSubLink(link, item, context);
  const test = as(node, 'NullTest');
  if (test?.nulltesttype === 'IS_NOT_NULL' && isNotNull(test.arg, context.scope)) return false;
  return isPlainTest(node) && !matchesAnything(node) && mentions(node, item, context);
}

/** Kinds in which a condition on a column may come out true whatever the column holds: `coalesce(a = 1, true)`. */
const decisive = [
  'BoolExpr',
  'NullTest',
  'BooleanTest',
  'CaseExpr',
  'CoalesceExpr',
  'MinMaxExpr',
  'A_Expr',
] as const;

/** A comparison or a function of values, with no other condition inside. */
function isPlainTest(node: Node): boolean {
  if (as(node, 'ColumnRef') ?? as(node, 'NullTest')) return true;
  const operands = as(node, 'A_Expr') ?? as(node, 'FuncCall');
  if (!operands) return false;
  let plain = true;
  walkTree(Object.values(operands), (part) => {
    if (as(part, 'SubLink')) return false;
    const operator = nameParts(as(part, 'A_Expr')?.name).at(-1) ?? '';
    const arithmetic = as(part, 'A_Expr') !== undefined && !/[<>=~]|BETWEEN/.test(operator);
    if (!arithmetic && decisive.some((kind) => as(part, kind) !== undefined)) plain = false;
    return plain;
  });
  return plain;
}

/** Patterns that every text matches. */
const openPatterns: Readonly<Record<string, RegExp>> = {
  '~~': /^%+$/,
  '~~*': /^%+$/,
  '~': /^[\^$.*()]*$/,
  '~*': /^[\^$.*()]*$/,
};

/** `a LIKE '%'`, `a IN (a)`, `a BETWEEN a AND a`. */
function matchesAnything(node: Node): boolean {
  const comparison = as(node, 'A_Expr');
  if (!comparison) return false;
  const pattern = openPatterns[nameParts(comparison.name).at(-1) ?? ''];
  const text = literalText(comparison.rexpr);
  if (comparison.kind === 'AEXPR_SIMILAR') return true;
  if (pattern && (typeof text !== 'string' || pattern.test(text))) return typeof text === 'string';
  const list = as(comparison.rexpr, 'List')?.items ?? as(comparison.rexpr, 'A_ArrayExpr')?.elements ?? [];
  return list.some((value) => sameShape(value, comparison.lexpr));
}

function isNotNull(node: Node | undefined, scope: Scope): boolean {
  const own = ownColumn(node, scope);
  if (!own?.item.relation) return true;
  return own.item.relation.columns.find(({ name }) => name === own.column)?.notNull ?? true;
}

/** `a IS NULL OR a IS NOT NULL`, `a = 1 OR a <> 1`, `a OR NOT a`. */
function coversAll(parts: readonly Node[]): boolean {
  return parts.some((a, i) => parts.slice(i + 1).some((b) => opposite(a, b) || opposite(b, a)));
}

const opposites: Readonly<Record<string, string>> = {
  '=': '<>',
  '<': '>=',
  '>': '<=',
  '<=': '>=',
  '~~': '!~~',
  '~~*': '!~~*',
  '~': '!~',
  '~*': '!~*',
};

function opposite(a: Node, b: Node): boolean {
  const not = as(b, 'BoolExpr');
  if (not?.boolop === 'NOT_EXPR') return sameShape(a, not.args?.[0]);
  const [nullA, nullB] = [as(a, 'NullTest'), as(b, 'NullTest')];
  if (nullA && nullB) return nullA.nulltesttype !== nullB.nulltesttype && sameShape(nullA.arg, nullB.arg);
  const [left, right] = [as(a, 'A_Expr'), as(b, 'A_Expr')];
  if (!left || !right) return false;
  const opposed = opposites[nameParts(left.name).at(-1) ?? ''] === nameParts(right.name).at(-1);
  return opposed && sameShape(left.lexpr, right.lexpr) && sameShape(left.rexpr, right.rexpr);
}

/** `a IN (subquery)` and EXISTS restrict as far as the subquery is restricted. */
function isRealSubLink(
  link: NonNullable<ReturnType<typeof as<'SubLink'>>>,
  item: RangeItem,
  context: Conditions,
): boolean {
  const query = as(link.subselect, 'SelectStmt');
  const rows = query ? context.walk.subqueries.get(query) : undefined;
  if (!rows || !(rows.filtered || rows.constant || rows.bound !== null)) return false;
  return link.testexpr ? mentions(link.testexpr, item, context) : isCorrelated(link.subselect, item);
}

/** Whether a subquery names the item by an alias that it doesn't use itself. */
function isCorrelated(subquery: Node | undefined, item: RangeItem): boolean {
  let named = false;
  let shadowed = false;
  walkTree(subquery, (part) => {
    const relation = as(part, 'RangeVar');
    if (relation) shadowed ||= (relation.alias?.aliasname ?? relation.relname) === item.alias;
    const other = as(part, 'RangeSubselect') ?? as(part, 'RangeFunction') ?? as(part, 'JoinExpr');
    if (other) shadowed ||= other.alias?.aliasname === item.alias;
    named ||= nameParts(as(part, 'ColumnRef')?.fields).at(-2) === item.alias;
    return true;
  });
  return named && !shadowed;
}

/**
 * Whether an expression depends on the item and, besides, only on constants and on conditioned items. A comparison of
 * something with itself depends on nothing; what is inside of a subquery doesn't count.
 */
function mentions(node: Node | undefined, item: RangeItem, context: Conditions): boolean {
  let found = false;
  let others = false;
  walkTree(node, (part) => {
    if (as(part, 'SubLink')) return false;
    const comparison = as(part, 'A_Expr');
    if (comparison && sameShape(comparison.lexpr, comparison.rexpr)) return false;
    const reference = as(part, 'ColumnRef');
    if (!reference) return true;
    const match = findColumn(context.scope, nameParts(reference.fields));
    if (match?.items.includes(item)) found = true;
    else if (!match?.items.every((other) => context.conditioned.has(other)) || match.items.length === 0)
      others = true;
    return false;
  });
  return found && !others;
}
