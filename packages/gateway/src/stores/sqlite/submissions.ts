import type { Database, Statement } from 'better-sqlite3';
import type { Submission } from '../../core/submission.ts';
import { StoreError } from '../store.ts';
import type { Reads, RequestKey, StoreRefusal } from '../store.ts';

/** How many that are over go with each that comes: the tables shrink faster than they grow. */
const FORGOTTEN_AT_ONCE = 16;

/** Actions submitted over the API, and the keys of requests. Within the flush's transaction, like all of the state. */
export class Submissions {
  readonly #submission: Statement<[string], string>;
  readonly #granted: Statement<[], string>;
  readonly #insert: Statement<[string, number, string, number, string]>;
  readonly #update: Statement<[number, string, string, string]>;
  readonly #forget: Statement<[number, number]>;
  readonly #key: Statement<[string, string], string>;
  readonly #putKey: Statement<[string, string, number, string]>;
  readonly #forgetKeys: Statement<[number, number]>;

  constructor(database: Database) {
    const json = <P extends unknown[]>(sql: string): Statement<P, string> =>
      database.prepare<P, string>(sql).pluck();
    this.#submission = json('SELECT submission FROM submissions WHERE id = ?');
    this.#granted = json("SELECT submission FROM submissions WHERE status = 'granted' ORDER BY id");
    this.#insert = database.prepare(
      'INSERT INTO submissions (id, revision, status, kept_until_ms, submission) VALUES (?, ?, ?, ?, ?)',
    );
    this.#update = database.prepare(
      'UPDATE submissions SET revision = ?, status = ?, submission = ? WHERE id = ?',
    );
    this.#forget = database.prepare(
      'DELETE FROM submissions WHERE id IN (SELECT id FROM submissions WHERE kept_until_ms <= ? LIMIT ?)',
    );
    this.#key = json('SELECT request FROM request_keys WHERE principal = ? AND key = ?');
    this.#putKey = database.prepare(
      'INSERT OR REPLACE INTO request_keys (principal, key, expires_at_ms, request) VALUES (?, ?, ?, ?)',
    );
    this.#forgetKeys = database.prepare(
      'DELETE FROM request_keys WHERE (principal, key) IN (SELECT principal, key FROM request_keys WHERE expires_at_ms <= ? LIMIT ?)',
    );
  }

  open(submission: Submission): StoreRefusal | null {
    const { id, revision, state, keptUntilMs, openedAtMs } = submission;
    if (this.submission(id) !== null) throw new StoreError('store.invalid', `the submission ${id} exists`);
    this.#forget.run(openedAtMs, FORGOTTEN_AT_ONCE);
    this.#insert.run(id, revision, state.status, keptUntilMs, JSON.stringify(submission));
    return null;
  }

  update(submission: Submission): StoreRefusal | null {
    const { id, revision, state } = submission;
    const stored = this.submission(id);
    if (stored === null) return { code: 'submission.missing' };
    if (stored.revision !== revision - 1) return { code: 'submission.conflict' };
    this.#update.run(revision, state.status, JSON.stringify(submission), id);
    return null;
  }

  takeKey(key: RequestKey, atMs: number): StoreRefusal | null {
    this.#forgetKeys.run(atMs, FORGOTTEN_AT_ONCE);
    const by = this.requestKey({ ...key, atMs });
    if (by !== null) return { code: 'key.taken', by };
    this.#putKey.run(key.principal, key.key, key.expiresAtMs, JSON.stringify(key));
    return null;
  }

  submission(id: string): Submission | null {
    const json = this.#submission.get(id);
    return json === undefined ? null : (JSON.parse(json) as Submission);
  }

  granted(): Submission[] {
    return this.#granted.all().map((json) => JSON.parse(json) as Submission);
  }

  requestKey({ principal, key, atMs }: Reads['requestKey']['ask']): RequestKey | null {
    const json = this.#key.get(principal, key);
    const known = json === undefined ? null : (JSON.parse(json) as RequestKey);
    return known !== null && atMs < known.expiresAtMs ? known : null;
  }
}
