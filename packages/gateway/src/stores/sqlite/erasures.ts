import type { Database } from 'better-sqlite3';
import { erase as erased } from '../../core/classes.ts';
import type { Review } from '../../core/review.ts';
import type { ErasedSubject } from '../../core/subject.ts';
import type { RequestKey, StoreRefusal } from '../store.ts';
import type { SealedRow, SealedRows } from './sealed-rows.ts';
import { indexedTables, sealedTables } from './sealed-tables.ts';
import { bindingKey } from './binding.ts';
import { requestKeyClasses } from './submissions.ts';
import type { Vault } from './vault.ts';

/** A refusal names so many of what is not over at most. */
const MOST_NAMED = 20;

/** What is not over yet, each with the row of its subject. `:now` is the time of the erasure. */
const IN_USE = `
  SELECT id FROM (
    SELECT id, subject FROM reviews WHERE status = 'pending'
    UNION ALL SELECT id, subject FROM grants
      WHERE status = 'live' AND json_extract("grant", '$.expiresAtMs') > :now
    UNION ALL SELECT id, subject FROM standings
      WHERE status IN ('proposed', 'live') AND json_extract(standing, '$.terms.validUntilMs') > :now
    UNION ALL SELECT id, subject FROM submissions
      WHERE status = 'granted' OR (status = 'allowed' AND json_extract(submission, '$.deadlineMs') > :now)
    UNION ALL SELECT id, subject FROM break_glass WHERE open = 1 OR (
      json_extract(use, '$.grant.spentAtMs') IS NULL AND json_extract(use, '$.grant.expiresAtMs') > :now)
  ) WHERE subject IN (SELECT value FROM json_each(:ids)) ORDER BY id LIMIT :most`;

interface Held extends SealedRow {
  readonly id: string;
}

/** Of each group of reviews that look alike, one. */
const SHAPES = `
  SELECT id, shape, review AS open, sealed FROM reviews
  WHERE id IN (SELECT max(id) FROM reviews WHERE shape <> '' GROUP BY shape)`;

interface Alike extends Held {
  readonly shape: string;
}

/** Erasure of a subject's values: within a transaction, what can't be read any more; after it, the keys. */
export class Erasures {
  readonly #database: Database;
  readonly #rows: SealedRows;
  readonly #vault: Vault;

  constructor(database: Database, rows: SealedRows, vault: Vault) {
    this.#database = database;
    this.#rows = rows;
    this.#vault = vault;
  }

  /** Within the flush's transaction and a savepoint of its own. */
  erase(subject: ErasedSubject, atMs: number): StoreRefusal | null {
    const matching = this.#rows.subjects.matching(subject);
    if (matching.length === 0) return { code: 'subject.unknown' };
    const ids = JSON.stringify(matching);
    const by = this.#inUse(ids, atMs);
    if (by.length > 0) return { code: 'subject.in_use', by };
    this.#eraseRows(ids, atMs);
    this.#eraseRequestKeys(subject.name);
    this.#rows.subjects.markErased(matching, atMs);
    this.#renewIndex(atMs);
    this.#database.exec("UPDATE vault SET scrub = 'erased' WHERE scrub = ''");
    return null;
  }

  #inUse(ids: string, now: number): string[] {
    return this.#database
      .prepare<{ ids: string; now: number; most: number }, string>(IN_USE)
      .pluck()
      .all({ ids, now, most: MOST_NAMED });
  }

  #eraseRows(ids: string, atMs: number): void {
    for (const { ofSubjects, replace, erased } of Object.values(sealedTables)) {
      const update = this.#database.prepare<[string, string]>(replace);
      for (const row of this.#database.prepare<[string], Held>(ofSubjects).all(ids))
        update.run(JSON.stringify(erased(this.#rows.open<object>(row.id, row), atMs)), row.id);
    }
  }

  #eraseRequestKeys(principal: string): void {
    const held = this.#database
      .prepare<[string], string>('SELECT request FROM request_keys WHERE principal = ?')
      .pluck();
    const update = this.#database.prepare<[string, string, string]>(
      'UPDATE request_keys SET request = ?, sealed = NULL WHERE principal = ? AND key = ?',
    );
    for (const open of held.all(principal)) {
      const key = { digest: '', ...(JSON.parse(open) as Omit<RequestKey, 'digest'>) };
      update.run(JSON.stringify(erased(key, requestKeyClasses)), principal, key.key);
    }
  }

  /** By the old index and a guess, what was erased could be confirmed in what is left of earlier pages. */
  #renewIndex(atMs: number): void {
    const before = this.#indexSlot();
    const next = this.#vault.allocate();
    this.#database
      .prepare('INSERT INTO value_keys (slot, subject, erased_at_ms) VALUES (?, 0, ?)')
      .run(before, atMs);
    this.#database.prepare('UPDATE vault SET index_slot = ?').run(next);
    this.#vault.useIndex(next);
    // What was erased is looked for no more.
    this.#database.exec("UPDATE grants SET binding = '' WHERE status = 'live' AND sealed IS NULL");
    for (const { live, index, binding } of indexedTables) {
      const update = this.#database.prepare<[string, string]>(index);
      for (const row of this.#database.prepare<[], Held>(live).all())
        update.run(this.#rows.index(bindingKey(binding(this.#rows.open<object>(row.id, row)))), row.id);
    }
    this.#renewShapes();
  }

  /** One of those that look alike says what all of them have. */
  #renewShapes(): void {
    const update = this.#database.prepare<[string, string]>('UPDATE reviews SET shape = ? WHERE shape = ?');
    for (const { shape, ...row } of this.#database.prepare<[], Alike>(SHAPES).all())
      update.run(this.#rows.index(this.#rows.open<Review>(row.id, row).shape), shape);
  }

  #indexSlot(): number {
    return this.#database.prepare<[], number>('SELECT index_slot FROM vault').pluck().get() ?? -1;
  }

  /** After a savepoint was taken back. */
  forget(): void {
    this.#rows.subjects.forget();
    this.#vault.useIndex(this.#indexSlot());
  }

  /** After a durable commit, and at start: destroys the keys of what was erased. Whether there were any. */
  destroyKeys(): boolean {
    const due = this.#rows.subjects.due();
    this.#vault.destroy(due);
    return due.length > 0;
  }

  /** Within a transaction, when everything is overwritten. */
  settle(): void {
    this.#rows.subjects.setDestroyed();
    this.#database.exec("UPDATE vault SET scrub = ''");
  }

  /** What has to be overwritten in the files. */
  get scrub(): 'plain' | 'erased' | '' {
    const found = this.#database.prepare<[], string>('SELECT scrub FROM vault').pluck().get();
    return found === 'plain' || found === 'erased' ? found : '';
  }
}
