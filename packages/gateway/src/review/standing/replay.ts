/** Which recorded actions of the last days a grant with these terms would have covered, and which only nearly. */
import type { Demand } from '../../core/decide.ts';
import { InTurn } from '../../core/in-turn.ts';
import { differs, uncovered, type Candidate, type StandingTerms } from '../../core/standing.ts';
import type { Limits } from '../../limits.ts';
import type { Clock, Hashing, Replay, Replayed, Shapes, Store } from '../../ports.ts';
import type { EntryRow } from '../../stores/store.ts';
import { readRecord, type Recorded } from './record.ts';
import { shapeOf } from './shapes.ts';

export interface ReplayPorts {
  readonly clock: Clock;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly shapes: Shapes;
  readonly limits: Pick<Limits, 'replaySpanMs' | 'replayEntries' | 'replayListed'>;
}

/** Entries of one question: what is between two of them is a turn for traffic. */
const STRIDE = 256;

/**
 * Looks at what was held, newest first: the same comparison as when a grant is used, but for what isn't in the record
 * (functions, reach), which the equal text and the equal data bound. Neither uses nor rows are counted down.
 */
export async function replay(
  terms: StandingTerms,
  demands: readonly Demand[],
  ports: ReplayPorts,
): Promise<Replay> {
  const { clock, store, limits } = ports;
  const sinceMs = clock.nowMs() - limits.replaySpanMs;
  const size = await store.read('size', {});
  const lowest = Math.max(0, size - limits.replayEntries);
  const found = new Map<string, Replayed>();
  const look = (row: EntryRow): void => {
    if (row.action === null || found.has(row.action)) return;
    const replayed = replayRow(row, terms, demands, ports);
    if (replayed !== undefined) found.set(row.action, replayed);
  };
  let until = size;
  let isWhole = false;
  while (until > lowest && !isWhole) {
    const from = Math.max(lowest, until - STRIDE);
    const rows = await store.read('entries', { from, limit: until - from });
    isWhole = rows.some((row) => row.atMs < sinceMs);
    for (const row of rows.toReversed()) if (row.atMs >= sinceMs) look(row);
    until = from;
  }
  const all = [...found.values()];
  const covered = all.filter((each) => each.uncovered === null);
  return {
    sinceMs,
    complete: isWhole || lowest === 0,
    examined: size - until,
    coveredCount: covered.length,
    covered: covered.slice(0, limits.replayListed),
    nearMisses: all.filter((each) => each.uncovered !== null).slice(0, limits.replayListed),
  };
}

/** Undefined where the entry is no attempt of this agent on this target that needed people. */
function replayRow(
  row: EntryRow,
  terms: StandingTerms,
  demands: readonly Demand[],
  ports: ReplayPorts,
): Replayed | undefined {
  const recorded = readRecord(row);
  if (recorded === undefined || recorded.agent !== terms.agent || recorded.operation !== terms.operation)
    return undefined;
  if (recorded.target.name !== terms.target.name) return undefined;
  const { action, atMs, operation } = recorded;
  const candidate = candidateOf(recorded, ports);
  const why =
    candidate === null
      ? uncovered('standing.template', 'Its text has been erased, or no grant can be for its like.')
      : differs(terms, demands, candidate);
  return { action, atMs, operation, uncovered: why };
}

function candidateOf(recorded: Recorded, ports: ReplayPorts): Candidate | null {
  const { form, ...known } = recorded;
  if (form === null) return null;
  const shape = shapeOf(ports, { ...form, target: known.target });
  return shape.ok ? { ...known, ...shape.value, preconditions: form.preconditions } : null;
}

/** Replays one after another, and a few that wait: each reads for seconds, and anybody who may read reviews may ask. */
export class Replays {
  readonly #most: number;
  readonly #turns = new InTurn();
  #asked = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Null where as many are asked for already as may wait. */
  async run(replaying: () => Promise<Replay>): Promise<Replay | null> {
    if (this.#asked >= this.#most) return null;
    this.#asked += 1;
    try {
      return await this.#turns.run(replaying);
    } finally {
      this.#asked -= 1;
    }
  }
}
