import type { Preconditions } from '../../../core/action.ts';
import {
  parseSearchPath,
  type DescribedStatement,
  type SessionContext,
  type SettingChange,
  type StatementEffects,
} from '../describe/index.ts';
import type { Part } from './responses.ts';

/** A statement prepared over the protocol. */
export interface Prepared {
  readonly query: string;
  /** Null: an empty query. */
  readonly statement: DescribedStatement | null;
  /** OIDs from Parse; 0 where the client left the type open. */
  readonly parameterTypes: readonly number[];
}

/** A statement bound to values. */
export interface Portal {
  readonly prepared: Prepared;
  /** The session's when it was decided on; commands find what they name only when they run. */
  version: number;
  /** Null: an empty query, which runs nothing. */
  part: Part | null;
  /** Asks again for a portal that is executed once more after it was done. */
  readonly authorizeAgain: () => Promise<Part | null>;
}

const NOTHING: ReadonlySet<string> = new Set();

/** Settings that change what the same bytes do, besides `search_path`. */
const MEANINGFUL = new Set(['role', 'session_authorization']);

/** Settings whose last report counts only until a statement changes them; the target reports at ReadyForQuery. */
const REPORTED = new Set(['*', 'search_path', 'standard_conforming_strings']);

const changesNames = ({ name }: SettingChange): boolean =>
  REPORTED.has(name) || MEANINGFUL.has(name) || name.startsWith('sallyport.');

/** Ends what was set for a transaction, or since a savepoint. */
const takesBack = ({ transaction }: StatementEffects): boolean =>
  transaction === 'commit' ||
  transaction === 'rollback' ||
  transaction === 'rollback-to' ||
  transaction === 'prepare-transaction';

/** Whether the statement, once it has run, may change what the next one means. */
export function changesMeaning({ effects }: DescribedStatement): boolean {
  const { prepares, deallocates, declaresCursor, closesCursor } = effects;
  const named = prepares ?? deallocates ?? declaresCursor ?? closesCursor;
  if (named !== null || effects.ddl || effects.createsTemporary.length > 0) return true;
  return takesBack(effects) || effects.settings.some(changesNames);
}

/** What of a connection changes the meaning of its next statement. */
export class SessionState implements SessionContext {
  searchPath: readonly string[] | null;
  temporary: ReadonlySet<string> = NOTHING;
  standardConformingStrings = true;
  /** DDL ran in the open transaction. */
  catalogStale = false;
  /** The connection left nothing in its session of the target that a new one wouldn't have. */
  pristine = true;
  statedTask = '';
  /** The review that the next held statement is asked instead of; empty: of none. */
  supersedes = '';
  readonly #roles = new Map<string, string>();
  readonly #prepared = new Map<string, Prepared>();
  readonly #sqlPrepared = new Map<string, DescribedStatement>();
  readonly #cursors = new Map<string, DescribedStatement>();
  readonly portals = new Map<string, Portal>();
  /** Prepared by messages that the target has not answered yet. */
  readonly parsing = new Map<string, Prepared>();
  /** Grows with every statement that may have changed what others mean. */
  version = 0;
  #reportedPath: readonly string[] | null;
  #reportedStrings = true;
  #reportsPath = false;
  /** Settings were changed in this session, so that the end of a transaction may take something back. */
  #isMoved = false;
  #preconditions: Preconditions | undefined;

  constructor(searchPath: readonly string[] | null) {
    this.searchPath = searchPath;
    this.#reportedPath = searchPath;
  }

  get preconditions(): Preconditions {
    return (this.#preconditions ??= {
      search_path: this.searchPath === null ? '(uncertain)' : this.searchPath.join(', '),
      ...Object.fromEntries(this.#roles),
    });
  }

  /** Names mean to any new connection with the same search path what they mean here, prepared ones aside. */
  get hasCommonNames(): boolean {
    const { catalogStale, standardConformingStrings, temporary } = this;
    return this.#roles.size === 0 && temporary.size === 0 && standardConformingStrings && !catalogStale;
  }

  prepared(name: string): DescribedStatement | undefined {
    const parsing = this.parsing.get(name);
    if (parsing !== undefined) return parsing.statement ?? undefined;
    return this.#sqlPrepared.get(name) ?? this.#prepared.get(name)?.statement ?? undefined;
  }

  cursor(name: string): DescribedStatement | undefined {
    return this.#cursors.get(name);
  }

  preparedMessage(name: string): Prepared | undefined {
    const parsing = this.parsing.get(name);
    if (parsing !== undefined) return parsing;
    const statement = this.#sqlPrepared.get(name);
    if (statement !== undefined) return { query: statement.text, statement, parameterTypes: [] };
    return this.#prepared.get(name);
  }

  prepare(name: string, prepared: Prepared): void {
    this.#prepared.set(name, prepared);
    this.#sqlPrepared.delete(name);
    if (name !== '') this.pristine = false;
  }

  forget(name: string): void {
    this.#prepared.delete(name);
    this.#sqlPrepared.delete(name);
  }

  /** A portal can be read by FETCH as well. */
  openPortal(name: string, portal: Portal): void {
    this.portals.set(name, portal);
    if (name !== '' && portal.prepared.statement !== null) this.#cursors.set(name, portal.prepared.statement);
  }

  /** What is true after the statement succeeded. */
  apply(statement: DescribedStatement): void {
    const { effects } = statement;
    if (changesMeaning(statement)) this.version++;
    for (const change of effects.settings) this.#applySetting(change);
    if (takesBack(effects) && this.#isMoved) this.#doubtReports();
    if (effects.prepares !== null) this.#sqlPrepared.set(effects.prepares.name, effects.prepares.statement);
    this.#deallocate(effects.deallocates);
    if (effects.declaresCursor !== null) this.#cursors.set(effects.declaresCursor, statement);
    if (effects.closesCursor === 'all') this.#cursors.clear();
    else if (effects.closesCursor !== null) this.#cursors.delete(effects.closesCursor.name);
    if (effects.createsTemporary.length > 0)
      this.temporary = new Set([...this.temporary, ...effects.createsTemporary]);
    if (effects.ddl) this.catalogStale = true;
    if (effects.sessionState) this.pristine = false;
  }

  #deallocate(which: StatementEffects['deallocates']): void {
    if (which === null) return;
    if (which !== 'all') return this.forget(which.name);
    this.#prepared.clear();
    this.#sqlPrepared.clear();
  }

  #applySetting(change: SettingChange): void {
    const { name, value } = change;
    if (name === 'sallyport.task') this.statedTask = value ?? '';
    if (name === 'sallyport.supersedes') this.supersedes = value ?? '';
    if (!REPORTED.has(name) && !MEANINGFUL.has(name)) return;
    if (MEANINGFUL.has(name)) this.#roles.set(name, value ?? '(default)');
    // Without reports (servers before 18) a path that was changed stays uncertain.
    if (!this.#reportsPath || MEANINGFUL.has(name)) this.#reportedPath = null;
    this.#doubtReports();
  }

  /** Uncertain until the target is ready: then its last report holds, since it reports every change by then. */
  #doubtReports(): void {
    this.#isMoved = true;
    this.#setPath(null);
    this.standardConformingStrings = false;
  }

  #setPath(path: readonly string[] | null): void {
    if (this.searchPath === path) return;
    this.searchPath = path;
    this.#preconditions = undefined;
  }

  /** The target is ready for queries: everything that changed has been reported. */
  settle(): void {
    this.#setPath(this.#reportedPath);
    this.standardConformingStrings = this.#reportedStrings;
  }

  /** The target's own report (GUC_REPORT), which is true whatever led to it. */
  reportSearchPath(value: string): void {
    this.#isMoved ||= this.#reportsPath;
    this.#reportsPath = true;
    this.#reportedPath = this.#roles.size > 0 ? null : parseSearchPath(value);
    this.searchPath = this.#reportedPath;
    this.#preconditions = undefined;
  }

  reportStrings(isStandard: boolean): void {
    this.#isMoved ||= !isStandard;
    this.#reportedStrings = isStandard;
    this.standardConformingStrings = isStandard;
  }
}

/** The path that a fresh connection has. Null, uncertain, where the target hasn't told its own. */
export function pathOf(ofTarget: string | null, ofClient: string | undefined): readonly string[] | null {
  const text = ofClient ?? ofTarget;
  return text === null ? null : parseSearchPath(text);
}
