import type { PreviewFinding } from '../../../core/preview.ts';
import type { CatalogRelation } from '../catalog/types.ts';
import { datasetName } from '../describe/relation.ts';
import { tagOf, type Tag } from '../describe/tree.ts';
import type { Understood } from './understand.ts';
import { counted, oneLine } from './words.ts';

/** PostgreSQL 18, "Table-Level Locks", from the weakest: each mode with those that it waits for. */
const conflicts = {
  AccessShareLock: ['AccessExclusiveLock'],
  RowShareLock: ['ExclusiveLock', 'AccessExclusiveLock'],
  RowExclusiveLock: ['ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'],
  ShareLock: [
    'RowExclusiveLock',
    'ShareUpdateExclusiveLock',
    'ShareRowExclusiveLock',
    'ExclusiveLock',
    'AccessExclusiveLock',
  ],
  ShareRowExclusiveLock: [
    'RowExclusiveLock',
    'ShareUpdateExclusiveLock',
    'ShareLock',
    'ShareRowExclusiveLock',
    'ExclusiveLock',
    'AccessExclusiveLock',
  ],
  AccessExclusiveLock: [
    'AccessShareLock',
    'RowShareLock',
    'RowExclusiveLock',
    'ShareUpdateExclusiveLock',
    'ShareLock',
    'ShareRowExclusiveLock',
    'ExclusiveLock',
    'AccessExclusiveLock',
  ],
} as const;

type Mode = keyof typeof conflicts;

/** What statements that change definitions take, at the most, on the tables that they name. */
const definitions: { readonly [K in Tag]?: Mode } = {
  AlterTableStmt: 'AccessExclusiveLock',
  ClusterStmt: 'AccessExclusiveLock',
  CreateTrigStmt: 'ShareRowExclusiveLock',
  DropStmt: 'AccessExclusiveLock',
  IndexStmt: 'ShareLock',
  RenameStmt: 'AccessExclusiveLock',
  RuleStmt: 'AccessExclusiveLock',
  TruncateStmt: 'AccessExclusiveLock',
};

const changes: ReadonlySet<Tag> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
]);

export interface WantedLock {
  readonly relation: CatalogRelation;
  readonly mode: Mode;
}

/** The locks on tables that the statement would take; empty where the kind of statement isn't known. */
export function wantedLocks({ tree, description, relations }: Understood): readonly WantedLock[] {
  const tag = tagOf(tree);
  const definition = definitions[tag];
  if (definition !== undefined) return relations.map((relation) => ({ relation, mode: definition }));
  if (!changes.has(tag)) return [];
  const written = new Set(
    description.datasets.filter(({ access }) => access.includes('write')).map(({ dataset }) => dataset),
  );
  const reading: Mode = description.flags.includes('locking') ? 'RowShareLock' : 'AccessShareLock';
  return relations.map((relation) => ({
    relation,
    mode: written.has(datasetName(relation)) ? 'RowExclusiveLock' : reading,
  }));
}

/** One who holds, or waits for, what the statement would wait for. `$1`, `$2`: pairs of relation and mode. */
export const holdersQuery = `
  SELECT l.relation, l.pid, l.mode, l.granted, a.application_name,
    floor(extract(epoch FROM clock_timestamp() - a.xact_start))::bigint
  FROM unnest($1::oid[], $2::text[]) AS wanted (relation, mode)
  JOIN pg_locks l ON l.relation = wanted.relation AND l.mode = wanted.mode AND l.locktype = 'relation'
  LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.pid <> pg_backend_pid() AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  ORDER BY a.xact_start, l.pid, l.mode LIMIT 11`;

export function holdersValues(wanted: readonly WantedLock[]): readonly string[] {
  const pairs = wanted.flatMap(({ relation, mode }) => conflicts[mode].map((other) => [relation.oid, other]));
  const array = (at: number): string => `{${pairs.map((pair) => pair[at]).join(',')}}`;
  return [array(0), array(1)];
}

type Holder = readonly (string | null)[];
const MOST_HOLDERS = 10;

export function locksFinding(wanted: readonly WantedLock[], holders: readonly Holder[]): PreviewFinding {
  const takes = wanted.map(({ relation, mode }) => `It takes ${mode} on ${oneLine(datasetName(relation))}.`);
  const others = holders.slice(0, MOST_HOLDERS).map((holder) => holderLine(holder, wanted));
  if (holders.length > MOST_HOLDERS) others.push('… and more, which are not shown.');
  if (others.length === 0) others.push('Nobody holds a lock on a table that it would wait for.');
  return {
    kind: 'locks',
    title: 'Locks on tables, and who is in the way now',
    text: [...takes, ...others, 'Locks of others on single rows show only when it runs.'].join('\n'),
    basis: 'counted',
  };
}

/** The name is what the other session calls itself: quoted, since it may say anything. */
function holderLine(holder: Holder, wanted: readonly WantedLock[]): string {
  const [oid, pid, mode, granted] = holder;
  const name = oneLine(holder[4] ?? '');
  const seconds = holder[5] ?? '';
  const relation = wanted.find((each) => each.relation.oid.toString() === oid)?.relation;
  const what = `${mode ?? ''} on ${relation === undefined ? '' : oneLine(datasetName(relation))}`;
  const since = seconds === '' ? '' : `, in a transaction of ${counted(Number(seconds), 'second')}`;
  const called = name === '' ? '' : `, which calls itself “${name}”,`;
  return `Process ${pid ?? ''}${called} ${granted === 't' ? 'holds' : 'waits for'} ${what}${since}.`;
}
