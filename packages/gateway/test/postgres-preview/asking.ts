import { CatalogWatcher } from '../../src/connectors/postgres/catalog/index.ts';
import { prepareParser, SqlDescriber } from '../../src/connectors/postgres/describe/index.ts';
import { PostgresPreviewer } from '../../src/connectors/postgres/preview/previewer.ts';
import { sessionWith } from '../../src/connectors/postgres/preview/understand.ts';
import type { PreviewFinding } from '../../src/core/preview.ts';
import type { ReviewSubject } from '../../src/core/review.ts';
import { limits } from '../../src/limits.ts';
import { clock, random } from '../../src/system.ts';
import type { Database } from '../postgres-describe/database.ts';
import { review } from '../support/subjects.ts';

export interface Asking {
  /** The action as a session of that search path would have it held. */
  subject(command: string, given?: Partial<ReviewSubject>, searchPath?: readonly string[]): ReviewSubject;
  /** The findings by their kind. */
  ask(
    command: string,
    given?: Partial<ReviewSubject>,
    searchPath?: readonly string[],
  ): Promise<Readonly<Record<string, PreviewFinding>>>;
  readonly previewer: PostgresPreviewer;
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** A previewer over a real server, as the connector makes it. */
export async function startAsking(database: Database): Promise<Asking> {
  await prepareParser();
  const describer = new SqlDescriber(limits);
  const { connection } = database;
  const catalog = new CatalogWatcher({ connection, clock, onProblem: () => undefined });
  await catalog.start();
  const parameters = { application_name: 'sallyport-preview' };
  const upstream = { ...connection, parameters, clock, random, timeoutMs: limits.previewMs };
  const previewer = new PostgresPreviewer({ upstream, catalog, describer, limits });
  const subject: Asking['subject'] = (command, given = {}, searchPath = ['$user', 'public']) => {
    const snapshot = catalog.current();
    if (snapshot === null) throw new Error('no catalog');
    const described = describer.describe(command, snapshot, sessionWith(searchPath));
    const description = described.ok ? described.value[0]?.description : undefined;
    if (description === undefined) throw new Error(`not described: ${command}`);
    const { operation, title, functions, rowLimit, unknown } = description;
    const datasets = description.datasets.map((dataset) => ({
      ...dataset,
      columns: dataset.columns.map((column) => ({
        ...column,
        classes: column.name === 'email' ? ['pii'] : [],
      })),
      classes: [],
    }));
    const preconditions = { search_path: searchPath.join(', ') };
    const described_ = { operation, title, functions, rowLimit, unknown, datasets };
    return { ...review().subject, command, preconditions, ...described_, ...given };
  };
  return {
    subject,
    previewer,
    ask: async (command, given, searchPath) => {
      const findings = await previewer.preview(
        subject(command, given, searchPath),
        AbortSignal.timeout(limits.previewMs),
      );
      return Object.fromEntries(findings.map((finding) => [finding.kind, finding]));
    },
    refresh: () => catalog.refresh(),
    close: () => catalog.close(),
  };
}
