import type { Node } from 'libpg-query';
import { err, ok, type Result } from '../../../core/result.ts';
import type { DatasetReference, Description } from '../../../core/describe.ts';
import type { ReviewSubject } from '../../../core/review.ts';
import type { CatalogRelation, TargetCatalog } from '../catalog/types.ts';
import type { SessionContext, SqlDescriber } from '../describe/index.ts';
import { treeOf } from './derive.ts';

/** The action that is looked at. */
export type Subject = Pick<
  ReviewSubject,
  'command' | 'parameters' | 'preconditions' | 'operation' | 'datasets' | 'functions' | 'unknown' | 'holding'
>;

/** The action, read again for its preview. */
export interface Understood {
  readonly tree: Node;
  readonly description: Description;
  readonly searchPath: readonly string[];
  readonly relations: readonly CatalogRelation[];
}

const NOTHING: ReadonlySet<string> = new Set();

/** A session that has nothing of its own but this search path. */
export const sessionWith = (searchPath: readonly string[]): SessionContext => ({
  searchPath,
  temporary: NOTHING,
  standardConformingStrings: true,
  prepared: () => undefined,
  cursor: () => undefined,
  catalogStale: false,
});

/**
 * Whether the names of the action mean to another connection what they meant to the session: the same search path, and
 * in it the same datasets, columns and functions. Otherwise a preview would be about something else.
 */
export function understand(
  subject: Subject,
  catalog: TargetCatalog,
  describer: SqlDescriber,
): Result<Understood, string> {
  const searchPath = pathOf(subject);
  if (searchPath === null)
    return err('The session has settings of its own that another connection doesn’t share.');
  const tree = treeOf(subject.command);
  const described = describer.describe(subject.command, catalog, sessionWith(searchPath));
  const [only, more] = described.ok ? described.value : [];
  if (tree === null || only === undefined || more !== undefined || !isSame(only.description, subject))
    return err('It means something else outside of its session, or the schema has changed since.');
  const relations = only.description.datasets.map(({ dataset }) => relationNamed(dataset, catalog));
  if (relations.includes(undefined)) return err('It names what the gateway doesn’t know.');
  const known = relations.filter((relation) => relation !== undefined);
  return ok({ tree, description: only.description, searchPath, relations: known });
}

/** The path is text by now. A schema whose name has a comma comes back as another path, and then nothing is the same. */
function pathOf({ preconditions }: Subject): readonly string[] | null {
  const path = preconditions['search_path'];
  const actsAsAnother = 'role' in preconditions || 'session_authorization' in preconditions;
  if (path === undefined || path === '(uncertain)' || actsAsAnother) return null;
  return path === '' ? [] : path.split(', ');
}

/** Of a dataset: what it is, and what is done with which of its columns. */
type Touched = Pick<DatasetReference, 'dataset' | 'access' | 'columns'>;

const shape = (
  operation: string,
  datasets: readonly Touched[],
  functions: ReviewSubject['functions'],
): string =>
  JSON.stringify([
    operation,
    datasets.map(({ dataset, access, columns }) => [
      dataset,
      access,
      columns.map(({ name, uses }) => [name, uses]),
    ]),
    functions.map(({ name, effect }) => [name, effect]),
  ]);

const isSame = (description: Description, subject: Subject): boolean =>
  shape(description.operation, description.datasets, description.functions) ===
    shape(subject.operation, subject.datasets, subject.functions) &&
  description.unknown.join('\n') === subject.unknown.join('\n');

/** From `schema.name`, each part quoted where it must be. */
function relationNamed(dataset: string, catalog: TargetCatalog): CatalogRelation | undefined {
  const parts = [...dataset.matchAll(/"((?:[^"]|"")+)"|[^".]+/g)].map(([whole, quoted]) =>
    quoted === undefined ? whole : quoted.replaceAll('""', '"'),
  );
  const [schema, name, more] = parts;
  if (schema === undefined || name === undefined || more !== undefined) return undefined;
  return catalog.relation(schema, name);
}

const PLANNED = new Set(['sql:select', 'sql:insert', 'sql:update', 'sql:delete', 'sql:merge']);
const KINDS = new Set(['table', 'partitioned', 'view', 'materialized']);

/**
 * Why the target may not be asked to plan it; undefined: it may. Planning evaluates functions whose label promises no
 * effects, opens the indexes and checks of each table, and asks other servers about foreign tables: so nothing
 * user-defined may be anywhere near.
 */
export function objectionToPlanning(
  { description, relations }: Understood,
  catalog: TargetCatalog,
): string | undefined {
  const { functions, operation, unknown, reach } = description;
  if (!PLANNED.has(operation))
    return 'Only SELECT, INSERT, UPDATE, DELETE and MERGE can be looked at without running them.';
  if (unknown.length > 0) return 'Parts of it could not be resolved, and looking at them might run them.';
  const harmful = functions.filter(({ effect }) => effect !== 'none').map(({ name }) => name);
  if (harmful.length > 0 || reach === 'outside')
    return `It calls what may have effects or read unseen data${harmful.length === 0 ? '' : `: ${harmful.join(', ')}`}.`;
  const near = withRelatives(relations, catalog);
  if (!near.every(isPlain))
    return 'User-defined functions, another server or the server’s own views are behind what it touches.';
  return undefined;
}

const isPlain = ({ kind, writeFunctions, definition }: CatalogRelation): boolean =>
  KINDS.has(kind) && writeFunctions.length === 0 && (kind !== 'view' || definition !== null);

/** Planning a table plans its partitions and what inherits from it. */
function withRelatives(
  relations: readonly CatalogRelation[],
  catalog: TargetCatalog,
): readonly CatalogRelation[] {
  const found = new Set(relations);
  for (const relation of found)
    for (const oid of [...relation.children, ...relation.parents]) {
      const other = catalog.relationByOid(oid);
      if (other !== undefined) found.add(other);
    }
  return [...found];
}
