import type { Database, Statement } from 'better-sqlite3';
import { figuresOf, type KeptJudgment } from '../../core/attention.ts';
import type { Review } from '../../core/review.ts';
import type { Mutation, Reads, ReviewGroup, StoreRefusal } from '../store.ts';
import type { SealedRow, SealedRows } from './sealed-rows.ts';

type Of<K extends Mutation['kind']> = Extract<Mutation, { readonly kind: K }>;
type JudgmentRow = [
  identity: string,
  atMs: number,
  review: string,
  person: string,
  kind: string,
  openedAtMs: number,
  words: number,
  shownOfReview: string,
  shownToIdentity: string,
];

type JudgmentFound = Omit<KeptJudgment, 'canary'> & { readonly canary: number };

interface GroupRow {
  readonly count: number;
  readonly oldest: ReviewGroup['oldest'];
  readonly newest: string;
}

const GROUPS = `
  SELECT count(*) AS count, min(id) AS oldest, max(id) AS newest
  FROM reviews INDEXED BY reviews_pending_shapes
  WHERE status = 'pending' AND (:agent IS NULL OR agent = :agent)
  GROUP BY agent, shape ORDER BY count DESC, newest DESC LIMIT :limit
`;

/** Who was shown what, who decided how, and what looks alike. Within the flush's transaction and a change's savepoint. */
export class Attention {
  readonly #show: Statement<[string, string, number]>;
  readonly #record: Statement<JudgmentRow>;
  readonly #inTheWay: Statement<[string, number, number], number>;
  readonly #within: Statement<[number, number, number], JudgmentFound>;
  readonly #groups: Statement<[{ readonly agent: string | null; readonly limit: number }], GroupRow>;
  readonly #review: Statement<[string], SealedRow>;
  readonly #rows: SealedRows;

  constructor(database: Database, rows: SealedRows) {
    this.#rows = rows;
    this.#show = database.prepare(
      'INSERT INTO showings (review, identity, at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#record = database.prepare(
      `INSERT OR REPLACE INTO judgments (identity, at_ms, review, person, kind, opened_at_ms, words, shown_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT at_ms FROM showings WHERE review = ? AND identity = ?))`,
    );
    this.#inTheWay = database
      .prepare<[string, number, number], number>(
        `SELECT at_ms FROM judgments WHERE identity = ? AND kind = 'approve' AND at_ms > ? AND canary = 0
         ORDER BY at_ms DESC LIMIT 1 OFFSET ?`,
      )
      .pluck();
    this.#within = database.prepare(
      `SELECT identity, at_ms AS atMs, review, person, kind, opened_at_ms AS openedAtMs, words,
         shown_at_ms AS shownAtMs, canary
       FROM judgments WHERE at_ms >= ? AND at_ms < ? ORDER BY at_ms DESC LIMIT ?`,
    );
    this.#groups = database.prepare(GROUPS);
    this.#review = database.prepare('SELECT review AS open, sealed FROM reviews WHERE id = ?');
  }

  shown({ review, identity, atMs }: Of<'review.shown'>): null {
    this.#show.run(review, identity, atMs);
    return null;
  }

  record({ judgment, budget }: Of<'judgment.record'>): StoreRefusal | null {
    const { identity, atMs, review, person, kind, openedAtMs, words } = judgment;
    if (budget !== null && kind === 'approve') {
      const blocking = this.#inTheWay.get(identity, budget.sinceMs, budget.most - 1);
      if (blocking !== undefined) return { code: 'judgment.over_budget', atMs: blocking };
    }
    this.#record.run(identity, atMs, review, person, kind, openedAtMs, words, review, identity);
    return null;
  }

  figures({ sinceMs, untilMs, pace, most }: Reads['attention']['ask']): Reads['attention']['answer'] {
    const found = this.#within.all(sinceMs, untilMs, most + 1);
    const judgments = found.slice(0, most).map((each) => ({ ...each, canary: each.canary === 1 }));
    return { reviewers: figuresOf(judgments, pace), complete: found.length <= most };
  }

  groups(ask: Reads['reviewGroups']['ask']): ReviewGroup[] {
    return this.#groups.all(ask).flatMap(({ newest, ...group }) => {
      const row = this.#review.get(newest);
      if (row === undefined) return [];
      // The column has a stand-in for it.
      const review = this.#rows.open<Review>(newest, row);
      return [{ ...group, shape: review.shape, newest: review }];
    });
  }
}
