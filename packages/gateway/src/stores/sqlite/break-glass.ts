import type { Database, Statement } from 'better-sqlite3';
import { spendUse, type BreakGlassUse } from '../../core/break-glass.ts';
import { breakGlassClasses } from '../../core/record-classes.ts';
import { subjectOf } from '../../core/subject.ts';
import { StoreError } from '../store.ts';
import type { Mutation, Reads, StoreRefusal } from '../store.ts';
import type { SealedRow, SealedRows, WrittenRow } from './sealed-rows.ts';

type Spend = Extract<Mutation, { readonly kind: 'break_glass.spend' }>;

/** Sorts behind every id. */
const AFTER_ALL = '\u{10ffff}';

type IdentifiedRow = SealedRow & { readonly id: string };
const USE = 'SELECT id, use AS open, sealed FROM break_glass WHERE ';

/** Uses of break-glass. Within the flush's transaction and a savepoint of the change, which a refusal rolls back. */
export class BreakGlass {
  readonly #rows: SealedRows;
  readonly #one: Statement<[string], IdentifiedRow>;
  readonly #openOf: Statement<[string], number>;
  readonly #list: Statement<[number, number, string, number], IdentifiedRow>;
  readonly #insert: Statement<[string, string, number, string, Buffer | null, number]>;
  readonly #replace: Statement<[number, string, Buffer | null, string]>;

  constructor(database: Database, rows: SealedRows) {
    this.#rows = rows;
    this.#one = database.prepare(`${USE}id = ?`);
    this.#openOf = database
      .prepare<[string], number>('SELECT count(*) FROM break_glass WHERE identity = ? AND open = 1')
      .pluck();
    this.#list = database.prepare(`${USE}open IN (?, ?) AND id < ? ORDER BY id DESC LIMIT ?`);
    this.#insert = database.prepare(
      'INSERT INTO break_glass (id, identity, open, use, sealed, subject) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#replace = database.prepare('UPDATE break_glass SET open = ?, use = ?, sealed = ? WHERE id = ?');
  }

  read(id: string): BreakGlassUse | null {
    const row = this.#one.get(id);
    return row === undefined ? null : this.#rows.open<BreakGlassUse>(row.id, row);
  }

  list({ open, limit, before }: Reads['breakGlasses']['ask']): BreakGlassUse[] {
    const [first, second] = open === null ? [0, 1] : [Number(open), Number(open)];
    const rows = this.#list.all(first, second, before ?? AFTER_ALL, limit);
    return rows.map((row) => this.#rows.open<BreakGlassUse>(row.id, row));
  }

  open(use: BreakGlassUse, mostOpen: number): StoreRefusal | null {
    if ((this.#openOf.get(use.identity) ?? 0) >= mostOpen) return { code: 'break_glass.too_many' };
    if (this.read(use.id) !== null) throw new StoreError('store.invalid', `the use ${use.id} exists`);
    const { open, sealed, subject } = this.#seal(use);
    this.#insert.run(use.id, use.identity, Number(use.closing === null), open, sealed, subject);
    return null;
  }

  spend({ id, binding, atMs }: Spend): StoreRefusal | null {
    const stored = this.read(id);
    if (stored === null) return { code: 'break_glass.missing' };
    const spent = spendUse(stored, binding, atMs);
    if (!spent.ok) return { code: spent.error };
    this.#put(spent.value);
    return null;
  }

  update(use: BreakGlassUse): StoreRefusal | null {
    const stored = this.read(use.id);
    if (stored === null) return { code: 'break_glass.missing' };
    if (stored.revision !== use.revision - 1) return { code: 'break_glass.conflict' };
    this.#put(use);
    return null;
  }

  #put(use: BreakGlassUse): void {
    const { open, sealed } = this.#seal(use);
    this.#replace.run(Number(use.closing === null), open, sealed, use.id);
  }

  #seal(use: BreakGlassUse): WrittenRow {
    return this.#rows.seal(use.id, use, breakGlassClasses, subjectOf(use.subject.requester));
  }
}
