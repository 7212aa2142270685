import type { SelectStmt } from 'libpg-query';
import type { CatalogRelation } from '../catalog/types.ts';
import { Facts, noSources, type Sources } from './facts.ts';
import { parse } from './parser.ts';
import { qualifiedName } from './names.ts';
import { Resolver } from './resolver.ts';
import { allSources, Scope, type ViewBody, type Walk } from './scope.ts';
import { as } from './tree.ts';

/** Definitions come from the catalog with every name qualified: unqualified ones are pg_catalog's. */
function definitionWalk(walk: Walk): Walk {
  const { catalog } = walk.resolver;
  const session = { searchPath: [], temporary: new Set<string>(), catalogStale: false };
  return { ...walk, facts: new Facts(), resolver: new Resolver(catalog, session), subqueries: new Map() };
}

function parseQuery(text: string): SelectStmt | undefined {
  const parsed = parse(text);
  return parsed.ok && parsed.value.length === 1 ? as(parsed.value[0]?.stmt, 'SelectStmt') : undefined;
}

/** What a view's query reads and runs; analysed once for a catalog snapshot. Null: it refers to itself. */
export function viewBody(relation: CatalogRelation, walk: Walk): ViewBody | null {
  const known = walk.views.get(relation);
  if (known === 'analysing') return null;
  if (known) return known;
  walk.views.set(relation, 'analysing');
  const inner = definitionWalk(walk);
  const query = parseQuery(relation.definition ?? '');
  const rows = query ? inner.select(query, null, inner) : null;
  if (!rows) {
    inner.facts.unknown.add(
      `What the view ${qualifiedName(relation.schema, relation.name)} reads is not known.`,
    );
  }
  const body: ViewBody = {
    rows: rows ?? { columns: [], open: null, bound: null, filtered: false, constant: false },
    facts: inner.facts,
  };
  walk.views.set(relation, body);
  return body;
}

/** What the row security policies of a relation read and run, as conditions of every access. */
export function policyFacts(relation: CatalogRelation, walk: Walk): Facts {
  const inner = definitionWalk(walk);
  if (walk.policies.has(relation)) return inner.facts;
  walk.policies.add(relation);
  for (const policy of relation.policies) analyseOver(relation, `select where ${policy}`, inner);
  walk.policies.delete(relation);
  return inner.facts;
}

/** The columns that a generated column is computed from. */
export function generatedSources(relation: CatalogRelation, expression: string, walk: Walk): Sources {
  const inner = definitionWalk(walk);
  const rows = analyseOver(relation, `select ${expression}`, inner);
  for (const sentence of inner.facts.unknown) walk.facts.unknown.add(sentence);
  return rows ?? noSources;
}

/** Analyses an expression over a relation's own columns; the text comes from the catalog and never runs. */
function analyseOver(relation: CatalogRelation, text: string, inner: Walk): Sources | null {
  const query = parseQuery(text);
  if (!query) {
    inner.facts.unknown.add(
      `An expression of ${qualifiedName(relation.schema, relation.name)} could not be read.`,
    );
    return null;
  }
  const scope = new Scope(null);
  const dataset = qualifiedName(relation.schema, relation.name);
  const columns = relation.columns.map(({ name }) => ({ name, sources: new Set([`${dataset}\0${name}`]) }));
  scope.items.push({
    alias: relation.name,
    schema: relation.schema,
    rows: { columns, open: null, bound: null, filtered: false, constant: false },
    keys: [],
    relation: null,
    shows: 'all',
    joinAlias: false,
  });
  const rows = inner.select(query, scope, inner);
  return allSources(rows);
}
