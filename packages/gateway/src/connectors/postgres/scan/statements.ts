/** What a scan asks a target. Only names that the target itself gave go into it, each quoted. */
import type { Limits } from '../../../limits.ts';

export interface Listed {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: 'r' | 'p' | 'm' | 'f';
  /** As of the last ANALYZE; -1: never. */
  readonly tuples: number;
  /** Columns of types that may hold what is looked for, in their order. */
  readonly columns: readonly string[];
  readonly all: number;
}

/**
 * Tables with their columns of built-in text, numbers and documents, and domains and arrays of those: turning one into
 * text runs nothing user-defined. A virtual column would compute its expression, so it is left out. Partitions come with
 * their parent.
 */
export const listing = (limits: Limits): string => `
select c.oid::int8::text as oid, n.nspname as schema, c.relname as name, c.relkind as kind,
  c.reltuples::int8::text as tuples, coalesce((
    select json_agg(a.attname order by a.attnum)
    from pg_attribute a
    join pg_type d on d.oid = a.atttypid
    join pg_type b on b.oid = case when d.typtype = 'd' then d.typbasetype else d.oid end
    join pg_type t on t.oid = case when b.typcategory = 'A' and b.typelem <> 0 then b.typelem else b.oid end
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v'
      and b.oid < 16384 and t.oid < 16384
      and (t.typcategory = 'S' or t.typname in ('int4', 'int8', 'numeric', 'json', 'jsonb', 'xml'))
  ), '[]')::text as columns, (
    select count(*) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  )::text as "all"
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm', 'f') and not c.relispartition and c.relpersistence <> 't' and c.oid >= 16384
  and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
order by n.nspname, c.relname limit ${(limits.scanDatasets + 1).toString()}`;

/** A read-only transaction of its own, in which names mean what they are and row security refuses instead of hiding. */
export const inTransaction = (statement: string, { scanStatementMs, previewLockMs }: Limits): string =>
  [
    // After an error the one before is still open; otherwise this does nothing.
    'ROLLBACK',
    'BEGIN TRANSACTION READ ONLY',
    "SET LOCAL search_path = ''",
    'SET LOCAL standard_conforming_strings = on',
    'SET LOCAL row_security = off',
    `SET LOCAL statement_timeout = ${scanStatementMs.toString()}`,
    `SET LOCAL lock_timeout = ${previewLockMs.toString()}`,
    statement,
    'ROLLBACK',
  ].join(';\n');

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Of four bytes at most each, with what the protocol has around a value. */
const bytesOf = (columns: number, { scanValueCharacters }: Limits): number =>
  columns * (scanValueCharacters * 4 + 4) + 32;

/** Rows that fit into one answer, whatever they hold. */
export const rowsFor = (columns: number, limits: Limits): number =>
  Math.max(1, Math.min(limits.scanRows, Math.floor(limits.scanAnswerBytes / 2 / bytesOf(columns, limits))));

/**
 * Of a large table, pages at random first. A sample may have no rows, where the statistics are old: then the first rows.
 */
export function samplesOf(
  { schema, name, kind, tuples, columns }: Listed,
  limits: Limits,
): readonly string[] {
  const rows = rowsFor(columns.length, limits);
  const chosen = columns
    .map(
      (column) =>
        `pg_catalog.left((d.${quoted(column)})::pg_catalog.text, ${limits.scanValueCharacters.toString()})`,
    )
    .join(', ');
  // eslint-disable-next-line sallyport/sql-by-concatenation -- names can't be bound; these are the target's own, quoted
  const from = `SELECT ${chosen} FROM ${kind === 'r' ? 'ONLY ' : ''}${quoted(schema)}.${quoted(name)} d`;
  const first = `${from} LIMIT ${rows.toString()}`;
  const wanted = rows * PAGES_AT_RANDOM;
  if (tuples <= wanted) return [first];
  const percent = Math.max(0.001, (100 * wanted) / tuples).toFixed(3);
  return [`${from} TABLESAMPLE SYSTEM (${percent}) LIMIT ${rows.toString()}`, first];
}

/** How many times the rows that are looked at lie on the pages that are chosen: they vary in what they hold. */
const PAGES_AT_RANDOM = 4;
