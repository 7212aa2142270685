import type { Database, Statement } from 'better-sqlite3';
import type { Submission } from '../../core/submission.ts';
import { OPEN, type ClassesOf } from '../../core/classes.ts';
import { submissionClasses } from '../../core/record-classes.ts';
import { subjectOf, type Subject } from '../../core/subject.ts';
import { StoreError } from '../store.ts';
import type { Reads, RequestKey, StoreRefusal } from '../store.ts';
import type { SealedRow, SealedRows, WrittenRow } from './sealed-rows.ts';

/** How many that are over go with each that comes: the tables shrink faster than they grow. */
const FORGOTTEN_AT_ONCE = 16;

type IdentifiedRow = SealedRow & { readonly id: string };
const SUBMISSION = 'SELECT id, submission AS open, sealed FROM submissions WHERE ';

/** Without its digest a key is still taken; what comes again under it is then another request, and refused. */
export const requestKeyClasses: ClassesOf<RequestKey> = {
  principal: OPEN,
  key: OPEN,
  digest: { erased: '' },
  subject: OPEN,
  expiresAtMs: OPEN,
};

const nameOf = ({ principal, key }: Pick<RequestKey, 'principal' | 'key'>): string =>
  JSON.stringify([principal, key]);

/** Whichever of the two the principal is. */
export const subjectOfKey = (principal: string): Subject =>
  subjectOf({ agent: principal, onBehalfOf: principal });

/** Actions submitted over the API, and the keys of requests. Within the flush's transaction, like all of the state. */
export class Submissions {
  readonly #rows: SealedRows;
  readonly #submission: Statement<[string], IdentifiedRow>;
  readonly #granted: Statement<[], IdentifiedRow>;
  readonly #insert: Statement<[string, number, string, number, string, Buffer | null, number]>;
  readonly #update: Statement<[number, string, string, Buffer | null, string]>;
  readonly #forget: Statement<[number, number]>;
  readonly #key: Statement<[string, string], SealedRow>;
  readonly #putKey: Statement<[string, string, number, string, Buffer | null]>;
  readonly #forgetKeys: Statement<[number, number]>;

  constructor(database: Database, rows: SealedRows) {
    this.#rows = rows;
    this.#submission = database.prepare(`${SUBMISSION}id = ?`);
    this.#granted = database.prepare(`${SUBMISSION}status = 'granted' ORDER BY id`);
    this.#insert = database.prepare(
      'INSERT INTO submissions (id, revision, status, kept_until_ms, submission, sealed, subject) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#update = database.prepare(
      'UPDATE submissions SET revision = ?, status = ?, submission = ?, sealed = ? WHERE id = ?',
    );
    this.#forget = database.prepare(
      'DELETE FROM submissions WHERE id IN (SELECT id FROM submissions WHERE kept_until_ms <= ? LIMIT ?)',
    );
    this.#key = database.prepare(
      'SELECT request AS open, sealed FROM request_keys WHERE principal = ? AND key = ?',
    );
    this.#putKey = database.prepare(
      'INSERT OR REPLACE INTO request_keys (principal, key, expires_at_ms, request, sealed) VALUES (?, ?, ?, ?, ?)',
    );
    this.#forgetKeys = database.prepare(
      'DELETE FROM request_keys WHERE (principal, key) IN (SELECT principal, key FROM request_keys WHERE expires_at_ms <= ? LIMIT ?)',
    );
  }

  open(submission: Submission): StoreRefusal | null {
    const { id, revision, state, keptUntilMs, openedAtMs } = submission;
    if (this.submission(id) !== null) throw new StoreError('store.invalid', `the submission ${id} exists`);
    this.#forget.run(openedAtMs, FORGOTTEN_AT_ONCE);
    const { open, sealed, subject } = this.#seal(submission);
    this.#insert.run(id, revision, state.status, keptUntilMs, open, sealed, subject);
    return null;
  }

  update(submission: Submission): StoreRefusal | null {
    const { id, revision, state } = submission;
    const stored = this.submission(id);
    if (stored === null) return { code: 'submission.missing' };
    if (stored.revision !== revision - 1) return { code: 'submission.conflict' };
    const { open, sealed } = this.#seal(submission);
    this.#update.run(revision, state.status, open, sealed, id);
    return null;
  }

  takeKey(key: RequestKey, atMs: number): StoreRefusal | null {
    this.#forgetKeys.run(atMs, FORGOTTEN_AT_ONCE);
    const by = this.requestKey({ ...key, atMs });
    if (by !== null) return { code: 'key.taken', by };
    const { principal, expiresAtMs } = key;
    const { open, sealed } = this.#rows.seal(nameOf(key), key, requestKeyClasses, subjectOfKey(principal));
    this.#putKey.run(principal, key.key, expiresAtMs, open, sealed);
    return null;
  }

  #seal(submission: Submission): WrittenRow {
    return this.#rows.seal(submission.id, submission, submissionClasses, subjectOf(submission.requester));
  }

  submission(id: string): Submission | null {
    const row = this.#submission.get(id);
    return row === undefined ? null : this.#rows.open<Submission>(id, row);
  }

  granted(): Submission[] {
    return this.#granted.all().map((row) => this.#rows.open<Submission>(row.id, row));
  }

  requestKey({ principal, key, atMs }: Reads['requestKey']['ask']): RequestKey | null {
    const row = this.#key.get(principal, key);
    const known = row === undefined ? null : this.#rows.open<RequestKey>(nameOf({ principal, key }), row);
    return known !== null && atMs < known.expiresAtMs ? known : null;
  }
}
