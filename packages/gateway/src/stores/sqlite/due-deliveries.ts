import type { Database, Statement } from 'better-sqlite3';
import type { Delivery } from '../../core/delivery.ts';
import type { DueAsk, Reads } from '../store.ts';

const TEXT = 'SELECT delivery FROM deliveries INDEXED BY';
const COUNT = 'SELECT count(*) FROM (SELECT 1 FROM deliveries AS d INDEXED BY deliveries_urgent';
const SOONEST = 'SELECT min(not_before_ms) FROM deliveries INDEXED BY deliveries_soonest';
const OF = 'WHERE channel = ? AND destination = ? AND head = 1';
const DUE =
  'WHERE channel = ? AND destination = ? AND head = 1 AND (not_before_ms <= ? OR not_before_ms > ?)';
const UNHEARD = `NOT EXISTS (SELECT 1 FROM messages AS m
  WHERE m.channel = d.channel AND m.destination = d.destination AND m.review = d.review)`;

type At = [channel: string, destination: string, atMs: number, beyondMs: number];
type Key = [channel: string, destination: string, review: string];

/**
 * What can be sent now. Of what waits for a destination the first of each review is its head; one row is, and `putHead`
 * keeps it so. Heads alone are indexed, so that a look costs the same whatever stands behind them. One that failed is
 * passed over until its wait is over: there are few, because a destination that fails is left alone as a whole.
 */
export class DueDeliveries {
  readonly #urgentFirst: Statement<[...At, number], string>;
  readonly #inTurn: Statement<[...At, number], string>;
  readonly #soonest: Statement<[string, string], number | null>;
  readonly #new: Statement<[...At, number], number>;
  readonly #all: Statement<[...At, number], number>;
  readonly #calls: Statement<[...At, number], number>;
  readonly #head: Statement<Key, number>;
  readonly #first: Statement<Key, number | null>;
  readonly #setHead: Statement<[number, number]>;

  constructor(database: Database) {
    const texts = (sql: string) => database.prepare<[...At, number], string>(sql).pluck();
    const numbers = (sql: string) => database.prepare<[...At, number], number>(sql).pluck();
    this.#urgentFirst = texts(`${TEXT} deliveries_urgent ${DUE} ORDER BY urgency DESC, position LIMIT ?`);
    this.#inTurn = texts(`${TEXT} deliveries_in_turn ${DUE} ORDER BY position LIMIT ?`);
    this.#soonest = database.prepare<[string, string], number | null>(`${SOONEST} ${OF}`).pluck();
    this.#new = numbers(`${COUNT} ${DUE} AND urgency = 1 AND ${UNHEARD} LIMIT ?)`);
    this.#all = numbers(`${COUNT} ${DUE} AND urgency < 2 LIMIT ?)`);
    this.#calls = numbers(`${COUNT} ${DUE} AND urgency = 2 LIMIT ?)`);
    this.#head = database
      .prepare<Key, number>(
        'SELECT position FROM deliveries WHERE channel = ? AND destination = ? AND review = ? AND head = 1',
      )
      .pluck();
    this.#first = database
      .prepare<Key, number | null>(
        `SELECT min(position) FROM deliveries
         WHERE channel = ? AND destination = ? AND review = ? AND state = 'waiting'`,
      )
      .pluck();
    this.#setHead = database.prepare('UPDATE deliveries SET head = ? WHERE position = ?');
  }

  list({ urgentFirst, limit, ...ask }: Reads['dueDeliveries']['ask']): string[] {
    return (urgentFirst ? this.#urgentFirst : this.#inTurn).all(...at(ask), limit);
  }

  soonest({ channel, destination }: Pick<DueAsk, 'channel' | 'destination'>): number | null {
    return this.#soonest.get(channel, destination) ?? null;
  }

  crowd({ countTo, cards, ...ask }: Reads['nextDelivery']['ask']): { cards: number; calls: number } {
    if (countTo === 0) return { cards: 0, calls: 0 };
    const count = (of: Statement<[...At, number], number>): number => of.get(...at(ask), countTo) ?? 0;
    return { cards: count(cards === 'new' ? this.#new : this.#all), calls: count(this.#calls) };
  }

  /** After any change of a delivery: what is the first of its review there now is its head, and nothing else. */
  putHead({ channel, destination, review }: Delivery): void {
    const key: Key = [channel, destination, review];
    const first = this.#first.get(...key) ?? null;
    const head = this.#head.all(...key);
    if (head.length === 1 && head[0] === first) return;
    for (const position of head) this.#setHead.run(0, position);
    if (first !== null) this.#setHead.run(1, first);
  }
}

const at = ({ channel, destination, atMs, longestMs }: Omit<DueAsk, 'urgentFirst'>): At => [
  channel,
  destination,
  atMs,
  atMs + longestMs,
];
