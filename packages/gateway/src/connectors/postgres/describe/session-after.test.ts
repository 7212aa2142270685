import { expect, test } from 'vitest';
import { sessionAfter } from './session-after.ts';
import type { DescribedStatement, SessionContext, TransactionStep } from './types.ts';

const session: SessionContext = {
  searchPath: ['public'],
  temporary: new Set(),
  standardConformingStrings: true,
  catalogStale: false,
  prepared: () => undefined,
  cursor: () => undefined,
};

function statement(transaction: TransactionStep | null): DescribedStatement {
  const effects = {
    transaction,
    chain: false,
    prepares: null,
    deallocates: null,
    declaresCursor: null,
    closesCursor: null,
    settings: [],
    ddl: false,
    createsTemporary: [],
    copy: null,
    sessionState: false,
    limitParameter: null,
  };
  const description = {
    operation: 'sql:transaction',
    title: 'COMMIT',
    datasets: [],
    functions: [],
    reach: 'none',
    rowLimit: null,
    filtered: false,
    unknown: [],
    flags: [],
  } as const;
  return { text: '', description, effects };
}

test.each(['commit', 'rollback', 'rollback-to', 'prepare-transaction'] as const)(
  'after %s in the same text a path that was set for the transaction may be gone, so no name is certain',
  (step) => {
    expect(sessionAfter(session, statement(step)).searchPath).toBeNull();
  },
);

test('other statements leave the path as it is', () => {
  for (const step of ['begin', 'savepoint', 'release', null] as const) {
    expect(sessionAfter(session, statement(step)).searchPath).toEqual(['public']);
  }
});
