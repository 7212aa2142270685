import { valuesAt } from './paths.ts';
import type { Finding } from './problem.ts';
import { builtInClasses } from './schema.ts';

interface Namespace {
  readonly what: string;
  /** Where its names are made; they are unique over all of these places together. */
  readonly made: readonly string[];
  readonly builtIn: readonly string[];
  readonly used: readonly string[];
}

/** `unclassified` is what the gateway calls data that no entry speaks of, so nobody else may say it. */
const RESERVED_CLASSES = ['unclassified'];

/** Where it is said which reviews a channel is about. */
const inRoutes = (list: string): readonly string[] =>
  [
    'channels.webhooks.*.when',
    'channels.email.recipients.*.when',
    'channels.slack.rooms.*.when',
    'channels.teams.rooms.*.when',
  ].map((at) => `${at}.${list}.*`);

const namespaces: readonly Namespace[] = [
  {
    what: 'target',
    made: ['targets.*.name'],
    builtIn: [],
    used: ['catalog.*.target', 'attention.canaries.requests.*.target', ...inRoutes('targets')],
  },
  {
    what: 'agent',
    made: ['agents.*.name'],
    builtIn: [],
    used: ['attention.canaries.requests.*.agent', ...inRoutes('agents')],
  },
  {
    what: 'calendar',
    made: ['calendars.*.name'],
    builtIn: [],
    used: ['attention.canaries.calendar'],
  },
  {
    what: 'group',
    made: ['groups.*.name'],
    builtIn: [],
    used: ['agents.*.groups.*', 'people.*.groups.*', ...inRoutes('groups')],
  },
  {
    what: 'person',
    made: ['people.*.name'],
    builtIn: [],
    used: [
      'agents.*.sponsor',
      'agents.*.credentialOwner',
      'agents.*.mayActFor.*',
      'groups.*.onCall.shifts.*.members.*',
      'delegations.*.from',
      'delegations.*.to',
    ],
  },
  {
    what: 'person or group',
    made: ['people.*.name', 'groups.*.name'],
    builtIn: [],
    used: ['catalog.*.owner'],
  },
  {
    what: 'calendar',
    made: ['calendars.*.name'],
    builtIn: [],
    used: ['groups.*.onCall.shifts.*.calendar'],
  },
  {
    what: 'class',
    made: ['classes.*.name'],
    builtIn: Object.keys(builtInClasses),
    used: ['catalog.*.classes.*', 'catalog.*.columns.*.*'],
  },
];

/** Places whose names share one namespace: an agent called like a person could be taken for them. */
const unique: readonly {
  readonly what: string;
  readonly made: readonly string[];
  readonly taken: readonly string[];
}[] = [
  { what: 'target', made: ['targets.*.name'], taken: [] },
  { what: 'group', made: ['groups.*.name'], taken: [] },
  { what: 'agent or person', made: ['agents.*.name', 'people.*.name'], taken: [] },
  { what: 'calendar', made: ['calendars.*.name'], taken: [] },
  { what: 'webhook', made: ['channels.webhooks.*.name'], taken: [] },
  { what: 'channel of Slack’s', made: ['channels.slack.rooms.*.name'], taken: [] },
  { what: 'channel of Teams’', made: ['channels.teams.rooms.*.name'], taken: [] },
  { what: 'class', made: ['classes.*.name'], taken: [...Object.keys(builtInClasses), ...RESERVED_CLASSES] },
];

const namesAt = (
  data: unknown,
  patterns: readonly string[],
): readonly { path: Finding['path']; name: string }[] =>
  patterns.flatMap((pattern) =>
    valuesAt(data, pattern).flatMap(({ path, value }) =>
      typeof value === 'string' ? [{ path, name: value }] : [],
    ),
  );

function unknownNames(data: unknown, { what, made, builtIn, used }: Namespace): readonly Finding[] {
  const known = new Set([...builtIn, ...namesAt(data, made).map(({ name }) => name)]);
  const hint = known.size === 0 ? `there is no ${what} yet: add it` : `known are ${[...known].join(', ')}`;
  return namesAt(data, used).flatMap(({ path, name }) =>
    known.has(name)
      ? []
      : [
          {
            code: 'name.unknown',
            path,
            message: `there is no ${what} ${JSON.stringify(name)}`,
            hint,
          } as const,
        ],
  );
}

function duplicateNames(data: unknown, { what, made, taken }: (typeof unique)[number]): readonly Finding[] {
  const seen = new Set(taken);
  return namesAt(data, made).flatMap(({ path, name }) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const message = `the ${what} ${JSON.stringify(name)} is there already`;
    return [{ code: 'name.duplicate', path, message, hint: 'choose another name' } as const];
  });
}

/** Every name is made once, and every reference leads to one. */
export function checkNames(data: unknown): readonly Finding[] {
  return [
    ...unique.flatMap((each) => duplicateNames(data, each)),
    ...namespaces.flatMap((each) => unknownNames(data, each)),
  ];
}
