import type { HourOfUsage, LeafRow, Records } from '../../src/api/deps.ts';
import type { BreakGlassUse } from '../../src/core/break-glass.ts';
import type { ActionId, ReviewId } from '../../src/core/ids.ts';
import type { Review } from '../../src/core/review.ts';
import { policyChange } from './authority-fakes.ts';
import { openedUse } from './break-glass.ts';
import { standingGrant } from './standing.ts';

export interface FakeLedger {
  readonly rows: LeafRow[];
  checkpoint: { readonly size: number; readonly note: string } | null;
  receipts: Map<ActionId, string>;
  vkey: string;
  mirror: { readonly size: number; readonly failure: string | null } | null;
  /** Hashes of tiles, by `level/index`. */
  tiles: Map<string, Uint8Array>;
}

export const emptyLedger = (): FakeLedger => ({
  rows: [],
  checkpoint: null,
  receipts: new Map(),
  vkey: 'vkey',
  mirror: null,
  tiles: new Map([['0/0', new Uint8Array(5 * 32).fill(7)]]),
});

/** What the API reads, over what a test put there. */
export function recordsOf(fake: {
  readonly reviews: ReadonlyMap<ReviewId, Review>;
  readonly usage: readonly HourOfUsage[];
  readonly uses: readonly BreakGlassUse[];
  readonly ledger: FakeLedger;
}): Records {
  const answers: Record<string, (ask: Record<string, unknown>) => unknown> = {
    review: ({ id }) => fake.reviews.get(id as ReviewId) ?? null,
    reviews: ({ status, agent: name, session, target, minRisk, limit, before }) =>
      [...fake.reviews.values()]
        .toSorted((a, b) => (a.id < b.id ? 1 : -1))
        .filter((review) => status === null || review.state.status === status)
        .filter((review) => name === null || review.subject.requester.agent === name)
        .filter((review) => (session ?? null) === null || review.subject.requester.session === session)
        .filter((review) => (target ?? null) === null || review.subject.target.name === target)
        .filter((review) => review.subject.risk.score >= ((minRisk ?? 0) as number))
        .filter((review) => before === null || review.id < (before as string))
        .slice(0, limit as number),
    reviewGroups: ({ limit }) =>
      [...Map.groupBy(fake.reviews.values(), ({ shape }) => shape)]
        .map(([shape, members]) => ({
          shape,
          count: members.length,
          oldest: members[0]?.id,
          newest: members.at(-1),
        }))
        .slice(0, limit as number),
    grant: () => null,
    breakGlass: ({ id }) => (id === openedUse().id ? openedUse() : null),
    breakGlasses: () => fake.uses,
    submission: () => null,
    policyChange: ({ id }) => (id === policyChange.id ? policyChange : null),
    policyChanges: () => [policyChange],
    standing: ({ id }) => (id === standingGrant().id ? standingGrant() : null),
    standings: () => [standingGrant()],
    entries: ({ from, limit }) =>
      fake.ledger.rows.slice(from as number, (from as number) + (limit as number)),
    tile: ({ level, index }) => {
      const hashes = fake.ledger.tiles.get(`${String(level)}/${String(index)}`);
      return hashes === undefined ? null : { hashes };
    },
    checkpoint: () => fake.ledger.checkpoint,
    size: () => fake.ledger.rows.length,
    usage: ({ agent: name }) => fake.usage.filter((row) => name === null || row.shape.agent === name),
  };
  const read = async (kind: string, ask: Record<string, unknown>) => answers[kind]?.(ask);
  return { read } as Records;
}
