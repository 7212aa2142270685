import type { Database, Statement } from 'better-sqlite3';
import type { Grant, GrantBinding, GrantRefusal } from '../../core/grant.ts';
import { grantClasses, reviewClasses } from '../../core/record-classes.ts';
import { NO_SUBJECT, subjectOf, type Subject } from '../../core/subject.ts';
import type { Review } from '../../core/review.ts';
import { StoreError } from '../store.ts';
import { Attention } from './attention.ts';
import { bindingKey, bindingOf, isSameBinding } from './binding.ts';
import type { Erasures } from './erasures.ts';
import type { SealedRow, SealedRows } from './sealed-rows.ts';
import { Standings } from './standings.ts';
import { Submissions } from './submissions.ts';
import { Passkeys } from './passkeys.ts';
import { BreakGlass } from './break-glass.ts';
import { Canaries } from './canaries.ts';
import { Governance } from './governance.ts';
import { ChatLinks } from './chat-links.ts';
import { Deliveries } from './deliveries.ts';
import { MessageGroups } from './message-groups.ts';
import type { CheckpointRow, Mutation, Reads, StoreRefusal, TileRow } from '../store.ts';

type Of<K extends Mutation['kind']> = Extract<Mutation, { readonly kind: K }>;
type Apply = {
  readonly [K in Mutation['kind']]: (mutation: Of<K>, firstIndex: number) => StoreRefusal | null;
};

type IdentifiedRow = SealedRow & { readonly id: string };

function whyNotSpendable(grant: Grant, { binding, atMs }: Of<'grant.spend'>): GrantRefusal | null {
  if (!isSameBinding(grant.binding, binding)) return 'grant.mismatch';
  if (grant.state.status === 'spent') return 'grant.spent';
  if (grant.state.status === 'revoked') return 'grant.revoked';
  return atMs < grant.expiresAtMs ? null : 'grant.expired';
}

const REVIEW = 'SELECT id, review AS open, sealed FROM reviews ';
const REVIEWS = `${REVIEW}WHERE id < :before `;
/** Walks the newest first through an index that has all that is asked for, and then takes the rows. */
const LISTED = `${REVIEW}WHERE id IN (SELECT id FROM reviews INDEXED BY reviews_listed WHERE id < :before `;
const GRANT = 'SELECT id, "grant" AS open, sealed FROM grants ';
const NEWEST = ' ORDER BY id DESC LIMIT :limit';
/** Sorts behind every id. */
const AFTER_ALL = '\u{10ffff}';

/** Each may be left open. One of status, agent, session or shape alone has an index in the list's order (database.ts). */
const CONDITIONS = {
  status: 'status = :status',
  agent: 'agent = :agent',
  session: 'session = :session',
  target: 'target = :target',
  shape: 'shape = :shape',
  minRisk: 'risk >= :minRisk',
} as const;
const CONDITION_NAMES = Object.keys(CONDITIONS) as (keyof typeof CONDITIONS)[];
const FOUND_ALONE: ReadonlySet<string> = new Set([
  '',
  'status',
  'agent',
  'session',
  'status,session',
  'shape',
]);

function listOf(given: readonly (keyof typeof CONDITIONS)[]): string {
  const conditions = given.map((name) => `AND ${CONDITIONS[name]} `).join('');
  if (FOUND_ALONE.has(given.join(','))) return REVIEWS + conditions + NEWEST;
  return `${LISTED}${conditions}${NEWEST}) ORDER BY id DESC`;
}

type ReviewPage = Readonly<Record<string, string | number | null>>;

/** Reviews, grants, and what is published of the ledger. */
export class State {
  readonly standings: Standings;
  readonly passkeys: Passkeys;
  readonly attention: Attention;
  readonly breakGlass: BreakGlass;
  readonly canaries: Canaries;
  readonly governance: Governance;
  readonly chatLinks: ChatLinks;
  readonly deliveries: Deliveries;
  readonly groups: MessageGroups;
  readonly #database: Database;
  readonly #rows: SealedRows;
  readonly #erasures: Erasures;
  readonly #review: Statement<[string], IdentifiedRow>;
  readonly #pendingReview: Statement<[string], IdentifiedRow>;
  readonly #insertReview: Statement<
    [string, number, string, string, string, string, number, string, string, string, Buffer | null, number]
  >;
  readonly #updateReview: Statement<[number, string, string, string, Buffer | null, string]>;
  readonly #grant: Statement<[string], IdentifiedRow>;
  readonly #liveGrants: Statement<[string], IdentifiedRow>;
  readonly #insertGrant: Statement<[string, string, string, string, Buffer | null, number]>;
  readonly #updateGrant: Statement<[string, string, string, Buffer | null, string]>;
  readonly #subjectOfReview: Statement<[string], string>;
  /** Actions submitted over the API, and the keys of requests. */
  readonly submissions: Submissions;
  readonly #tile: Statement<[number, number], Buffer>;
  readonly #putTile: Statement<[number, number, Uint8Array]>;
  readonly #checkpoint: Statement<[], CheckpointRow>;
  readonly #putCheckpoint: Statement<[number, string, number]>;

  constructor(database: Database, rows: SealedRows, erasures: Erasures) {
    this.#database = database;
    this.#rows = rows;
    this.#erasures = erasures;
    this.standings = new Standings(database, rows);
    this.submissions = new Submissions(database, rows);
    this.passkeys = new Passkeys(database);
    this.attention = new Attention(database, rows);
    this.breakGlass = new BreakGlass(database, rows);
    this.canaries = new Canaries(database);
    this.governance = new Governance(database);
    this.chatLinks = new ChatLinks(database);
    this.deliveries = new Deliveries(database);
    this.groups = new MessageGroups(database);
    this.#review = database.prepare(`${REVIEW}WHERE id = ?`);
    this.#pendingReview = database.prepare(`${REVIEW}WHERE binding = ? AND status = 'pending'`);
    this.#insertReview = database.prepare(
      `INSERT INTO reviews (id, revision, status, agent, session, target, risk, binding, shape, review, sealed, subject)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#updateReview = database.prepare(
      'UPDATE reviews SET revision = ?, status = ?, binding = ?, review = ?, sealed = ? WHERE id = ?',
    );
    this.#grant = database.prepare(`${GRANT}WHERE id = ?`);
    this.#liveGrants = database.prepare(`${GRANT}WHERE binding = ? AND status = 'live' ORDER BY id`);
    this.#insertGrant = database.prepare(
      'INSERT INTO grants (id, status, binding, "grant", sealed, subject) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#updateGrant = database.prepare(
      'UPDATE grants SET status = ?, binding = ?, "grant" = ?, sealed = ? WHERE id = ?',
    );
    this.#subjectOfReview = database
      .prepare<[string], string>(
        'SELECT subjects.subject FROM reviews JOIN subjects ON subjects.id = reviews.subject WHERE reviews.id = ?',
      )
      .pluck();
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
    'governance.put': ({ record }) => this.governance.put(record),
    'break_glass.update': ({ use }) => this.breakGlass.update(use),
    'chat_link.put': ({ link }) => this.chatLinks.put(link),
    'chat_link.remove': ({ link }) => this.chatLinks.remove(link),
    'delivery.add': ({ delivery }) => this.deliveries.add(delivery),
    'delivery.end': ({ id, message }) => this.deliveries.end(id, message),
    'delivery.retry': (retry) => this.deliveries.retry(retry),
    'delivery.bury': (bury) => this.deliveries.bury(bury),
    'delivery.replay': ({ id, atMs }) => this.deliveries.replay(id, atMs),
    'group.put': ({ group }) => this.groups.put(group),
    'subject.erase': ({ subject, atMs }) => this.#erasures.erase(subject, atMs),
    'canary.plan': ({ dueAtMs }) => this.canaries.plan(dueAtMs),
    'canary.open': (open) => this.canaries.open(open),
    'canary.reveal': ({ action }) => this.canaries.reveal(action),
    'key.handOver': (_, firstIndex) => this.#handOver(firstIndex),
    'checkpoint.publish': ({ tiles, checkpoint }) => this.#publish(tiles, checkpoint),
  };

  #openReview(review: Review): StoreRefusal | null {
    const pending = this.pendingReview(bindingOf(review));
    if (pending !== null) return { code: 'review.duplicate', existing: pending.id };
    const { id, revision, state, subject } = review;
    if (this.#review.get(id) !== undefined) throw new StoreError('store.invalid', `the review ${id} exists`);
    const { requester, risk, target } = subject;
    const row = this.#rows.seal(id, review, reviewClasses, subjectOf(requester));
    const binding = this.#bindingOf(review);
    const shape = this.#rows.index(review.shape);
    this.#insertReview.run(
      id,
      revision,
      state.status,
      requester.agent,
      requester.session,
      target.name,
      risk.score,
      binding,
      shape,
      row.open,
      row.sealed,
      row.subject,
    );
    return null;
  }

  /** Only what is pending is looked for by its binding. */
  #bindingOf(review: Review): string {
    return review.state.status === 'pending' ? this.#rows.index(bindingKey(bindingOf(review))) : '';
  }

  #replaceReview(review: Review): StoreRefusal | null {
    const { id, revision, state, subject } = review;
    const refusal = this.#checkReview(id, revision - 1);
    if (refusal !== null) return refusal;
    const { open, sealed } = this.#rows.seal(id, review, reviewClasses, subjectOf(subject.requester));
    this.#updateReview.run(revision, state.status, this.#bindingOf(review), open, sealed, id);
    return null;
  }

  #checkReview(id: string, revision: number): StoreRefusal | null {
    const stored = this.review(id);
    if (stored === null) return { code: 'review.missing' };
    return stored.revision === revision ? null : { code: 'review.conflict' };
  }

  #issueGrant(grant: Grant): StoreRefusal | null {
    if (this.grant(grant.id) !== null) throw new StoreError('store.invalid', `the grant ${grant.id} exists`);
    const { id, state } = grant;
    const { open, sealed, subject } = this.#rows.seal(id, grant, grantClasses, this.#subjectOfGrant(grant));
    this.#insertGrant.run(
      id,
      state.status,
      this.#rows.index(bindingKey(grant.binding)),
      open,
      sealed,
      subject,
    );
    return null;
  }

  /** That of its review. */
  #subjectOfGrant({ review, binding }: Grant): Subject {
    // What a grant lacks is found out when it is spent (threat A6).
    const agent: unknown = binding.agent;
    const own = typeof agent === 'string' ? subjectOf({ agent, onBehalfOf: '' }) : NO_SUBJECT;
    return this.#subjectOfReview.get(review) ?? own;
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

  /** It is over: nobody looks for it by its binding any more. */
  #replaceGrant(grant: Grant): void {
    const { open, sealed } = this.#rows.seal(grant.id, grant, grantClasses, this.#subjectOfGrant(grant));
    this.#updateGrant.run(grant.state.status, '', open, sealed, grant.id);
  }

  #handOver(entry: number): null {
    this.#database.prepare('INSERT INTO handovers (entry) VALUES (?)').run(entry);
    return null;
  }

  handovers(): number[] {
    return this.#database.prepare<[], number>('SELECT entry FROM handovers ORDER BY entry').pluck().all();
  }

  #publish(tiles: readonly TileRow[], { size, note, atMs }: CheckpointRow): StoreRefusal | null {
    const published = this.checkpoint();
    if (published !== null && size < published.size) return { code: 'checkpoint.stale' };
    for (const tile of tiles) this.#putTile.run(tile.level, tile.index, tile.hashes);
    this.#putCheckpoint.run(size, note, atMs);
    return null;
  }

  review(id: string): Review | null {
    return this.#opened<Review>(this.#review.get(id));
  }

  pendingReview(binding: GrantBinding): Review | null {
    return this.#opened<Review>(this.#pendingReview.get(this.#rows.index(bindingKey(binding))));
  }

  #opened<T>(row: IdentifiedRow | undefined): T | null {
    return row === undefined ? null : this.#rows.open<T>(row.id, row);
  }

  reviews(ask: Reads['reviews']['ask']): Review[] {
    const given = CONDITION_NAMES.filter((name) => (ask[name] ?? null) !== null);
    const select = this.#database.prepare<[ReviewPage], IdentifiedRow>(listOf(given));
    const values = Object.fromEntries(given.map((name) => [name, ask[name] ?? null]));
    if (typeof ask.shape === 'string') values['shape'] = this.#rows.index(ask.shape);
    return select
      .all({ ...values, limit: ask.limit, before: ask.before ?? AFTER_ALL })
      .map((row) => this.#rows.open<Review>(row.id, row));
  }

  grant(id: string): Grant | null {
    return this.#opened<Grant>(this.#grant.get(id));
  }

  grants({ binding, atMs }: Reads['grants']['ask']): Grant[] {
    const rows = this.#liveGrants.all(this.#rows.index(bindingKey(binding)));
    const live = rows.map((row) => this.#rows.open<Grant>(row.id, row));
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
