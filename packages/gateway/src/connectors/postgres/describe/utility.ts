import type { CopyStmt, Node, RangeVar, SelectStmt, TransactionStmt } from 'libpg-query';
import { filterBy, walkThrough } from './expression.ts';
import { describeCall } from './call.ts';
import { anySetting } from './function-use.ts';
import { type Rows, Scope, type Walk } from './scope.ts';
import { readRelation } from './relation.ts';
import { truncateReferencing, writeRelation } from './write.ts';
import { describeSetting, describeTransactionOptions, type SettingFacts } from './settings.ts';
import type { StatementEffects, TransactionStep } from './types.ts';
import { as, type Body, nameParts, type Tag } from './tree.ts';

/** What a statement other than a plain query or change is found to be. */
export interface UtilityFinding {
  readonly operation: string;
  readonly title: string;
  readonly rowLimit?: number | null;
  readonly filtered?: boolean;
  readonly effects?: Partial<StatementEffects>;
}

export type UtilityHandler<K extends Tag> = (body: Body<K>, walk: Walk) => UtilityFinding;

const steps: Readonly<Record<string, TransactionStep>> = {
  TRANS_STMT_BEGIN: 'begin',
  TRANS_STMT_START: 'begin',
  TRANS_STMT_COMMIT: 'commit',
  TRANS_STMT_ROLLBACK: 'rollback',
  TRANS_STMT_SAVEPOINT: 'savepoint',
  TRANS_STMT_RELEASE: 'release',
  TRANS_STMT_ROLLBACK_TO: 'rollback-to',
  TRANS_STMT_PREPARE: 'prepare-transaction',
  TRANS_STMT_COMMIT_PREPARED: 'commit-prepared',
  TRANS_STMT_ROLLBACK_PREPARED: 'rollback-prepared',
};

function transaction(body: TransactionStmt, walk: Walk): UtilityFinding {
  const step = steps[body.kind ?? ''] ?? 'begin';
  applySettings(describeTransactionOptions(body.options), walk, false);
  if (step.endsWith('prepared') || step === 'prepare-transaction') {
    walk.facts.outside = true;
    walk.facts.flags.add('twoPhaseCommit');
  }
  return {
    operation: 'sql:transaction',
    title: step.replaceAll('-', ' ').toUpperCase(),
    effects: { transaction: step, chain: body.chain ?? false },
  };
}

function applySettings(found: SettingFacts, walk: Walk, session = true): void {
  for (const setting of found.settings) walk.facts.sets(setting);
  for (const flag of found.flags) if (session || flag === 'setReadOnly') walk.facts.flags.add(flag);
  if (session) {
    walk.facts.sessionState = true;
    walk.facts.changes = true;
  }
}

const session = (walk: Walk): void => {
  walk.facts.sessionState = true;
  walk.facts.changes = true;
};

/** COPY of a whole relation reads or writes the listed columns, or all. */
function copy(body: CopyStmt, walk: Walk, query: (select: SelectStmt) => Rows): UtilityFinding {
  const inward = body.is_from ?? false;
  const direction = inward ? 'from' : 'to';
  const place = body.is_program ? 'Program' : body.filename !== undefined ? 'File' : null;
  if (place) {
    walk.facts.flags.add(`copy${inward ? 'From' : 'To'}${place}`);
    walk.facts.outside = true;
  }
  const select = as(body.query, 'SelectStmt');
  const finding = {
    operation: inward ? 'sql:copy_in' : 'sql:copy_out',
    title: `COPY ${direction.toUpperCase()}${place ? ` ${place.toUpperCase()}` : ''}`,
    effects: { copy: place ? null : inward ? ('in' as const) : ('out' as const) },
  };
  if (select) {
    const rows = query(select);
    return { ...finding, rowLimit: rows.bound, filtered: rows.filtered };
  }
  if (body.relation) copyRelation(body, body.relation, walk);
  return finding;
}

function copyRelation(body: CopyStmt, relation: RangeVar, walk: Walk): void {
  const names = nameParts(body.attlist);
  if (body.is_from) {
    const target = writeRelation(relation, ['insert'], walk);
    if (names.length === 0) target.writeAll();
    for (const name of names) target.writeColumn(name);
    const scope = new Scope(null);
    scope.items.push(target.item);
    filterBy(body.whereClause, scope, walk);
    return;
  }
  const { rows } = readRelation(relation, walk);
  const read = names.length === 0 ? rows.columns : rows.columns.filter(({ name }) => names.includes(name));
  for (const { sources } of read) walk.facts.mark(sources, 'read');
  walk.facts.mark(rows.open ?? [], 'read');
}

export function copyHandler(query: (select: SelectStmt) => Rows): UtilityHandler<'CopyStmt'> {
  return (body, walk) => copy(body, walk, query);
}

function ranges(nodes: readonly Node[] | undefined): RangeVar[] {
  return (nodes ?? []).flatMap((node) => as(node, 'RangeVar') ?? as(node, 'VacuumRelation')?.relation ?? []);
}

/** Maintenance works outside of the transaction or can't be undone, and runs functions of indexes. */
function maintenance(title: string, relations: readonly RangeVar[], walk: Walk): UtilityFinding {
  for (const relation of relations) readRelation(relation, walk);
  walk.facts.outside = true;
  return { operation: 'sql:maintenance', title };
}

export const utilityHandlers: { readonly [K in Tag]?: UtilityHandler<K> } = {
  TransactionStmt: transaction,
  VariableSetStmt: (body, walk) => {
    applySettings(describeSetting(body), walk);
    return { operation: 'sql:set', title: body.kind?.startsWith('VAR_RESET') ? 'RESET' : 'SET' };
  },
  VariableShowStmt: (body, walk) => {
    walk.facts.flags.add('show');
    return { operation: 'sql:select', title: 'SHOW', rowLimit: body.name === 'all' ? null : 1 };
  },
  ConstraintsSetStmt: (_body, walk) => {
    walk.facts.flags.add('setConstraints');
    session(walk);
    return { operation: 'sql:set', title: 'SET CONSTRAINTS' };
  },
  DiscardStmt: (body, walk) => {
    session(walk);
    const all = body.target === 'DISCARD_ALL';
    if (all) walk.facts.sets({ name: '*', value: null, local: false });
    const closes = all ? { deallocates: 'all' as const, closesCursor: 'all' as const } : {};
    return { operation: 'sql:discard', title: 'DISCARD', effects: closes };
  },
  TruncateStmt: (body, walk) => {
    walk.facts.operations.push('truncate');
    for (const relation of ranges(body.relations)) {
      writeRelation(relation, ['truncate'], walk);
    }
    if (body.behavior === 'DROP_CASCADE') {
      for (const relation of [...walk.facts.relations]) truncateReferencing(relation, walk);
    }
    return { operation: 'sql:truncate', title: 'TRUNCATE' };
  },
  LockStmt: (body, walk) => {
    for (const relation of ranges(body.relations)) readRelation(relation, walk);
    walk.facts.flags.add('locking');
    walk.facts.changes = true;
    return { operation: 'sql:lock', title: 'LOCK' };
  },
  DoStmt: (_body, walk) => {
    opaque('What the code block of DO does is not visible to the gateway.', walk);
    return { operation: 'sql:do', title: 'DO' };
  },
  CallStmt: (body, walk) => {
    const name = nameParts(body.funccall?.funcname);
    walk.facts.mark(walkThrough(body.funccall?.args, new Scope(null), walk), 'read');
    describeCall(name, walk);
    opaque(`What the procedure ${name.join('.')} does is not visible to the gateway.`, walk);
    return { operation: 'sql:call', title: 'CALL' };
  },
  ListenStmt: (_body, walk) => {
    session(walk);
    return { operation: 'sql:listen', title: 'LISTEN' };
  },
  UnlistenStmt: (_body, walk) => {
    session(walk);
    return { operation: 'sql:listen', title: 'UNLISTEN' };
  },
  NotifyStmt: (_body, walk) => {
    walk.facts.changes = true;
    return { operation: 'sql:notify', title: 'NOTIFY' };
  },
  LoadStmt: (_body, walk) => {
    session(walk);
    walk.facts.outside = true;
    return { operation: 'sql:load', title: 'LOAD' };
  },
  VacuumStmt: (body, walk) => maintenance(body.is_vacuumcmd ? 'VACUUM' : 'ANALYZE', ranges(body.rels), walk),
  ClusterStmt: (body, walk) => maintenance('CLUSTER', body.relation ? [body.relation] : [], walk),
  ReindexStmt: (body, walk) => {
    const table = body.kind === 'REINDEX_OBJECT_TABLE' && body.relation;
    return maintenance('REINDEX', table ? [table] : [], walk);
  },
  CheckPointStmt: (_body, walk) => maintenance('CHECKPOINT', [], walk),
  ClosePortalStmt: (body) => ({
    operation: 'sql:fetch',
    title: 'CLOSE',
    effects: { closesCursor: body.portalname === undefined ? 'all' : { name: body.portalname } },
  }),
  DeallocateStmt: (body) => ({
    operation: 'sql:prepare',
    title: 'DEALLOCATE',
    effects: { deallocates: body.isall || body.name === undefined ? 'all' : { name: body.name } },
  }),
};

/** Code that the gateway can't see may do anything, with any setting of the session. */
export function opaque(sentence: string, walk: Walk): void {
  walk.facts.unknown.add(sentence);
  walk.facts.outside = true;
  anySetting(walk);
}
