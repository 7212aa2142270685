/** Stage 2 of a call that no agent submitted. Its command is the canonical form of operation and arguments. */
import type { Target } from '../../core/identity.ts';
import { ok } from '../../core/result.ts';
import type { Drafter } from '../connector.ts';
import { attemptOf } from './records.ts';

export function drafterOf(target: Target): Drafter {
  return {
    draft(_agent, requester, command) {
      const { operation } = JSON.parse(command) as { readonly operation: string };
      const declared = { operation, command, datasets: [], statedTask: '', supersedes: null };
      return ok(attemptOf({ requester, target, declared }));
    },
  };
}
