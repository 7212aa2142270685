import { HEAD_BYTES, asideBytesOf, leafBytesOf } from './arena.ts';
import type { Run } from './entries.ts';

/** Entries of one row of the database at most: what a look-up of one of them reads. */
const ROW_ENTRIES = 256;
const ROW_BYTES = 1 << 18;

/** The run in pieces that are each a row of the database. Views, not copies. */
export function* rowsOf(run: Run): Generator<Run> {
  let from = START;
  let at = START;
  for (let ordinal = 0; ordinal < run.count; ordinal++) {
    const next = after(run, at);
    const bytes = next.leaf + next.aside - from.leaf - from.aside;
    if (at.entry > from.entry && (at.entry - from.entry >= ROW_ENTRIES || bytes > ROW_BYTES)) {
      yield between(run, from, at);
      from = at;
    }
    at = next;
  }
  if (at.entry > from.entry) yield between(run, from, at);
}

interface Place {
  readonly entry: number;
  readonly leaf: number;
  readonly aside: number;
}

const START: Place = { entry: 0, leaf: 0, aside: 0 };

function after({ heads }: Run, { entry, leaf, aside }: Place): Place {
  return {
    entry: entry + 1,
    leaf: leaf + 1 + leafBytesOf(heads, entry),
    aside: aside + Math.max(0, asideBytesOf(heads, entry)),
  };
}

function between(run: Run, from: Place, to: Place): Run {
  return {
    heads: run.heads.subarray(from.entry * HEAD_BYTES, to.entry * HEAD_BYTES),
    leaves: run.leaves.subarray(from.leaf, to.leaf),
    asides: run.asides.subarray(from.aside, to.aside),
    count: to.entry - from.entry,
  };
}

export function joined(runs: readonly Run[]): Run {
  return {
    heads: Buffer.concat(runs.map((run) => run.heads)),
    leaves: Buffer.concat(runs.map((run) => run.leaves)),
    asides: Buffer.concat(runs.map((run) => run.asides)),
    count: runs.reduce((sum, run) => sum + run.count, 0),
  };
}

/** The run without the entries of refused changes. */
export function keepOnly(run: Run, isKept: (ordinal: number) => boolean): Run {
  const kept: Run[] = [];
  let at = START;
  for (let ordinal = 0; ordinal < run.count; ordinal++) {
    const next = after(run, at);
    if (isKept(ordinal)) kept.push(between(run, at, next));
    at = next;
  }
  return joined(kept);
}
