import type { Decision } from '../core/decide.ts';
import type { PolicyConfiguration } from '../config/offline.ts';
import type { LoadedEngine } from '../policy/engine.ts';
import { attribute, attributeNames } from '../policy/request.ts';
import type { PolicyRequest } from '../ports.ts';
import { alterationsOf, type Alteration } from './alterations.ts';
import { readCases } from './case-files.ts';
import { CaseError, CaseWorld } from './cases.ts';
import { readAttempt } from '../policy/analysis/recorded.ts';
import { directoryOf, loadPolicies, openCalendars, readConfiguration } from './sources.ts';
import { wordsOfDemand } from './test.ts';
import { toolExits, usageFailure, type Tool, type ToolOptions } from './tool.ts';

/** Alterations that are tried two at a time, where none alone changes anything: some thousand decisions. */
const MOST_ALTERATIONS = 60;

interface Explained {
  readonly title: string;
  readonly effect: Decision['effect'];
  readonly rules: readonly {
    readonly id: string;
    readonly kind: string;
    readonly file: string;
    readonly line: number;
    readonly decisive: boolean;
    readonly reason: string;
  }[];
  readonly demands: readonly string[];
  readonly reasons: readonly string[];
  /** Attributes that the matching rules read, with their values; null: it has none. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** What else would have been decided, by how little: none of them, without one of its parts, changes anything. */
  readonly changes: readonly {
    readonly words: readonly string[];
    readonly effect: Decision['effect'];
    readonly rules: readonly string[];
    readonly demands: readonly string[];
  }[];
}

const resultOf = (decision: Decision): string =>
  JSON.stringify([decision.effect, decision.effect === 'review' ? decision.demands.map(wordsOfDemand) : []]);

/** Changes by one alteration, or where there is none by two, that give another result. */
function changesOf(
  request: PolicyRequest,
  alterations: readonly Alteration[],
  engine: LoadedEngine,
): Explained['changes'] {
  const asIs = resultOf(engine.evaluate(request));
  const tried = (parts: readonly Alteration[]) => {
    const decision = engine.evaluate(parts.reduce((altered, { apply }) => apply(altered), request));
    if (resultOf(decision) === asIs) return [];
    const demands = decision.effect === 'review' ? decision.demands.map(wordsOfDemand) : [];
    return [
      { words: parts.map(({ words }) => words), effect: decision.effect, rules: decision.policies, demands },
    ];
  };
  const singles = alterations.flatMap((each) => tried([each]));
  // What one change already makes otherwise is no news in a pair; what ends in leave is what people look for.
  if (singles.some(({ effect }) => effect === 'allow')) return singles;
  const idle = alterations.slice(0, MOST_ALTERATIONS);
  const pairs = idle.flatMap((first, at) =>
    idle.slice(at + 1).flatMap((second) => tried([first, second]).filter(({ effect }) => effect === 'allow')),
  );
  return [...singles, ...pairs];
}

function attributesRead(
  request: PolicyRequest,
  rules: LoadedEngine['rules'],
): Readonly<Record<string, unknown>> {
  const { requester, target } = request;
  const read = new Set(
    rules.flatMap(({ reads }) => (reads.context === 'all' ? attributeNames : reads.context)),
  );
  const context = attributeNames
    .filter((name) => read.has(name))
    .map((name) => [`context.${name}`, attribute(request, name) ?? null] as const);
  return Object.fromEntries<unknown>([
    ['action', request.description.operation],
    ...(rules.some(({ reads }) => reads.principal)
      ? [
          [
            'principal',
            { agent: requester.agent, groups: requester.agentGroups, sponsor: requester.sponsor },
          ] as const,
        ]
      : []),
    ...(rules.some(({ reads }) => reads.resource)
      ? [['resource', { target: target.name, environment: target.environment }] as const]
      : []),
    ...context,
  ]);
}

function explainOne(
  request: PolicyRequest,
  engine: LoadedEngine,
  configuration: PolicyConfiguration | null,
): Explained {
  const decision = engine.decide(request);
  const matching = engine.matching(request);
  const rules = engine.rules.filter(({ id }) => matching.includes(id));
  const calendars = (configuration?.calendars ?? []).map(({ name }) => name);
  const world = { targets: configuration?.targets ?? [], groups: configuration?.groups ?? [], calendars };
  return {
    title: `${request.description.title} by ${request.requester.agent} on ${request.target.name} (${request.target.environment})`,
    effect: decision.effect,
    rules: rules.map(({ id, kind, file, line, reason }) => ({
      id,
      kind,
      file,
      line,
      decisive: decision.policies.includes(id),
      reason,
    })),
    demands: decision.effect === 'review' ? decision.demands.map(wordsOfDemand) : [],
    reasons: decision.reasons,
    attributes: attributesRead(request, rules),
    changes: changesOf(request, alterationsOf(request, world), engine),
  };
}

/** The requests of a statement that somebody types; its target's tables are those of the case files. */
async function requestsOfSql(
  options: ToolOptions,
  directory: string,
  configuration: PolicyConfiguration | null,
): Promise<readonly PolicyRequest[]> {
  const { sql, agent, target } = options;
  if (sql === null || agent === null || target === null)
    throw usageFailure('name the id of an action, or --sql TEXT --agent NAME --target NAME');
  const sources = await readCases(directory);
  const source = sources.find(({ content }) => content.schema[target] !== undefined) ?? sources[0];
  const content = source?.content ?? {
    alone: false,
    agents: {},
    targets: {},
    classes: {},
    schema: {},
    cases: [],
  };
  try {
    const posed = await new CaseWorld({ content }, configuration).pose({ agent, target, sql });
    const calendars = openCalendars(configuration)(options.nowMs);
    if (posed.kind === 'requests') return posed.requests.map((request) => ({ ...request, calendars }));
    throw usageFailure(posed.message);
  } catch (error) {
    if (error instanceof CaseError)
      throw usageFailure(`${error.message} (in a *.test.yaml beside the policies)`);
    throw error;
  }
}

/** The request of a recorded action, from the entries that are piped in. */
async function requestOfRecord(
  options: ToolOptions,
  configuration: PolicyConfiguration | null,
): Promise<PolicyRequest> {
  const agents = new Map((configuration?.agents ?? []).map((agent) => [agent.name, agent]));
  const calendarsAt = openCalendars(configuration);
  for await (const line of options.input()) {
    const attempt = readAttempt(line, { agents, calendarsAt });
    if (attempt === undefined) continue;
    if (attempt.request !== null) return attempt.request;
    throw usageFailure(`${attempt.action} can’t be decided again: ${attempt.why}`);
  }
  throw usageFailure('no attempt of this action is among the entries');
}

/** The recorded action that is piped in, where its id was given; else the statement of the options. */
export const requestsOf = async (
  options: ToolOptions,
  directory: string,
  configuration: PolicyConfiguration | null,
): Promise<readonly PolicyRequest[]> =>
  options.words.length > 0
    ? [await requestOfRecord(options, configuration)]
    : requestsOfSql(options, directory, configuration);

/** Why an action is decided as it is: rules, what they read, and what would change it. */
export const explain: Tool = async (options) => {
  const configuration = await readConfiguration(options);
  const directory = directoryOf(options, configuration);
  const engine = await loadPolicies(directory, configuration);
  const requests = await requestsOf(options, directory, configuration);
  const explained = requests.map((request) => explainOne(request, engine, configuration));
  return {
    exit: toolExits.fine,
    value: { directory, version: engine.version, actions: explained },
    text: explained.map(format).join('\n\n'),
  };
};

const VERBS = { allow: 'allowed', deny: 'denied', review: 'held for a review' } as const;

function format({ title, effect, rules, demands, reasons, attributes, changes }: Explained): string {
  return [
    `${title}: ${VERBS[effect]}`,
    ...reasons.map((reason) => `  ${reason}`),
    ...demands.map((demand) => `  asks for ${demand}`),
    'rules that match',
    ...(rules.length === 0 ? ['  none: what is not permitted is denied'] : []),
    ...rules.map(
      ({ id, kind, file, line, decisive }) =>
        `  ${decisive ? '*' : ' '} ${id} (${kind}, ${file}:${line.toString()})`,
    ),
    'what they read',
    ...Object.entries(attributes).map(([name, value]) => `  ${name} = ${JSON.stringify(value)}`),
    'what would change the result',
    ...(changes.length === 0 ? ['  nothing that was tried, alone or with one thing more'] : []),
    ...changes.map(
      ({ words, effect: other, rules: by, demands: asked }) =>
        `  ${words.join(', and ')}: ${VERBS[other]}${by.length === 0 ? '' : ` by ${by.join(', ')}`}${asked.length === 0 ? '' : ` (${asked.join('; ')})`}`,
    ),
  ].join('\n');
}
