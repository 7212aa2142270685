import type { Decision } from '../core/decide.ts';
import { parseSince } from './replay.ts';
import { toolExits, type Tool } from './tool.ts';

type Effect = Decision['effect'];

/** An attempt for which a draft was observed. */
interface Observed {
  readonly action: string;
  readonly at: string;
  readonly agent: string;
  readonly target: string;
  readonly operation: string;
  readonly draft: string;
  readonly enforced: Effect;
  readonly observed: Effect;
  readonly enforcedBy: readonly string[];
  readonly observedBy: readonly string[];
}

/** Members of our own entries (spec/ledger.md), as far as they are read here. */
interface ObservedLeaf {
  readonly kind: string;
  readonly action: string;
  readonly at: number;
  readonly decision: { readonly effect: Effect; readonly policies: readonly string[] };
  readonly observed?: {
    readonly draft: string;
    readonly effect: Effect;
    readonly policies: readonly string[];
  };
  readonly operation: string;
  readonly requester: { readonly agent: string };
  readonly target: { readonly name: string };
}

/** Of those that differ; JSON has them all. */
const MOST_LISTED = 50;

/** Undefined for every entry without an observation. */
function readObserved(line: string, sinceMs: number): Observed | undefined {
  if (!line.includes('"observed":{"draft":')) return undefined;
  const leaf = parse(line);
  if (leaf?.observed === undefined || leaf.at < sinceMs) return undefined;
  if (leaf.kind !== 'decision' && leaf.kind !== 'intent') return undefined;
  const { action, at, decision, observed, operation, requester, target } = leaf;
  return {
    action,
    at: new Date(at).toISOString(),
    agent: requester.agent,
    target: target.name,
    operation,
    draft: observed.draft,
    enforced: decision.effect,
    observed: observed.effect,
    enforcedBy: decision.policies,
    observedBy: observed.policies,
  };
}

function parse(line: string): ObservedLeaf | undefined {
  try {
    return JSON.parse(line) as ObservedLeaf;
  } catch {
    return undefined;
  }
}

/** What observed drafts would have decided, from the entries that are piped in: nothing is decided again. */
export const observe: Tool = async (options) => {
  const sinceMs = parseSince(options.since ?? '7d', options.nowMs);
  const found = new Map<string, Observed>();
  for await (const line of options.input()) {
    const observed = readObserved(line, sinceMs);
    // An action that was reviewed has several entries; the first that records the attempt counts.
    if (observed !== undefined && !found.has(observed.action)) found.set(observed.action, observed);
  }
  const all = [...found.values()];
  const differing = all.filter(({ enforced, observed }) => enforced !== observed);
  const targets = [...new Set(all.map(({ target }) => target))].sort().map((target) => countsOf(target, all));
  return {
    exit: toolExits.fine,
    value: { since: new Date(sinceMs).toISOString(), observed: all.length, targets, differing },
    text: [
      `${all.length.toString()} ${all.length === 1 ? 'action' : 'actions'} since ${new Date(sinceMs).toISOString()} with a draft that was observed, and not enforced`,
      ...targets.map(
        ({ target, same, held, allowed, denied }) =>
          `  ${target}: ${same.toString()} as decided; the draft would have held ${held.toString()}, allowed ${allowed.toString()}, denied ${denied.toString()} more`,
      ),
      ...listed(differing),
    ].join('\n'),
  };
};

function countsOf(target: string, all: readonly Observed[]) {
  const own = all.filter((each) => each.target === target);
  const count = (effect: Effect): number =>
    own.filter(({ enforced, observed }) => observed === effect && enforced !== effect).length;
  const same = own.filter(({ enforced, observed }) => enforced === observed).length;
  return { target, same, held: count('review'), allowed: count('allow'), denied: count('deny') };
}

function listed(differing: readonly Observed[]): readonly string[] {
  const rows = differing
    .slice(-MOST_LISTED)
    .map(
      ({ at, action, agent, target, operation, enforced, observed, observedBy }) =>
        `  ${at}  ${action}  ${agent} on ${target}  ${operation}  was ${enforced}, draft: ${observed} (${observedBy.join(', ') || 'no rule'})`,
    );
  const more = differing.length - rows.length;
  return rows.length === 0
    ? []
    : [
        '\ndecided otherwise',
        ...rows,
        ...(more > 0 ? [`  and ${more.toString()} earlier; --json lists all`] : []),
      ];
}
