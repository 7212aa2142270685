import type { Database, Statement } from 'better-sqlite3';
import { partsOf, type ErasedSubject, type Subject } from '../../core/subject.ts';
import type { Vault } from './vault.ts';

/** Rows that are known; beyond, the memory of them starts anew. */
const KNOWN_SUBJECTS = 16_384;

/**
 * Whose values there are, and the slot of the key under which those of each are sealed from now on. After an erasure
 * there is none until the subject's next value, which gets a key of its own.
 */
export class Subjects {
  readonly #vault: Vault;
  readonly #rows = new Map<Subject, number>();
  readonly #slots = new Map<number, number>();
  readonly #find: Statement<[string], number>;
  readonly #insert: Statement<[string, string, string]>;
  readonly #slotOf: Statement<[number], number | null>;
  readonly #setSlot: Statement<[number | null, number]>;
  readonly #insertKey: Statement<[number, number]>;
  readonly #matching: Record<ErasedSubject['kind'], Statement<[string], number>>;
  readonly #markErased: Statement<[number, number]>;
  readonly #due: Statement<[], number>;
  readonly #setDestroyed: Statement<[]>;

  constructor(database: Database, vault: Vault) {
    this.#vault = vault;
    this.#find = database.prepare<[string], number>('SELECT id FROM subjects WHERE subject = ?').pluck();
    this.#insert = database.prepare('INSERT INTO subjects (subject, agent, person) VALUES (?, ?, ?)');
    this.#slotOf = database
      .prepare<[number], number | null>('SELECT slot FROM subjects WHERE id = ?')
      .pluck();
    this.#setSlot = database.prepare('UPDATE subjects SET slot = ? WHERE id = ?');
    this.#insertKey = database.prepare('INSERT INTO value_keys (slot, subject) VALUES (?, ?)');
    this.#matching = {
      agent: database
        .prepare<[string], number>('SELECT id FROM subjects WHERE agent = ? AND slot IS NOT NULL ORDER BY id')
        .pluck(),
      person: database
        .prepare<[string], number>(
          'SELECT id FROM subjects WHERE person = ? AND slot IS NOT NULL ORDER BY id',
        )
        .pluck(),
    };
    this.#markErased = database.prepare(
      'UPDATE value_keys SET erased_at_ms = ? WHERE subject = ? AND erased_at_ms IS NULL',
    );
    this.#due = database
      .prepare<[], number>('SELECT slot FROM value_keys WHERE erased_at_ms IS NOT NULL AND destroyed = 0')
      .pluck();
    this.#setDestroyed = database.prepare(
      'UPDATE value_keys SET destroyed = 1 WHERE erased_at_ms IS NOT NULL AND destroyed = 0',
    );
  }

  /** Within a transaction: the row of a subject, which it makes if there is none. */
  rowOf(subject: Subject): number {
    const known = this.#rows.get(subject);
    if (known !== undefined) return known;
    const { agent, person } = partsOf(subject);
    const row = this.#find.get(subject) ?? Number(this.#insert.run(subject, agent, person).lastInsertRowid);
    if (this.#rows.size >= KNOWN_SUBJECTS) this.forget();
    this.#rows.set(subject, row);
    return row;
  }

  /** Within a transaction: the slot of the key for the subject's values of now. */
  slotOf(row: number): number {
    const known = this.#slots.get(row) ?? this.#slotOf.get(row) ?? this.#newSlot(row);
    this.#slots.set(row, known);
    return known;
  }

  #newSlot(row: number): number {
    const slot = this.#vault.allocate();
    this.#insertKey.run(slot, row);
    this.#setSlot.run(slot, row);
    return slot;
  }

  /** What a savepoint takes back must not be remembered. */
  forget(): void {
    this.#rows.clear();
    this.#slots.clear();
  }

  /** Rows of subjects under this name that have values. */
  matching({ kind, name }: ErasedSubject): readonly number[] {
    return this.#matching[kind].all(name);
  }

  /** Within a transaction: from its commit on, the keys so far of these subjects are to be destroyed. */
  markErased(rows: readonly number[], atMs: number): void {
    for (const row of rows) {
      this.#markErased.run(atMs, row);
      this.#setSlot.run(null, row);
    }
    this.forget();
  }

  /** Slots whose erasure is durable and whose keys may still be there. */
  due(): readonly number[] {
    return this.#due.all();
  }

  setDestroyed(): void {
    this.#setDestroyed.run();
  }
}
