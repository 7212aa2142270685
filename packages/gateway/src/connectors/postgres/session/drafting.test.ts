import { beforeAll, expect, test } from 'vitest';
import { agent, requester, target } from '../../../../test/support/subjects.ts';
import { limits } from '../../../limits.ts';
import { hashing } from '../../../system.ts';
import { writtenCatalog } from '../catalog/offline.ts';
import { prepareParser, SqlDescriber } from '../describe/index.ts';
import { drafterOf, type DraftingPorts } from './drafting.ts';
import type { TargetAccess } from './options.ts';

const customers = { columns: ['id', 'email'], key: ['id'], definition: null };
const snapshot = writtenCatalog({
  relations: new Map([['public.customers', customers]]),
  functions: new Map(),
});
let current: typeof snapshot | null = snapshot;

/** Of a target's access and of the gate nothing else is used. */
const access = {
  target,
  catalog: { searchPath: '"$user", public', current: () => current },
} as unknown as TargetAccess;
const ports = {
  hashing,
  directory: { agent: () => agent, person: () => undefined, people: () => [] },
  describer: new SqlDescriber(limits),
} as unknown as DraftingPorts;
const draft = (command: string) => drafterOf(access, ports).draft(agent, requester, command);

beforeAll(() => prepareParser());

test('a statement is drafted as of a session that was opened just now', () => {
  const drafted = draft('DELETE FROM customers');
  expect(drafted).toMatchObject({
    ok: true,
    value: {
      requester,
      target,
      command: 'DELETE FROM customers',
      parameters: [],
      preconditions: { search_path: '$user, public' },
      description: { operation: 'sql:delete', datasets: [{ dataset: 'public.customers' }], unknown: [] },
      supersedes: null,
    },
  });
});

test.each([
  ['names that the target doesn’t have', 'DELETE FROM customer', 'describe.unresolved'],
  ['two statements', 'SELECT 1; SELECT 2', 'describe.unsupported'],
  ['no statement', '-- nothing', 'describe.unsupported'],
  ['what can’t be parsed', 'DELETE FRM customers', 'describe.unparsable'],
])('%s are refused: an agent’s would go another way', (_, command, code) => {
  expect(draft(command)).toMatchObject({ ok: false, error: { code } });
});

test('nothing is drafted for a target whose catalog isn’t known', () => {
  current = null;
  expect(draft('SELECT 1')).toMatchObject({ ok: false, error: { code: 'target.unavailable' } });
  current = snapshot;
});
