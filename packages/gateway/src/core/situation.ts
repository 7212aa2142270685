/** What of an action is in when, by whom and after what it is done: signals that no statement has by itself. */
import { classesRead, isProtected } from './assess.ts';
import type { Description } from './describe.ts';
import type { Risk, Signal } from './risk.ts';
import type { DatasetUsage } from './usage.ts';

/** What was found out at one moment. Empty, null or false: nothing of the kind. */
export interface Situation {
  /** Datasets that this agent has not used in the time that is remembered. */
  readonly firstUsed: readonly string[];
  /** The hour of the day (UTC) in which it is done, where the agent does nothing at that time as a rule. */
  readonly unusualHour: number | null;
  /** The most actions a minute that are usual for the agent, where there are more. */
  readonly burstOver: number | null;
  /** Classes of data that was read before, or is read by it, and may be carried elsewhere by it. */
  readonly carried: readonly string[];
  /** Something that outsiders wrote was read before, or is read by it, and it changes something. */
  readonly afterOutsideText: boolean;
  /** Rows that the target estimates; null, or absent: it wasn't asked, or didn't say. */
  readonly estimatedRows?: number | null;
}

/** Fewer a person could look through. */
const MANY_ROWS = 1_000;

export const CALM: Situation = {
  firstUsed: [],
  unusualHour: null,
  burstOver: null,
  carried: [],
  afterOutsideText: false,
};

interface SituationRule {
  readonly name: string;
  readonly weight: number;
  applies(situation: Situation): boolean;
  explain(situation: Situation): string;
}

const hour = (of: number): string => `${of.toString().padStart(2, '0')}:00`;

/** More rows of the table of weights (assess.ts), in the order in which people read them. */
export const situationRules: readonly SituationRule[] = [
  {
    name: 'taint',
    weight: 25,
    applies: ({ carried }) => carried.length > 0,
    explain: ({ carried }) =>
      `The agent has read ${carried.join(', ')} data, and this writes elsewhere or reaches outside: it may carry it there.`,
  },
  {
    name: 'outside_text',
    weight: 20,
    applies: ({ afterOutsideText }) => afterOutsideText,
    explain: () =>
      'The agent has read text that outsiders wrote, and this changes something: the text may have told it to.',
  },
  {
    name: 'first_use',
    weight: 10,
    applies: ({ firstUsed }) => firstUsed.length > 0,
    explain: ({ firstUsed }) =>
      `The agent has not used ${firstUsed.join(', ')} before, as far as is remembered.`,
  },
  {
    name: 'unusual_hour',
    weight: 10,
    applies: ({ unusualHour }) => unusualHour !== null,
    explain: ({ unusualHour }) => `The agent does nothing around ${hour(unusualHour ?? 0)} UTC as a rule.`,
  },
  {
    name: 'burst',
    weight: 15,
    applies: ({ burstOver }) => burstOver !== null,
    explain: ({ burstOver }) =>
      `The agent does more than ${(burstOver ?? 0).toString()} actions a minute just now, more than it ever needs.`,
  },
  {
    name: 'many_rows',
    weight: 15,
    applies: ({ estimatedRows }) => (estimatedRows ?? 0) >= MANY_ROWS,
    explain: ({ estimatedRows }) => `The target estimates ${(estimatedRows ?? 0).toString()} rows.`,
  },
];

export const situationSignals = (situation: Situation): readonly Signal[] =>
  situation === CALM
    ? []
    : situationRules
        .filter((rule) => rule.applies(situation))
        .map((rule) => ({ name: rule.name, weight: rule.weight, explanation: rule.explain(situation) }));

const MOST = 100;
const NAMES: ReadonlySet<string> = new Set(situationRules.map(({ name }) => name));

/** What a signal of the moment weighs; 0: it is none. */
export const momentWeight = (signal: string): number =>
  situationRules.find(({ name }) => name === signal)?.weight ?? 0;

/** Those of its signals that come and go with the moment. */
export const signalsOfMoment = ({ signals }: Risk): readonly Signal[] =>
  signals.filter(({ name }) => NAMES.has(name));

/** The risk of an action at one moment. */
export function situated({ score, signals }: Risk, more: readonly Signal[]): Risk {
  const sum = more.reduce((total, { weight }) => total + weight, score);
  return { score: Math.min(sum, MOST), signals: [...signals, ...more] };
}

/** Whether the moment is calmer than another one was: signals of the situation are gone, and none came. */
export function isCalmer(now: Risk, then: Risk): boolean {
  const [present, past] = [now, then].map(({ signals }) =>
    signals.map(({ name }) => name).filter((name) => NAMES.has(name)),
  );
  if (present === undefined || past === undefined) return false;
  return present.length < past.length && present.every((name) => past.includes(name));
}

/** The class of text that outsiders wrote: messages, tickets, pages. */
export const OUTSIDE_TEXT = 'untrusted';

/** What an action may take along, and where it could leave it. A function of the action alone. */
export interface Flow {
  /** Datasets of which it reads protected data, with the classes. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
  readonly readsOutsideText: boolean;
  /** Datasets that it writes. */
  readonly written: readonly string[];
  readonly reachesOutside: boolean;
  readonly changes: boolean;
}

export function flowOf({ reach }: Pick<Description, 'reach'>, datasets: readonly DatasetUsage[]): Flow {
  const sources = datasets.flatMap((dataset) => {
    const classes = classesRead([dataset]).filter(isProtected);
    return classes.length === 0 ? [] : [[dataset.dataset, classes] as const];
  });
  const written = datasets.filter(({ access }) => access.includes('write')).map(({ dataset }) => dataset);
  return {
    sources: new Map(sources),
    readsOutsideText: datasets.some(
      ({ access, classes, columns }) =>
        access.includes('read') &&
        (classes.includes(OUTSIDE_TEXT) || columns.some((column) => column.classes.includes(OUTSIDE_TEXT))),
    ),
    written,
    reachesOutside: reach === 'outside',
    changes: written.length > 0 || reach !== 'none',
  };
}

/** Classes of the sources that the action could carry to somewhere else than where they are. */
export function carriedBy(flow: Flow, sources: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const carried = [...sources].filter(
    ([dataset]) => flow.reachesOutside || flow.written.some((written) => written !== dataset),
  );
  return [...new Set(carried.flatMap(([, classes]) => classes))].sort();
}
