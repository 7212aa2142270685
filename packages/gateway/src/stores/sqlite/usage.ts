import type { Database, Statement } from 'better-sqlite3';
import type { UsageShape } from '../../core/entry.ts';
import type { OutcomeStatus } from '../../core/execution.ts';
import type { HabitRow, Reads, UsageRow } from '../store.ts';
import { USAGE_FIELDS } from './arena.ts';
import { STATUSES } from './protocol.ts';
import type { TurnMessage } from './protocol.ts';

const HOUR_MS = 3_600_000;

interface Total {
  readonly hourMs: number;
  readonly shape: number;
  readonly status: OutcomeStatus;
  actions: number;
  rows: number;
  bytes: number;
}

interface StoredHabit {
  readonly shape: string;
  readonly hour_of_day: number;
  readonly hours: number;
  readonly actions: number;
  readonly last_hour_ms: number;
}

interface StoredTotal {
  readonly shape: string;
  readonly status: OutcomeStatus;
  readonly hour_ms: number;
  readonly actions: number;
  readonly rows: number;
  readonly bytes: number;
}

/** What was used, one row for each hour, shape and status. */
export class UsageTotals {
  /** The rows of the shapes that the turn at hand brought, in their order. */
  #learnt: readonly number[] = [];
  readonly #totals = new Map<string, Total>();
  readonly #insertShape: Statement<[string, string, string]>;
  readonly #shapeRow: Statement<[string], number>;
  readonly #add: Statement<[number, number, string, number, number, number]>;
  readonly #select: Statement<[number, number, string | null, string | null], StoredTotal>;
  readonly #habits: Statement<[number, number], StoredHabit>;

  constructor(database: Database) {
    this.#insertShape = database.prepare('INSERT OR IGNORE INTO shapes (key, agent, shape) VALUES (?, ?, ?)');
    this.#shapeRow = database.prepare<[string], number>('SELECT id FROM shapes WHERE key = ?').pluck();
    this.#add = database.prepare(
      `INSERT INTO usage (hour_ms, shape, status, actions, rows, bytes) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET
         actions = actions + excluded.actions, rows = rows + excluded.rows, bytes = bytes + excluded.bytes`,
    );
    this.#select = database.prepare(
      `SELECT shapes.shape, status, hour_ms, actions, rows, bytes FROM usage JOIN shapes ON shapes.id = usage.shape
       WHERE hour_ms > ? AND hour_ms < ? AND (? IS NULL OR shapes.agent = ?) ORDER BY hour_ms, shapes.key, status`,
    );
    this.#habits = database.prepare(
      `SELECT shapes.shape, hour_ms / 3600000 % 24 AS hour_of_day, count(*) AS hours, sum(actions) AS actions,
         max(hour_ms) AS last_hour_ms
       FROM usage JOIN shapes ON shapes.id = usage.shape WHERE hour_ms >= ? AND status = 'succeeded'
       GROUP BY shapes.id, hour_of_day ORDER BY last_hour_ms DESC, shapes.key, hour_of_day LIMIT ?`,
    );
  }

  /** Within a transaction: makes rows for the shapes that have none. */
  learn(shapes: TurnMessage['shapes']): readonly number[] {
    this.#learnt = shapes.map((shape) => {
      this.#insertShape.run(shape.key, shape.agent, JSON.stringify(shape));
      return this.#shapeRow.get(shape.key) ?? 0;
    });
    return this.#learnt;
  }

  /** The usages of the entries that are kept, with rows in place of the numbers of the turn's new shapes. */
  resolve(usages: Float64Array, count: number, isKept: (ordinal: number) => boolean): Float64Array {
    const resolved = usages.slice(0, count * USAGE_FIELDS);
    let kept = 0;
    for (let at = 0; at < resolved.length; at += USAGE_FIELDS) {
      if (!isKept(resolved[at] ?? 0)) continue;
      const shape = resolved[at + 1] ?? 0;
      resolved.copyWithin(kept, at, at + USAGE_FIELDS);
      resolved[kept + 1] = shape < 0 ? (this.#learnt[-1 - shape] ?? 0) : shape;
      kept += USAGE_FIELDS;
    }
    return resolved.subarray(0, kept);
  }

  /** Adds resolved usages to the totals in memory. */
  count(usages: Float64Array): void {
    for (let at = 0; at < usages.length; at += USAGE_FIELDS) {
      const [shape = 0, statusNumber = 0] = [usages[at + 1], usages[at + 2]];
      const [atMs = 0, rows = 0, bytes = 0] = [usages[at + 3], usages[at + 4], usages[at + 5]];
      const status = STATUSES[statusNumber];
      if (status === undefined || shape <= 0) throw new RangeError('a usage names no known status or shape');
      const hourMs = Math.floor(atMs / HOUR_MS) * HOUR_MS;
      const key = `${shape} ${statusNumber} ${hourMs}`;
      const total = this.#totals.get(key) ?? { hourMs, shape, status, actions: 0, rows: 0, bytes: 0 };
      total.actions += 1;
      total.rows += rows;
      total.bytes += bytes;
      this.#totals.set(key, total);
    }
  }

  /** Within a transaction: writes what was counted. */
  write(): void {
    for (const { hourMs, shape, status, actions, rows, bytes } of this.#totals.values()) {
      this.#add.run(hourMs, shape, status, actions, rows, bytes);
    }
    this.#totals.clear();
  }

  read({ agent, sinceMs, untilMs }: Reads['usage']['ask']): UsageRow[] {
    return this.#select
      .all(sinceMs - HOUR_MS, untilMs, agent, agent)
      .map(({ hour_ms: hourMs, shape, ...counts }) => ({
        // Written by `learn`, from a shape.
        shape: JSON.parse(shape) as UsageShape,
        hourMs,
        ...counts,
      }));
  }

  habits({ sinceMs, limit }: Reads['habits']['ask']): HabitRow[] {
    return this.#habits.all(sinceMs, limit).map((row) => ({
      // Written by `learn`, from a shape.
      shape: JSON.parse(row.shape) as UsageShape,
      hourOfDay: row.hour_of_day,
      hours: row.hours,
      actions: row.actions,
      lastHourMs: row.last_hour_ms,
    }));
  }
}
