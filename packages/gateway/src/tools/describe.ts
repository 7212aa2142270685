/** What the gateway would find out about an action, from what somebody wrote down in place of a target. */
import { assess } from '../core/assess.ts';
import type { Description } from '../core/describe.ts';
import type { Agent, Requester, Target } from '../core/identity.ts';
import { err, ok, type Result } from '../core/result.ts';
import { Catalog, type CatalogEntry } from '../classify/catalog.ts';
import { writtenCatalog, type WrittenRelation } from '../connectors/postgres/catalog/offline.ts';
import type { TargetCatalog } from '../connectors/postgres/catalog/types.ts';
import { prepareParser, SqlDescriber, type SessionContext } from '../connectors/postgres/describe/index.ts';
import { limits } from '../limits.ts';
import type { PolicyRequest } from '../ports.ts';
import type { DescribedAction, WrittenTarget } from './case-schema.ts';

const FRESH_SESSION: SessionContext = {
  searchPath: ['$user', 'public'],
  temporary: new Set(),
  standardConformingStrings: true,
  prepared: () => undefined,
  cursor: () => undefined,
  catalogStale: false,
};

const describer = new SqlDescriber(limits);

export function catalogOfSchema({ tables, functions }: WrittenTarget): TargetCatalog {
  const relations = Object.entries(tables).map(([full, written]): [string, WrittenRelation] => {
    if (Array.isArray(written)) return [full, { columns: written, key: [], definition: null }];
    const { columns, key, view } = written;
    return [full, { columns, key, definition: view ?? null }];
  });
  return writtenCatalog({ relations: new Map(relations), functions: new Map(Object.entries(functions)) });
}

/** Each statement of a text, in a fresh session; the error is what the agent would be told. */
export async function describeSql(
  sql: string,
  catalog: TargetCatalog,
): Promise<Result<readonly Description[], string>> {
  await prepareParser();
  const described = describer.describe(sql, catalog, FRESH_SESSION);
  if (!described.ok) return err(described.error.message);
  return ok(described.value.map(({ description }) => description));
}

/** A description without a statement. What isn't said is as harmless as it can be. */
export const describeAction = (action: DescribedAction): Description => ({
  operation: action.operation,
  title: action.title ?? action.operation.replace(/^\w+:/, '').toUpperCase(),
  datasets: Object.entries(action.datasets).map(([dataset, { access, basis, columns }]) => ({
    dataset,
    access,
    basis,
    columns: Object.entries(columns).map(([column, uses]) => ({ name: column, uses })),
  })),
  functions: Object.entries(action.functions).map(([name, effect]) => ({ name, effect })),
  reach: action.reach,
  rowLimit: action.rowLimit,
  filtered: action.filtered,
  unknown: action.unknown ? ['something'] : [],
  flags: action.flags,
});

export const requesterOf = (
  agent: Pick<Agent, 'name' | 'groups' | 'sponsor'>,
  onBehalfOf: string,
): Requester => ({
  agent: agent.name,
  agentGroups: agent.groups,
  sponsor: agent.sponsor,
  onBehalfOf,
  onBehalfOfBasis: onBehalfOf === agent.sponsor ? 'configured' : 'asserted',
  parties: [],
  session: '',
  client: '',
});

/** Stages 3 and 4 as the pipeline does them. */
export function requestOf(
  requester: Requester,
  target: Target,
  description: Description,
  entries: readonly CatalogEntry[],
): PolicyRequest {
  const datasets = new Catalog(entries).classify(target, description);
  return { requester, target, description, datasets, risk: assess(description, datasets, target) };
}
