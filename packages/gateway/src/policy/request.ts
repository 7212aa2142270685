import type { Description } from '../core/describe.ts';
import type { Agent, Person } from '../core/identity.ts';
import { isParty } from '../core/electorate.ts';
import type { Review } from '../core/review.ts';
import type { ColumnUse, DatasetUsage } from '../core/usage.ts';
import type { PolicyRequest } from '../ports.ts';
import type { EntityJson, Question, TypeAndId } from './cedar.ts';
import { actionEntities } from './schema.ts';

type Value = string | number | boolean | string[];

const uid = (type: string, id: string): TypeAndId => ({ type, id });
const groups = (names: readonly string[]): TypeAndId[] => names.map((name) => uid('Group', name));
const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();

/** EXECUTE runs what a message of the protocol prepared, also a change of definitions. */
const DESTRUCTIVE = /^(EXECUTE )*(DROP|TRUNCATE|ALTER)\b/i;

const accessed = (datasets: readonly DatasetUsage[], access: 'read' | 'write'): readonly DatasetUsage[] =>
  datasets.filter((dataset) => dataset.access.includes(access));

function columnsOf(datasets: readonly DatasetUsage[], use: ColumnUse): string[] {
  return sorted(
    datasets.flatMap(({ dataset, columns }) =>
      columns.filter((column) => column.uses.includes(use)).map((column) => `${dataset}.${column.name}`),
    ),
  );
}

/**
 * Classes by use. Where the columns are not the whole story, the dataset's classes count whole: read from a dataset of
 * unknown columns; written where no column is named, because DELETE, TRUNCATE and DROP take whole rows.
 */
function classesOf(datasets: readonly DatasetUsage[], use: ColumnUse): string[] {
  const access = use === 'written' ? 'write' : 'read';
  return sorted(
    datasets.flatMap((dataset) => {
      const used = dataset.columns.filter((column) => column.uses.includes(use));
      const ofColumns = used.flatMap((column) => column.classes);
      const wholeRows = use === 'written' ? used.length === 0 : dataset.basis === 'unknown';
      return wholeRows && dataset.access.includes(access) ? [...ofColumns, ...dataset.classes] : ofColumns;
    }),
  );
}

function strongestEffect({ functions }: Description): string {
  const effects = functions.map((each) => each.effect);
  return effects.includes('effects') ? 'effects' : effects.includes('reads') ? 'reads' : 'none';
}

/**
 * Every attribute of the schema's `Sql`, each computed only when asked for. Undefined: the attribute is absent.
 * Never raw text, parameters, ids or instants: a decision is shared by all requests that look the same to the policies.
 */
const attributes: Readonly<Record<string, (request: PolicyRequest) => Value | undefined>> = {
  title: ({ description }) => description.title,
  destructive: ({ description }) =>
    DESTRUCTIVE.test(description.title) || description.operation === 'sql:truncate',
  datasets: ({ datasets }) => sorted(datasets.map((each) => each.dataset)),
  datasetsRead: ({ datasets }) => sorted(accessed(datasets, 'read').map((each) => each.dataset)),
  datasetsWritten: ({ datasets }) => sorted(accessed(datasets, 'write').map((each) => each.dataset)),
  columnsRead: ({ datasets }) => columnsOf(datasets, 'read'),
  columnsFiltered: ({ datasets }) => columnsOf(datasets, 'filtered'),
  columnsWritten: ({ datasets }) => columnsOf(datasets, 'written'),
  writes: ({ datasets }) => accessed(datasets, 'write').length > 0,
  classes: ({ datasets }) =>
    sorted(
      datasets.flatMap((each) => [...each.classes, ...each.columns.flatMap((column) => column.classes)]),
    ),
  classesRead: ({ datasets }) => classesOf(datasets, 'read'),
  classesFiltered: ({ datasets }) => classesOf(datasets, 'filtered'),
  classesWritten: ({ datasets }) => classesOf(datasets, 'written'),
  owners: ({ datasets }) => sorted(datasets.flatMap((each) => each.owners ?? [])),
  compliance: ({ datasets }) => sorted(datasets.flatMap((each) => each.compliance ?? [])),
  functionsEffect: ({ description }) => strongestEffect(description),
  functions: ({ description }) => sorted(description.functions.map((each) => each.name)),
  reach: ({ description }) => description.reach,
  bounded: ({ description }) => description.rowLimit !== null,
  rowLimit: ({ description }) => description.rowLimit ?? undefined,
  estimatedRows: ({ estimatedRows }) => estimatedRows,
  filtered: ({ description }) => description.filtered,
  flags: ({ description }) => sorted(description.flags),
  unknown: ({ description, datasets }) =>
    description.unknown.length > 0 || datasets.some((each) => each.basis === 'unknown'),
  risk: ({ risk }) => risk.score,
  signals: ({ risk }) => sorted(risk.signals.map((signal) => signal.name)),
  onBehalfOf: ({ requester }) => requester.onBehalfOf,
  onBehalfOfBasis: ({ requester }) => requester.onBehalfOfBasis,
  environment: ({ target }) => target.environment,
  calendars: ({ calendars = [] }) => [...calendars],
};

export const attributeNames: readonly string[] = Object.keys(attributes);

/** One attribute; undefined where it is absent. */
export function attribute(request: PolicyRequest, name: string): Value | undefined {
  return attributes[name]?.(request);
}

/** The context of a request; attributes that no policy reads are left out, because making them costs time. */
function contextOf(request: PolicyRequest, names: readonly string[]): Question['context'] {
  const values = names.flatMap((name) => {
    const value = attribute(request, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(values);
}

function agentEntity(agent: Pick<Agent, 'name' | 'groups' | 'sponsor'>): EntityJson {
  const attrs = { name: agent.name, sponsor: agent.sponsor };
  return { uid: uid('Agent', agent.name), attrs, parents: groups(agent.groups) };
}

function personEntity(person: Person): EntityJson {
  const attrs = { name: person.name, disabled: person.disabled };
  return { uid: uid('Person', person.name), attrs, parents: groups(person.groups) };
}

const principalEntity = (principal: Agent | Person): EntityJson =>
  principal.kind === 'agent' ? agentEntity(principal) : personEntity(principal);

/** The question of whether this agent may do this. @param names the attributes of `context` that policies read. */
export function actionQuestion(request: PolicyRequest, names: readonly string[]): Question {
  const { requester, target, description } = request;
  const agent = agentEntity({
    name: requester.agent,
    groups: requester.agentGroups,
    sponsor: requester.sponsor,
  });
  const protectedEndpoint: EntityJson = {
    uid: uid('Target', target.name),
    attrs: { name: target.name, protocol: target.protocol },
    parents: [uid('Environment', target.environment)],
  };
  return {
    principal: uid('Agent', requester.agent),
    action: uid('Action', description.operation),
    resource: uid('Target', target.name),
    context: contextOf(request, names),
    entities: [agent, protectedEndpoint, ...(actionEntities.get(description.operation) ?? [])],
  };
}

/** Under what a person decides on a review. */
export interface Deciding {
  readonly calendars: readonly string[];
  /** Whose right it is, where somebody handed theirs over. */
  readonly delegator: Person | null;
}

/**
 * The question of whether this person may decide on this review. Policies see what the review is about and never its id,
 * so that reviews which are alike share the answer. Whoever decides with somebody else's right is asked about with the
 * groups of both: what forbids either of them forbids it.
 */
export function approvalQuestion(
  person: Person,
  review: Review,
  { calendars, delegator }: Deciding,
): Question {
  const { requester, target, operation, datasets, demands, risk } = review.subject;
  const { agent, sponsor, onBehalfOf } = requester;
  const classes = sorted(
    datasets.flatMap((each) => [...each.classes, ...each.columns.flatMap((column) => column.classes)]),
  );
  // When a step of the escalation begins to count is a matter of the review, not of policy.
  const entitled = delegator ?? person;
  const named = demands
    .flatMap(({ approvers, escalation }) => [...approvers, ...escalation.flatMap((step) => step.approvers)])
    .some(({ kind, name }) => (kind === 'group' ? entitled.groups.includes(name) : entitled.name === name));
  const judge =
    delegator === null ? person : { ...person, groups: sorted([...person.groups, ...delegator.groups]) };
  const judged: EntityJson = {
    uid: uid('Review', 'review'),
    attrs: {
      agent,
      agentGroups: [...requester.agentGroups],
      sponsor,
      onBehalfOf,
      target: target.name,
      operation,
      datasets: sorted(datasets.map((each) => each.dataset)),
      classes,
      risk: risk.score,
      signals: sorted(risk.signals.map((signal) => signal.name)),
    },
    parents: [uid('Environment', target.environment)],
  };
  return {
    principal: uid('Person', person.name),
    action: uid('Action', 'review:approve'),
    resource: uid('Review', 'review'),
    context: {
      named,
      ownRequest: isParty(requester, person),
      delegated: delegator !== null,
      environment: target.environment,
      calendars: [...calendars],
    },
    entities: [personEntity(judge), judged, ...(actionEntities.get('review:approve') ?? [])],
  };
}

/** What both questions about break-glass see of what is run. */
function breakGlassContext({
  datasets,
  risk,
  requester,
  target,
  description,
  calendars = [],
}: PolicyRequest) {
  return {
    operation: description.title,
    datasets: sorted(datasets.map((each) => each.dataset)),
    classes: sorted(
      datasets.flatMap((each) => [...each.classes, ...each.columns.flatMap((column) => column.classes)]),
    ),
    risk: risk.score,
    person: requester.agent,
    environment: target.environment,
    calendars: [...calendars],
  };
}

/** The question of whether this person may run this without approval, or review it afterwards. */
export function breakGlassQuestion(
  person: Person,
  action: 'break_glass:run' | 'break_glass:review',
  request: PolicyRequest,
): Question {
  const { target } = request;
  const protectedEndpoint: EntityJson = {
    uid: uid('Target', target.name),
    attrs: { name: target.name, protocol: target.protocol },
    parents: [uid('Environment', target.environment)],
  };
  return {
    principal: uid('Person', person.name),
    action: uid('Action', action),
    resource: uid('Target', target.name),
    context: breakGlassContext(request),
    entities: [personEntity(person), protectedEndpoint, ...(actionEntities.get(action) ?? [])],
  };
}

/** The question of whether this principal may use this action of the API. */
export function callQuestion(principal: Agent | Person, action: string): Question {
  const entity = principalEntity(principal);
  return {
    principal: uid(principal.kind === 'agent' ? 'Agent' : 'Person', principal.name),
    action: uid('Action', action),
    resource: uid('Gateway', 'gateway'),
    context: {},
    entities: [
      entity,
      { uid: uid('Gateway', 'gateway'), attrs: {}, parents: [] },
      ...(actionEntities.get(action) ?? []),
    ],
  };
}
