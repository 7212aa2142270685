import type { Description, DatasetReference, Marks } from '../core/describe.ts';
import type { Target } from '../core/identity.ts';
import type { ColumnUsage, DatasetUsage } from '../core/usage.ts';
import type { Classifier } from '../ports.ts';

/** One entry of the catalog: which classes the data of some datasets of one target has. */
export interface CatalogEntry {
  readonly target: string;
  /** Full name of a dataset; `*` stands for any characters, none included. */
  readonly dataset: string;
  /** Classes by column name or pattern. */
  readonly columns: readonly { readonly pattern: string; readonly classes: readonly string[] }[];
  /** Classes of every column, and of the dataset as a whole. */
  readonly classes: readonly string[];
  /** Who owns the data; null, or absent: nobody is named. */
  readonly owner?: string | null;
  /** What obliges somebody to protect it. */
  readonly compliance?: readonly string[];
}

/** Class of a dataset that no entry speaks of: nobody said that it is harmless. */
export const UNCLASSIFIED = 'unclassified';
/** A connector's name for "all columns, whichever they are". */
const EVERY_COLUMN = '*';

/** PostgreSQL folds unquoted names, other databases don't tell case apart: a pattern matches whatever the case. */
function matcher(pattern: string): (name: string) => boolean {
  const escaped = pattern.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  const expression = new RegExp(`^${escaped.join('.*?')}$`, 'isu');
  return (name) => expression.test(name);
}

interface Rule {
  readonly target: string;
  readonly matches: (dataset: string) => boolean;
  readonly classes: readonly string[];
  readonly owners: readonly string[];
  readonly compliance: readonly string[];
  readonly columns: readonly {
    readonly matches: (column: string) => boolean;
    readonly classes: readonly string[];
  }[];
}

const compile = (entry: CatalogEntry): Rule => ({
  target: entry.target,
  matches: matcher(entry.dataset),
  classes: entry.classes,
  owners: typeof entry.owner === 'string' ? [entry.owner] : [],
  compliance: entry.compliance ?? [],
  columns: entry.columns.map(({ pattern, classes }) => ({ matches: matcher(pattern), classes })),
});

const sorted = (classes: readonly string[]): readonly string[] => [...new Set(classes)].sort();
const everyClass = (rule: Rule): readonly string[] => [
  ...rule.classes,
  ...rule.columns.flatMap((column) => column.classes),
];

function classesOfColumn(rules: readonly Rule[], marks: Marks | undefined, name: string): readonly string[] {
  if (name === EVERY_COLUMN) return sorted([...rules.flatMap(everyClass), ...everyMark(marks)]);
  const own = rules.flatMap((rule) => [
    ...rule.classes,
    ...rule.columns.filter((column) => column.matches(name)).flatMap((column) => column.classes),
  ]);
  return sorted([...own, ...(marks?.classes ?? []), ...(marks?.columns.get(name) ?? [])]);
}

const everyMark = (marks: Marks | undefined): readonly string[] =>
  marks === undefined ? [] : [...marks.classes, ...[...marks.columns.values()].flat()];

/** Whether rows are touched whole, or in columns that nobody could list: then every class of the dataset counts. */
function touchesAll({ basis, access, columns }: DatasetReference): boolean {
  const rowsWhole = access.includes('write') && !columns.some((column) => column.uses.includes('written'));
  return basis === 'unknown' || rowsWhole;
}

function usageOf(rules: readonly Rule[], reference: DatasetReference): DatasetUsage {
  const { dataset, access, basis, marks } = reference;
  const columns: readonly ColumnUsage[] = reference.columns.map(({ name, uses }) => ({
    name,
    uses,
    classes: classesOfColumn(rules, marks, name),
  }));
  const whole = touchesAll(reference);
  const ofDataset = [
    ...rules.flatMap((rule) => (whole ? everyClass(rule) : rule.classes)),
    ...(whole ? everyMark(marks) : (marks?.classes ?? [])),
  ];
  // What the target says of itself adds classes; that somebody here looked at the data, only an entry says.
  const unspoken = rules.length === 0 ? [UNCLASSIFIED] : [];
  const classes = sorted([...unspoken, ...ofDataset, ...columns.flatMap((column) => column.classes)]);
  const owners = sorted(rules.flatMap((rule) => rule.owners));
  const compliance = sorted(rules.flatMap((rule) => rule.compliance));
  return {
    dataset,
    access,
    basis,
    columns,
    classes,
    ...(owners.length === 0 ? {} : { owners }),
    ...(compliance.length === 0 ? {} : { compliance }),
  };
}

/**
 * Stage 3 over the configuration's catalog and what the target says of itself. Every entry and every mark that matches
 * adds its classes; no order, no exceptions, so that either can only ever make data more protected. Answers for a description are made once and shared.
 */
export class Catalog implements Classifier {
  readonly #rules: readonly Rule[];
  readonly #known = new WeakMap<Description, Map<string, readonly DatasetUsage[]>>();

  constructor(entries: readonly CatalogEntry[]) {
    this.#rules = entries.map(compile);
  }

  classify(target: Target, description: Description): readonly DatasetUsage[] {
    let ofDescription = this.#known.get(description);
    if (ofDescription === undefined) {
      ofDescription = new Map<string, readonly DatasetUsage[]>();
      this.#known.set(description, ofDescription);
    }
    let datasets = ofDescription.get(target.name);
    if (datasets === undefined)
      ofDescription.set(target.name, (datasets = this.#classify(target, description)));
    return datasets;
  }

  #classify(target: Target, description: Description): readonly DatasetUsage[] {
    const rules = this.#rules.filter((rule) => rule.target === target.name);
    return description.datasets.map((reference) =>
      usageOf(
        rules.filter((rule) => rule.matches(reference.dataset)),
        reference,
      ),
    );
  }
}
