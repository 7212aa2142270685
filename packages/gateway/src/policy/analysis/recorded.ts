/** Recorded attempts, made into what policies are asked, from their entries in the ledger alone. */
import type { Decision } from '../../core/decide.ts';
import type { Description } from '../../core/describe.ts';
import type { Agent, Requester, Target } from '../../core/identity.ts';
import { momentWeight } from '../../core/situation.ts';
import type { DatasetUsage } from '../../core/usage.ts';
import type { PolicyRequest } from '../../ports.ts';

/** One attempt; `request` is null where it can't be decided again, and `why` says why. */
export interface RecordedAttempt {
  readonly action: string;
  readonly atMs: number;
  readonly agent: string;
  readonly target: string;
  readonly operation: string;
  readonly effect: Decision['effect'];
  readonly policies: readonly string[];
  readonly request: PolicyRequest | null;
  readonly why: string;
}

/** Members of our own entries (spec/ledger.md), as far as they are read here. */
interface AttemptLeaf {
  readonly kind: string;
  readonly action: string;
  readonly at: number;
  readonly decision: { readonly effect: Decision['effect']; readonly policies: readonly string[] };
  readonly described?: Omit<Description, 'operation' | 'datasets' | 'unknown'> & {
    readonly unknown: boolean;
  };
  readonly operation: string;
  readonly requester: Omit<Requester, 'agentGroups'>;
  readonly risk: {
    readonly estimatedRows?: number;
    readonly score: number;
    readonly signals: readonly string[];
  };
  readonly target: Target;
  readonly usage: readonly DatasetUsage[];
}

const NOT_DESCRIBED = 'the gateway could not describe it, and refused it before any policy was asked';
const NO_RECORD = 'its entry does not hold what policies saw of it';
const NO_AGENT = 'the agent is not in the configuration any more, so its groups are not known';

/** Undefined: no attempt, or not an entry of ours. */
function parseAttempt(line: string): AttemptLeaf | undefined {
  // Most entries are outcomes, reviews and votes: not worth a parse.
  if (!line.includes('"kind":"decision"') && !line.includes('"kind":"intent"')) return undefined;
  try {
    const leaf = JSON.parse(line) as AttemptLeaf;
    return leaf.kind === 'decision' || leaf.kind === 'intent' ? leaf : undefined;
  } catch {
    return undefined;
  }
}

function whyNot({ operation, described }: AttemptLeaf, agent: Agent | undefined): string {
  if (operation === 'undescribed') return NOT_DESCRIBED;
  if (described === undefined) return NO_RECORD;
  return agent === undefined ? NO_AGENT : '';
}

function requestOf(leaf: AttemptLeaf, agent: Agent, calendars: readonly string[]): PolicyRequest | null {
  const { described, operation, requester, risk, target, usage } = leaf;
  if (described === undefined) return null;
  const description: Description = {
    ...described,
    operation,
    datasets: [],
    unknown: described.unknown ? ['something'] : [],
  };
  const signals = risk.signals.map((name) => ({ name, weight: momentWeight(name), explanation: '' }));
  return {
    requester: { ...requester, agentGroups: agent.groups },
    target,
    description,
    datasets: usage,
    risk: { score: risk.score, signals },
    ...(risk.estimatedRows === undefined ? {} : { estimatedRows: risk.estimatedRows }),
    calendars,
  };
}

/** What a record doesn't hold: the groups that agents have now, and the calendars as they are now. */
export interface Surroundings {
  readonly agents: ReadonlyMap<string, Agent>;
  /** Names of the calendars in whose hours an instant was. */
  readonly calendarsAt: (atMs: number) => readonly string[];
}

/** The attempt that an entry records. Undefined for every other entry. */
export function readAttempt(
  line: string,
  { agents, calendarsAt }: Surroundings,
): RecordedAttempt | undefined {
  const leaf = parseAttempt(line);
  if (leaf === undefined) return undefined;
  const agent = agents.get(leaf.requester.agent);
  const why = whyNot(leaf, agent);
  return {
    action: leaf.action,
    atMs: leaf.at,
    agent: leaf.requester.agent,
    target: leaf.target.name,
    operation: leaf.operation,
    effect: leaf.decision.effect,
    policies: leaf.decision.policies,
    request: why === '' && agent !== undefined ? requestOf(leaf, agent, calendarsAt(leaf.at)) : null,
    why,
  };
}

/** The action of which an entry says that it was a canary. */
export function readCanary(line: string): string | undefined {
  if (!line.includes('"kind":"canary"')) return undefined;
  try {
    const leaf = JSON.parse(line) as Pick<AttemptLeaf, 'kind' | 'action'>;
    return leaf.kind === 'canary' ? leaf.action : undefined;
  } catch {
    return undefined;
  }
}
