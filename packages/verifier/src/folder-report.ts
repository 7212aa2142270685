import type { TileFindingCode } from './folder-tiles.ts';
import type { ExportQuery } from './manifest.ts';
import type { Silence } from './heartbeats.ts';
import type { RuleCode } from './rules.ts';
import type { PolicyRefusal } from './trust-policy.ts';
import type { LogFindingCode, Unproved } from './verify-log.ts';

/** Closed. */
export type FolderFindingCode =
  | LogFindingCode
  | PolicyRefusal
  | TileFindingCode
  | 'policy.malformed'
  | 'manifest.malformed'
  /** The manifest counts other entries than there are, or is of another log or checkpoint. */
  | 'manifest.mismatch'
  /** The folder names another key than the one that is trusted. */
  | 'key.other'
  /** A bundle that has more or fewer entries than its place says; `index` is the first that is too few or too many. */
  | 'bundle.width'
  /** The entry is not the one that the tree has at its index: edited, inserted, dropped, swapped or moved. */
  | 'entry.not_included';

export interface FolderFinding {
  readonly code: FolderFindingCode;
  /** The entry, or the first one that a file spans; null where it is about the log as a whole. */
  readonly index: number | null;
  readonly detail: string;
}

/** A rule that can't be judged, because what it rests on is before the folder's first entry. */
export interface Undecided {
  readonly code: RuleCode;
  readonly index: number;
}

export interface FolderReport {
  /** Nothing is wrong, and a trusted key says whose log it is. */
  readonly ok: boolean;
  /** Nothing is wrong: whoever holds the folder's own key wrote it, whoever that is. */
  readonly consistent: boolean;
  readonly origin: string | null;
  /** The key that was verified with. */
  readonly key: string | null;
  /** The size of the checkpoint; 0 where it was refused. */
  readonly size: number;
  readonly root: string | null;
  /** The folder holds the entries `from` ≤ index < `until`. */
  readonly from: number;
  readonly until: number;
  /** What was asked for, as the manifest says; null for a log's own folder. */
  readonly query: ExportQuery | null;
  /** Entries that fit the query, counted here. */
  readonly fitting: number;
  readonly kinds: Readonly<Record<string, number>>;
  /** Witnesses of the policy that cosigned, by key name, with their time in Unix seconds. */
  readonly cosigned: readonly { readonly witness: string; readonly timestampSeconds: number }[];
  readonly openIntents: number;
  /** Uses of break-glass that another person has not reviewed. */
  readonly unreviewedBreakGlass: number;
  /** Times without a heartbeat, the first hundred: a gateway was down, or held, and nothing was recorded. */
  readonly silences: readonly Silence[];
  /** The first thousand of each. */
  readonly findings: readonly FolderFinding[];
  readonly findingsOmitted: number;
  readonly undecided: readonly Undecided[];
  readonly undecidedOmitted: number;
  readonly unproved: readonly Unproved[];
}

export const AUTHENTICITY: Unproved = {
  code: 'authenticity',
  detail: 'Whose log it is: no trusted key was given, and anybody can make a log with a key of their own.',
};
export const ROLLBACK: Unproved = {
  code: 'rollback',
  detail:
    'That no newer entries were cut off together with their checkpoint. A newer checkpoint that was kept elsewhere would show it.',
};
export const REPLACEMENT: Unproved = {
  code: 'replacement',
  detail:
    'That whoever holds the log’s key did not write another log in place of this one, or show others another one. A checkpoint that was kept elsewhere, or a witness, would show it.',
};
export const BEFORE: Unproved = {
  code: 'before',
  detail:
    'That no entry before the first one here fits the query, and what those of this folder rest on there. Only the whole log shows that.',
};
