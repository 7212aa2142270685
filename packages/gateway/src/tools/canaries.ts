/** Canaries that would never be opened, because policy doesn't send what they ask for to people. */
import type { PolicyConfiguration } from '../config/offline.ts';
import { drafterOf } from '../connectors/api/drafting.ts';
import type { Finding } from '../policy/analysis/findings.ts';
import type { PolicyEngine } from '../ports.ts';
import { requestOf, requesterOf } from './describe.ts';

/** Of calls only: what a statement touches is in its target's catalog, which no tool reads. */
export function unheldCanaries(
  { canaries, catalog, file }: PolicyConfiguration,
  engine: Pick<PolicyEngine, 'decide'>,
): readonly Finding[] {
  return (canaries?.requests ?? []).flatMap(({ agent, target, command }, index): Finding[] => {
    if (target.protocol !== 'api') return [];
    const requester = requesterOf(agent, agent.sponsor);
    const attempt = drafterOf(target).draft(agent, requester, command);
    if (!attempt.ok) return [];
    const { effect } = engine.decide(requestOf(requester, target, attempt.value.description, catalog));
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
