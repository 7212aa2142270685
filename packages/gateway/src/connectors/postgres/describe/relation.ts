import type { RangeVar } from 'libpg-query';
import type { CatalogRelation } from '../catalog/types.ts';
import { describeFunction } from './function-use.ts';
import { noSources, sourceOf, type Sources, union } from './facts.ts';
import { qualifiedName } from './names.ts';
import { allSources, emptyRows, type Rows, type Walk } from './scope.ts';
import { generatedSources, policyFacts, viewBody } from './views.ts';

export const datasetName = (relation: CatalogRelation): string =>
  qualifiedName(relation.schema, relation.name);

/** Parts of the system catalogs that hold credentials, other sessions' statements or samples of stored values. */
const systemSecrets = new Set([
  'pg_authid',
  'pg_shadow',
  'pg_user_mapping',
  'pg_user_mappings',
  'pg_largeobject',
  'pg_stat_activity',
  'pg_stat_statements',
  'pg_hba_file_rules',
  'pg_ident_file_mappings',
  'pg_file_settings',
  'pg_statistic',
  'pg_statistic_ext_data',
  'pg_stats',
  'pg_stats_ext',
  'pg_stats_ext_exprs',
  'pg_subscription',
  'pg_foreign_server',
  'pg_prepared_statements',
  'pg_cursors',
  'pg_stat_wal_receiver',
  'user_mapping_options',
  'foreign_server_options',
  '_pg_user_mappings',
  '_pg_foreign_servers',
]);

export interface ReadRelation {
  readonly rows: Rows;
  readonly keys: readonly (readonly string[])[];
  /** Null where it isn't exactly one. */
  readonly relation: CatalogRelation | null;
}

/** Takes note that a relation is read, and of what is behind it; says which columns it has. */
export function readRelation(range: RangeVar, walk: Walk): ReadRelation {
  const name = range.relname ?? '';
  const meaning = walk.resolver.relation(range.schemaname, name);
  if (meaning.kind === 'unknown') return unknownRelation(range, walk, meaning.reason);
  const parts = meaning.relations.map((relation) => relationRows(relation, range.inh === true, walk));
  if (meaning.kind === 'temporary') parts.push(temporaryRows(name, walk));
  const [only] = parts;
  const relation = parts.length === 1 && meaning.kind === 'relations' ? (meaning.relations[0] ?? null) : null;
  if (!only || !relation) return { rows: anyOf(parts), keys: [], relation: null };
  return { rows: only, keys: keysOf(relation, range.inh === true), relation };
}

/** A unique key of a parent says nothing of its children's rows; a partitioned table's key does. */
function keysOf(relation: CatalogRelation, withChildren: boolean): readonly (readonly string[])[] {
  if (relation.kind === 'table' && withChildren && relation.children.length > 0) return [];
  return relation.uniqueKeys;
}

function unknownRelation(range: RangeVar, walk: Walk, reason: string): ReadRelation {
  const parts = [range.schemaname, range.relname].filter((part) => part !== undefined && part !== '');
  const dataset = qualifiedName(...(parts as string[]));
  walk.facts.dataset(dataset, 'read', 'unknown');
  walk.facts.unknown.add(`What ${dataset} means is not known: ${reason}.`);
  return { rows: { ...emptyRows, open: new Set([sourceOf(dataset, '*')]) }, keys: [], relation: null };
}

function temporaryRows(name: string, walk: Walk): Rows {
  const dataset = qualifiedName('pg_temp', name);
  walk.facts.dataset(dataset, 'read', 'unknown');
  walk.facts.unknown.add(`What the temporary relation ${dataset} holds is not known.`);
  return { ...emptyRows, open: new Set([sourceOf(dataset, '*')]) };
}

/** One of several relations: a column of that name of each of them. */
function anyOf(parts: readonly Rows[]): Rows {
  const columns = new Map<string, Sources>();
  for (const column of parts.flatMap((rows) => rows.columns)) {
    columns.set(column.name, union(columns.get(column.name) ?? noSources, column.sources));
  }
  const open = parts.some((rows) => rows.open !== null)
    ? union(...parts.map((rows) => rows.open ?? noSources))
    : null;
  return { ...emptyRows, columns: [...columns].map(([name, sources]) => ({ name, sources })), open };
}

function relationRows(relation: CatalogRelation, withChildren: boolean, walk: Walk): Rows {
  const { facts } = walk;
  const dataset = datasetName(relation);
  facts.dataset(dataset, 'read');
  facts.relations.add(relation);
  if (relation.kind === 'foreign') foreignAccess(walk);
  if (isSystem(relation.schema) && systemSecrets.has(relation.name)) facts.flags.add('systemSecrets');
  if (relation.rowSecurity) {
    facts.flags.add('rowSecurity');
    facts.merge(policyFacts(relation, walk));
  }
  implicitCasts(relation, walk);
  const own = relation.columns.map(({ name, generated }) => ({
    name,
    sources: union(
      new Set([sourceOf(dataset, name)]),
      generated === null ? noSources : generatedSources(relation, generated, walk),
    ),
  }));
  const rows: Rows = { ...emptyRows, columns: own };
  const behind = behindRelation(relation, walk);
  const relatives = relatedRelations(relation, withChildren, walk);
  for (const other of relatives) facts.dataset(datasetName(other), 'read');
  const columns = own.map(({ name, sources }, i) => ({
    name,
    sources: union(sources, behind(i), inRelatives(relatives, name)),
  }));
  return { ...rows, columns };
}

/** The sources behind each column of a view, by position. */
function behindRelation(relation: CatalogRelation, walk: Walk): (position: number) => Sources {
  if (relation.kind !== 'view' && relation.kind !== 'materialized') return () => noSources;
  if (relation.definition === null) return () => noSources;
  const body = viewBody(relation, walk);
  if (!body) return () => noSources;
  // A materialized view shows what was read earlier; only a view runs its query now.
  if (relation.kind === 'view') walk.facts.merge(body.facts);
  else for (const sentence of body.facts.unknown) walk.facts.unknown.add(sentence);
  const { columns, open } = body.rows;
  return (position) => (open === null ? (columns[position]?.sources ?? noSources) : allSources(body.rows));
}

/**
 * A partition's rows are its parent's rows, so classes of the parent hold for them; a table that others inherit from
 * shows their rows. Partitions are not named one by one beside the table that they make up.
 */
export function relatedRelations(
  relation: CatalogRelation,
  withChildren: boolean,
  walk: Walk,
): readonly CatalogRelation[] {
  const parents = follow(relation, walk, (of) => of.parents);
  if (!withChildren) return parents;
  const children = descendants(relation, walk);
  if (children.some((child) => child.kind === 'foreign')) foreignAccess(walk);
  return relation.kind === 'partitioned' ? parents : [...parents, ...children];
}

/** Partitions and tables that inherit, at any depth. */
export const descendants = (relation: CatalogRelation, walk: Walk): readonly CatalogRelation[] =>
  follow(relation, walk, (of) => of.children);

function follow(
  start: CatalogRelation,
  walk: Walk,
  next: (of: CatalogRelation) => readonly number[],
): readonly CatalogRelation[] {
  const found = new Set<CatalogRelation>();
  const visit = (from: CatalogRelation): void => {
    for (const oid of next(from)) {
      const relation = walk.resolver.catalog.relationByOid(oid);
      if (!relation || found.has(relation)) continue;
      found.add(relation);
      visit(relation);
    }
  };
  visit(start);
  return [...found];
}

function inRelatives(relatives: readonly CatalogRelation[], column: string): Sources {
  const owners = relatives.filter((relation) => relation.columns.some(({ name }) => name === column));
  return new Set(owners.map((relation) => sourceOf(datasetName(relation), column)));
}

function foreignAccess(walk: Walk): void {
  walk.facts.flags.add('foreignTable');
  walk.facts.outside = true;
}

export const isSystem = (schema: string): boolean =>
  schema === 'pg_catalog' || schema === 'information_schema';

/** Casts that the server adds by itself around columns of user-defined types. */
function implicitCasts(relation: CatalogRelation, walk: Walk): void {
  const { casts } = walk.resolver.catalog;
  if (casts.length === 0) return;
  const types = new Set(relation.columns.map((column) => column.userType));
  for (const cast of casts) {
    if (cast.implicit && (types.has(cast.source) || types.has(cast.target)))
      describeFunction(cast.function, walk);
  }
}
