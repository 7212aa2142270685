import type { Database, Statement } from 'better-sqlite3';
import { revokeStanding, settleStanding, spendStanding } from '../../core/standing-changes.ts';
import { isForWhom, statusOf, type StandingGrant, type StandingStatus } from '../../core/standing.ts';
import { standingClasses } from '../../core/record-classes.ts';
import { subjectOf } from '../../core/subject.ts';
import { StoreError } from '../store.ts';
import type { Mutation, Reads, StoreRefusal } from '../store.ts';
import type { SealedRow, SealedRows, WrittenRow } from './sealed-rows.ts';

type Of<K extends Mutation['kind']> = Extract<Mutation, { readonly kind: K }>;
type Refused = 'standing.conflict' | 'standing.unusable' | 'standing.over';

/** What is written of a grant whose status at some time is this one. */
const STORED: Readonly<Record<StandingStatus, readonly StandingGrant['state']['status'][]>> = {
  proposed: ['proposed'],
  live: ['live'],
  rejected: ['rejected'],
  revoked: ['revoked'],
  expired: ['proposed', 'live'],
  exhausted: ['live'],
};
const ALL = ['proposed', 'live', 'rejected', 'revoked'] as const;
/** Sorts behind every id. */
const AFTER_ALL = '\u{10ffff}';

type IdentifiedRow = SealedRow & { readonly id: string };
const STANDING = 'SELECT id, standing AS open, sealed FROM standings WHERE ';

/** Standing grants. Within the flush's transaction and a savepoint of the change, which a refusal rolls back. */
export class Standings {
  readonly #rows: SealedRows;
  readonly #one: Statement<[string], IdentifiedRow>;
  readonly #insert: Statement<[string, string, string, string, Buffer | null, number]>;
  readonly #replace: Statement<[string, string, Buffer | null, string]>;
  readonly #ofAgent: Statement<[string, string, string], IdentifiedRow>;
  readonly #ofAll: Statement<[string, string], IdentifiedRow>;

  constructor(database: Database, rows: SealedRows) {
    this.#rows = rows;
    this.#one = database.prepare(`${STANDING}id = ?`);
    this.#insert = database.prepare(
      'INSERT INTO standings (id, status, agent, standing, sealed, subject) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#replace = database.prepare(
      'UPDATE standings SET status = ?, standing = ?, sealed = ? WHERE id = ?',
    );
    const listed = 'status IN (SELECT value FROM json_each(?)) AND id < ? ORDER BY id DESC';
    this.#ofAgent = database.prepare(`${STANDING}agent = ? AND ${listed}`);
    this.#ofAll = database.prepare(`${STANDING}${listed}`);
  }

  read(id: string): StandingGrant | null {
    const row = this.#one.get(id);
    return row === undefined ? null : this.#rows.open<StandingGrant>(id, row);
  }

  #seal(grant: StandingGrant): WrittenRow {
    const { agent, onBehalfOf } = grant.terms;
    return this.#rows.seal(grant.id, grant, standingClasses, subjectOf({ agent, onBehalfOf }));
  }

  list({ agent, status, atMs, limit, before }: Reads['standings']['ask']): StandingGrant[] {
    const statuses = JSON.stringify(status === null ? ALL : STORED[status]);
    const from = before ?? AFTER_ALL;
    const rows =
      agent === null ? this.#ofAll.iterate(statuses, from) : this.#ofAgent.iterate(agent, statuses, from);
    const found: StandingGrant[] = [];
    if (limit < 1) return found;
    for (const row of rows) {
      const grant = this.#rows.open<StandingGrant>(row.id, row);
      if (status !== null && statusOf(grant, atMs) !== status) continue;
      if (found.push(grant) === limit) break;
    }
    return found;
  }

  propose(grant: StandingGrant): StoreRefusal | null {
    if (this.read(grant.id) !== null)
      throw new StoreError('store.invalid', `the standing grant ${grant.id} exists`);
    const { open, sealed, subject } = this.#seal(grant);
    this.#insert.run(grant.id, grant.state.status, grant.terms.agent, open, sealed, subject);
    return null;
  }

  update(grant: StandingGrant): StoreRefusal | null {
    return this.#change(grant.id, (stored) =>
      stored.revision === grant.revision - 1 ? grant : 'standing.conflict',
    );
  }

  revoke({ id, revocation }: Of<'standing.revoke'>): StoreRefusal | null {
    return this.#change(id, (stored) => {
      const revoked = revokeStanding(stored, revocation);
      return revoked.ok ? revoked.value : 'standing.over';
    });
  }

  spend({ id, binding, use }: Of<'standing.spend'>): StoreRefusal | null {
    return this.#change(id, (stored) => {
      const spent = spendStanding(stored, use);
      return spent.ok && isForWhom(stored, binding) ? spent.value : 'standing.unusable';
    });
  }

  settle({ id, action, rows }: Of<'standing.settle'>): StoreRefusal | null {
    return this.#change(id, (stored) => settleStanding(stored, action, rows) ?? stored);
  }

  #change(id: string, change: (stored: StandingGrant) => StandingGrant | Refused): StoreRefusal | null {
    const stored = this.read(id);
    if (stored === null) return { code: 'standing.missing' };
    const changed = change(stored);
    if (typeof changed === 'string') return { code: changed };
    if (changed === stored) return null;
    const { open, sealed } = this.#seal(changed);
    this.#replace.run(changed.state.status, open, sealed, id);
    return null;
  }
}
