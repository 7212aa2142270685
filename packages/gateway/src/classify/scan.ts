import type { DatasetReference, Description } from '../core/describe.ts';
import { noticeEntry } from '../core/entry.ts';
import type { Person, Target } from '../core/identity.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Limits } from '../limits.ts';
import type { Classifier, Clock, Hashing, Random, Store } from '../ports.ts';
import type {
  CatalogScans,
  SampledDataset,
  Sampler,
  Sampling,
  ScannedColumn,
  ScannedDataset,
  ScanRefusal,
  ScanReport,
} from '../ports-scan.ts';
import { ColumnProfile } from './detect/profile.ts';

export interface ScannerPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Pick<Store, 'append'>;
  readonly classifier: Classifier;
  readonly limits: Limits;
  readonly targets: readonly Target[];
  /** By target; data of others can't be looked at. */
  readonly samplers: ReadonlyMap<string, Sampler>;
}

interface Scan {
  readonly id: string;
  readonly target: Target;
  readonly by: Person;
  readonly sampling: Sampling;
}

/** The ledger failed: nothing more is sent. */
class Unrecorded extends Error {}

/** Looks at samples of a target's data and counts what they are. Values live for as long as one statement's rows do. */
export class CatalogScanner implements CatalogScans {
  readonly #ports: ScannerPorts;
  readonly #underWay = new Set<string>();

  constructor(ports: ScannerPorts) {
    this.#ports = ports;
  }

  async scan(name: string, by: Person): Promise<Result<ScanReport, ScanRefusal>> {
    const target = this.#ports.targets.find((each) => each.name === name);
    const sampler = this.#ports.samplers.get(name);
    if (target === undefined || sampler === undefined) return err({ code: 'scan.unknown_target' });
    if (this.#underWay.has(name)) return err({ code: 'scan.busy' });
    this.#underWay.add(name);
    const stop = new AbortController();
    const cancel = this.#ports.clock.after(this.#ports.limits.scanMs, () => stop.abort());
    try {
      return await this.#look(target, sampler, by, stop.signal);
    } catch (error) {
      if (error instanceof Unrecorded) return err({ code: 'ledger.unavailable' });
      throw error;
    } finally {
      cancel();
      this.#underWay.delete(name);
    }
  }

  async #look(
    target: Target,
    sampler: Sampler,
    by: Person,
    signal: AbortSignal,
  ): Promise<Result<ScanReport, ScanRefusal>> {
    const { hashing, random, clock } = this.#ports;
    const id = hashing.base64url(random.bytes(ID_BYTES));
    const atMs = clock.nowMs();
    const named = { by: by.name, scan: id, target: target.name };
    await this.#record('catalog.scan_started', named);
    const opened = await sampler.open(signal);
    if (!opened.ok) return err({ code: 'scan.unreachable', detail: opened.error });
    const sampling = opened.value;
    try {
      const datasets = await this.#datasets({ id, target, by, sampling }, signal);
      const count = datasets.filter(({ skipped }) => skipped === null).length.toString();
      await this.#record('catalog.scanned', { ...named, datasets: count });
      return ok({ target: target.name, atMs, datasets, complete: sampling.complete && !signal.aborted });
    } finally {
      sampling.close();
    }
  }

  async #datasets(scan: Scan, signal: AbortSignal): Promise<readonly ScannedDataset[]> {
    const scanned: ScannedDataset[] = [];
    for (const planned of scan.sampling.datasets) {
      if ('skipped' in planned) scanned.push(skippedOf(planned.dataset, planned.skipped));
      else if (signal.aborted) scanned.push(skippedOf(planned.dataset, OVER));
      else scanned.push(await this.#dataset(scan, planned));
    }
    return scanned;
  }

  async #dataset(scan: Scan, planned: SampledDataset): Promise<ScannedDataset> {
    for (const [at, statement] of planned.statements.entries()) {
      // The statement holds names alone, so that it can stand in the leaf itself (law 7, law 8).
      const { dataset } = planned;
      await this.#record('catalog.sampled', {
        by: scan.by.name,
        dataset,
        scan: scan.id,
        statement,
        target: scan.target.name,
      });
      const rows = await scan.sampling.rows(statement);
      if (!rows.ok) return skippedOf(dataset, rows.error);
      if (rows.value.length === 0 && at < planned.statements.length - 1) continue;
      return this.#count(scan.target, planned, rows.value);
    }
    return skippedOf(planned.dataset, OVER);
  }

  #count(
    target: Target,
    planned: SampledDataset,
    rows: readonly (readonly (string | null)[])[],
  ): ScannedDataset {
    const { dataset, columns, left } = planned;
    const profiles = columns.map(() => new ColumnProfile());
    for (const row of rows)
      for (const [at, value] of row.entries()) if (value !== null) profiles[at]?.add(value);
    const known = this.#classesOf(target, planned);
    const found = columns.map((column, at): ScannedColumn => {
      const findings = profiles[at]?.findings() ?? [];
      const classes = known[at] ?? [];
      const proposed = [...new Set(findings.map((finding) => finding.class))].filter(
        (name) => !classes.includes(name),
      );
      return { column, classes, findings, proposed: proposed.sort() };
    });
    return {
      dataset,
      skipped: null,
      rows: rows.length,
      left,
      columns: found.filter(({ findings }) => findings.length > 0),
    };
  }

  /** What the catalog says of each column by now, as if a statement read it. */
  #classesOf(target: Target, { dataset, columns, marks }: SampledDataset): readonly (readonly string[])[] {
    const reference: DatasetReference = {
      dataset,
      access: ['read'],
      basis: 'parsed',
      columns: columns.map((name) => ({ name, uses: ['read'] })),
      ...(marks === undefined ? {} : { marks }),
    };
    const description: Description = { ...NOTHING, datasets: [reference] };
    const [usage] = this.#ports.classifier.classify(target, description);
    return usage?.columns.map(({ classes }) => classes) ?? [];
  }

  async #record(code: string, details: Readonly<Record<string, string>>): Promise<void> {
    const entry = noticeEntry(code, details, this.#ports.clock.nowMs());
    try {
      await this.#ports.store.append(entry).done;
    } catch {
      throw new Unrecorded();
    }
  }
}

const ID_BYTES = 12;
const OVER = 'The time for the scan was over.';

const skippedOf = (dataset: string, skipped: string): ScannedDataset => ({
  dataset,
  skipped,
  rows: 0,
  left: 0,
  columns: [],
});

const NOTHING: Description = {
  operation: 'sql:select',
  title: 'SELECT',
  datasets: [],
  functions: [],
  reach: 'none',
  rowLimit: null,
  filtered: false,
  unknown: [],
  flags: [],
};
