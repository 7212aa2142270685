import type { Database, Statement } from 'better-sqlite3';
import { type Delivery, type SentMessage, urgencyOf } from '../../core/delivery.ts';
import type { DeliveryId } from '../../core/ids.ts';
import type { ReviewStatus } from '../../core/review.ts';
import { StoreError } from '../store.ts';
import type { DeliveryQueue, Mutation, Reads, StoreRefusal } from '../store.ts';
import { DueDeliveries } from './due-deliveries.ts';

type Of<K extends Mutation['kind']> = Extract<Mutation, { readonly kind: K }>;
type Next = Reads['nextDelivery'];

interface Row {
  readonly position: number;
  readonly delivery: string;
}

interface MessageRow {
  readonly reference: string;
  readonly revision: number;
  readonly grouped: DeliveryId | null;
  readonly counted: ReviewStatus | null;
}

const SELECT = 'SELECT position, delivery FROM deliveries ';

// What is stored as JSON was a value of the type when it was written, here.
const parse = (text: string): Delivery => JSON.parse(text) as Delivery;

/** What is to be sent about reviews. Within the flush's transaction and a savepoint of the change. */
export class Deliveries {
  readonly #due: DueDeliveries;
  readonly #one: Statement<[string], Row>;
  readonly #list: Statement<[string, number, string | null, string | null, number], Row>;
  readonly #queues: Statement<[], DeliveryQueue>;
  readonly #insert: Statement<[string, string, string, string, string, number, number, string]>;
  readonly #update: Statement<[string, number, number | null, string, string]>;
  readonly #delete: Statement<[string]>;
  readonly #lastBuried: Statement<[], number>;
  readonly #forget: Statement<[number]>;
  readonly #message: Statement<[string, string, string], MessageRow>;
  readonly #putMessage: Statement<[string, string, string, string, number, string | null, string | null]>;

  constructor(database: Database) {
    this.#due = new DueDeliveries(database);
    this.#one = database.prepare(`${SELECT}WHERE id = ?`);
    this.#list = database.prepare(
      `${SELECT}WHERE state = ? AND position > ? AND (? IS NULL OR channel = ?) ORDER BY position LIMIT ?`,
    );
    this.#queues = database.prepare(
      `SELECT channel, destination, sum(state = 'waiting') AS waiting, sum(state = 'dead') AS dead
       FROM deliveries GROUP BY channel, destination ORDER BY channel, destination`,
    );
    this.#insert = database.prepare(
      'INSERT INTO deliveries (id, channel, destination, review, state, not_before_ms, urgency, delivery) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
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
      `SELECT CASE WHEN grouped IS NULL THEN reference ELSE
         ifnull((SELECT json_extract(message_group, '$.reference') FROM message_groups WHERE id = grouped), reference)
       END AS reference, revision, grouped, counted FROM messages
       WHERE channel = ? AND destination = ? AND review = ?`,
    );
    this.#putMessage = database.prepare(
      'INSERT OR REPLACE INTO messages (channel, destination, review, reference, revision, grouped, counted) VALUES (?, ?, ?, ?, ?, ?, ?)',
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

  next(ask: Next['ask']): Next['answer'] {
    const [first] = this.due({ ...ask, limit: 1 });
    const { delivery, message } = first ?? { delivery: null, message: null };
    return { delivery, message, nextAtMs: this.#due.soonest(ask), ...this.#due.crowd(ask) };
  }

  due(ask: Reads['dueDeliveries']['ask']): { delivery: Delivery; message: SentMessage | null }[] {
    return this.#due.list(ask).map((text) => {
      const delivery = parse(text);
      return { delivery, message: this.#messageFor(delivery) };
    });
  }

  #messageFor({ channel, destination, review }: Delivery): SentMessage | null {
    const row = this.#message.get(channel, destination, review);
    if (row === undefined) return null;
    const { reference, revision, grouped, counted } = row;
    if (grouped === null || counted === null) return { reference, revision };
    return { reference, revision, group: { id: grouped, counted } };
  }

  add(delivery: Delivery): null {
    const { id, channel, destination, review, state, notBeforeMs, notice } = delivery;
    if (this.read(id) !== null) throw new StoreError('store.invalid', `the delivery ${id} exists`);
    const urgency = urgencyOf(notice);
    const text = JSON.stringify(delivery);
    this.#insert.run(id, channel, destination, review, state, notBeforeMs, urgency, text);
    this.#due.putHead(delivery);
    return null;
  }

  end(id: string, message: SentMessage | null): null {
    const stored = this.read(id);
    if (stored === null) return null;
    this.#delete.run(id);
    this.#due.putHead(stored);
    const { channel, destination, review } = stored;
    if (message === null) return null;
    const { reference, revision, group } = message;
    const { id: grouped = null, counted = null } = group ?? {};
    this.#putMessage.run(channel, destination, review, reference, revision, grouped, counted);
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
    this.#due.putHead(delivery);
  }
}
