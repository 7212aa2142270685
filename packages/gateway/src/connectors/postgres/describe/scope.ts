import type { Node, SelectStmt } from 'libpg-query';
import type { CatalogRelation } from '../catalog/types.ts';
import { Facts, noSources, type Sources, union } from './facts.ts';
import type { Resolver } from './resolver.ts';

export interface Column {
  readonly name: string;
  readonly sources: Sources;
}

/** The result of a query, or the rows of something in a FROM clause. */
export interface Rows {
  readonly columns: readonly Column[];
  /** Not null: there may be more columns, of any name, with these sources. */
  readonly open: Sources | null;
  readonly bound: number | null;
  readonly filtered: boolean;
  /** It consists of constants: joining with it limits as a constant does. */
  readonly constant: boolean;
}

export const emptyRows: Rows = { columns: [], open: null, bound: null, filtered: false, constant: false };

/** A name of a FROM clause with its columns. */
export interface RangeItem {
  readonly alias: string;
  readonly schema: string | null;
  readonly rows: Rows;
  /** Unique keys, by the names that the columns have here. */
  readonly keys: readonly (readonly string[])[];
  /** What the item stands for, where that is one relation. */
  readonly relation: CatalogRelation | null;
  /** What of it can be named: a subquery without an alias has columns alone, and an alias of the join around hides all. */
  shows: 'all' | 'columns' | 'nothing';
  /** It is such an alias: its rows are those of other items. */
  readonly joinAlias: boolean;
}

/** A common table expression: analysed when it is first referenced or at the end of its WITH list. */
export interface CommonTable {
  rows(): Rows;
}

/** A condition with the items that it restricts (null: all of the query). */
export interface Condition {
  readonly expression: Node;
  readonly restricts: ReadonlySet<RangeItem> | null;
}

/** `USING (name)` and NATURAL: equal columns of two sides. */
export interface EqualColumns {
  readonly name: string;
  readonly left: readonly RangeItem[];
  readonly right: readonly RangeItem[];
  readonly restrictsLeft: boolean;
  readonly restrictsRight: boolean;
}

/** What names mean at one level of a query. */
export class Scope {
  readonly parent: Scope | null;
  readonly items: RangeItem[] = [];
  readonly tables = new Map<string, CommonTable>();
  readonly windows = new Map<string, Sources>();
  readonly conditions: Condition[] = [];
  readonly equalColumns: EqualColumns[] = [];
  /** A full join adds rows of both sides. */
  fullJoin = false;
  /** Names mean nothing here (the body of a definition): nothing is unknown, nothing is read. */
  readonly mute: boolean;

  constructor(parent: Scope | null, mute = false) {
    this.parent = parent;
    this.mute = mute;
  }

  table(name: string): CommonTable | undefined {
    return this.tables.get(name) ?? this.parent?.table(name);
  }

  window(name: string): Sources | undefined {
    return this.windows.get(name) ?? this.parent?.window(name);
  }

  isMute(): boolean {
    return this.mute || (this.parent?.isMute() ?? false);
  }
}

/** All that the walks over one statement share. */
export interface Walk {
  readonly facts: Facts;
  readonly resolver: Resolver;
  /** Results of subqueries by their tree, so that bounds and conditions need no second analysis. */
  readonly subqueries: Map<SelectStmt, Rows>;
  /** Analyses of views of this catalog snapshot. */
  readonly views: ViewMemo;
  /** Relations whose policies are being analysed: a policy may query its own table. */
  readonly policies: Set<CatalogRelation>;
  /** `analyseSelect` and `analyseModification`: queries hold queries, and every part may meet one. */
  readonly select: (query: SelectStmt, outer: Scope | null, walk: Walk) => Rows;
  readonly modification: (node: Node | undefined, outer: Scope | null, walk: Walk) => Rows | null;
}

export interface ViewBody {
  readonly rows: Rows;
  readonly facts: Facts;
}

export type ViewMemo = Map<CatalogRelation, ViewBody | 'analysing'>;

export const columnOf = (rows: Rows, name: string): Sources | null => {
  const found = rows.columns.filter((column) => column.name === name).map((column) => column.sources);
  if (found.length > 0) return union(...found);
  return null;
};

export const allSources = (rows: Rows): Sources =>
  union(...rows.columns.map((column) => column.sources), rows.open ?? noSources);

/** System columns (PostgreSQL manual, 5.6) hold no data. */
const systemColumns = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);

export interface ColumnMatch {
  readonly sources: Sources;
  /** The items of the innermost level that may own the column; empty for an outer reference. */
  readonly items: readonly RangeItem[];
  /** The name of the column, null for a whole row. */
  readonly column: string | null;
  /** It is certainly this column; otherwise a qualified name may be a function of the row. */
  readonly exact: boolean;
}

/**
 * What a column reference may mean, as the server looks for it (transformColumnRef in parse_expr.c): a bare name is a
 * column of whichever level has one, and only then a row. A qualified name belongs to the nearest relation of that name,
 * as its column or as a function of its row, and never to one further out. Null: nothing known.
 */
export function findColumn(scope: Scope, parts: readonly string[]): ColumnMatch | null {
  return parts.length > 1 ? qualifiedColumn(scope, parts) : bareColumn(scope, parts[0] ?? '');
}

/** The relations of the nearest level that a name stands for; empty: none does. */
export function findRows(scope: Scope, parts: readonly string[]): readonly RangeItem[] {
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    const found = level.items.filter((item) => isNamed(item, parts));
    if (found.length > 0) return found;
  }
  return [];
}

/** The items are those of the scope itself: to it, what is further out is constant. */
const itemsHere = (items: readonly RangeItem[], scope: Scope): readonly RangeItem[] =>
  items.every((item) => scope.items.includes(item)) ? items : [];

function bareColumn(scope: Scope, name: string): ColumnMatch | null {
  const open: ColumnMatch[] = [];
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    const visible = level.items.filter((item) => item.shows !== 'nothing');
    const found = columnAmong(visible, name);
    if (found) return merged([...open, { ...found, items: level === scope ? found.items : [] }]);
    const opened = visible.filter((item) => item.rows.open !== null);
    if (opened.length > 0) open.push(uncertain(openSources(opened), itemsHere(opened, scope), name));
  }
  const rows = findRows(scope, [name]);
  if (rows.length > 0) open.push(uncertain(rowSources(rows), itemsHere(rows, scope), null));
  return merged(open);
}

function qualifiedColumn(scope: Scope, parts: readonly string[]): ColumnMatch | null {
  const items = findRows(scope, parts.slice(0, -1));
  if (items.length === 0) return null;
  const here = itemsHere(items, scope);
  const found = columnAmong(items, parts.at(-1) ?? '');
  if (found) return { ...found, items: here.length > 0 ? found.items : [] };
  // It may be a column of unknown name, or else a function of the row.
  const open = items.some((item) => item.rows.open !== null);
  return uncertain(rowSources(items), here, open ? (parts.at(-1) ?? '') : null);
}

function columnAmong(items: readonly RangeItem[], name: string): ColumnMatch | null {
  const owners = items.filter((item) => columnOf(item.rows, name) !== null);
  if (owners.length > 0) {
    return {
      sources: union(...owners.map((item) => columnOf(item.rows, name) ?? noSources)),
      items: owners,
      column: name,
      exact: true,
    };
  }
  const stored = items.some((item) => item.relation !== null && item.relation.kind !== 'view');
  return stored && systemColumns.has(name) ? { sources: noSources, items, column: name, exact: true } : null;
}

const uncertain = (sources: Sources, items: readonly RangeItem[], column: string | null): ColumnMatch => ({
  sources,
  items,
  column,
  exact: false,
});

const openSources = (items: readonly RangeItem[]): Sources =>
  union(...items.map((item) => item.rows.open ?? noSources));

const rowSources = (items: readonly RangeItem[]): Sources =>
  union(...items.map((item) => allSources(item.rows)));

function merged(matches: readonly ColumnMatch[]): ColumnMatch | null {
  const [first] = matches;
  if (!first) return null;
  if (matches.length === 1) return first;
  return {
    sources: union(...matches.map((match) => match.sources)),
    items: first.items,
    column: first.column,
    exact: false,
  };
}

function isNamed(item: RangeItem, name: readonly string[]): boolean {
  const [alias, schema] = [name.at(-1), name.at(-2)];
  return item.shows === 'all' && item.alias === alias && (schema === undefined || item.schema === schema);
}
