import type { Marks } from './core/describe.ts';
import type { Person } from './core/identity.ts';
import type { Result } from './core/result.ts';

/** What can be sampled of one dataset. */
export interface SampledDataset {
  readonly dataset: string;
  readonly columns: readonly string[];
  /** Columns of kinds that hold nothing to be found, or beyond the bound, that are left out. */
  readonly left: number;
  /** Tried one after the other until one has rows. Names and bounds, no values. */
  readonly statements: readonly string[];
  readonly marks: Marks | undefined;
}

export interface SkippedDataset {
  readonly dataset: string;
  /** Why nothing of it is looked at, in the gateway's own words. */
  readonly skipped: string;
}

/** One look at a target's data, over one connection of the gateway's own. */
export interface Sampling {
  readonly datasets: readonly (SampledDataset | SkippedDataset)[];
  /** False: there are more datasets than are listed. */
  readonly complete: boolean;
  /**
   * Runs one of the statements, in a read-only transaction of its own. The values are for whoever counts what they are,
   * and go no further (law 8). The error says why there are none, in words without values.
   */
  rows(statement: string): Promise<Result<readonly (readonly (string | null)[])[], string>>;
  close(): void;
}

/**
 * Lets the gateway look at samples of a target's data. Runs nothing user-defined, changes nothing, and reads no more than
 * `limits.scan…` say. Ends when `signal` aborts. The error says why it can't, in words.
 */
export interface Sampler {
  open(signal: AbortSignal): Promise<Result<Sampling, string>>;
}

export interface ScannedColumn {
  readonly column: string;
  /** Classes that it has by now. */
  readonly classes: readonly string[];
  /** What was found, in counts. */
  readonly findings: readonly {
    readonly detector: string;
    readonly title: string;
    readonly class: string;
    readonly values: number;
    readonly of: number;
    readonly confidence: number;
  }[];
  /** Classes of findings that it does not have: what a person may accept. */
  readonly proposed: readonly string[];
}

export interface ScannedDataset {
  readonly dataset: string;
  /** Null: it was looked at. */
  readonly skipped: string | null;
  readonly rows: number;
  readonly left: number;
  /** Those in which something was found. */
  readonly columns: readonly ScannedColumn[];
}

export interface ScanReport {
  readonly target: string;
  readonly atMs: number;
  readonly datasets: readonly ScannedDataset[];
  /** False: there was not time, or room, for all of them. */
  readonly complete: boolean;
}

export type ScanRefusal =
  | { readonly code: 'scan.unknown_target' | 'scan.busy' | 'ledger.unavailable' }
  | { readonly code: 'scan.unreachable'; readonly detail: string };

/** Proposes classes for a target's data. Changes nothing: a person accepts what is proposed, in the configuration. */
export interface CatalogScans {
  /** Recorded before each statement is sent, with the statement. One at a time for each target. */
  scan(target: string, by: Person): Promise<Result<ScanReport, ScanRefusal>>;
}
