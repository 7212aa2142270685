import type { Run } from './entries.ts';

/** Entries of one row of the database at most: what a look-up of one of them reads. */
const ROW_ENTRIES = 256;
const ROW_BYTES = 1 << 18;

/** Runs that are durable in the journal and wait for the database, joined into few large ones. */
export class Pending {
  #runs: Run[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Copies: the memory that the run lies in is used again. */
  add({ heads, leaves, asides, count }: Run): void {
    this.#runs.push({
      heads: Buffer.from(heads),
      leaves: Buffer.from(leaves),
      asides: Buffer.from(asides),
      count,
    });
    this.#count += count;
  }

  /** Everything, in order; then there is nothing. */
  take(): Run[] {
    const joined: Run[] = [];
    let group: Run[] = [];
    let entries = 0;
    let bytes = 0;
    for (const run of this.#runs) {
      const size = run.leaves.length + run.asides.length;
      if (group.length > 0 && (entries + run.count > ROW_ENTRIES || bytes + size > ROW_BYTES)) {
        joined.push(join(group));
        [group, entries, bytes] = [[], 0, 0];
      }
      group.push(run);
      entries += run.count;
      bytes += size;
    }
    if (group.length > 0) joined.push(join(group));
    this.#runs = [];
    this.#count = 0;
    return joined;
  }
}

function join(runs: readonly Run[]): Run {
  return {
    heads: Buffer.concat(runs.map((run) => run.heads)),
    leaves: Buffer.concat(runs.map((run) => run.leaves)),
    asides: Buffer.concat(runs.map((run) => run.asides)),
    count: runs.reduce((sum, run) => sum + run.count, 0),
  };
}
