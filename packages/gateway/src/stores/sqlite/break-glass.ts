import type { Database, Statement } from 'better-sqlite3';
import { spendUse, type BreakGlassUse } from '../../core/break-glass.ts';
import { StoreError } from '../store.ts';
import type { Mutation, Reads, StoreRefusal } from '../store.ts';

type Spend = Extract<Mutation, { readonly kind: 'break_glass.spend' }>;

/** Sorts behind every id. */
const AFTER_ALL = '\u{10ffff}';

/** What is stored as JSON was a value of the type when it was written, in the same file. */
const parse = (json: string): BreakGlassUse => JSON.parse(json) as BreakGlassUse;

/** Uses of break-glass. Within the flush's transaction and a savepoint of the change, which a refusal rolls back. */
export class BreakGlass {
  readonly #one: Statement<[string], string>;
  readonly #openOf: Statement<[string], number>;
  readonly #list: Statement<[number, number, string, number], string>;
  readonly #insert: Statement<[string, string, number, string]>;
  readonly #replace: Statement<[number, string, string]>;

  constructor(database: Database) {
    this.#one = database.prepare<[string], string>('SELECT use FROM break_glass WHERE id = ?').pluck();
    this.#openOf = database
      .prepare<[string], number>('SELECT count(*) FROM break_glass WHERE identity = ? AND open = 1')
      .pluck();
    this.#list = database
      .prepare<[number, number, string, number], string>(
        'SELECT use FROM break_glass WHERE open IN (?, ?) AND id < ? ORDER BY id DESC LIMIT ?',
      )
      .pluck();
    this.#insert = database.prepare('INSERT INTO break_glass (id, identity, open, use) VALUES (?, ?, ?, ?)');
    this.#replace = database.prepare('UPDATE break_glass SET open = ?, use = ? WHERE id = ?');
  }

  read(id: string): BreakGlassUse | null {
    const json = this.#one.get(id);
    return json === undefined ? null : parse(json);
  }

  list({ open, limit, before }: Reads['breakGlasses']['ask']): BreakGlassUse[] {
    const [first, second] = open === null ? [0, 1] : [Number(open), Number(open)];
    return this.#list.all(first, second, before ?? AFTER_ALL, limit).map(parse);
  }

  open(use: BreakGlassUse, mostOpen: number): StoreRefusal | null {
    if ((this.#openOf.get(use.identity) ?? 0) >= mostOpen) return { code: 'break_glass.too_many' };
    if (this.read(use.id) !== null) throw new StoreError('store.invalid', `the use ${use.id} exists`);
    this.#insert.run(use.id, use.identity, Number(use.closing === null), JSON.stringify(use));
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
    this.#replace.run(Number(use.closing === null), JSON.stringify(use), use.id);
  }
}
