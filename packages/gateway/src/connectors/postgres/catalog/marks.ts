/** Classes that a target gives its own data: `@class pii, pci` in a COMMENT or a SECURITY LABEL. */
import type { Marks } from '../../../core/describe.ts';
import { qualifiedName } from '../describe/names.ts';
import type { CatalogRelation } from './types.ts';

interface MarkRow {
  readonly relation: string;
  /** The column's number; 0: the relation itself. */
  readonly position: number;
  readonly column: string | null;
  readonly written: readonly string[];
}

/**
 * Whoever may write comments on the target must not be able to make data look harmless: these are the words for that,
 * and they count only where the gateway's own configuration says them.
 */
const NEVER_FROM_THE_TARGET = new Set(['public', 'internal', 'unclassified']);

const classesIn = (written: readonly string[]): readonly string[] =>
  written
    .flatMap((list) => list.toLowerCase().split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '' && !NEVER_FROM_THE_TARGET.has(name));

interface Own {
  readonly classes: Set<string>;
  readonly columns: Map<string, Set<string>>;
}

/** By full name. A partition has the marks of its parents, and a parent those of its partitions: their rows are the same. */
export function marksOf(
  rows: readonly MarkRow[],
  relations: ReadonlyMap<number, CatalogRelation>,
): ReadonlyMap<string, Marks> {
  const found = new Map<number, Own>();
  for (const row of rows) {
    const classes = classesIn(row.written);
    const relation = relations.get(Number(row.relation));
    if (classes.length === 0 || relation === undefined) continue;
    for (const each of family(relation, relations)) add(found, each.oid, row.column, classes);
  }
  return new Map(
    [...found].flatMap(([oid, { classes, columns }]) => {
      const relation = relations.get(oid);
      if (relation === undefined) return [];
      const sorted = new Map([...columns].map(([name, given]) => [name, [...given].sort()] as const));
      const marks: Marks = { classes: [...classes].sort(), columns: sorted };
      return [[qualifiedName(relation.schema, relation.name), marks] as const];
    }),
  );
}

function add(found: Map<number, Own>, oid: number, column: string | null, classes: readonly string[]): void {
  const own = found.get(oid) ?? { classes: new Set(), columns: new Map<string, Set<string>>() };
  found.set(oid, own);
  const given = column === null ? own.classes : (own.columns.get(column) ?? new Set());
  if (column !== null) own.columns.set(column, given);
  for (const name of classes) given.add(name);
}

/** The relation, all that it inherits from, and all that inherits from it. */
function family(
  relation: CatalogRelation,
  relations: ReadonlyMap<number, CatalogRelation>,
): readonly CatalogRelation[] {
  const along = (next: (each: CatalogRelation) => readonly number[]): Set<CatalogRelation> => {
    const reached = new Set([relation]);
    for (const each of reached)
      for (const oid of next(each)) {
        const other = relations.get(oid);
        if (other !== undefined) reached.add(other);
      }
    return reached;
  };
  return [...new Set([...along((each) => each.parents), ...along((each) => each.children)])];
}
