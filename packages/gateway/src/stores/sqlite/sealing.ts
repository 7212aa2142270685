import type { Database } from 'better-sqlite3';
import type { BreakGlassUse } from '../../core/break-glass.ts';
import type { Grant } from '../../core/grant.ts';
import type { Review } from '../../core/review.ts';
import type { StandingGrant } from '../../core/standing.ts';
import { NO_SUBJECT, subjectOf, type Subject } from '../../core/subject.ts';
import type { Submission } from '../../core/submission.ts';
import type { RequestKey } from '../store.ts';
import { asideBytesOf, leafBytesOf, setSubject } from './arena.ts';
import { sealAsides } from './asides.ts';
import type { SealedRows } from './sealed-rows.ts';
import { indexedTables, sealedTables, type SealedTableName } from './sealed-tables.ts';
import { bindingKey } from './binding.ts';
import { requestKeyClasses, subjectOfKey } from './submissions.ts';
import type { Vault } from './vault.ts';

export interface SealingPorts {
  readonly database: Database;
  readonly vault: Vault;
  readonly rows: SealedRows;
  /** Whether an earlier release wrote to this state folder. */
  readonly hasValues: boolean;
}

/** Of the master key with which the values of this store are sealed; null: they are not yet, and there are no keys. */
export const fingerprintOf = (database: Database): string | null =>
  database.prepare<[], string>('SELECT fingerprint FROM vault').pluck().get() ?? null;

/**
 * Within one transaction: gives the store its keys, and seals what an earlier release wrote in plain text. What that
 * leaves in the files is overwritten afterwards (`scrub`).
 */
export function sealStore(ports: SealingPorts): void {
  const { database, vault, hasValues } = ports;
  const [journal, index] = [vault.allocate(), vault.allocate()];
  vault.useIndex(index);
  database
    .prepare('INSERT INTO vault (only, journal_slot, index_slot, fingerprint, scrub) VALUES (1, ?, ?, ?, ?)')
    .run(journal, index, vault.fingerprint, hasValues ? 'plain' : '');
  sealState(ports);
  sealBundles(ports);
}

interface Kept {
  readonly id: string;
  readonly open: string;
}

function sealState({ database, rows }: SealingPorts): void {
  database.exec("UPDATE reviews SET binding = '' WHERE status <> 'pending'");
  database.exec("UPDATE grants SET binding = '' WHERE status <> 'live'");
  for (const { live, index, binding } of indexedTables) {
    const update = database.prepare(index);
    for (const { id, open } of database.prepare<[], Kept>(live).all())
      update.run(rows.index(bindingKey(binding(JSON.parse(open) as object))), id);
  }
  indexShapes(database, rows);
  const reviews = new Map<string, Subject>();
  const seal = <T extends object>(name: SealedTableName, subject: (record: T) => Subject): void => {
    const { all, seal: sql, classes } = sealedTables[name];
    const update = database.prepare(sql);
    for (const { id, open } of database.prepare<[], Kept>(all).all()) {
      // An earlier release wrote it, from a value of the type.
      const record = JSON.parse(open) as T;
      const row = rows.seal(id, record, classes, subject(record));
      update.run(row.open, row.sealed, row.subject, id);
    }
  };
  seal<Review>('reviews', (review) => {
    const subject = subjectOf(review.subject.requester);
    reviews.set(review.id, subject);
    return subject;
  });
  seal<Grant>(
    'grants',
    ({ review, binding }) => reviews.get(review) ?? subjectOf({ agent: binding.agent, onBehalfOf: '' }),
  );
  seal<StandingGrant>('standings', ({ terms }) => subjectOf(terms));
  seal<Submission>('submissions', ({ requester }) => subjectOf(requester));
  seal<BreakGlassUse>('break_glass', ({ subject }) => subjectOf(subject.requester));
  sealRequestKeys(database, rows);
}

/** Those of the first releases are digests of actions. */
function indexShapes(database: Database, rows: SealedRows): void {
  const shapes = database.prepare<[], string>('SELECT DISTINCT shape FROM reviews').pluck().all();
  const update = database.prepare<[string, string]>('UPDATE reviews SET shape = ? WHERE shape = ?');
  for (const shape of shapes) update.run(rows.index(shape), shape);
}

function sealRequestKeys(database: Database, rows: SealedRows): void {
  const kept = database.prepare<[], string>('SELECT request FROM request_keys').pluck().all();
  const update = database.prepare(
    'UPDATE request_keys SET request = ?, sealed = ? WHERE principal = ? AND key = ?',
  );
  for (const request of kept) {
    const { principal, key, ...rest } = JSON.parse(request) as RequestKey;
    const name = JSON.stringify([principal, key]);
    const row = rows.seal(name, { principal, key, ...rest }, requestKeyClasses, subjectOfKey(principal));
    update.run(row.open, row.sealed, principal, key);
  }
}

interface Bundle {
  readonly first_index: number;
  readonly count: number;
  readonly heads: Buffer;
  readonly leaves: Buffer;
  readonly asides: Buffer;
}

function sealBundles({ database, vault, rows }: SealingPorts): void {
  const next = database.prepare<[number], Bundle>(
    'SELECT first_index, count, heads, leaves, asides FROM bundles WHERE first_index >= ? ORDER BY first_index LIMIT 1',
  );
  const update = database.prepare('UPDATE bundles SET heads = ?, asides = ? WHERE first_index = ?');
  const subjects = new LeafSubjects();
  for (let bundle = next.get(0); bundle !== undefined;) {
    const { first_index: first, count, heads, leaves, asides } = bundle;
    let at = 0;
    for (let ordinal = 0; ordinal < count; ordinal++) {
      const end = at + 1 + leafBytesOf(heads, ordinal);
      const subject = subjects.of(leaves.toString('utf8', at + 1, end));
      if (asideBytesOf(heads, ordinal) >= 0) setSubject(heads, ordinal, rows.subjects.rowOf(subject));
      at = end;
    }
    update.run(heads, sealAsides({ heads, asides, count }, first, rows.subjects, vault), first);
    bundle = next.get(first + count);
  }
}

interface PlainLeaf {
  readonly action?: string | null;
  readonly kind?: string;
  readonly requester?: { readonly agent: string; readonly onBehalfOf: string };
  /** Of a use of break-glass: who ran, for nobody else. */
  readonly person?: string;
}

/** Whose an entry is, by what the leaves before it say. */
export class LeafSubjects {
  readonly #ofAction = new Map<string, Subject>();

  /** In the order of the log. */
  of(text: string): Subject {
    const leaf = parseLeaf(text);
    const action = leaf.action ?? '';
    const requester = requesterOf(leaf);
    if (requester === undefined) return this.#ofAction.get(action) ?? NO_SUBJECT;
    const subject = subjectOf(requester);
    // What follows on an allowed action holds no values.
    if (leaf.kind !== 'intent') this.#ofAction.set(action, subject);
    return subject;
  }
}

function requesterOf({ kind, requester, person }: PlainLeaf): PlainLeaf['requester'] {
  return kind === 'break_glass' && person !== undefined ? { agent: person, onBehalfOf: person } : requester;
}

function parseLeaf(text: string): PlainLeaf {
  try {
    return JSON.parse(text) as PlainLeaf;
  } catch {
    // No entry of ours, so nobody's in particular: its aside is sealed all the same.
    return {};
  }
}
