import type { Decision } from '../core/decide.ts';
import type { Description } from '../core/describe.ts';
import type { Requester, Target } from '../core/identity.ts';
import type { Risk } from '../core/risk.ts';
import type { DatasetUsage } from '../core/usage.ts';
import type { PolicyRequest } from '../ports.ts';
import type { Reads } from './reads.ts';
import { attribute } from './request.ts';

const OF_REQUESTER = ['onBehalfOf', 'onBehalfOfBasis'];
/** Attributes that the moment has a part in, besides the action. */
export const OF_RISK = ['risk', 'signals'];

/** Decisions of one description on one target, while its datasets are the same object. */
interface Slot {
  readonly datasets: readonly DatasetUsage[];
  readonly decisions: Map<string, Decision>;
}

/** Remembers text that is made from an object, for as long as the object lives. */
function textOf<T extends object>(make: (from: T) => string): (from: T) => string {
  const known = new WeakMap<T, string>();
  return (from) => {
    let text = known.get(from);
    if (text === undefined) known.set(from, (text = make(from)));
    return text;
  };
}

/** Drops the oldest where there is no more room. */
export function remember<T>(memo: Map<string, T>, key: string, answer: T, most: number): void {
  if (memo.size >= most) {
    for (const oldest of memo.keys()) {
      memo.delete(oldest);
      break;
    }
  }
  memo.set(key, answer);
}

/**
 * A decision is a pure function of the action and the attributes that policies read, so requests that agree on those
 * share one decision. Two memos: one by the identity of the description, which costs a few look-ups, and one by the
 * attributes' values, for descriptions that are equal without being the same object. Both are bounded, and both die
 * with the engine, which lives as long as its policies.
 */
export function memoise(
  evaluate: (request: PolicyRequest) => Decision,
  reads: Reads & { readonly context: readonly string[] },
  most: number,
): (request: PolicyRequest) => Decision {
  const requesterNames = OF_REQUESTER.filter((name) => reads.context.includes(name));
  const readsRequester = reads.principal || requesterNames.length > 0;
  const readsRisk = OF_RISK.some((name) => reads.context.includes(name));
  const readsEstimates = reads.context.includes('estimatedRows');
  const readsCalendars = reads.context.includes('calendars');
  const shared = new Map<string, Decision>();
  const byDescription = new WeakMap<Description, WeakMap<Target, Slot>>();

  const requesterText = textOf(({ agent, agentGroups, sponsor, onBehalfOf, onBehalfOfBasis }: Requester) =>
    JSON.stringify([
      reads.principal ? [agent, agentGroups, sponsor] : [],
      requesterNames.length > 0 ? [onBehalfOf, onBehalfOfBasis] : [],
    ]),
  );
  const riskText = textOf((risk: Risk) =>
    JSON.stringify([risk.score, risk.signals.map((signal) => signal.name)]),
  );
  const varying = ({ requester, risk, estimatedRows, calendars = [] }: PolicyRequest): string =>
    (readsRequester ? requesterText(requester) : '') +
    (readsRisk ? riskText(risk) : '') +
    (readsEstimates && estimatedRows !== undefined ? ` ${estimatedRows.toString()}` : '') +
    (readsCalendars ? ` ${calendars.join(' ')}` : '');

  const projection = (request: PolicyRequest): string => {
    const { requester, target, description } = request;
    return JSON.stringify([
      description.operation,
      reads.principal ? [requester.agent, requester.agentGroups, requester.sponsor] : null,
      reads.resource ? [target.name, target.environment, target.protocol] : null,
      reads.context.map((name) => attribute(request, name) ?? null),
    ]);
  };

  const decideByValue = (request: PolicyRequest): Decision => {
    const key = projection(request);
    let decision = shared.get(key);
    if (decision === undefined) remember(shared, key, (decision = evaluate(request)), most);
    return decision;
  };

  const slotOf = ({ description, target, datasets }: PolicyRequest): Slot => {
    let ofTarget = byDescription.get(description);
    if (ofTarget === undefined) byDescription.set(description, (ofTarget = new WeakMap()));
    let slot = ofTarget.get(target);
    if (slot?.datasets !== datasets) ofTarget.set(target, (slot = { datasets, decisions: new Map() }));
    return slot;
  };

  return (request) => {
    const { decisions } = slotOf(request);
    const key = varying(request);
    let decision = decisions.get(key);
    if (decision === undefined) remember(decisions, key, (decision = decideByValue(request)), most);
    return decision;
  };
}
