import type { Database, Statement } from 'better-sqlite3';
import type { Canary } from '../../core/canary.ts';
import type { Mutation, StoreRefusal } from '../store.ts';

type Open = Extract<Mutation, { readonly kind: 'canary.open' }>;

/** Canaries that are open, when they were opened, and when the next one is due. Within a change's savepoint. */
export class Canaries {
  readonly #planned: Statement<[], number>;
  readonly #plan: Statement<[number]>;
  readonly #recent: Statement<[number], number>;
  readonly #insert: Statement<[string, number, string, string]>;
  readonly #open: Statement<[], string>;
  readonly #reviewOf: Statement<[string], string>;
  readonly #close: Statement<[string]>;
  readonly #mark: Statement<[string]>;

  constructor(database: Database) {
    this.#planned = database.prepare<[], number>('SELECT due_at_ms FROM canary_plan').pluck();
    this.#plan = database.prepare('INSERT OR REPLACE INTO canary_plan (only, due_at_ms) VALUES (1, ?)');
    this.#recent = database
      .prepare<[number], number>('SELECT count(*) FROM canaries WHERE opened_at_ms > ?')
      .pluck();
    this.#insert = database.prepare(
      'INSERT INTO canaries (action, opened_at_ms, open, review, canary) VALUES (?, ?, 1, ?, ?)',
    );
    this.#open = database
      .prepare<[], string>('SELECT canary FROM canaries WHERE open = 1 ORDER BY action')
      .pluck();
    this.#reviewOf = database
      .prepare<[string], string>('SELECT review FROM canaries WHERE action = ? AND open = 1')
      .pluck();
    this.#close = database.prepare("UPDATE canaries SET open = 0, canary = '' WHERE action = ?");
    this.#mark = database.prepare('UPDATE judgments SET canary = 1 WHERE review = ?');
  }

  planned(): number | null {
    return this.#planned.get() ?? null;
  }

  opened(sinceMs: number): number {
    return this.#recent.get(sinceMs) ?? 0;
  }

  plan(dueAtMs: number): null {
    this.#plan.run(dueAtMs);
    return null;
  }

  open({ canary, dueAtMs, nextDueAtMs, budget }: Open): StoreRefusal | null {
    if (this.planned() !== dueAtMs) return { code: 'canary.not_due' };
    if (this.opened(budget.sinceMs) >= budget.most) return { code: 'canary.too_many' };
    this.#plan.run(nextDueAtMs);
    this.#insert.run(canary.action, canary.openedAtMs, canary.review, JSON.stringify(canary));
    return null;
  }

  reveal(action: string): StoreRefusal | null {
    const review = this.#reviewOf.get(action);
    if (review === undefined) return { code: 'canary.missing' };
    this.#close.run(action);
    this.#mark.run(review);
    return null;
  }

  list(): Canary[] {
    return this.#open.all().map((canary) => JSON.parse(canary) as Canary);
  }
}
