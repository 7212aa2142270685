import type { Description } from '../../../core/describe.ts';

/** A change of a setting that a statement makes. */
export interface SettingChange {
  /** In lower case; `*`: any setting may have changed. */
  readonly name: string;
  /** Null: back to its default, or not known from the text. For `search_path` see `parseSearchPath`. */
  readonly value: string | null;
  /** Ends with the transaction. */
  readonly local: boolean;
}

export type TransactionStep =
  | 'begin'
  | 'commit'
  | 'rollback'
  | 'savepoint'
  | 'rollback-to'
  | 'release'
  | 'prepare-transaction'
  | 'commit-prepared'
  | 'rollback-prepared';

/** What a session has to know of a statement besides its description: what is true of the session after it succeeded. */
export interface StatementEffects {
  readonly transaction: TransactionStep | null;
  /** COMMIT or ROLLBACK AND CHAIN: a transaction is open afterwards. */
  readonly chain: boolean;
  /** SQL PREPARE. */
  readonly prepares: { readonly name: string; readonly statement: DescribedStatement } | null;
  readonly deallocates: { readonly name: string } | 'all' | null;
  /** DECLARE CURSOR: `cursor(name)` of the session's context answers with this statement afterwards. */
  readonly declaresCursor: string | null;
  readonly closesCursor: { readonly name: string } | 'all' | null;
  readonly settings: readonly SettingChange[];
  /** The target's catalog may have changed. */
  readonly ddl: boolean;
  /** Names of temporary relations and types that it creates. */
  readonly createsTemporary: readonly string[];
  /** The direction in which data passes the client connection (COPY FROM STDIN, COPY TO STDOUT). */
  readonly copy: 'in' | 'out' | null;
  /** It leaves something in the session: settings, prepared statements, LISTEN, temporary objects, session locks. */
  readonly sessionState: boolean;
  /** The number of the parameter that limits the rows (`LIMIT $n`): see `boundRowLimit`. */
  readonly limitParameter: number | null;
}

export interface DescribedStatement {
  /** Its own slice. The slices of all statements of a text, joined, are that text. */
  readonly text: string;
  readonly description: Description;
  readonly effects: StatementEffects;
}

/** What of a session changes the meaning of a statement. Pass the same array for an unchanged search path. */
export interface SessionContext {
  /**
   * Null: uncertain, and an unqualified name means every relation of that name. `$user` stands for the user that the
   * catalog was loaded as: after SET ROLE or SET SESSION AUTHORIZATION the path is uncertain.
   */
  readonly searchPath: readonly string[] | null;
  /** Names of temporary relations and types that the session created. */
  readonly temporary: ReadonlySet<string>;
  /** False: texts with a backslash are refused, because the grammar in use would read them otherwise. */
  readonly standardConformingStrings: boolean;
  prepared(name: string): DescribedStatement | undefined;
  cursor(name: string): DescribedStatement | undefined;
  /** DDL ran in the open transaction: the snapshot no longer tells what names mean, and everything is unknown. */
  readonly catalogStale: boolean;
}

export interface DescribeError {
  readonly code: 'describe.unparsable' | 'describe.unsupported' | 'limit.exceeded';
  readonly message: string;
  readonly hint: string;
}

export interface DescriberLimits {
  readonly statementBytes: number;
  readonly statementsPerText: number;
  readonly parseDepth: number;
}
