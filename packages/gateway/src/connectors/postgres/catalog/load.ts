import * as queries from './queries.ts';
import { buildCatalog, type CatalogRows } from './snapshot.ts';
import type { TargetCatalog } from './types.ts';

/** Runs one statement on one connection, always the same, that nothing else uses meanwhile. */
export type CatalogQuery = (sql: string, parameters?: unknown[]) => Promise<readonly unknown[]>;

/**
 * Reads a snapshot in one transaction of its own. Rejects when the target does or when the catalog changed so that a
 * definition could not be read: then nothing was learnt, and the caller tries again.
 */
export async function loadCatalog(query: CatalogQuery): Promise<TargetCatalog> {
  for (const statement of queries.begin) await query(statement);
  try {
    const rows = await readRows(query);
    await query('COMMIT');
    return buildCatalog(rows);
  } catch (error) {
    await query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** The current fingerprint, to compare with a snapshot's `version`. */
export async function catalogVersion(query: CatalogQuery): Promise<string> {
  const [row] = (await query(queries.fingerprint)) as { version: string }[];
  if (!row) throw new Error('the target gave no catalog fingerprint');
  return row.version;
}

async function readRows(query: CatalogQuery): Promise<CatalogRows> {
  const version = await catalogVersion(query);
  const rows: Record<string, readonly unknown[]> = {};
  for (const [name, sql] of Object.entries(queries.snapshotQueries)) rows[name] = await query(sql);
  // The shapes are those of the queries beside.
  return { ...rows, version } as unknown as CatalogRows;
}
