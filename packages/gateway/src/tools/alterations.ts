/** Small changes of an action, each in words: to find out what a decision rests on, it is made again under each. */
import { assess } from '../core/assess.ts';
import type { Description } from '../core/describe.ts';
import type { Target } from '../core/identity.ts';
import { signalsOfMoment, situated } from '../core/situation.ts';
import type { ColumnUsage, DatasetUsage } from '../core/usage.ts';
import type { PolicyRequest } from '../ports.ts';

export interface Alteration {
  /** As a person would say it: `with LIMIT 100 or less`. */
  readonly words: string;
  readonly apply: (request: PolicyRequest) => PolicyRequest;
}

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)].sort();

/** The risk is no attribute of its own: it follows from the rest, and from the moment, which stays as it was. */
const assessed = (request: PolicyRequest, moment = signalsOfMoment(request.risk)): PolicyRequest => ({
  ...request,
  risk: situated(assess(request.description, request.datasets, request.target), moment),
});

const describing = (
  words: string,
  change: (description: Description) => Partial<Description>,
): Alteration => ({
  words,
  apply: (request) =>
    assessed({ ...request, description: { ...request.description, ...change(request.description) } }),
});

const withData = (
  words: string,
  change: (datasets: readonly DatasetUsage[]) => readonly DatasetUsage[],
): Alteration => ({
  words,
  apply: (request) => assessed({ ...request, datasets: change(request.datasets) }),
});

/** A dataset without columns that are left out; its classes are then those of the columns that stay. */
function without(dataset: DatasetUsage, isLeftOut: (column: ColumnUsage) => boolean): DatasetUsage {
  const columns = dataset.columns.filter((column) => !isLeftOut(column));
  if (columns.length === dataset.columns.length) return dataset;
  const gone = dataset.columns.filter(isLeftOut).flatMap((column) => column.classes);
  const stay = columns.flatMap((column) => column.classes);
  const classes = dataset.classes.filter((name) => !gone.includes(name) || stay.includes(name));
  return { ...dataset, columns, classes };
}

function ofRows({ description }: PolicyRequest): readonly Alteration[] {
  const { rowLimit, filtered } = description;
  return [
    ...(filtered ? [] : [describing('with a condition on a column', () => ({ filtered: true }))]),
    ...[100, 1]
      .filter((rows) => rowLimit === null || rowLimit > rows)
      .map((rows) =>
        describing(`with at most ${rows.toString()} row${rows === 1 ? '' : 's'}`, () => ({ rowLimit: rows })),
      ),
  ];
}

function ofColumns({ datasets }: PolicyRequest): readonly Alteration[] {
  const columns = datasets.flatMap((each) =>
    each.columns.map((column) => ({ dataset: each.dataset, column })),
  );
  const classes = unique(columns.flatMap(({ column }) => column.classes));
  return [
    ...columns.map(({ dataset, column }) =>
      withData(`without the column ${dataset}.${column.name}`, (all) =>
        all.map((each) =>
          each.dataset === dataset ? without(each, ({ name }) => name === column.name) : each,
        ),
      ),
    ),
    ...classes.map((name) =>
      withData(`without the columns of class ${name}`, (all) =>
        all.map((each) => without(each, (column) => column.classes.includes(name))),
      ),
    ),
  ];
}

function ofDatasets({ datasets }: PolicyRequest): readonly Alteration[] {
  const written = datasets.filter(({ access }) => access.includes('write'));
  return [
    ...datasets.map(({ dataset }) =>
      withData(`without ${dataset}`, (all) => all.filter((each) => each.dataset !== dataset)),
    ),
    ...written.map(({ dataset }) =>
      withData(`without writing ${dataset}`, (all) =>
        all.map((each) =>
          each.dataset === dataset
            ? { ...each, access: each.access.filter((access) => access === 'read') }
            : each,
        ),
      ),
    ),
  ];
}

function ofDescription({ description }: PolicyRequest): readonly Alteration[] {
  const { flags, functions, unknown, reach } = description;
  return [
    ...flags.map((flag) =>
      describing(`without ${flag}`, (of) => ({ flags: of.flags.filter((each) => each !== flag) })),
    ),
    ...functions
      .filter(({ effect }) => effect !== 'none')
      .map(({ name }) =>
        describing(`without the function ${name}`, (of) => ({
          functions: of.functions.filter((each) => each.name !== name),
        })),
      ),
    ...(unknown.length > 0 ? [describing('with every name resolved', () => ({ unknown: [] }))] : []),
    ...(reach === 'outside'
      ? [describing('without effect beyond the transaction', () => ({ reach: 'transaction' }))]
      : []),
  ];
}

function ofPlace(request: PolicyRequest, targets: readonly Target[]): readonly Alteration[] {
  const others = targets.filter(({ protocol }) => protocol === request.target.protocol);
  const environments = unique(others.map(({ environment }) => environment));
  return environments
    .filter((environment) => environment !== request.target.environment)
    .map((environment) => ({
      words: `in the environment ${environment}`,
      apply: (of: PolicyRequest) => assessed({ ...of, target: { ...of.target, environment } }),
    }));
}

function ofGroups({ requester }: PolicyRequest, groups: readonly string[]): readonly Alteration[] {
  const { agent, agentGroups } = requester;
  const set = (words: string, changed: readonly string[]): Alteration => ({
    words,
    apply: (of) => ({ ...of, requester: { ...of.requester, agentGroups: changed } }),
  });
  return groups.map((group) =>
    agentGroups.includes(group)
      ? set(
          `without ${agent} in the group ${group}`,
          agentGroups.filter((each) => each !== group),
        )
      : set(`with ${agent} in the group ${group}`, [...agentGroups, group]),
  );
}

/** What another moment would make of it: the hours of calendars, and signals that come and go. */
function ofMoment(request: PolicyRequest, known: readonly string[]): readonly Alteration[] {
  const { calendars: open = [], risk } = request;
  return [
    ...known.map((name) => {
      const isOpen = open.includes(name);
      const calendars = isOpen ? open.filter((each) => each !== name) : unique([...open, name]);
      return {
        words: `at another time, ${isOpen ? 'outside of' : 'in'} the hours of ${name}`,
        apply: (of: PolicyRequest) => ({ ...of, calendars }),
      };
    }),
    ...signalsOfMoment(risk).map(({ name }) => ({
      words: `at another time, without ${name}`,
      apply: (of: PolicyRequest) =>
        assessed(
          of,
          signalsOfMoment(of.risk).filter((each) => each.name !== name),
        ),
    })),
  ];
}

/** Everything that one could do otherwise, in the order in which an agent could most easily do it. */
export const alterationsOf = (
  request: PolicyRequest,
  world: {
    readonly targets: readonly Target[];
    readonly groups: readonly string[];
    readonly calendars: readonly string[];
  },
): readonly Alteration[] => [
  ...ofRows(request),
  ...ofColumns(request),
  ...ofDatasets(request),
  ...ofDescription(request),
  ...ofMoment(request, world.calendars),
  ...ofPlace(request, world.targets),
  ...ofGroups(request, world.groups),
];
