import type {
  CatalogFunction,
  CatalogImplementation,
  CatalogRelation,
  TargetCatalog,
} from '../catalog/types.ts';
import type { SessionContext } from './types.ts';

export type ResolverSession = Pick<SessionContext, 'searchPath' | 'temporary' | 'catalogStale'>;

/** What a name may mean. More than one: the server will choose one of them, and all count. */
export type RelationMeaning =
  | { readonly kind: 'relations'; readonly relations: readonly CatalogRelation[] }
  /** A temporary relation of the session, or else these. */
  | { readonly kind: 'temporary'; readonly relations: readonly CatalogRelation[] }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Names → catalog objects, by the session's search path. Never guesses: what isn't found is unknown. */
export class Resolver {
  readonly catalog: TargetCatalog;
  readonly session: ResolverSession;
  /** Schemas in the order in which they are searched; null: uncertain. */
  private readonly path: readonly string[] | null;

  constructor(catalog: TargetCatalog, session: ResolverSession) {
    this.catalog = catalog;
    this.session = session;
    this.path = session.searchPath && searchOrder(session.searchPath, catalog);
  }

  /** What the target itself says of its datasets. */
  get marks(): TargetCatalog['marks'] {
    return this.catalog.marks;
  }

  get stale(): boolean {
    return this.session.catalogStale;
  }

  /** The first schema of the path, where unqualified new relations are made. */
  get creationSchema(): string | undefined {
    const path = this.session.searchPath ?? [];
    const named = path.map((schema) => (schema === '$user' ? this.catalog.user : schema));
    return named.find((schema) => schema === 'pg_temp' || this.catalog.usableSchemas.has(schema));
  }

  relation(schema: string | undefined, name: string): RelationMeaning {
    if (this.stale) return { kind: 'unknown', reason: 'the schema was changed in this transaction' };
    if (schema !== undefined && schema !== '') return this.qualifiedRelation(schema, name);
    const relations = this.searched(name);
    if (this.session.temporary.has(name)) return { kind: 'temporary', relations };
    return relations.length > 0 ? { kind: 'relations', relations } : notFound;
  }

  private searched(name: string): readonly CatalogRelation[] {
    if (this.path === null) return this.catalog.relationsNamed(name);
    for (const candidate of this.path) {
      const relation = this.catalog.relation(candidate, name);
      if (relation) return [relation];
    }
    return [];
  }

  private qualifiedRelation(schema: string, name: string): RelationMeaning {
    if (schema === 'pg_temp' || schema.startsWith('pg_temp_')) return { kind: 'temporary', relations: [] };
    const relation = this.catalog.relation(schema, name);
    return relation ? { kind: 'relations', relations: [relation] } : notFound;
  }

  /**
   * Candidates for a call. pg_catalog comes first in the path, yet a function of another schema of the path is chosen
   * where its argument types match better: so all schemas of the path count.
   */
  functions(parts: readonly string[]): readonly CatalogFunction[] {
    if (this.stale) return [];
    return this.visible(parts, (name) => this.catalog.functionsNamed(name));
  }

  operators(parts: readonly string[]): readonly CatalogImplementation[] {
    return this.visible(parts, (name) => this.catalog.operatorsNamed(name));
  }

  knowsOperator(parts: readonly string[]): boolean {
    const name = parts.at(-1) ?? '';
    const builtIn =
      this.catalog.isBuiltInOperator(name) && (parts.length === 1 || parts.at(-2) === 'pg_catalog');
    return builtIn || this.operators(parts).length > 0;
  }

  types(parts: readonly string[]): readonly CatalogImplementation[] {
    return this.visible(parts, (name) => this.catalog.typesNamed(name));
  }

  knowsType(parts: readonly string[]): boolean {
    const name = parts.at(-1) ?? '';
    if (parts.length === 1 && this.session.temporary.has(name)) return false;
    if (parts.length > 1 && parts.at(-2) !== 'pg_catalog') return this.types(parts).length > 0;
    return this.catalog.isBuiltInType(name) || this.types(parts).length > 0;
  }

  private visible<T extends { readonly schema: string }>(
    parts: readonly string[],
    named: (name: string) => readonly T[],
  ): readonly T[] {
    const found = named(parts.at(-1) ?? '');
    if (found.length === 0) return found;
    const schema = parts.at(-2);
    if (schema !== undefined) return found.filter((candidate) => candidate.schema === schema);
    const path = this.path;
    return path === null ? found : found.filter((candidate) => path.includes(candidate.schema));
  }
}

const notFound: RelationMeaning = { kind: 'unknown', reason: 'no such relation is known' };

/** pg_catalog is searched first unless the path names it (PostgreSQL manual, search_path). */
function searchOrder(path: readonly string[], catalog: TargetCatalog): readonly string[] {
  const named = path
    .map((schema) => (schema === '$user' ? catalog.user : schema))
    .filter((schema) => schema === 'pg_catalog' || catalog.usableSchemas.has(schema));
  return named.includes('pg_catalog') ? named : ['pg_catalog', ...named];
}
