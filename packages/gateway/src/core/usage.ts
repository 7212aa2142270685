/** How a statement uses a column. */
export type ColumnUse = 'read' | 'filtered' | 'written';

/** One column of one dataset. */
export interface ColumnUsage {
  readonly name: string;
  readonly uses: readonly ColumnUse[];
  /** Sorted classes of the catalog; empty: unclassified. */
  readonly classes: readonly string[];
}

/**
 * One dataset (a table, a view's underlying table, a bucket) that an action touches, by its full name.
 * `basis` says how it was established: `parsed` from the command and resolved in the target's own catalog, `declared`
 * by the agent that performs it, where no proxy sees it, `unknown` where the gateway could not tell: then `columns` may be incomplete.
 */
export interface DatasetUsage {
  readonly dataset: string;
  readonly access: readonly ('read' | 'write')[];
  readonly basis: 'parsed' | 'declared' | 'unknown';
  readonly columns: readonly ColumnUsage[];
  readonly classes: readonly string[];
  /** Sorted people and groups that the catalog says own the data. Absent: it names none. */
  readonly owners?: readonly string[];
  /** Sorted frameworks and rules that oblige somebody to protect it (`GDPR`). Absent: the catalog names none. */
  readonly compliance?: readonly string[];
}
