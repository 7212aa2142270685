/** Who could approve what an agent would submit, by everything that is in force here. Nothing is attempted or recorded. */
import { mayActFor } from '../connectors/api/records.ts';
import { describe } from '../connectors/api/describe.ts';
import { declaredOf, requesterOf } from '../connectors/api/submitting.ts';
import { assess } from '../core/assess.ts';
import { foresee } from '../core/foreseen.ts';
import type { Agent, Requester, Target } from '../core/identity.ts';
import { err, ok } from '../core/result.ts';
import type { Classifier, Clock, DelegationBook, Directory, PolicyEngine, PolicyRequest } from '../ports.ts';
import type { ApproverForesight, ForeseenAction, ForeseenAsk } from '../ports-authority.ts';
import { electorateOf } from '../review/approvals.ts';

export interface ForeseeingPorts {
  readonly clock: Clock;
  readonly directory: Directory;
  readonly policy: PolicyEngine;
  readonly classifier: Classifier;
  readonly delegations: DelegationBook;
}

const refuse = (code: 'agent' | 'target' | 'person', message: string) => err({ code, message });

/** @param targets those of submitted actions: what others would do is in the target, and nobody is asked for it here. */
export function foresightOf(ports: ForeseeingPorts, targets: readonly Target[]): ApproverForesight {
  return {
    forAction(ask) {
      const agent = ports.directory.agent(ask.agent);
      if (agent === undefined) return refuse('agent', `There is no agent ${ask.agent}.`);
      const target = targets.find(({ name }) => name === ask.target);
      if (target === undefined)
        return refuse(
          'target',
          'There is no such target of protocol `api`: a statement is asked with --sql.',
        );
      const requester = requesterFor(ask, agent, ports.directory);
      if (!mayActFor(agent, requester.onBehalfOf, ports.directory))
        return refuse('person', `The agent is not entitled to act for ${requester.onBehalfOf}.`);
      return ok(foreseenOf(requestOf(ask, requester, target, ports.classifier), ports));
    },
  };
}

const requesterFor = (ask: ForeseenAsk, agent: Agent, directory: Directory): Requester =>
  requesterOf({ ...ask, agent, client: '' }, '', directory);

/** Without the signals of the moment: those are of an attempt, and this is none. */
function requestOf(
  ask: ForeseenAsk,
  requester: Requester,
  target: Target,
  classifier: Classifier,
): PolicyRequest {
  const description = describe(declaredOf({ ...ask, statedTask: '', supersedes: null }));
  const datasets = classifier.classify(target, description);
  return { requester, target, description, datasets, risk: assess(description, datasets, target) };
}

function foreseenOf(request: PolicyRequest, ports: ForeseeingPorts): ForeseenAction {
  const { clock, policy } = ports;
  const decision = policy.decide(request);
  const atMs = clock.nowMs();
  const { requester, target, description, datasets, risk } = request;
  const { operation } = description;
  const demands = decision.effect === 'review' ? decision.demands : [];
  const subject = { requester, target, operation, datasets, risk, demands };
  const foreseen = foresee(subject, {
    atMs,
    electorate: electorateOf(ports),
    policies: (review, person, delegator) =>
      policy.approvalPolicies?.(person, review, { atMs, delegator }) ?? [],
  });
  return { atMs, decision, demands: foreseen };
}
