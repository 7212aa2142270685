import type { Description } from './describe.ts';
import type { Target } from './identity.ts';
import type { Risk } from './risk.ts';
import type { DatasetUsage } from './usage.ts';

/** What a signal looks at. */
interface Facts {
  readonly description: Description;
  readonly datasets: readonly DatasetUsage[];
  readonly target: Target;
  /** Sorted classes that are not ordinary, of columns read, filtered on or written, and of datasets touched whole. */
  readonly classes: readonly string[];
  readonly classesRead: readonly string[];
  readonly writes: boolean;
}

interface SignalRule {
  readonly name: string;
  readonly weight: number;
  applies(facts: Facts): boolean;
  explain(facts: Facts): string;
}

/** Data of these classes is what an agent works with every day. */
const ORDINARY = new Set(['public', 'internal', 'unclassified', 'untrusted']);
export const isProtected = (name: string): boolean => !ORDINARY.has(name);
/** Losing or leaking these costs people, not just the company. */
const SEVERE = new Set(['secret', 'pci', 'phi']);
/** Any other environment counts as production: a new name must not make an action look harmless. */
const NOT_PRODUCTION = new Set(['development', 'dev', 'local', 'sandbox', 'staging', 'test']);
const DESTRUCTIVE = /^(DROP|TRUNCATE|ALTER)\b/i;
const CHANGES_ROWS = new Set(['sql:update', 'sql:delete', 'sql:merge', 'sql:truncate']);
const MANY_ROWS = 100;

const isDestructive = ({ description }: Facts): boolean =>
  DESTRUCTIVE.test(description.title) || description.operation === 'sql:truncate';
const changesSomething = (facts: Facts): boolean => facts.writes || facts.description.reach !== 'none';
const isWide = ({ description }: Facts): boolean =>
  description.rowLimit === null || description.rowLimit > MANY_ROWS;
const named = (names: readonly string[]): string => names.join(', ');

/** Each row is one reason, in the order in which people read them. Weights add up; see spec/policy.md. */
export const signalRules: readonly SignalRule[] = [
  {
    name: 'destructive',
    weight: 40,
    applies: isDestructive,
    explain: ({ description }) => `${description.title} can remove or rewrite what is there for good.`,
  },
  {
    name: 'outside_reach',
    weight: 25,
    applies: ({ description }) => description.reach === 'outside',
    explain: () => 'Part of its effect lies outside of the transaction: a rollback would not undo it.',
  },
  {
    name: 'severe_classes',
    weight: 25,
    applies: ({ classes }) => classes.some((name) => SEVERE.has(name)),
    explain: ({ classes }) =>
      `It touches data of the gravest classes: ${named(classes.filter((name) => SEVERE.has(name)))}.`,
  },
  {
    name: 'classified',
    weight: 15,
    applies: ({ classes }) => classes.some((name) => !SEVERE.has(name)),
    explain: ({ classes }) =>
      `It touches classified data: ${named(classes.filter((name) => !SEVERE.has(name)))}.`,
  },
  {
    name: 'bulk_classified_read',
    weight: 25,
    applies: (facts) => facts.classesRead.length > 0 && isWide(facts),
    explain: ({ description, classesRead }) =>
      description.rowLimit === null
        ? `It reads ${named(classesRead)} data, and nothing limits how many rows.`
        : `It reads ${named(classesRead)} data, up to ${description.rowLimit} rows.`,
  },
  {
    name: 'unlimited_read',
    weight: 5,
    applies: ({ description, datasets }) =>
      description.operation === 'sql:select' &&
      description.rowLimit === null &&
      !description.filtered &&
      datasets.some(({ access }) => access.includes('read')),
    explain: () => 'Neither a condition nor a limit says which rows it reads, or how many.',
  },
  {
    name: 'unfiltered_write',
    weight: 30,
    applies: ({ description }) => CHANGES_ROWS.has(description.operation) && !description.filtered,
    explain: () => 'It changes every row of a table: no condition on a column says which ones.',
  },
  {
    name: 'write',
    weight: 10,
    applies: ({ writes }) => writes,
    explain: ({ datasets }) =>
      `It changes ${named(datasets.filter((each) => each.access.includes('write')).map((each) => each.dataset))}.`,
  },
  {
    name: 'schema_change',
    weight: 15,
    applies: ({ description }) =>
      description.operation === 'sql:ddl' || description.operation === 'sql:grant',
    explain: () => 'It changes the structure of the database or who may do what in it.',
  },
  {
    name: 'function_effects',
    weight: 20,
    applies: ({ description }) => description.functions.some((each) => each.effect === 'effects'),
    explain: ({ description }) => {
      const names = description.functions
        .filter((each) => each.effect === 'effects')
        .map((each) => each.name);
      return `It calls functions that may change something: ${named(names)}.`;
    },
  },
  {
    name: 'hidden_effects',
    weight: 20,
    applies: ({ description }) => description.flags.includes('hiddenEffects'),
    explain: () => 'Triggers or rules of the tables run code that the statement does not show.',
  },
  {
    name: 'unknown_parts',
    weight: 30,
    applies: ({ description, datasets }) =>
      description.unknown.length > 0 || datasets.some((each) => each.basis === 'unknown'),
    explain: () => 'The gateway could not establish everything that it touches.',
  },
  {
    name: 'production_change',
    weight: 15,
    applies: (facts) => changesSomething(facts) && !NOT_PRODUCTION.has(facts.target.environment),
    explain: ({ target }) => `It changes something in ${target.environment}, which counts as production.`,
  },
];

const MOST = 100;

function classesTouched(datasets: readonly DatasetUsage[]): readonly string[] {
  const all = datasets.flatMap((dataset) => [
    ...dataset.classes,
    ...dataset.columns.flatMap((column) => column.classes),
  ]);
  return [...new Set(all)].filter(isProtected).sort();
}

export function classesRead(datasets: readonly DatasetUsage[]): readonly string[] {
  const all = datasets.flatMap((dataset) => {
    const columns = dataset.columns
      .filter((column) => column.uses.includes('read'))
      .flatMap((column) => column.classes);
    return dataset.basis === 'unknown' && dataset.access.includes('read')
      ? [...columns, ...dataset.classes]
      : columns;
  });
  return [...new Set(all)].filter(isProtected).sort();
}

/** Stage 4: how risky an action is, and why, in words for the reviewer. */
export function assess(description: Description, datasets: readonly DatasetUsage[], target: Target): Risk {
  const facts: Facts = {
    description,
    datasets,
    target,
    classes: classesTouched(datasets),
    classesRead: classesRead(datasets),
    writes: datasets.some((dataset) => dataset.access.includes('write')),
  };
  const signals = signalRules
    .filter((rule) => rule.applies(facts))
    .map((rule) => ({ name: rule.name, weight: rule.weight, explanation: rule.explain(facts) }));
  const sum = signals.reduce((total, signal) => total + signal.weight, 0);
  return { score: Math.min(sum, MOST), signals };
}
