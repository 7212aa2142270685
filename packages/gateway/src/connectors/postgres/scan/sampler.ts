import { err, ok, type Result } from '../../../core/result.ts';
import type { Limits } from '../../../limits.ts';
import type { SampledDataset, Sampler, Sampling, SkippedDataset } from '../../../ports-scan.ts';
import type { CatalogRelation, CatalogWatcher, TargetCatalog } from '../catalog/index.ts';
import { qualifiedName } from '../describe/names.ts';
import { PreviewConnection, type Fault } from '../preview/connection.ts';
import type { UpstreamOptions } from '../wire/upstream.ts';
import { inTransaction, listing, samplesOf, type Listed } from './statements.ts';

export interface PostgresSamplerOptions {
  /** The target, with the gateway's own credential. */
  readonly upstream: UpstreamOptions;
  readonly catalog: Pick<CatalogWatcher, 'current'>;
  readonly limits: Limits;
}

const FOREIGN = 'It is on another server, which is not asked.';
const FUNCTIONS = 'User-defined functions are behind it: reading it might run them.';
const NO_COLUMNS = 'It has no column of a kind that is looked at.';

/** Samples of a PostgreSQL's tables, for detectors. Views are not looked at: their tables are. */
export class PostgresSampler implements Sampler {
  readonly #options: PostgresSamplerOptions;

  constructor(options: PostgresSamplerOptions) {
    this.#options = options;
  }

  async open(signal: AbortSignal): Promise<Result<Sampling, string>> {
    const { catalog, limits, upstream } = this.#options;
    const snapshot = catalog.current();
    if (snapshot === null) return err(explain('unreachable'));
    const opened = await PreviewConnection.open(upstream, { signal, maxBytes: limits.scanAnswerBytes });
    if (!opened.ok) return err(explain(opened.error));
    const connection = opened.value;
    const listed = await connection.run(inTransaction(listing(limits), limits));
    if (!listed.ok) {
      connection.close();
      return err(explain(listed.error));
    }
    const found = listed.value.rows.map(listedOf);
    const datasets = found.slice(0, limits.scanDatasets).map((each) => planOf(each, snapshot, limits));
    return ok({
      datasets,
      complete: found.length <= limits.scanDatasets,
      rows: async (statement) => {
        const answer = await connection.run(inTransaction(statement, limits));
        return answer.ok ? ok(answer.value.rows) : err(explain(answer.error));
      },
      close: () => connection.close(),
    });
  }
}

/** A row of `listing`, which gives text. */
function listedOf([oid, schema, name, kind, tuples, columns, all]: readonly (string | null)[]): Listed {
  return {
    oid: oid ?? '',
    schema: schema ?? '',
    name: name ?? '',
    kind: (kind ?? 'f') as Listed['kind'],
    tuples: Number(tuples),
    columns: JSON.parse(columns ?? '[]') as string[],
    all: Number(all),
  };
}

function planOf(listed: Listed, catalog: TargetCatalog, limits: Limits): SampledDataset | SkippedDataset {
  const dataset = qualifiedName(listed.schema, listed.name);
  const skipped = objectionTo(listed, catalog);
  if (skipped !== undefined) return { dataset, skipped };
  const columns = listed.columns.slice(0, limits.scanColumns);
  return {
    dataset,
    columns,
    left: listed.all - columns.length,
    statements: samplesOf({ ...listed, columns }, limits),
    marks: catalog.marks.get(dataset),
  };
}

/** As of previews: planning opens the indexes and checks of a table and of its partitions. */
function objectionTo({ oid, kind, columns }: Listed, catalog: TargetCatalog): string | undefined {
  if (kind === 'f') return FOREIGN;
  if (columns.length === 0) return NO_COLUMNS;
  const relation = catalog.relationByOid(Number(oid));
  // Made since the catalog was read: what is behind it is not known yet.
  if (relation === undefined) return FUNCTIONS;
  const all = new Set<CatalogRelation>([relation]);
  for (const each of all)
    for (const child of each.children) {
      const found = catalog.relationByOid(child);
      if (found !== undefined) all.add(found);
    }
  if ([...all].some((each) => each.kind === 'foreign')) return FOREIGN;
  return [...all].some((each) => each.writeFunctions.length > 0) ? FUNCTIONS : undefined;
}

const FAULTS: Readonly<Record<Fault, string>> = {
  '42501': 'The gateway’s user may not read it, or row security would keep rows from it.',
  '57014': 'It took too long.',
  '55P03': 'Somebody holds a lock on it.',
  '42P01': 'It is not there any more.',
  timeout: 'The time for the scan was over.',
  unreachable: 'The target can’t be reached.',
  protocol: 'The target’s answer was larger than what is looked at, or not understood.',
};

/** Never the target's own words: they may quote values. */
const explain = (fault: Fault): string => FAULTS[fault] ?? `The target refused it (SQLSTATE ${fault}).`;
