import type { Database, Statement } from 'better-sqlite3';
import type { StoreRefusal } from '../store.ts';
import type { GovernanceRecord } from '../store-governance.ts';

/** Sorts behind every id. */
const AFTER_ALL = '\u{10ffff}';

/** Delegations and changes of policy: names, times and policies, and no value of anybody's. */
export class Governance {
  readonly #one: Statement<[string], string>;
  readonly #list: Statement<[string, string, number], string>;
  readonly #put: Statement<[string, string, string]>;

  constructor(database: Database) {
    this.#one = database.prepare<[string], string>('SELECT record FROM governance WHERE id = ?').pluck();
    this.#list = database
      .prepare<[string, string, number], string>(
        'SELECT record FROM governance WHERE kind = ? AND id < ? ORDER BY id DESC LIMIT ?',
      )
      .pluck();
    this.#put = database.prepare('INSERT OR REPLACE INTO governance (id, kind, record) VALUES (?, ?, ?)');
  }

  read<K extends GovernanceRecord['kind']>(
    kind: K,
    id: string,
  ): Extract<GovernanceRecord, { kind: K }> | null {
    const text = this.#one.get(id);
    // What is stored as JSON was a value of the type when it was written, here.
    const record = text === undefined ? null : (JSON.parse(text) as GovernanceRecord);
    return record?.kind === kind ? (record as Extract<GovernanceRecord, { kind: K }>) : null;
  }

  list<K extends GovernanceRecord['kind']>(
    kind: K,
    { limit, before }: { readonly limit: number; readonly before: string | null },
  ): Extract<GovernanceRecord, { kind: K }>[] {
    const rows = this.#list.all(kind, before ?? AFTER_ALL, limit);
    return rows.map((text) => JSON.parse(text) as Extract<GovernanceRecord, { kind: K }>);
  }

  put(record: GovernanceRecord): StoreRefusal | null {
    const stored = this.read(record.kind, record.id);
    if ((stored?.revision ?? 0) !== record.revision - 1) return { code: 'governance.conflict' };
    this.#put.run(record.id, record.kind, JSON.stringify(record));
    return null;
  }
}
