import type { RangeVar } from 'libpg-query';
import type { CatalogRelation } from '../catalog/types.ts';
import { anySetting } from './function-use.ts';
import { noSources, sourceOf, type Sources, union } from './facts.ts';
import { qualifiedName } from './names.ts';
import { datasetName, descendants, relatedRelations } from './relation.ts';
import { allSources, columnOf, emptyRows, type RangeItem, type Rows, type Walk } from './scope.ts';
import { viewBody } from './views.ts';

export type WriteEvent = 'insert' | 'update' | 'delete' | 'truncate';

/** The relation that a statement changes. */
export interface Target {
  readonly item: RangeItem;
  writeColumn(name: string): void;
  writeAll(): void;
  filterColumn(name: string | undefined): void;
}

/** Takes note that a relation is changed, and of what runs or changes with it. */
export function writeRelation(range: RangeVar, events: readonly WriteEvent[], walk: Walk): Target {
  const { facts } = walk;
  facts.changes = true;
  const name = range.relname ?? '';
  const meaning = walk.resolver.relation(range.schemaname, name);
  const relations = meaning.kind === 'unknown' ? [] : meaning.relations;
  const parts = relations.map((relation) => targetRows(relation, events, walk));
  if (meaning.kind !== 'relations') parts.push(unresolvedTarget(range, meaning.kind, walk));
  const [only] = parts;
  const rows = parts.length === 1 && only ? only : anyTarget(parts);
  const relation = parts.length === 1 ? (relations[0] ?? null) : null;
  const inherits = relation?.kind === 'table' && relation.children.length > 0 && range.inh === true;
  const item: RangeItem = {
    alias: range.alias?.aliasname ?? name,
    schema: range.alias ? null : (relation?.schema ?? range.schemaname ?? null),
    rows,
    keys: relation && !inherits ? relation.uniqueKeys : [],
    relation,
    shows: 'all',
    joinAlias: false,
  };
  return targetOf(item, walk);
}

function targetOf(item: RangeItem, walk: Walk): Target {
  const sources = (name: string): Sources => columnOf(item.rows, name) ?? item.rows.open ?? noSources;
  return {
    item,
    writeColumn(name) {
      if (sources(name).size === 0 && !columnOf(item.rows, name)) {
        walk.facts.unknown.add(`The column ${qualifiedName(name)} is not known.`);
      }
      walk.facts.mark(sources(name), 'written');
    },
    writeAll: () => walk.facts.mark(allSources(item.rows), 'written'),
    filterColumn(name) {
      if (name !== undefined) walk.facts.mark(sources(name), 'filtered');
    },
  };
}

function unresolvedTarget(range: RangeVar, kind: 'temporary' | 'unknown', walk: Walk): Rows {
  const schema = kind === 'temporary' ? 'pg_temp' : range.schemaname;
  const dataset = qualifiedName(...(schema ? [schema] : []), range.relname ?? '');
  walk.facts.dataset(dataset, 'write', 'unknown');
  walk.facts.unknown.add(
    kind === 'temporary'
      ? `${dataset} is a temporary relation, and what runs when it is written is not known.`
      : `What ${dataset} means is not known to the catalog.`,
  );
  return { ...emptyRows, open: new Set([sourceOf(dataset, '*')]) };
}

function anyTarget(parts: readonly Rows[]): Rows {
  const names = new Set(parts.flatMap((rows) => rows.columns.map(({ name }) => name)));
  const columns = [...names].map((name) => ({
    name,
    sources: union(...parts.map((rows) => columnOf(rows, name) ?? noSources)),
  }));
  const open = parts.some((rows) => rows.open !== null)
    ? union(...parts.map((rows) => rows.open ?? noSources))
    : null;
  return { ...emptyRows, columns, open };
}

function targetRows(relation: CatalogRelation, events: readonly WriteEvent[], walk: Walk): Rows {
  const { facts } = walk;
  const dataset = datasetName(relation);
  facts.dataset(dataset, 'write');
  facts.relations.add(relation);
  hiddenEffects(relation, events, walk);
  for (const event of events) cascade(relation, event, walk, new Set());
  if (relation.kind === 'foreign') {
    facts.flags.add('foreignTable');
    facts.outside = true;
  }
  const relatives = relatedRelations(relation, true, walk);
  for (const other of relatives) {
    facts.dataset(datasetName(other), 'write');
    hiddenEffects(other, events, walk);
  }
  // Partitions have triggers of their own; a row that moves to another one is deleted here and inserted there.
  const moving = events.includes('update') ? ([...events, 'insert', 'delete'] as const) : events;
  const partitioned = relation.kind === 'partitioned';
  for (const partition of descendants(relation, walk)) {
    hiddenEffects(partition, partitioned ? moving : events, walk);
  }
  const behind = relation.kind === 'view' ? behindView(relation, events, walk) : null;
  const columns = relation.columns.map(({ name }, i) => ({
    name,
    sources: union(
      new Set([sourceOf(dataset, name)]),
      behind === null || behind.open === null
        ? (behind?.columns[i]?.sources ?? noSources)
        : allSources(behind),
      new Set(
        relatives
          .filter((r) => r.columns.some((c) => c.name === name))
          .map((r) => sourceOf(datasetName(r), name)),
      ),
    ),
  }));
  return { ...emptyRows, columns };
}

/** An updatable view passes the change on to the tables that it is made of. */
function behindView(relation: CatalogRelation, events: readonly WriteEvent[], walk: Walk): Rows | null {
  const body = viewBody(relation, walk);
  if (!body) return null;
  walk.facts.merge(body.facts);
  for (const base of body.facts.relations) {
    walk.facts.dataset(datasetName(base), 'write');
    hiddenEffects(base, events, walk);
    for (const event of events) cascade(base, event, walk, new Set());
  }
  return body.rows;
}

/** What runs when the relation is written, unseen in the statement. */
function hiddenEffects(relation: CatalogRelation, events: readonly WriteEvent[], walk: Walk): void {
  const name = datasetName(relation);
  const reasons: string[] = [];
  if (events.some((event) => relation.triggers.has(event))) reasons.push('triggers');
  if (relation.rules) reasons.push('rewrite rules');
  if (relation.rowSecurity) reasons.push('row security policies');
  if (
    relation.writeFunctions.length > 0 &&
    events.some((event) => event === 'insert' || event === 'update')
  ) {
    reasons.push(`functions (${relation.writeFunctions.join(', ')})`);
  }
  if (reasons.length === 0) return;
  walk.facts.flags.add('hiddenEffects');
  walk.facts.unknown.add(
    `Writing ${name} runs ${reasons.join(' and ')} that the gateway does not look into.`,
  );
  if (reasons.length > 1 || reasons[0] !== 'row security policies') {
    // A trigger's function may do anything, also outside of the transaction.
    walk.facts.outside = true;
    anySetting(walk);
  }
}

/** Foreign keys that pass the change on. */
function cascade(relation: CatalogRelation, event: WriteEvent, walk: Walk, seen: Set<CatalogRelation>): void {
  if (seen.has(relation) || event === 'insert' || event === 'truncate') return;
  seen.add(relation);
  for (const key of relation.cascades) {
    if (event === 'delete' ? !key.onDelete : !key.onUpdate) continue;
    const child = walk.resolver.catalog.relationByOid(key.child);
    if (!child) continue;
    const deletes = event === 'delete' && key.deletesRows;
    walk.facts.flags.add('cascades');
    walk.facts.dataset(datasetName(child), 'write');
    if (!deletes)
      walk.facts.mark(
        key.columns.map((column) => sourceOf(datasetName(child), column)),
        'written',
      );
    hiddenEffects(child, [deletes ? 'delete' : 'update'], walk);
    cascade(child, deletes ? 'delete' : 'update', walk, seen);
  }
}

/** TRUNCATE … CASCADE reaches every table that refers to these. */
export function truncateReferencing(
  relation: CatalogRelation,
  walk: Walk,
  seen = new Set<CatalogRelation>(),
): void {
  for (const oid of relation.referencedBy) {
    const child = walk.resolver.catalog.relationByOid(oid);
    if (!child || seen.has(child)) continue;
    seen.add(child);
    walk.facts.flags.add('cascades');
    walk.facts.dataset(datasetName(child), 'write');
    hiddenEffects(child, ['truncate'], walk);
    truncateReferencing(child, walk, seen);
  }
}
