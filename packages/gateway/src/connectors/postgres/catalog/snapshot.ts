import { marksOf } from './marks.ts';
import type {
  CatalogCast,
  CatalogColumn,
  CatalogFunction,
  CatalogImplementation,
  CatalogRelation,
  Cascade,
  RelationKind,
  TargetCatalog,
} from './types.ts';

interface FunctionRow {
  readonly oid?: string;
  readonly schema: string;
  readonly name: string;
  readonly volatility: 'i' | 's' | 'v';
  readonly language: string;
  readonly securityDefiner: boolean;
  readonly kind: 'f' | 'p' | 'a' | 'w';
  readonly returnsSet: boolean;
}

/** The answers of the queries in queries.ts. */
export interface CatalogRows {
  readonly version: string;
  readonly identity: readonly { user: string; schemas: string[] | null; eventTriggers: boolean }[];
  readonly relations: readonly {
    oid: string;
    schema: string;
    name: string;
    kind: string;
    rowSecurity: boolean;
    definition: string | null;
    rules: boolean;
  }[];
  readonly columns: readonly { relation: string; columns: CatalogColumn[] }[];
  readonly triggers: readonly { relation: string; events: number }[];
  readonly policies: readonly { relation: string; using: string | null; check: string | null }[];
  readonly uniqueKeys: readonly { relation: string; columns: string[] | null }[];
  readonly inheritance: readonly { child: string; parent: string }[];
  readonly foreignKeys: readonly {
    child: string;
    parent: string;
    onDelete: string;
    onUpdate: string;
    columns: string[];
  }[];
  readonly writeFunctions: readonly { relation: string; functions: string[] }[];
  readonly userFunctions: readonly FunctionRow[];
  readonly builtInFunctions: readonly FunctionRow[];
  readonly userOperators: readonly { schema: string; name: string; function: string }[];
  readonly builtInOperators: readonly { names: string[] }[];
  readonly userTypes: readonly {
    schema: string;
    name: string;
    composed: boolean;
    functions: string[] | null;
  }[];
  readonly builtInTypes: readonly { names: string[] }[];
  readonly userCasts: readonly { source: string; target: string; implicit: boolean; function: string }[];
  readonly marks: readonly { relation: string; position: number; column: string | null; written: string[] }[];
}

const kinds: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'partitioned',
  v: 'view',
  m: 'materialized',
  f: 'foreign',
  S: 'sequence',
};
const volatilities = { i: 'immutable', s: 'stable', v: 'volatile' } as const;
const functionKinds = { f: 'function', p: 'procedure', a: 'aggregate', w: 'window' } as const;
/** pg_trigger.tgtype: TRIGGER_TYPE_INSERT, _DELETE, _UPDATE, _TRUNCATE (catalog/pg_trigger.h). */
const triggerBits = [
  ['insert', 4],
  ['delete', 8],
  ['update', 16],
  ['truncate', 32],
] as const;

function toFunction(row: FunctionRow, userDefined: boolean): CatalogFunction {
  return {
    schema: row.schema,
    name: row.name,
    volatility: volatilities[row.volatility],
    language: row.language,
    securityDefiner: row.securityDefiner,
    kind: functionKinds[row.kind],
    returnsSet: row.returnsSet,
    userDefined,
  };
}

/** Rows by the key of one of their fields. */
function group<T, V>(rows: readonly T[], key: (row: T) => string, value: (row: T) => V): Map<string, V[]> {
  const groups = new Map<string, V[]>();
  for (const row of rows) {
    const found = groups.get(key(row));
    if (found) found.push(value(row));
    else groups.set(key(row), [value(row)]);
  }
  return groups;
}

function cascadesOf(rows: CatalogRows): Map<string, Cascade[]> {
  return group(
    rows.foreignKeys.filter((key) => 'cnd'.includes(key.onDelete) || 'cnd'.includes(key.onUpdate)),
    (key) => key.parent,
    (key) => ({
      child: Number(key.child),
      columns: key.columns,
      onDelete: 'cnd'.includes(key.onDelete),
      onUpdate: 'cnd'.includes(key.onUpdate),
      deletesRows: key.onDelete === 'c',
    }),
  );
}

function buildRelations(rows: CatalogRows): CatalogRelation[] {
  const columns = new Map(rows.columns.map((row) => [row.relation, row.columns]));
  const triggers = new Map(rows.triggers.map((row) => [row.relation, row.events]));
  const policies = group(
    rows.policies,
    (row) => row.relation,
    (row) => [row.using, row.check],
  );
  const keys = group(
    rows.uniqueKeys,
    (row) => row.relation,
    (row) => row.columns ?? [],
  );
  const parents = group(
    rows.inheritance,
    (row) => row.child,
    (row) => Number(row.parent),
  );
  const children = group(
    rows.inheritance,
    (row) => row.parent,
    (row) => Number(row.child),
  );
  const referencedBy = group(
    rows.foreignKeys,
    (row) => row.parent,
    (row) => Number(row.child),
  );
  const cascades = cascadesOf(rows);
  const functions = new Map(rows.writeFunctions.map((row) => [row.relation, row.functions]));
  return rows.relations.map((row) => ({
    oid: Number(row.oid),
    schema: row.schema,
    name: row.name,
    kind: kinds[row.kind] ?? 'table',
    columns: columns.get(row.oid) ?? [],
    definition: row.definition,
    triggers: new Set(
      triggerBits.filter(([, bit]) => ((triggers.get(row.oid) ?? 0) & bit) !== 0).map(([event]) => event),
    ),
    rules: row.rules,
    rowSecurity: row.rowSecurity,
    policies: (policies.get(row.oid) ?? []).flat().filter((expression) => expression !== null),
    uniqueKeys: (keys.get(row.oid) ?? []).filter((key) => key.length > 0),
    parents: parents.get(row.oid) ?? [],
    children: children.get(row.oid) ?? [],
    referencedBy: referencedBy.get(row.oid) ?? [],
    cascades: cascades.get(row.oid) ?? [],
    writeFunctions: functions.get(row.oid) ?? [],
  }));
}

function implementations(
  rows: readonly { schema: string; name: string; functions: readonly string[] }[],
  byOid: ReadonlyMap<string, CatalogFunction>,
): Map<string, CatalogImplementation[]> {
  return group(
    rows,
    (row) => row.name,
    (row) => ({
      schema: row.schema,
      name: row.name,
      functions: row.functions.map((oid) => byOid.get(oid)).filter((found) => found !== undefined),
    }),
  );
}

function buildCasts(rows: CatalogRows, byOid: ReadonlyMap<string, CatalogFunction>): CatalogCast[] {
  return rows.userCasts.flatMap(({ source, target, implicit, function: oid }) => {
    const found = byOid.get(oid);
    // A cast between user types may use a built-in function, which computes only.
    return found ? [{ source, target, implicit, function: found }] : [];
  });
}

/** Everything that looks up in maps; nothing of the rows is kept besides. */
export function buildCatalog(rows: CatalogRows): TargetCatalog {
  const relations = buildRelations(rows);
  const byName = group(
    relations,
    (relation) => relation.name,
    (relation) => relation,
  );
  const byOid = new Map(relations.map((relation) => [relation.oid, relation]));
  const userFunctions = rows.userFunctions.map((row) => toFunction(row, true));
  const functionByOid = new Map(
    rows.userFunctions.map((row, i) => [row.oid ?? '', userFunctions[i] as CatalogFunction]),
  );
  const builtIn = rows.builtInFunctions.map((row) => toFunction(row, false));
  const functions = group(
    [...builtIn, ...userFunctions],
    (found) => found.name,
    (found) => found,
  );
  const operators = implementations(
    rows.userOperators.map((row) => ({ ...row, functions: [row.function] })),
    functionByOid,
  );
  // A type made of others may hold any domain.
  const checks = rows.userTypes.flatMap((row) => row.functions ?? []);
  const types = implementations(
    rows.userTypes.map((row) => ({ ...row, functions: row.composed ? checks : (row.functions ?? []) })),
    functionByOid,
  );
  const builtInOperators = new Set(rows.builtInOperators[0]?.names ?? []);
  const builtInTypes = new Set(rows.builtInTypes[0]?.names ?? []);
  const identity = rows.identity[0];
  return {
    version: rows.version,
    user: identity?.user ?? '',
    usableSchemas: new Set(identity?.schemas ?? []),
    eventTriggers: identity?.eventTriggers ?? true,
    marks: marksOf(rows.marks, byOid),
    relation: (schema, name) => byName.get(name)?.find((relation) => relation.schema === schema),
    relationsNamed: (name) => byName.get(name) ?? [],
    relationByOid: (oid) => byOid.get(oid),
    functionsNamed: (name) => functions.get(name) ?? [],
    operatorsNamed: (name) => operators.get(name) ?? [],
    isBuiltInOperator: (name) => builtInOperators.has(name),
    typesNamed: (name) => types.get(name) ?? [],
    isBuiltInType: (name) => builtInTypes.has(name),
    casts: buildCasts(rows, functionByOid),
  };
}
