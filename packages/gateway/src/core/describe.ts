import type { ColumnUse } from './usage.ts';

/** Classes that the target itself gives a dataset: in comments and security labels. */
export interface Marks {
  /** Of every column, and of the dataset as a whole. */
  readonly classes: readonly string[];
  readonly columns: ReadonlyMap<string, readonly string[]>;
}

/** A dataset as a connector found it, before the catalog of classes is applied. */
export interface DatasetReference {
  readonly dataset: string;
  readonly access: readonly ('read' | 'write')[];
  /** `declared`: whoever asks says so, and nothing was checked. */
  readonly basis: 'parsed' | 'declared' | 'unknown';
  readonly columns: readonly { readonly name: string; readonly uses: readonly ColumnUse[] }[];
  /** What the target says of it besides. Absent: nothing, or the connector can't know. */
  readonly marks?: Marks;
}

export interface FunctionReference {
  readonly name: string;
  /** `none`: computes only; `reads`: may read data that the gateway can't see; `effects`: may change something. */
  readonly effect: 'none' | 'reads' | 'effects';
}

/**
 * How far an action's effect reaches, which decides when its INTENT must be durable (law 7):
 * `none`: a read, before the first byte of its result is released; `transaction`: undone by a rollback, before COMMIT
 * is sent or, outside of a transaction, before the statement is sent; `outside`: before it is sent.
 */
export type Reach = 'none' | 'transaction' | 'outside';

/**
 * What an action does, in the connector's finding. A pure function of the command, its parameters and the target's
 * catalog; immutable and shared between actions of the same shape, so identity (`===`) may key a memo.
 */
export interface Description {
  /** The policy action, `protocol-family:verb`: `sql:select`, `sql:delete`, `sql:ddl`, … */
  readonly operation: string;
  /** The command's own name of what it is, for people: `SELECT`, `CREATE TABLE`, `COPY TO PROGRAM`. */
  readonly title: string;
  readonly datasets: readonly DatasetReference[];
  readonly functions: readonly FunctionReference[];
  readonly reach: Reach;
  /** The most rows that the result or the change can have, where the command itself bounds it; otherwise null. */
  readonly rowLimit: number | null;
  /** True where every row that is read or changed had to pass a condition on a column. */
  readonly filtered: boolean;
  /** What could not be resolved, each in words. Not empty: never decided by silence, a person is asked. */
  readonly unknown: readonly string[];
  /** Facts that policies may name beyond these, e.g. `copyToProgram`. */
  readonly flags: readonly string[];
}

/**
 * The rest of what policies saw, so that the decision can be made again from the leaf alone. What is unknown is in words
 * that may quote the agent's text: only whether there is any is kept (law 8).
 */
export function canonicalDescription({
  filtered,
  flags,
  functions,
  reach,
  rowLimit,
  title,
  unknown,
}: Description) {
  return {
    filtered,
    flags: [...flags],
    functions: functions.map(({ effect, name }) => ({ effect, name })),
    reach,
    rowLimit,
    title,
    unknown: unknown.length > 0,
  };
}
