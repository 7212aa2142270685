/** Canaries that would never be opened, because policy doesn't send what they ask for to people. */
import type { PolicyConfiguration } from '../config/offline.ts';
import { describe } from '../connectors/api/describe.ts';
import type { Finding } from '../policy/analysis/findings.ts';
import type { PolicyEngine } from '../ports.ts';
import { requestOf, requesterOf } from './describe.ts';

/** Of calls only: what a statement touches is in its target's catalog, which no tool reads. */
export function unheldCanaries(
  { canaries, catalog, file }: PolicyConfiguration,
  engine: Pick<PolicyEngine, 'decide'>,
): readonly Finding[] {
  return (canaries?.requests ?? []).flatMap(({ agent, target, command, statedTask }, index): Finding[] => {
    if (target.protocol !== 'api') return [];
    const requester = requesterOf(agent, agent.sponsor);
    const { operation } = JSON.parse(command) as { readonly operation: string };
    const declared = { operation, command, datasets: [], statedTask, supersedes: null };
    const { effect } = engine.decide(requestOf(requester, target, describe(declared), catalog));
    if (effect === 'review') return [];
    const does = effect === 'allow' ? 'allows' : 'denies';
    return [
      {
        code: 'canary.not_held',
        level: 'warning',
        policy: '',
        file,
        line: 1,
        column: 1,
        message: `attention.canaries.requests[${index.toString()}]: policy ${does} this, so it is never opened`,
        hint: 'ask for something that people decide on',
      },
    ];
  });
}
