import type { PolicyConfiguration } from '../config/offline.ts';
import type { Decision } from '../core/decide.ts';
import type { Entitlement } from '../core/entitlement.ts';
import { foresee } from '../core/foreseen.ts';
import type { Electorate } from '../core/electorate.ts';
import { partiesOf, type Person } from '../core/identity.ts';
import { onCallAt } from '../core/rota.ts';
import type { LoadedEngine } from '../policy/engine.ts';
import type { PolicyRequest } from '../ports.ts';
import { requestsOf } from './explain.ts';
import { directoryOf, loadPolicies, openCalendars, readConfiguration } from './sources.ts';
import { wordsOfDemand } from './test.ts';
import { toolExits, usageFailure, type Tool } from './tool.ts';

interface Answer {
  readonly title: string;
  readonly effect: Decision['effect'];
  readonly demands: readonly {
    readonly policy: string;
    readonly asks: string;
    readonly enough: boolean;
    readonly people: readonly Entitlement[];
  }[];
}

/** People as they are on call now, and the rights that the configuration hands over. */
function electorateOf(configuration: PolicyConfiguration, engine: LoadedEngine, nowMs: number): Electorate {
  const onCall = onCallAt(configuration.rotas, openCalendars(configuration));
  const now = (person: Person): Person => {
    const groups = onCall(nowMs).get(person.name) ?? [];
    return { ...person, groups: [...new Set([...person.groups, ...groups])] };
  };
  const people = configuration.people.map(now);
  return {
    person: (name) => people.find((person) => person.name === name),
    people: () => people,
    mayApprove: (person, review, when) => engine.mayApprove(person, review, when),
    delegators: ({ name }, atMs) =>
      people.filter((from) =>
        configuration.delegations.some(
          (each) => each.from === from.name && each.to === name && each.fromMs <= atMs && atMs < each.untilMs,
        ),
      ),
  };
}

function answerOf(
  request: PolicyRequest,
  engine: LoadedEngine,
  configuration: PolicyConfiguration,
  nowMs: number,
): Answer {
  const decision = engine.decide(request);
  const title = `${request.description.title} by ${request.requester.agent} on ${request.target.name} (${request.target.environment})`;
  if (decision.effect !== 'review') return { title, effect: decision.effect, demands: [] };
  const { requester, target, description, datasets, risk } = request;
  const parties = partiesIn(configuration, requester);
  const { operation } = description;
  const { demands } = decision;
  const subject = { requester: { ...requester, parties }, target, operation, datasets, risk, demands };
  const foreseen = foresee(subject, {
    atMs: nowMs,
    electorate: electorateOf(configuration, engine, nowMs),
    policies: (review, person, delegator) =>
      engine.approvalPolicies?.(person, review, { atMs: nowMs, delegator }) ?? [],
  });
  return {
    title,
    effect: 'review',
    demands: foreseen.map(({ demand, enough, people }) => ({
      policy: demand.policy,
      asks: wordsOfDemand(demand),
      enough,
      people,
    })),
  };
}

function partiesIn(
  { agents, people }: PolicyConfiguration,
  { agent: name, onBehalfOf }: PolicyRequest['requester'],
): readonly string[] {
  const agent = agents.find((each) => each.name === name);
  const person = (who: string) => people.find((each) => each.name === who);
  return agent === undefined ? [] : partiesOf(agent, onBehalfOf, person);
}

/** Who could approve a statement, or a recorded action, by the configuration alone: names, and why or why not. */
export const whoCanApprove: Tool = async (options) => {
  const configuration = await readConfiguration(options);
  if (configuration === null)
    throw usageFailure('policy who-can-approve needs the configuration: name it with --config');
  const directory = directoryOf(options, configuration);
  const engine = await loadPolicies(directory, configuration);
  const requests = await requestsOf(options, directory, configuration);
  const answers = requests.map((request) => answerOf(request, engine, configuration, options.nowMs));
  const isOpen = answers.some(({ demands }) => demands.some(({ enough }) => !enough));
  return {
    exit: isOpen ? toolExits.found : toolExits.fine,
    value: {
      directory,
      version: engine.version,
      at: new Date(options.nowMs).toISOString(),
      actions: answers,
    },
    text: answers.map(format).join('\n\n'),
  };
};

function format({ title, effect, demands }: Answer): string {
  if (effect === 'allow') return `${title}: allowed, nobody is asked`;
  if (effect === 'deny') return `${title}: denied, nobody can approve it`;
  return [
    `${title}: held`,
    ...demands.flatMap(({ policy, asks, enough, people }) => [
      `${policy} asks for ${asks}${enough ? '' : ': too few people can'}`,
      ...people.map(({ person, may, why }) => `  ${may ? 'can ' : '    '} ${person} ${why}`),
    ]),
  ].join('\n');
}
