/** Reviews that would be opened and that nobody, or too few, could approve. */
import { explainUnmeetable, unmeetableDemands, type Electorate } from '../../core/electorate.ts';
import type { Demand } from '../../core/decide.ts';
import { partiesOf, type Agent, type Requester, type Target } from '../../core/identity.ts';
import type { Review } from '../../core/review.ts';
import type { PolicyEngine } from '../../ports.ts';
import type { CheckedPolicy } from '../validate.ts';
import type { Case, Population } from './population.ts';

/** What a rule about approvals may look at besides people: a review at either end. */
const VARIANTS = [
  { risk: 0, every: false },
  { risk: 100, every: false },
  { risk: 0, every: true },
  { risk: 100, every: true },
] as const;

interface Trial {
  readonly agent: Agent;
  readonly target: Target;
  readonly operation: string;
  readonly onBehalfOf: string;
}

function requesterOf({ agent, onBehalfOf }: Trial, { people }: Population): Requester {
  return {
    agent: agent.name,
    agentGroups: agent.groups,
    sponsor: agent.sponsor,
    onBehalfOf,
    onBehalfOfBasis: onBehalfOf === agent.sponsor ? 'configured' : 'asserted',
    parties: partiesOf(agent, onBehalfOf, (name) => people.find((person) => person.name === name)),
    session: '',
    client: '',
  };
}

/** As much of a review as the electorate and policies look at. */
function trialReview(
  trial: Trial,
  demand: Demand,
  population: Population,
  variant: (typeof VARIANTS)[number],
): Review {
  const { target, operation } = trial;
  const classes = variant.every ? population.classes : [];
  const dataset = {
    dataset: 'any',
    access: ['read', 'write'],
    basis: 'parsed',
    columns: [],
    classes,
  } as const;
  const subject = {
    requester: requesterOf(trial, population),
    target,
    operation,
    datasets: [dataset],
    demands: [demand],
    risk: { score: variant.risk, signals: [] },
  };
  const schedule = [
    { remindersAtMs: [], escalationsAtMs: demand.escalation.map(() => 0), expiresAtMs: Infinity },
  ];
  // Nothing else of a review is read by those who say who may approve it.
  return { subject, schedule, votes: [] } as unknown as Review;
}

/** Trials that differ in who is a party to them, or where they are; what else differs changes nobody's vote. */
function trialsOf(matching: readonly Case[]): readonly Trial[] {
  const found = new Map<string, Trial>();
  for (const { agent, target, operation } of matching) {
    if (agent === null || target === null) continue;
    for (const onBehalfOf of [agent.sponsor, ...agent.mayActFor]) {
      const key = JSON.stringify([agent.sponsor, agent.credentialOwner, onBehalfOf, target.environment]);
      if (!found.has(key)) found.set(key, { agent, target, operation, onBehalfOf });
    }
  }
  return [...found.values()];
}

/** Sentences, one for each agent and target for which the rule's demand can't be met by the people who exist. */
export function approvalProblems(
  { demand }: CheckedPolicy,
  matching: readonly Case[],
  population: Population,
  engine: Pick<PolicyEngine, 'mayApprove'>,
): readonly string[] {
  if (demand === null) return [];
  const { people } = population;
  const electorate: Electorate = {
    person: (name) => people.find((person) => person.name === name),
    people: () => people,
    mayApprove: (person, review) => engine.mayApprove(person, review),
  };
  return trialsOf(matching).flatMap((trial) => {
    const failing = VARIANTS.filter(
      (variant) => unmeetableDemands(trialReview(trial, demand, population, variant), electorate).length > 0,
    );
    if (failing.length === 0) return [];
    const when = failing.length === VARIANTS.length ? '' : ` when ${wordsOf(failing)}`;
    const { agent, target, onBehalfOf } = trial;
    const why = explainUnmeetable(demand).replace(' now', '').replace(/\.$/, '');
    return `nobody could approve what ${agent.name} asks for ${onBehalfOf} on ${target.name}${when}: ${why}`;
  });
}

const wordsOf = (variants: readonly (typeof VARIANTS)[number][]): string =>
  variants
    .map(
      ({ risk, every }) => `the risk is ${risk.toString()} and ${every ? 'all' : 'no'} classes are touched`,
    )
    .join(', or ');
