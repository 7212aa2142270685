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
  /** An alias of the join around it hides its name. */
  hidden: boolean;
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
}

/** What a column reference may mean; null: nothing known. */
export function findColumn(scope: Scope, parts: readonly string[]): ColumnMatch | null {
  let level: Scope | null = scope;
  const open: ColumnMatch[] = [];
  while (level !== null) {
    const match: ColumnMatch | 'open' | null = findAtLevel(level, parts, open);
    if (match === 'open') return merged(open);
    if (match) return merged([...open, level === scope ? match : { ...match, items: [] }]);
    level = level.parent;
  }
  return open.length > 0 ? merged(open) : null;
}

function merged(matches: readonly ColumnMatch[]): ColumnMatch | null {
  const [first] = matches;
  if (!first) return null;
  if (matches.length === 1) return first;
  return {
    sources: union(...matches.map((match) => match.sources)),
    items: first.items,
    column: first.column,
  };
}

/** One level; items with unknown columns are added to `open`, and the search goes on outwards. */
function findAtLevel(
  level: Scope,
  parts: readonly string[],
  open: ColumnMatch[],
): ColumnMatch | 'open' | null {
  const column = parts.at(-1) ?? '';
  const qualifier = parts.slice(0, -1);
  const named = level.items.filter((item) => qualifies(item, qualifier));
  const owners = named.filter((item) => columnOf(item.rows, column) !== null);
  if (owners.length > 0) {
    const sources = union(...owners.map((item) => columnOf(item.rows, column) ?? noSources));
    return { sources, items: owners, column };
  }
  if (named.length > 0 && systemColumns.has(column) && named.some((item) => item.relation !== null)) {
    return { sources: noSources, items: named, column };
  }
  const opened = named.filter((item) => item.rows.open !== null);
  if (opened.length > 0) {
    open.push({
      sources: union(...opened.map((item) => item.rows.open ?? noSources)),
      items: opened,
      column,
    });
    if (qualifier.length > 0) return 'open';
  }
  return wholeRow(level, parts);
}

function qualifies(item: RangeItem, qualifier: readonly string[]): boolean {
  const [alias, schema] = [qualifier.at(-1), qualifier.at(-2)];
  if (alias === undefined) return true;
  return !item.hidden && item.alias === alias && (schema === undefined || item.schema === schema);
}

/** `t` as a value, or `t.f` that is the function f of the whole row: all columns. */
function wholeRow(level: Scope, parts: readonly string[]): ColumnMatch | null {
  const rows = level.items.filter((item) => qualifies(item, parts));
  if (rows.length === 0) return null;
  return { sources: union(...rows.map((item) => allSources(item.rows))), items: rows, column: null };
}
