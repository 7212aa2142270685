import type { Gate } from '../../connector.ts';
import type { Agent, Requester, Target } from '../../../core/identity.ts';
import type { Limits } from '../../../limits.ts';
import type { Clock, Directory, Hashing } from '../../../ports.ts';
import type { Estimator } from '../preview/estimator.ts';
import type { Analyser } from '../analysis/analyser.ts';
import type { CatalogWatcher } from '../catalog/index.ts';
import type { SqlDescriber } from '../describe/index.ts';
import type { AcceptedClient } from '../wire/accept.ts';
import type { UpstreamOptions } from '../wire/upstream.ts';
import type { Slots } from './slots.ts';

/** What the sessions of one target share. */
export interface TargetAccess {
  readonly target: Target;
  readonly catalog: CatalogWatcher;
  /** Null: the gateway asks this target nothing over connections of its own. */
  readonly analyser: Analyser | null;
  /** Null: the gateway opens no connections of its own for this. */
  readonly estimator: Estimator | null;
  readonly slots: Slots;
  readonly upstream: UpstreamOptions;
  /** What the target reports of itself to a connection that asked for nothing; clients are greeted with it. */
  readonly parameters: ReadonlyMap<string, string>;
}

export interface SessionPorts {
  readonly gate: Gate;
  readonly clock: Clock;
  readonly hashing: Hashing;
  readonly directory: Directory;
  readonly describer: SqlDescriber;
  readonly publicUrl: string;
  readonly limits: Limits;
}

export interface SessionOptions {
  readonly access: TargetAccess;
  readonly ports: SessionPorts;
  readonly client: AcceptedClient;
  readonly agent: Agent;
  readonly requester: Requester;
  readonly statedTask: string;
  readonly supersedes: string;
  /** The client asked for a search path in its startup packet. */
  readonly ownSearchPath: string | undefined;
  readonly processId: number;
  readonly secretKey: Uint8Array;
  /** The gateway failed on a message: for its log. */
  readonly onFault: (error: unknown) => void;
  readonly onEnd: () => void;
}
