import { readFileSync } from 'node:fs';
import { buildCatalog, type CatalogRows } from './snapshot.ts';
import type { TargetCatalog } from './types.ts';

/** A table or view as somebody wrote it down; names are as the catalog has them. */
export interface WrittenRelation {
  readonly columns: readonly string[];
  /** Columns that no two rows agree on; empty: none is known. */
  readonly key: readonly string[];
  /** The query of a view, with every name qualified; null: a table. */
  readonly definition: string | null;
}

export interface WrittenFunction {
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  readonly kind: 'function' | 'procedure' | 'aggregate';
}

export interface WrittenSchema {
  /** By full name, `schema.table`. */
  readonly relations: ReadonlyMap<string, WrittenRelation>;
  readonly functions: ReadonlyMap<string, WrittenFunction>;
}

/** What PostgreSQL has of its own, from a server without anything else (test/postgres-describe/built-in.test.ts). */
export interface BuiltIn {
  /** Full name → kind, then columns; `!` before those that are never null. */
  readonly relations: Readonly<Record<string, string>>;
  /** `schema kind volatility returnsSet securityDefiner` → names. */
  readonly functions: Readonly<Record<string, string>>;
  readonly operators: string;
  readonly types: string;
}

type FunctionRow = CatalogRows['builtInFunctions'][number];

/** Object identifiers of what is written down begin where a server's own begin for users: transam.h. */
const FIRST_OF_USERS = 16_384;
/** No server gives its own objects numbers as high as these; they only have to differ. */
const FIRST_OF_SERVER = 1_000_000;
const KINDS = { function: 'f', procedure: 'p', aggregate: 'a' } as const;
const VOLATILITIES = { immutable: 'i', stable: 's', volatile: 'v' } as const;

const file = new URL('../../../../catalogs/postgresql-18.json', import.meta.url);
let builtIn: BuiltIn | undefined;
const readBuiltIn = (): BuiltIn => (builtIn ??= JSON.parse(readFileSync(file, 'utf8')) as BuiltIn);

const words = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '');

function splitName(full: string): { readonly schema: string; readonly name: string } {
  const dot = full.indexOf('.');
  return { schema: full.slice(0, dot), name: full.slice(dot + 1) };
}

function builtInFunctions({ functions }: BuiltIn): readonly FunctionRow[] {
  return Object.entries(functions).flatMap(([key, names]) => {
    const [schema = '', kind = 'f', volatility = 'v', returnsSet, securityDefiner] = words(key);
    return words(names).map((name) => ({
      schema,
      name,
      volatility: volatility as FunctionRow['volatility'],
      language: 'internal',
      securityDefiner: securityDefiner === 't',
      kind: kind as FunctionRow['kind'],
      returnsSet: returnsSet === 't',
    }));
  });
}

interface Relation {
  readonly row: CatalogRows['relations'][number];
  readonly columns: CatalogRows['columns'][number];
}

function relationOf(oid: number, full: string, kind: string, columns: readonly string[]): Relation {
  const { schema, name } = splitName(full);
  const relation = oid.toString();
  return {
    row: { oid: relation, schema, name, kind, rowSecurity: false, definition: null, rules: false },
    columns: {
      relation,
      columns: columns.map((column) => ({
        name: column.replace(/^!/, ''),
        notNull: column.startsWith('!'),
        generated: null,
        userType: null,
      })),
    },
  };
}

function serverRelations({ relations }: BuiltIn): readonly Relation[] {
  return Object.entries(relations).map(([full, text], at) => {
    const [kind = 'r', ...columns] = words(text);
    return relationOf(FIRST_OF_SERVER + at, full, kind, columns);
  });
}

const writtenRelations = (relations: WrittenSchema['relations']): readonly Relation[] =>
  [...relations].map(([full, { columns, key, definition }], at) => {
    const marked = columns.map((column) => (key.includes(column) ? `!${column}` : column));
    const made = relationOf(FIRST_OF_USERS + at, full, definition === null ? 'r' : 'v', marked);
    return { ...made, row: { ...made.row, definition } };
  });

const writtenFunctions = (functions: WrittenSchema['functions']): readonly FunctionRow[] =>
  [...functions].map(([full, { volatility, kind }], at) => ({
    ...splitName(full),
    oid: (2 * FIRST_OF_SERVER + at).toString(),
    volatility: VOLATILITIES[volatility],
    language: 'plpgsql',
    securityDefiner: false,
    kind: KINDS[kind],
    returnsSet: false,
  }));

/**
 * The catalog of a PostgreSQL 18 that has these relations and functions and nothing else of its own: no triggers, rules,
 * row security, foreign keys, partitions, types or casts. For tools that have no target to ask; what a statement does on
 * the real one may be more.
 */
export function writtenCatalog({ relations, functions }: WrittenSchema): TargetCatalog {
  const own = readBuiltIn();
  const written = writtenRelations(relations);
  const all = [...serverRelations(own), ...written];
  const names = [...relations.keys(), ...functions.keys()].map((full) => splitName(full).schema);
  return buildCatalog({
    version: 'written',
    identity: [
      {
        user: 'sallyport',
        schemas: [...new Set(['pg_catalog', 'information_schema', 'public', ...names])],
        eventTriggers: false,
      },
    ],
    relations: all.map(({ row }) => row),
    columns: all.map(({ columns }) => columns),
    triggers: [],
    policies: [],
    uniqueKeys: written.flatMap(({ row }) => {
      const key = relations.get(`${row.schema}.${row.name}`)?.key ?? [];
      return key.length === 0 ? [] : [{ relation: row.oid, columns: [...key] }];
    }),
    inheritance: [],
    foreignKeys: [],
    writeFunctions: [],
    userFunctions: writtenFunctions(functions),
    builtInFunctions: builtInFunctions(own),
    userOperators: [],
    builtInOperators: [{ names: [...words(own.operators)] }],
    userTypes: [],
    builtInTypes: [{ names: [...words(own.types)] }],
    userCasts: [],
    marks: [],
  });
}
