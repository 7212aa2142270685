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
