import type { DatasetReference, Description, FunctionReference, Marks } from '../../../core/describe.ts';
import type { ColumnUse } from '../../../core/usage.ts';
import type { CatalogRelation, TargetCatalog } from '../catalog/types.ts';
import type { FunctionEffect } from './functions.ts';
import type { SettingChange } from './types.ts';

/** A column of a dataset, as one string, so that sets of them need no identity: `dataset NUL column`. */
export type Source = string;
export type Sources = ReadonlySet<Source>;
export const noSources: Sources = new Set();
export const sourceOf = (dataset: string, column: string): Source => `${dataset}\0${column}`;

export function union(...sets: readonly Sources[]): Sources {
  const filled = sets.filter((set) => set.size > 0);
  if (filled.length <= 1) return filled[0] ?? noSources;
  const all = new Set<Source>();
  for (const set of filled) for (const source of set) all.add(source);
  return all;
}

export interface DatasetFacts {
  readonly access: Set<'read' | 'write'>;
  basis: DatasetReference['basis'];
  readonly columns: Map<string, Set<ColumnUse>>;
}

const effectRank = { none: 0, reads: 1, effects: 2 } as const;
const useOrder: readonly ColumnUse[] = ['read', 'filtered', 'written'];

/** What is found out about one statement while its tree is walked; only ever grows. */
export class Facts {
  readonly datasets = new Map<string, DatasetFacts>();
  readonly functions = new Map<string, FunctionEffect>();
  readonly unknown = new Set<string>();
  readonly flags = new Set<string>();
  /** Relations touched, for what hides behind them. */
  readonly relations = new Set<CatalogRelation>();
  readonly settings: SettingChange[] = [];
  readonly createsTemporary = new Set<string>();
  outside = false;
  /** At least as far as a transaction. */
  changes = false;
  sessionState = false;
  /** Data-modifying operations met anywhere inside, each time. */
  readonly operations: string[] = [];
  /** How many input rows one row of the result may hold, through array_agg and its like; null: any number. */
  collects: number | null = 1;
  /** What expressions of target lists and functions in FROM are given: if nothing shows it, errors or the number of rows may. */
  readonly computed = new Set<Source>();
  /** The description depends on prepared statements or cursors of the session, not on text and catalog alone. */
  sessionDependent = false;

  dataset(name: string, access: 'read' | 'write', basis: DatasetReference['basis'] = 'parsed'): DatasetFacts {
    let found = this.datasets.get(name);
    if (!found) {
      found = { access: new Set(), basis, columns: new Map() };
      this.datasets.set(name, found);
    }
    if (basis === 'unknown') found.basis = 'unknown';
    found.access.add(access);
    return found;
  }

  /** Marks columns; a dataset that isn't known yet is thereby read, or written. */
  mark(sources: Iterable<Source>, use: ColumnUse): void {
    for (const source of sources) {
      const end = source.indexOf('\0');
      const name = source.slice(0, end);
      const dataset = this.datasets.get(name) ?? this.dataset(name, use === 'written' ? 'write' : 'read');
      if (use === 'read') dataset.access.add('read');
      if (use === 'written') dataset.access.add('write');
      const column = source.slice(end + 1);
      const uses = dataset.columns.get(column);
      if (uses) uses.add(use);
      else dataset.columns.set(column, new Set([use]));
    }
  }

  calls(name: string, effect: FunctionEffect): void {
    const known = this.functions.get(name);
    if (known === undefined || effectRank[effect] > effectRank[known]) this.functions.set(name, effect);
    if (effect === 'effects') this.outside = true;
  }

  sets(setting: SettingChange): void {
    const last = this.settings.at(-1);
    if (last?.name !== '*' || setting.name !== '*') this.settings.push(setting);
  }

  collect(bound: number | null): void {
    this.collects = this.collects === null || bound === null ? null : this.collects * Math.max(1, bound);
  }

  /**
   * Any number of rows in one value. Such a value is read wherever it stands: the message of an error shows it whole, from
   * a condition (`string_agg(…)::int = 1`), from EXISTS, and from a common table of which only rows are counted.
   */
  gather(sources: Sources): void {
    if (sources.size === 0) return;
    this.collect(null);
    this.flags.add('collectsRows');
    this.mark(sources, 'read');
  }

  /** Takes over what another walk found. */
  merge(other: Facts): void {
    for (const source of other.computed) this.computed.add(source);
    for (const [name, dataset] of other.datasets) {
      for (const access of dataset.access) this.dataset(name, access, dataset.basis);
      for (const [column, uses] of dataset.columns) {
        for (const use of uses) this.mark([sourceOf(name, column)], use);
      }
    }
    for (const [name, effect] of other.functions) this.calls(name, effect);
    for (const sentence of other.unknown) this.unknown.add(sentence);
    for (const flag of other.flags) this.flags.add(flag);
    for (const relation of other.relations) this.relations.add(relation);
    for (const name of other.createsTemporary) this.createsTemporary.add(name);
    this.operations.push(...other.operations);
    for (const setting of other.settings) this.sets(setting);
    this.outside ||= other.outside;
    this.changes ||= other.changes;
    this.sessionState ||= other.sessionState;
    this.sessionDependent ||= other.sessionDependent;
    this.collect(other.collects);
  }

  /** As an EXPLAIN without ANALYZE has it: nothing is read or changed, the planner only estimates. */
  forgetAccess(): void {
    for (const dataset of this.datasets.values()) {
      dataset.access.clear();
      dataset.access.add('read');
      for (const [column, uses] of dataset.columns) {
        uses.delete('written');
        if (uses.delete('read')) uses.add('filtered');
        if (uses.size === 0) dataset.columns.delete(column);
      }
    }
    this.operations.length = 0;
    this.changes = false;
    for (const flag of ['hiddenEffects', 'locking', 'cascades']) this.flags.delete(flag);
  }

  /** @param marks what the target's own catalog says of datasets, by their full names. */
  describe(
    found: Pick<Description, 'operation' | 'title' | 'rowLimit' | 'filtered'>,
    marks: TargetCatalog['marks'],
  ): Description {
    for (const source of this.computed) if (!this.isUsed(source)) this.mark([source], 'filtered');
    const functions = [...this.functions].map(([name, effect]): FunctionReference => ({ name, effect }));
    const plain = functions.every(({ effect }) => effect === 'none');
    const limit = this.limitRows(found.rowLimit);
    return {
      operation: found.operation,
      title: found.title,
      datasets: [...this.datasets]
        .map(([dataset, facts]) => datasetReference(dataset, facts, marks.get(dataset)))
        .sort(byDataset),
      functions: functions.sort((a, b) => (a.name < b.name ? -1 : 1)),
      reach: this.outside ? 'outside' : this.changes ? 'transaction' : 'none',
      // A function that reads may return any number of rows' content in one.
      rowLimit: plain || found.operation !== 'sql:select' ? limit : null,
      filtered: found.filtered,
      unknown: [...this.unknown],
      flags: [...this.flags].sort(),
    };
  }

  private isUsed(source: Source): boolean {
    const end = source.indexOf('\0');
    return this.datasets.get(source.slice(0, end))?.columns.has(source.slice(end + 1)) ?? false;
  }

  private limitRows(limit: number | null): number | null {
    if (limit === null || this.collects === null) return null;
    const rows = limit * this.collects;
    return Number.isSafeInteger(rows) ? rows : null;
  }
}

const byDataset = (a: DatasetReference, b: DatasetReference): number => (a.dataset < b.dataset ? -1 : 1);

function datasetReference(dataset: string, facts: DatasetFacts, marks: Marks | undefined): DatasetReference {
  return {
    dataset,
    access: (['read', 'write'] as const).filter((access) => facts.access.has(access)),
    basis: facts.basis,
    columns: [...facts.columns]
      .map(([name, uses]) => ({ name, uses: useOrder.filter((use) => uses.has(use)) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    ...(marks === undefined ? {} : { marks }),
  };
}
