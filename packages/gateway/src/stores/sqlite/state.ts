import type { Database, Statement } from 'better-sqlite3';
import type { Grant, GrantBinding, GrantRefusal } from '../../core/grant.ts';
import type { Review } from '../../core/review.ts';
import { StoreError } from '../store.ts';
import { Attention } from './attention.ts';
import { Standings } from './standings.ts';
import { Submissions } from './submissions.ts';
import { Passkeys } from './passkeys.ts';
import { BreakGlass } from './break-glass.ts';
import type { CheckpointRow, Mutation, Reads, StoreRefusal, TileRow } from '../store.ts';

type Of<K extends Mutation['kind']> = Extract<Mutation, { readonly kind: K }>;
type Apply = {
  readonly [K in Mutation['kind']]: (mutation: Of<K>, firstIndex: number) => StoreRefusal | null;
};

const GRANT_FIELDS: readonly (keyof GrantBinding)[] = ['digest', 'agent', 'target', 'environment'];

/** A field that is missing on either side is no match (threat A6). */
function isSameBinding(left: GrantBinding, right: GrantBinding): boolean {
  return GRANT_FIELDS.every((field) => {
    const value: unknown = left[field];
    return typeof value === 'string' && value !== '' && value === right[field];
  });
}

function bindingKey(binding: GrantBinding): string {
  return JSON.stringify(GRANT_FIELDS.map((field) => binding[field]));
}

function bindingOf({ subject }: Review): GrantBinding {
  const { digest, requester, target } = subject;
  return { digest, agent: requester.agent, target: target.name, environment: target.environment };
}

/** What is stored as JSON was a value of the type when it was written, in the same file. */
function parse<T>(json: string): T {
  return JSON.parse(json) as T;
}

function whyNotSpendable(grant: Grant, { binding, atMs }: Of<'grant.spend'>): GrantRefusal | null {
  if (!isSameBinding(grant.binding, binding)) return 'grant.mismatch';
  if (grant.state.status === 'spent') return 'grant.spent';
  if (grant.state.status === 'revoked') return 'grant.revoked';
  return atMs < grant.expiresAtMs ? null : 'grant.expired';
}

const REVIEWS = 'SELECT review FROM reviews WHERE id < :before ';
const NEWEST = ' ORDER BY id DESC LIMIT :limit';
/** Sorts behind every id. */
const AFTER_ALL = '\u{10ffff}';

/** Each may be left open. Those of status, agent and session have indexes (database.ts). */
const CONDITIONS = {
  status: 'status = :status',
  agent: 'agent = :agent',
  session: "json_extract(review, '$.subject.requester.session') = :session",
  target: "json_extract(review, '$.subject.target.name') = :target",
  shape: 'shape = :shape',
  minRisk: "json_extract(review, '$.subject.risk.score') >= :minRisk",
} as const;
const CONDITION_NAMES = Object.keys(CONDITIONS) as (keyof typeof CONDITIONS)[];

type ReviewPage = Readonly<Record<string, string | number | null>>;

/** Reviews, grants, and what is published of the ledger. */
export class State {
  readonly standings: Standings;
  readonly passkeys: Passkeys;
  readonly attention: Attention;
  readonly breakGlass: BreakGlass;
  readonly #database: Database;
  readonly #review: Statement<[string], string>;
  readonly #pendingReview: Statement<[string], string>;
  readonly #insertReview: Statement<[string, number, string, string, string, string, string]>;
  readonly #updateReview: Statement<[number, string, string, string]>;
  readonly #grant: Statement<[string], string>;
  readonly #liveGrants: Statement<[string], string>;
  readonly #insertGrant: Statement<[string, string, string, string]>;
  readonly #updateGrant: Statement<[string, string, string]>;
  /** Actions submitted over the API, and the keys of requests. */
  readonly submissions: Submissions;
  readonly #tile: Statement<[number, number], Buffer>;
  readonly #putTile: Statement<[number, number, Uint8Array]>;
  readonly #checkpoint: Statement<[], CheckpointRow>;
  readonly #putCheckpoint: Statement<[number, string, number]>;

  constructor(database: Database) {
    this.#database = database;
    this.standings = new Standings(database);
    this.submissions = new Submissions(database);
    this.passkeys = new Passkeys(database);
    this.attention = new Attention(database);
    this.breakGlass = new BreakGlass(database);
    const json = <P extends unknown[]>(sql: string): Statement<P, string> =>
      database.prepare<P, string>(sql).pluck();
    this.#review = json('SELECT review FROM reviews WHERE id = ?');
    this.#pendingReview = json("SELECT review FROM reviews WHERE binding = ? AND status = 'pending'");
    this.#insertReview = database.prepare(
      'INSERT INTO reviews (id, revision, status, agent, binding, shape, review) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#updateReview = database.prepare(
      'UPDATE reviews SET revision = ?, status = ?, review = ? WHERE id = ?',
    );
    this.#grant = json('SELECT "grant" FROM grants WHERE id = ?');
    this.#liveGrants = json('SELECT "grant" FROM grants WHERE binding = ? AND status = \'live\' ORDER BY id');
    this.#insertGrant = database.prepare(
      'INSERT INTO grants (id, status, binding, "grant") VALUES (?, ?, ?, ?)',
    );
    this.#updateGrant = database.prepare('UPDATE grants SET status = ?, "grant" = ? WHERE id = ?');
    this.#tile = database
      .prepare<[number, number], Buffer>('SELECT hashes FROM tiles WHERE level = ? AND position = ?')
      .pluck();
    this.#putTile = database.prepare(
      'INSERT OR REPLACE INTO tiles (level, position, hashes) VALUES (?, ?, ?)',
    );
    this.#checkpoint = database.prepare('SELECT size, note, at_ms AS atMs FROM checkpoint');
    this.#putCheckpoint = database.prepare(
      'INSERT OR REPLACE INTO checkpoint (only, size, note, at_ms) VALUES (1, ?, ?, ?)',
    );
  }

  /**
   * Within the flush's transaction and a savepoint of its own, which a refusal rolls back.
   * @param firstIndex the ledger index of the change's first entry.
   */
  apply(mutation: Mutation, firstIndex: number): StoreRefusal | null {
    type Applied = (mutation: Mutation, firstIndex: number) => StoreRefusal | null;
    return (this.#table[mutation.kind] as Applied)(mutation, firstIndex);
  }

  readonly #table: Apply = {
    'review.open': ({ review }) => this.#openReview(review),
    'review.update': ({ review }) => this.#replaceReview(review),
    'review.check': ({ id, revision }) => this.#checkReview(id, revision),
    'review.shown': (shown) => this.attention.shown(shown),
    'judgment.record': (record) => this.attention.record(record),
    'grant.issue': ({ grant }) => this.#issueGrant(grant),
    'grant.spend': (spend) => this.#spendGrant(spend),
    'grant.revoke': ({ id, atMs }) => this.#revokeGrant(id, atMs),
    'standing.propose': ({ standing }) => this.standings.propose(standing),
    'standing.update': ({ standing }) => this.standings.update(standing),
    'standing.revoke': (revoke) => this.standings.revoke(revoke),
    'standing.spend': (spend) => this.standings.spend(spend),
    'standing.settle': (settle) => this.standings.settle(settle),
    'submission.open': ({ submission }) => this.submissions.open(submission),
    'submission.update': ({ submission }) => this.submissions.update(submission),
    'key.take': ({ key, atMs }) => this.submissions.takeKey(key, atMs),
    'passkey.register': ({ passkey }, firstIndex) => this.passkeys.register(passkey, firstIndex),
    'passkey.revoke': ({ id, atMs }) => this.passkeys.revoke(id, atMs),
    'passkey.check': ({ id }) => this.passkeys.whyNotLive(id),
    'break_glass.open': ({ use, mostOpen }) => this.breakGlass.open(use, mostOpen),
    'break_glass.spend': (spend) => this.breakGlass.spend(spend),
    'break_glass.update': ({ use }) => this.breakGlass.update(use),
    'checkpoint.publish': ({ tiles, checkpoint }) => this.#publish(tiles, checkpoint),
  };

  #openReview(review: Review): StoreRefusal | null {
    const pending = this.pendingReview(bindingOf(review));
    if (pending !== null) return { code: 'review.duplicate', existing: pending.id };
    if (this.review(review.id) !== null)
      throw new StoreError('store.invalid', `the review ${review.id} exists`);
    const { id, revision, state, subject } = review;
    const binding = bindingKey(bindingOf(review));
    this.#insertReview.run(
      id,
      revision,
      state.status,
      subject.requester.agent,
      binding,
      review.shape,
      JSON.stringify(review),
    );
    return null;
  }

  #replaceReview(review: Review): StoreRefusal | null {
    const refusal = this.#checkReview(review.id, review.revision - 1);
    if (refusal !== null) return refusal;
    this.#updateReview.run(review.revision, review.state.status, JSON.stringify(review), review.id);
    return null;
  }

  #checkReview(id: string, revision: number): StoreRefusal | null {
    const stored = this.review(id);
    if (stored === null) return { code: 'review.missing' };
    return stored.revision === revision ? null : { code: 'review.conflict' };
  }

  #issueGrant(grant: Grant): StoreRefusal | null {
    if (this.grant(grant.id) !== null) throw new StoreError('store.invalid', `the grant ${grant.id} exists`);
    this.#insertGrant.run(grant.id, grant.state.status, bindingKey(grant.binding), JSON.stringify(grant));
    return null;
  }

  #spendGrant(spend: Of<'grant.spend'>): StoreRefusal | null {
    const grant = this.grant(spend.id);
    const code = grant === null ? 'grant.missing' : whyNotSpendable(grant, spend);
    if (grant === null || code !== null) return { code: code ?? 'grant.missing' };
    this.#replaceGrant({ ...grant, state: { status: 'spent', atMs: spend.atMs, action: spend.action } });
    return null;
  }

  #revokeGrant(id: string, atMs: number): StoreRefusal | null {
    const grant = this.grant(id);
    if (grant === null) return { code: 'grant.missing' };
    if (grant.state.status !== 'live') return { code: `grant.${grant.state.status}` };
    this.#replaceGrant({ ...grant, state: { status: 'revoked', atMs } });
    return null;
  }

  #replaceGrant(grant: Grant): void {
    this.#updateGrant.run(grant.state.status, JSON.stringify(grant), grant.id);
  }

  #publish(tiles: readonly TileRow[], { size, note, atMs }: CheckpointRow): StoreRefusal | null {
    const published = this.checkpoint();
    if (published !== null && size < published.size) return { code: 'checkpoint.stale' };
    for (const tile of tiles) this.#putTile.run(tile.level, tile.index, tile.hashes);
    this.#putCheckpoint.run(size, note, atMs);
    return null;
  }

  review(id: string): Review | null {
    const json = this.#review.get(id);
    return json === undefined ? null : parse<Review>(json);
  }

  pendingReview(binding: GrantBinding): Review | null {
    const json = this.#pendingReview.get(bindingKey(binding));
    return json === undefined ? null : parse<Review>(json);
  }

  reviews(ask: Reads['reviews']['ask']): Review[] {
    const given = CONDITION_NAMES.filter((name) => (ask[name] ?? null) !== null);
    const conditions = given.map((name) => `AND ${CONDITIONS[name]} `).join('');
    const select = this.#database.prepare<[ReviewPage], string>(REVIEWS + conditions + NEWEST).pluck();
    const values = Object.fromEntries(given.map((name) => [name, ask[name] ?? null]));
    return select
      .all({ ...values, limit: ask.limit, before: ask.before ?? AFTER_ALL })
      .map((json) => parse<Review>(json));
  }

  grant(id: string): Grant | null {
    const json = this.#grant.get(id);
    return json === undefined ? null : parse<Grant>(json);
  }

  grants({ binding, atMs }: Reads['grants']['ask']): Grant[] {
    const live = this.#liveGrants.all(bindingKey(binding)).map((json) => parse<Grant>(json));
    return live.filter((grant) => isSameBinding(grant.binding, binding) && atMs < grant.expiresAtMs);
  }

  tile({ level, index }: Reads['tile']['ask']): TileRow | null {
    const hashes = this.#tile.get(level, index);
    return hashes === undefined ? null : { level, index, hashes: new Uint8Array(hashes) };
  }

  checkpoint(): CheckpointRow | null {
    return this.#checkpoint.get() ?? null;
  }
}
