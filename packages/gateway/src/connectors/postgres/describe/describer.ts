import type { PrepareStmt, RawStmt } from 'libpg-query';
import { err, ok, type Result } from '../../../core/result.ts';
import type { TargetCatalog } from '../catalog/types.ts';
import { checkText, checkTree } from './guard.ts';
import { parse } from './parser.ts';
import { Resolver } from './resolver.ts';
import type { ViewMemo } from './scope.ts';
import { sessionAfter } from './session-after.ts';
import { describeStatement, type StatementContext } from './statement.ts';
import { DescriptionCache } from './cache.ts';
import type { DescribedStatement, DescribeError, DescriberLimits, SessionContext } from './types.ts';

/** What was worked out from one snapshot of a catalog; goes when the snapshot goes. */
interface Knowledge {
  readonly views: ViewMemo;
  readonly cache: DescriptionCache;
}

/**
 * SQL text → what it does. One describer serves all sessions of all targets; what it remembers belongs to a snapshot of
 * a catalog. The grammar is loaded before by `prepareParser`.
 */
export class SqlDescriber {
  private readonly limits: DescriberLimits;
  private readonly trees = new WeakMap<DescribedStatement, PrepareStmt>();
  private readonly knowledge = new WeakMap<TargetCatalog, Knowledge>();

  constructor(limits: DescriberLimits) {
    this.limits = limits;
  }

  /**
   * Every statement of the text, in order; none for a text without any. Nothing of a refused text is described. The
   * same shape of statement gives the same description object while the catalog and the search path stay.
   */
  describe(
    sql: string,
    catalog: TargetCatalog,
    session: SessionContext,
  ): Result<readonly DescribedStatement[], DescribeError> {
    const knowledge = this.knowledgeOf(catalog);
    const shelf = knowledge.cache.shelf(session);
    const known = shelf?.find(sql);
    if (known) return ok(known);
    const parsed = this.parse(sql, session);
    if (!parsed.ok) return parsed;
    const slices = sliceStatements(sql, parsed.value);
    let state = session;
    let dependent = false;
    const statements = parsed.value.flatMap((raw, i) => {
      if (!raw.stmt) return [];
      const text = slices[i] ?? sql;
      const context = this.context(catalog, state, knowledge.views);
      const { description, effects, sessionDependent } = describeStatement(raw.stmt, text, context);
      dependent ||= sessionDependent;
      const statement = { text, description, effects };
      state = sessionAfter(state, statement);
      return [statement];
    });
    if (!dependent) shelf?.store(sql, statements, parsed.value);
    return ok(statements);
  }

  private parse(sql: string, session: SessionContext): Result<readonly RawStmt[], DescribeError> {
    const text = checkText(sql, session.standardConformingStrings, this.limits);
    if (!text.ok) return text;
    const parsed = sql.trim() === '' ? ok([]) : parse(sql);
    if (!parsed.ok) return parsed;
    if (parsed.value.length > this.limits.statementsPerText) {
      return err({
        code: 'limit.exceeded',
        message: `The text holds more than ${this.limits.statementsPerText} statements.`,
        hint: 'Send them in several texts.',
      });
    }
    const tree = checkTree(parsed.value, this.limits.parseDepth);
    return tree.ok ? parsed : tree;
  }

  private context(catalog: TargetCatalog, session: SessionContext, views: ViewMemo): StatementContext {
    return {
      resolver: new Resolver(catalog, session),
      session,
      views,
      trees: this.trees,
      describeText: (text) => {
        const found = this.describe(text, catalog, {
          ...session,
          prepared: () => undefined,
          cursor: () => undefined,
        });
        return found.ok && found.value.length === 1 ? (found.value[0] ?? null) : null;
      },
    };
  }

  private knowledgeOf(catalog: TargetCatalog): Knowledge {
    let found = this.knowledge.get(catalog);
    if (!found) this.knowledge.set(catalog, (found = { views: new Map(), cache: new DescriptionCache() }));
    return found;
  }
}

/** Cuts a text after each statement's own end, so that the slices joined are the text. Positions are bytes. */
function sliceStatements(sql: string, statements: readonly RawStmt[]): string[] {
  if (statements.length <= 1) return [sql];
  const bytes = Buffer.from(sql);
  const ends = statements.map((raw, i) => {
    const length = raw.stmt_len ?? 0;
    // The end is at the semicolon, which goes with the statement before it.
    return i === statements.length - 1 || length === 0 ? bytes.length : (raw.stmt_location ?? 0) + length + 1;
  });
  return ends.map((end, i) => bytes.toString('utf8', i === 0 ? 0 : ends[i - 1], end));
}
