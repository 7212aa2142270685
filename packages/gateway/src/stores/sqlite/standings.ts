import type { Database, Statement } from 'better-sqlite3';
import { revokeStanding, settleStanding, spendStanding } from '../../core/standing-changes.ts';
import { isForWhom, statusOf, type StandingGrant, type StandingStatus } from '../../core/standing.ts';
import { StoreError } from '../store.ts';
import type { Mutation, Reads, StoreRefusal } from '../store.ts';

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

/** What is stored as JSON was a value of the type when it was written, in the same file. */
const parse = (json: string): StandingGrant => JSON.parse(json) as StandingGrant;

/** Standing grants. Within the flush's transaction and a savepoint of the change, which a refusal rolls back. */
export class Standings {
  readonly #one: Statement<[string], string>;
  readonly #insert: Statement<[string, string, string, string]>;
  readonly #replace: Statement<[string, string, string]>;
  readonly #ofAgent: Statement<[string, string, string], string>;
  readonly #ofAll: Statement<[string, string], string>;

  constructor(database: Database) {
    const json = <P extends unknown[]>(sql: string): Statement<P, string> =>
      database.prepare<P, string>(sql).pluck();
    this.#one = json('SELECT standing FROM standings WHERE id = ?');
    this.#insert = database.prepare(
      'INSERT INTO standings (id, status, agent, standing) VALUES (?, ?, ?, ?)',
    );
    this.#replace = database.prepare('UPDATE standings SET status = ?, standing = ? WHERE id = ?');
    this.#ofAgent = json(
      'SELECT standing FROM standings WHERE agent = ? AND status IN (SELECT value FROM json_each(?)) AND id < ? ORDER BY id DESC',
    );
    this.#ofAll = json(
      'SELECT standing FROM standings WHERE status IN (SELECT value FROM json_each(?)) AND id < ? ORDER BY id DESC',
    );
  }

  read(id: string): StandingGrant | null {
    const json = this.#one.get(id);
    return json === undefined ? null : parse(json);
  }

  list({ agent, status, atMs, limit, before }: Reads['standings']['ask']): StandingGrant[] {
    const statuses = JSON.stringify(status === null ? ALL : STORED[status]);
    const from = before ?? AFTER_ALL;
    const rows =
      agent === null ? this.#ofAll.iterate(statuses, from) : this.#ofAgent.iterate(agent, statuses, from);
    const found: StandingGrant[] = [];
    if (limit < 1) return found;
    for (const json of rows) {
      const grant = parse(json);
      if (status !== null && statusOf(grant, atMs) !== status) continue;
      if (found.push(grant) === limit) break;
    }
    return found;
  }

  propose(grant: StandingGrant): StoreRefusal | null {
    if (this.read(grant.id) !== null)
      throw new StoreError('store.invalid', `the standing grant ${grant.id} exists`);
    this.#insert.run(grant.id, grant.state.status, grant.terms.agent, JSON.stringify(grant));
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
    if (changed !== stored) this.#replace.run(changed.state.status, JSON.stringify(changed), id);
    return null;
  }
}
