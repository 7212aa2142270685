/** Stage 2 of a command that no client sent: as of a session that was opened just now, and asked for nothing else. */
import type { Drafter, Gate } from '../../connector.ts';
import { refusal } from '../../../core/reasons.ts';
import { err, ok } from '../../../core/result.ts';
import type { Directory, Hashing } from '../../../ports.ts';
import { parseSearchPath, type SqlDescriber } from '../describe/index.ts';
import { Asking } from './asking.ts';
import type { TargetAccess } from './options.ts';
import { SessionState } from './state.ts';

export interface DraftingPorts {
  readonly gate: Gate;
  readonly hashing: Hashing;
  readonly directory: Directory;
  readonly describer: SqlDescriber;
}

export function drafterOf({ catalog, estimator, target }: TargetAccess, ports: DraftingPorts): Drafter {
  return {
    draft(agent, requester, command) {
      const path = catalog.searchPath;
      const state = new SessionState(path === null ? null : parseSearchPath(path));
      const asked = { ...ports, catalog, target, agent, requester, state, analyser: null, estimator: null };
      const candidates = new Asking(asked).text(command);
      if (!candidates.ok) return candidates;
      const [only, more] = candidates.value;
      if (only === undefined || more !== undefined) return err(refusal('describe.unsupported', {}));
      // An agent's would have gone to the target first, and may be refused there for names that aren't any.
      if (only.attempt.description.unknown.length > 0) return err(refusal('describe.unresolved', {}));
      return ok(only.attempt);
    },
    estimate: async (attempt) => estimator?.estimate(attempt),
  };
}
