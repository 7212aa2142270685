import type { Parameter, Preconditions } from '../../core/action.ts';
import type { Demand } from '../../core/decide.ts';
import type { Target } from '../../core/identity.ts';
import type { Candidate } from '../../core/standing.ts';
import type { DatasetUsage } from '../../core/usage.ts';
import type { EntryRow } from '../../stores/store.ts';

/** An attempt that needed people, as the ledger tells of it. */
export interface Recorded extends Omit<Candidate, 'template' | 'fields' | 'preconditions'> {
  readonly action: string;
  readonly atMs: number;
  /** Null where its aside has been erased. */
  readonly form: {
    readonly command: string;
    readonly parameters: readonly Parameter[];
    readonly preconditions: Preconditions;
  } | null;
}

/** Members of our own entries (core/entry.ts), as far as a replay reads them. */
interface AttemptLeaf {
  readonly decision: { readonly effect: string; readonly demands?: readonly Demand[] };
  readonly operation: string;
  readonly requester: { readonly agent: string; readonly onBehalfOf: string };
  readonly target: Target;
  readonly usage: readonly DatasetUsage[];
}

/** What is stored was written by the gateway, in the same store. Undefined: no attempt, or none that needed people. */
export function readRecord({ kind, action, atMs, leaf, aside }: EntryRow): Recorded | undefined {
  if ((kind !== 'decision' && kind !== 'intent') || action === null) return undefined;
  // Nearly all entries are of actions that policy allowed: not worth a parse.
  if (!leaf.includes('"effect":"review"')) return undefined;
  const { decision, operation, requester, target, usage } = JSON.parse(leaf) as AttemptLeaf;
  if (decision.effect !== 'review' || decision.demands === undefined) return undefined;
  const { agent, onBehalfOf } = requester;
  const { demands } = decision;
  return {
    action,
    atMs,
    agent,
    onBehalfOf,
    target,
    operation,
    datasets: usage,
    demands,
    form: formOf(aside),
  };
}

function formOf(aside: string | null): Recorded['form'] {
  if (aside === null) return null;
  const { form } = JSON.parse(aside) as { readonly form?: string };
  return form === undefined ? null : (JSON.parse(form) as NonNullable<Recorded['form']>);
}
