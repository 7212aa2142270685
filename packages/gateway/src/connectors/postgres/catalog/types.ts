import type { Marks } from '../../../core/describe.ts';

export type RelationKind = 'table' | 'partitioned' | 'view' | 'materialized' | 'foreign' | 'sequence';

export interface CatalogColumn {
  readonly name: string;
  readonly notNull: boolean;
  /** The expression of a generated column, as text. */
  readonly generated: string | null;
  /** Its type, where that is user-defined: `schema.name`. */
  readonly userType: string | null;
}

/** A foreign key that points at a relation and changes the rows that hold it. */
export interface Cascade {
  readonly child: number;
  readonly columns: readonly string[];
  readonly onDelete: boolean;
  readonly onUpdate: boolean;
  /** The rows themselves go with a DELETE; otherwise only the key's columns are set. */
  readonly deletesRows: boolean;
}

export interface CatalogRelation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  readonly columns: readonly CatalogColumn[];
  /** The query of a view or materialized view, with every name qualified; null for the server's own views. */
  readonly definition: string | null;
  /** What user-defined triggers fire on; empty: none. */
  readonly triggers: ReadonlySet<'insert' | 'update' | 'delete' | 'truncate'>;
  /** It has rewrite rules other than a view's own. */
  readonly rules: boolean;
  readonly rowSecurity: boolean;
  /** Expressions of its row security policies, as text. */
  readonly policies: readonly string[];
  /** Columns of each unique key that is valid, immediate, complete and over plain columns. */
  readonly uniqueKeys: readonly (readonly string[])[];
  readonly parents: readonly number[];
  readonly children: readonly number[];
  readonly referencedBy: readonly number[];
  readonly cascades: readonly Cascade[];
  /** User-defined functions that run when rows are written: defaults, checks, domains, indexes. */
  readonly writeFunctions: readonly string[];
}

export type Volatility = 'immutable' | 'stable' | 'volatile';

export interface CatalogFunction {
  readonly schema: string;
  readonly name: string;
  /** Of a built-in name with several functions: the strictest of them. */
  readonly volatility: Volatility;
  readonly language: string;
  readonly securityDefiner: boolean;
  readonly kind: 'function' | 'procedure' | 'aggregate' | 'window';
  readonly returnsSet: boolean;
  /** Not part of PostgreSQL itself. */
  readonly userDefined: boolean;
}

/** Something that runs a user-defined function without naming it. */
export interface CatalogImplementation {
  readonly schema: string;
  readonly name: string;
  readonly functions: readonly CatalogFunction[];
}

export interface CatalogCast {
  /** `schema.name` of user-defined types, the bare name of built-in ones. */
  readonly source: string;
  readonly target: string;
  readonly implicit: boolean;
  readonly function: CatalogFunction;
}

/** An immutable snapshot of what names mean on one target. */
export interface TargetCatalog {
  /** Changes with every change of the catalog. */
  readonly version: string;
  /** Whom the gateway's credential is on the target. */
  readonly user: string;
  /** Schemas that this user may look into: a search path skips the others. */
  readonly usableSchemas: ReadonlySet<string>;
  readonly eventTriggers: boolean;
  /** Classes that comments and security labels give datasets, by full name, those of partitions and parents included. */
  readonly marks: ReadonlyMap<string, Marks>;
  relation(schema: string, name: string): CatalogRelation | undefined;
  relationsNamed(name: string): readonly CatalogRelation[];
  relationByOid(oid: number): CatalogRelation | undefined;
  /** Every function of that name in any schema. */
  functionsNamed(name: string): readonly CatalogFunction[];
  /** User-defined operators of that name. */
  operatorsNamed(name: string): readonly CatalogImplementation[];
  isBuiltInOperator(name: string): boolean;
  /** User-defined types of that name, with the functions of their domain checks. */
  typesNamed(name: string): readonly CatalogImplementation[];
  isBuiltInType(name: string): boolean;
  readonly casts: readonly CatalogCast[];
}
