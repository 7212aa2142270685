/** Which reviews somebody outside hears of. Pure. */
import type { Review } from './review.ts';

/** Every list that isn't empty has to have the review in it. */
export interface Routing {
  readonly targets: readonly string[];
  readonly environments: readonly string[];
  readonly agents: readonly string[];
  /** Groups of which members may approve, from the start or by escalation. */
  readonly groups: readonly string[];
  /** Of those that demand the review. */
  readonly policies: readonly string[];
  /** The least risk score. */
  readonly minRisk: number;
}

/** What a policy can send reviews to, besides what it is configured to take. */
export interface NamedRouting {
  readonly when: Routing;
  /** By which policies name it; absent: none can. */
  readonly name?: string;
  /** It takes what policies send there, and nothing else. */
  readonly byPolicy?: boolean;
}

const isIn = (list: readonly string[], ...names: readonly string[]): boolean =>
  list.length === 0 || names.some((name) => list.includes(name));

export function isRouted({ subject }: Review, when: Routing): boolean {
  const { target, requester, demands, risk } = subject;
  const approvers = demands.flatMap((demand) => [
    ...demand.approvers,
    ...demand.escalation.flatMap((step) => step.approvers),
  ]);
  const groups = approvers.flatMap(({ kind, name }) => (kind === 'group' ? [name] : []));
  return (
    isIn(when.targets, target.name) &&
    isIn(when.environments, target.environment) &&
    isIn(when.agents, requester.agent) &&
    isIn(when.groups, ...groups) &&
    isIn(when.policies, ...demands.map(({ policy }) => policy)) &&
    risk.score >= when.minRisk
  );
}

/** A policy that demands the review names it, or it takes such reviews anyway. */
export function isToldTo(review: Review, { name, when, byPolicy = false }: NamedRouting): boolean {
  const isNamed =
    name !== undefined && review.subject.demands.some(({ channels }) => channels?.includes(name) === true);
  return isNamed || (!byPolicy && isRouted(review, when));
}
