import type { FuncCall } from 'libpg-query';
import type { FunctionReference } from '../../../core/describe.ts';
import type { CatalogFunction } from '../catalog/types.ts';
import { as } from './tree.ts';

export type FunctionEffect = FunctionReference['effect'];

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/**
 * Built-in functions that PostgreSQL 18 marks volatile only because their answer changes: each was looked at; none
 * changes anything, waits, or reads the rows of a table. Every other volatile function has effects.
 */
const harmlessVolatile = words(`
  array_sample array_shuffle clock_timestamp currval current_query gen_random_uuid lastval random random_normal timeofday
  uuidv4 uuidv7 txid_status pg_xact_status pg_xact_commit_timestamp pg_last_committed_xact
  pg_blocking_pids pg_safe_snapshot_blocking_pids pg_lock_status pg_is_in_recovery pg_is_wal_replay_paused
  pg_current_wal_lsn pg_current_wal_insert_lsn pg_current_wal_flush_lsn pg_last_wal_receive_lsn pg_last_wal_replay_lsn
  pg_last_xact_replay_timestamp pg_relation_size pg_table_size pg_indexes_size pg_total_relation_size pg_database_size
  pg_tablespace_size pg_partition_tree pg_partition_ancestors pg_sequence_last_value pg_get_wait_events
  pg_collation_actual_version pg_database_collation_actual_version pg_notification_queue_usage pg_jit_available
  pg_stat_get_xact_numscans pg_stat_get_xact_tuples_returned pg_stat_get_xact_tuples_fetched
  pg_stat_get_xact_tuples_inserted pg_stat_get_xact_tuples_updated pg_stat_get_xact_tuples_deleted
  amvalidate bernoulli system`);

/** Volatile, without effects, but showing what is stored elsewhere: large objects, the server's configuration files. */
const volatileReaders = words(`
  lo_get pg_hba_file_rules pg_ident_file_mappings pg_show_all_file_settings pg_prepared_xact
  pg_get_backend_memory_contexts`);

/** Stable or immutable by their label, yet they read rows, other sessions' statements or secrets that no name shows. */
const stableReaders = words(`
  table_to_xml table_to_xmlschema table_to_xml_and_xmlschema schema_to_xml schema_to_xmlschema
  schema_to_xml_and_xmlschema database_to_xml database_to_xmlschema database_to_xml_and_xmlschema
  pg_stat_get_activity pg_stat_get_backend_activity pg_stat_get_wal_receiver pg_options_to_table pg_cursor
  pg_prepared_statement pg_stat_get_subscription`);

/** Aggregates whose one result row says about as much as one row of input; any other may hold all of them. */
const condensing = words(`
  count sum avg min max stddev stddev_pop stddev_samp variance var_pop var_samp bool_and bool_or every corr covar_pop
  covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy bit_and bit_or
  bit_xor any_value mode rank dense_rank percent_rank cume_dist
  range_intersect_agg`);

const flagsByName: readonly (readonly [RegExp, string])[] = [
  [/^pg_sleep/, 'sleep'],
  [/^pg_(terminate|cancel)_backend$/, 'endsBackend'],
  [/^(pg_read_(binary_)?file|pg_ls_.*dir|pg_stat_file|lo_import|pg_current_logfile)$/, 'readsServerFile'],
  [/^lo_export$/, 'writesServerFile'],
  [/^pg_(try_)?advisory_/, 'advisoryLock'],
  [/^(dblink|postgres_fdw)/, 'otherServer'],
  [/^(lo_|lowrite|loread)/, 'largeObject'],
  [/^(nextval|setval)$/, 'sequence'],
  [/^set_config$/, 'setConfigFunction'],
  [
    /^(query_to_xml|cursor_to_xml|table_to_xml|schema_to_xml|database_to_xml|ts_stat|ts_rewrite)/,
    'hiddenQuery',
  ],
  [
    /^(pg_hba_file_rules|pg_ident_file_mappings|pg_show_all_file_settings|pg_options_to_table)$/,
    'systemSecrets',
  ],
  [/^(pg_stat_get_activity|pg_stat_get_backend_activity)$/, 'systemSecrets'],
];

/** What calling a function may do, from its volatility: user-defined ones at least read, whatever their label says. */
export function effectOf(found: CatalogFunction): FunctionEffect {
  if (found.kind === 'procedure') return 'effects';
  if (found.userDefined) return found.volatility === 'volatile' ? 'effects' : 'reads';
  if (found.volatility !== 'volatile') return stableReaders.has(found.name) ? 'reads' : 'none';
  if (harmlessVolatile.has(found.name)) return 'none';
  return volatileReaders.has(found.name) ? 'reads' : 'effects';
}

export function flagsOfFunction(name: string): readonly string[] {
  return flagsByName.filter(([pattern]) => pattern.test(name)).map(([, flag]) => flag);
}

/** Whether the aggregate can put many rows into one value. */
export function collectsRows(found: CatalogFunction, call: FuncCall | undefined): boolean {
  if (found.kind !== 'aggregate') return false;
  // One fraction gives one value; an array of fractions gives as many as it holds.
  const single = as(call?.args?.[0], 'A_Const') !== undefined;
  if (/^percentile_(cont|disc)$/.test(found.name) && single) return found.userDefined;
  return found.userDefined || !condensing.has(found.name);
}
