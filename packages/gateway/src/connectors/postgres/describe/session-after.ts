import type { DescribedStatement, SessionContext, TransactionStep } from './types.ts';

const pathSettings = new Set(['*', 'search_path', 'role', 'session_authorization']);

/** What may end a SET LOCAL, or take a SET back. */
const pathSteps = new Set<TransactionStep>(['commit', 'rollback', 'rollback-to', 'prepare-transaction']);

/** What the statements after this one of the same text find: all are described before the first runs. */
export function sessionAfter(session: SessionContext, statement: DescribedStatement): SessionContext {
  const { effects } = statement;
  const moved =
    effects.settings.some(({ name }) => pathSettings.has(name)) ||
    (effects.transaction !== null && pathSteps.has(effects.transaction));
  const { prepares, deallocates, declaresCursor, closesCursor } = effects;
  return {
    // Whether the change outlives its transaction isn't told by the text: then no path is certain.
    searchPath: moved ? null : session.searchPath,
    temporary: new Set([...session.temporary, ...effects.createsTemporary]),
    standardConformingStrings: session.standardConformingStrings,
    catalogStale: session.catalogStale || effects.ddl,
    prepared(name) {
      if (prepares?.name === name) return prepares.statement;
      return isGone(deallocates, name) ? undefined : session.prepared(name);
    },
    cursor(name) {
      if (declaresCursor === name) return statement;
      return isGone(closesCursor, name) ? undefined : session.cursor(name);
    },
  };
}

const isGone = (which: { readonly name: string } | 'all' | null, name: string): boolean =>
  which === 'all' || which?.name === name;
