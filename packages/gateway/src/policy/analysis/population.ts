/** Who could do what to which target, by the configuration alone: every situation that a policy may have to decide. */
import { signalRules } from '../../core/assess.ts';
import { situationRules } from '../../core/situation.ts';
import type { Agent, Person, Target } from '../../core/identity.ts';
import type { TypeAndId } from '../cedar.ts';
import { actionEntities, actions } from '../schema.ts';
import type { Entity, Situation, Value } from './ternary.ts';

/** The part of a configuration that policies are about. */
export interface Population {
  readonly agents: readonly Agent[];
  readonly people: readonly Person[];
  readonly targets: readonly Target[];
  readonly classes: readonly string[];
}

/** `agent` or `target` null: any that could be configured. */
export interface Case {
  readonly agent: Agent | null;
  readonly target: Target | null;
  readonly operation: string;
  readonly situation: Situation;
}

/** Which operations a protocol has, by the beginning of their names; another protocol could have any. */
const operationsOf: Readonly<Record<string, string>> = { postgresql: 'sql:', api: 'call:' };
const CLASSES = ['classes', 'classesRead', 'classesFiltered', 'classesWritten'];
const REACH = ['none', 'transaction', 'outside'];
const EFFECTS = ['none', 'reads', 'effects'];
const UNCLASSIFIED = 'unclassified';

const uid = (type: string, id: string): TypeAndId => ({ type, id });
const is = (value: string | boolean): Value => ({ is: value });
const isAgentsAction = (name: string): boolean => /^(sql|call):/.test(name);

function principalOf(agent: Agent | null): Entity {
  if (agent === null) return { uid: undefined, type: 'Agent', ancestors: undefined, attributes: {} };
  return {
    uid: uid('Agent', agent.name),
    type: 'Agent',
    ancestors: agent.groups.map((name) => uid('Group', name)),
    attributes: { name: is(agent.name), sponsor: is(agent.sponsor) },
  };
}

function resourceOf(target: Target | null, protocol: string): Entity {
  const attributes = { protocol: is(protocol) };
  if (target === null) return { uid: undefined, type: 'Target', ancestors: undefined, attributes };
  return {
    uid: uid('Target', target.name),
    type: 'Target',
    ancestors: [uid('Environment', target.environment)],
    attributes: { ...attributes, name: is(target.name) },
  };
}

function actionOf(operation: string): Entity {
  const ancestors = (actionEntities.get(operation) ?? []).map(({ uid: above }) => above as TypeAndId);
  return { uid: uid('Action', operation), type: 'Action', ancestors, attributes: {} };
}

function contextOf(
  agent: Agent | null,
  target: Target | null,
  { classes }: Population,
): Situation['context'] {
  const ofData = Object.fromEntries(
    CLASSES.map((name) => [name, { subsetOf: [...classes, UNCLASSIFIED] }] as const),
  );
  return {
    ...ofData,
    reach: { oneOf: REACH },
    functionsEffect: { oneOf: EFFECTS },
    signals: { subsetOf: [...signalRules, ...situationRules].map(({ name }) => name) },
    onBehalfOfBasis: { oneOf: ['configured', 'asserted'] },
    ...(agent === null ? {} : { onBehalfOf: { oneOf: [agent.sponsor, ...agent.mayActFor] } }),
    ...(target === null ? {} : { environment: is(target.environment) }),
  };
}

/** What the gateway always says of a call that it can't see. */
const OF_CALLS: Situation['context'] = {
  unknown: is(true),
  reach: is('outside'),
  functionsEffect: is('none'),
};

function caseOf(population: Population, agent: Agent | null, target: Target | null, operation: string): Case {
  const isCall = operation.startsWith('call:');
  const protocol = target?.protocol ?? (isCall ? 'api' : 'postgresql');
  const context = { ...contextOf(agent, target, population), ...(isCall ? OF_CALLS : {}) };
  const situation = {
    principal: principalOf(agent),
    action: actionOf(operation),
    resource: resourceOf(target, protocol),
    context,
  };
  return { agent, target, operation, situation };
}

/** Every agent on every target, with every operation that the target has. */
export function configuredCases(population: Population): readonly Case[] {
  const operations = [...actions].filter(isAgentsAction);
  return population.agents.flatMap((agent) =>
    population.targets.flatMap((target) =>
      operations
        .filter((operation) => operation.startsWith(operationsOf[target.protocol] ?? ''))
        .map((operation) => caseOf(population, agent, target, operation)),
    ),
  );
}

/** Any agent on any target: what no configuration makes true is false here. */
export function anyCases(population: Population): readonly Case[] {
  return [...actions].filter(isAgentsAction).map((operation) => caseOf(population, null, null, operation));
}
