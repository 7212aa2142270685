import type { Place } from './session-match.ts';

/** A statement in the target's log; of a long one the beginning. */
export interface Shown extends Place {
  readonly characters: number;
}

/** Why a statement is held to have reached the target without the gateway. */
export type DirectReason =
  /** Its connection names no session of the gateway. */
  | 'no_session'
  /** It names one that the ledger doesn't know. */
  | 'unknown_session'
  /** The session is the gateway's, and the ledger has no action for this statement. */
  | 'no_action'
  /** It goes by the name of the gateway's own connections, from another host than the gateway's sessions. */
  | 'other_host';

interface NamedAction {
  readonly index: number;
  readonly action: string;
  readonly session: string;
  readonly atMs: number;
}

/** The gateway says that it was executed, and the target's log doesn't have it. */
export interface Missing extends NamedAction {
  readonly status: string | null;
}

/** Both have it, and say different things of it. */
export interface Differing extends NamedAction {
  readonly what: 'text' | 'parameters' | 'outcome';
  /** What stands in its place; null for an outcome. */
  readonly logged: Shown | null;
  /** The error that the target logged; null for a text. */
  readonly sqlState: string | null;
}

/** Records of a connection that the log doesn't have: lines `from` to before `until` of that session. */
export interface Gap {
  readonly session: string;
  readonly from: number;
  readonly until: number;
  readonly file: string;
  readonly line: number;
}

export interface ReconcileReport {
  readonly ok: boolean;
  readonly records: number;
  readonly statements: number;
  /** Of the log, Unix milliseconds; null: it has no record. */
  readonly from: number | null;
  readonly until: number | null;
  /** Actions of the target in the ledger, of all times. */
  readonly actions: number;
  readonly matched: number;
  /** Of these nobody has the text any more, or it was not looked up: there are as many statements as actions. */
  readonly matchedByCount: number;
  /** Of those that were matched: with bound values that the log has too. */
  readonly valuesCompared: number;
  /** With bound values that the log doesn't have, or prints in a way that isn't read here: they were not compared. */
  readonly valuesUnclear: number;
  /** Authorized, and by their outcome never sent. */
  readonly notSent: number;
  /** Outside of the log's time, within seconds of its ends, or of unknown outcome. */
  readonly undecided: number;
  /** Statements of connections that go by the names of the gateway's own; the ledger doesn't prove them. */
  readonly own: { readonly catalog: number; readonly preview: number };
  readonly direct: readonly (Shown & { readonly reason: DirectReason })[];
  readonly missing: readonly Missing[];
  readonly differing: readonly Differing[];
  readonly gaps: readonly Gap[];
  /** Findings that are not listed. */
  readonly omitted: number;
}
