import type { Database, Statement } from 'better-sqlite3';
import type { Delivery, SentMessage } from '../../core/delivery.ts';
import { StoreError } from '../store.ts';
import type { DeliveryQueue, Mutation, Reads, StoreRefusal } from '../store.ts';

type Of<K extends Mutation['kind']> = Extract<Mutation, { readonly kind: K }>;
type Next = Reads['nextDelivery'];

interface Row {
  readonly position: number;
  readonly notBeforeMs: number;
  readonly delivery: string;
}

const SELECT = 'SELECT position, not_before_ms AS notBeforeMs, delivery FROM deliveries ';
/** The first of each review that waits for one destination. */
const HEADS = `${SELECT}WHERE position IN (
  SELECT min(position) FROM deliveries
  WHERE state = 'waiting' AND channel = ? AND destination = ? GROUP BY review
) `;

// What is stored as JSON was a value of the type when it was written, here.
const parse = (text: string): Delivery => JSON.parse(text) as Delivery;

/** What is to be sent about reviews. Within the flush's transaction and a savepoint of the change. */
export class Deliveries {
  readonly #one: Statement<[string], Row>;
  readonly #list: Statement<[string, number, string | null, string | null, number], Row>;
  readonly #queues: Statement<[], DeliveryQueue>;
  readonly #due: Statement<[string, string, number, number], Row>;
  readonly #soonest: Statement<[string, string], Row>;
  readonly #insert: Statement<[string, string, string, string, string, number, string]>;
  readonly #update: Statement<[string, number, number | null, string, string]>;
  readonly #delete: Statement<[string]>;
  readonly #lastBuried: Statement<[], number>;
  readonly #forget: Statement<[number]>;
  readonly #message: Statement<[string, string, string], SentMessage>;
  readonly #putMessage: Statement<[string, string, string, string, number]>;

  constructor(database: Database) {
    this.#one = database.prepare(`${SELECT}WHERE id = ?`);
    this.#list = database.prepare(
      `${SELECT}WHERE state = ? AND position > ? AND (? IS NULL OR channel = ?) ORDER BY position LIMIT ?`,
    );
    this.#queues = database.prepare(
      `SELECT channel, destination, sum(state = 'waiting') AS waiting, sum(state = 'dead') AS dead
       FROM deliveries GROUP BY channel, destination ORDER BY channel, destination`,
    );
    this.#due = database.prepare(
      `${HEADS}AND (not_before_ms <= ? OR not_before_ms > ?) ORDER BY position LIMIT 1`,
    );
    this.#soonest = database.prepare(`${HEADS}ORDER BY not_before_ms LIMIT 1`);
    this.#insert = database.prepare(
      'INSERT INTO deliveries (id, channel, destination, review, state, not_before_ms, delivery) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#update = database.prepare(
      'UPDATE deliveries SET state = ?, not_before_ms = ?, buried = ?, delivery = ? WHERE id = ?',
    );
    this.#delete = database.prepare('DELETE FROM deliveries WHERE id = ?');
    this.#lastBuried = database
      .prepare<[], number>('SELECT ifnull(max(buried), 0) FROM deliveries WHERE buried IS NOT NULL')
      .pluck();
    this.#forget = database.prepare(
      `DELETE FROM deliveries WHERE position IN (
         SELECT position FROM deliveries WHERE buried IS NOT NULL ORDER BY buried DESC LIMIT -1 OFFSET ?
       )`,
    );
    this.#message = database.prepare(
      'SELECT reference, revision FROM messages WHERE channel = ? AND destination = ? AND review = ?',
    );
    this.#putMessage = database.prepare(
      'INSERT OR REPLACE INTO messages (channel, destination, review, reference, revision) VALUES (?, ?, ?, ?, ?)',
    );
  }

  read(id: string): Delivery | null {
    const row = this.#one.get(id);
    return row === undefined ? null : parse(row.delivery);
  }

  list({ state, channel, limit, after }: Reads['deliveries']['ask']): Delivery[] {
    const from = after === null ? 0 : (this.#one.get(after)?.position ?? 0);
    return this.#list.all(state, from, channel, channel, limit).map(({ delivery }) => parse(delivery));
  }

  queues(): DeliveryQueue[] {
    return this.#queues.all();
  }

  next({ channel, destination, atMs, longestMs }: Next['ask']): Next['answer'] {
    const due = this.#due.get(channel, destination, atMs, atMs + longestMs);
    const delivery = due === undefined ? null : parse(due.delivery);
    const message =
      delivery === null ? null : (this.#message.get(channel, destination, delivery.review) ?? null);
    const nextAtMs = this.#soonest.get(channel, destination)?.notBeforeMs ?? null;
    return { delivery, message, nextAtMs };
  }

  add(delivery: Delivery): null {
    const { id, channel, destination, review, state, notBeforeMs } = delivery;
    if (this.read(id) !== null) throw new StoreError('store.invalid', `the delivery ${id} exists`);
    this.#insert.run(id, channel, destination, review, state, notBeforeMs, JSON.stringify(delivery));
    return null;
  }

  end(id: string, message: SentMessage | null): null {
    const stored = this.read(id);
    if (stored === null) return null;
    this.#delete.run(id);
    const { channel, destination, review } = stored;
    if (message !== null)
      this.#putMessage.run(channel, destination, review, message.reference, message.revision);
    return null;
  }

  retry({ id, attempts, notBeforeMs, problem }: Of<'delivery.retry'>): null {
    const stored = this.read(id);
    if (stored?.state === 'waiting') this.#put({ ...stored, attempts, notBeforeMs, problem }, null);
    return null;
  }

  bury({ id, attempts, problem, atMs, most }: Of<'delivery.bury'>): null {
    const stored = this.read(id);
    if (stored?.state !== 'waiting') return null;
    // A count, not a time: which was given up last doesn't depend on a clock.
    const order = (this.#lastBuried.get() ?? 0) + 1;
    this.#put({ ...stored, attempts, problem, notBeforeMs: atMs, state: 'dead' }, order);
    this.#forget.run(most);
    return null;
  }

  replay(id: string, atMs: number): StoreRefusal | null {
    const stored = this.read(id);
    if (stored === null) return { code: 'delivery.missing' };
    if (stored.state !== 'dead') return { code: 'delivery.waiting' };
    this.#put({ ...stored, attempts: 0, notBeforeMs: atMs, state: 'waiting' }, null);
    return null;
  }

  #put(delivery: Delivery, buried: number | null): void {
    const { id, state, notBeforeMs } = delivery;
    this.#update.run(state, notBeforeMs, buried, JSON.stringify(delivery), id);
  }
}
