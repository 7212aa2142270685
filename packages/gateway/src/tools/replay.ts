import type { Decision } from '../core/decide.ts';
import type { LoadedEngine } from '../policy/engine.ts';
import { approversOf, decideAll, isSameResult } from '../policy/analysis/replaying.ts';
import {
  readAttempt,
  readCanary,
  type RecordedAttempt,
  type Surroundings,
} from '../policy/analysis/recorded.ts';
import { directoryOf, loadPolicies, openCalendars, readConfiguration, shown } from './sources.ts';
import { toolExits, usageFailure, type Tool } from './tool.ts';

type Change = 'held' | 'allowed' | 'denied' | 'asked otherwise';

interface Changed {
  readonly action: string;
  readonly at: string;
  readonly agent: string;
  readonly target: string;
  readonly operation: string;
  readonly change: Change;
  readonly from: Decision['effect'];
  /** Rules that decide under the policies in force, and under the draft. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

interface Tally {
  readonly changed: Changed[];
  readonly undecided: {
    readonly action: string;
    readonly at: string;
    readonly agent: string;
    readonly why: string;
  }[];
  /** Actions that the policies in force decide otherwise than was recorded: they, the groups or the classes changed since. */
  drifted: number;
  decided: number;
  unchanged: number;
  /** Reviews more (or less) by whoever is asked: `group:stewards`. */
  readonly reviews: Map<string, number>;
}

const DAY_MS = 86_400_000;
const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: DAY_MS };
const WORD: Readonly<Record<Decision['effect'], Change>> = {
  review: 'held',
  allow: 'allowed',
  deny: 'denied',
};
/** Of each kind; JSON has them all. */
const MOST_LISTED = 50;

/** Milliseconds since 1970 at which a span such as `7d` began, or an instant in RFC 3339. */
export function parseSince(since: string, nowMs: number): number {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(since) ?? [];
  const sinceMs = count === undefined ? Date.parse(since) : nowMs - Number(count) * (UNITS_MS[unit] ?? NaN);
  if (Number.isNaN(sinceMs))
    throw usageFailure('--since is an age such as 7d, or a time such as 2026-11-21T09:30:00Z');
  return sinceMs;
}

function compare(attempt: RecordedAttempt, before: Decision, after: Decision, tally: Tally): void {
  for (const whom of approversOf(after)) tally.reviews.set(whom, (tally.reviews.get(whom) ?? 0) + 1);
  for (const whom of approversOf(before)) tally.reviews.set(whom, (tally.reviews.get(whom) ?? 0) - 1);
  tally.decided += 1;
  if (before.effect !== attempt.effect) tally.drifted += 1;
  const same = before.effect === after.effect;
  if (isSameResult(before, after)) {
    tally.unchanged += 1;
    return;
  }
  const { action, agent, atMs, operation, target } = attempt;
  tally.changed.push({
    action,
    at: new Date(atMs).toISOString(),
    agent,
    target,
    operation,
    change: same ? 'asked otherwise' : WORD[after.effect],
    from: before.effect,
    before: before.policies,
    after: after.policies,
  });
}

function tallyOf(attempts: readonly RecordedAttempt[], current: LoadedEngine, draft: LoadedEngine): Tally {
  const tally: Tally = {
    changed: [],
    undecided: [],
    drifted: 0,
    decided: 0,
    unchanged: 0,
    reviews: new Map(),
  };
  const before = decideAll(attempts, current);
  const after = decideAll(attempts, draft);
  for (const [index, attempt] of attempts.entries()) {
    const [was, would] = [before[index] ?? null, after[index] ?? null];
    if (was !== null && would !== null) compare(attempt, was, would, tally);
    else {
      const { action, agent, atMs, why } = attempt;
      tally.undecided.push({ action, at: new Date(atMs).toISOString(), agent, why });
    }
  }
  return tally;
}

/** Recorded actions under a draft: what would be decided otherwise than under the policies in force. */
export const replay: Tool = async (options) => {
  if (options.draft === null) throw usageFailure('policy replay needs --draft DIR');
  const configuration = await readConfiguration(options);
  if (configuration === null)
    throw usageFailure('policy replay needs the configuration: name it with --config');
  const sinceMs = parseSince(options.since ?? '7d', options.nowMs);
  const draft = await loadPolicies(
    directoryOf({ ...options, dir: options.draft }, configuration),
    configuration,
  );
  const current = await loadPolicies(directoryOf(options, configuration), configuration);
  const agents = new Map(configuration.agents.map((agent) => [agent.name, agent]));
  const surroundings = { agents, calendarsAt: openCalendars(configuration) };
  const attempts = await readAttempts(options.input(), surroundings, sinceMs);
  const tally = tallyOf(attempts, current, draft);
  const days = Math.max(options.nowMs - sinceMs, 1) / DAY_MS;
  const extra = [...tally.reviews]
    .filter(([, count]) => count !== 0)
    .map(([whom, count]) => ({ whom, reviews: count, perDay: Math.round((count / days) * 100) / 100 }));
  const { changed, undecided, decided, drifted, unchanged } = tally;
  return {
    exit: toolExits.fine,
    value: {
      since: new Date(sinceMs).toISOString(),
      current: current.version,
      draft: draft.version,
      decided,
      unchanged,
      drifted,
      changed,
      undecided,
      extra,
    },
    text: [
      `${decided.toString()} recorded ${decided === 1 ? 'action' : 'actions'} since ${new Date(sinceMs).toISOString()}, decided again under ${shown(options.draft)}: ${unchanged.toString()} as before`,
      ...(['held', 'allowed', 'denied', 'asked otherwise'] as const).flatMap((change) =>
        listed(change, changed),
      ),
      ...costs(extra),
      ...cannot(undecided),
      ...drift(drifted),
    ].join('\n'),
  };
};

/**
 * An action that was reviewed has several entries; the first that records the attempt counts. What the gateway asked for
 * itself is nobody's work: it is left out.
 */
async function readAttempts(
  lines: AsyncIterable<string>,
  surroundings: Surroundings,
  sinceMs: number,
): Promise<readonly RecordedAttempt[]> {
  const found = new Map<string, RecordedAttempt>();
  for await (const line of lines) {
    const canary = readCanary(line);
    if (canary !== undefined) found.delete(canary);
    const attempt = readAttempt(line, surroundings);
    if (attempt === undefined || attempt.atMs < sinceMs || found.has(attempt.action)) continue;
    found.set(attempt.action, attempt);
  }
  return [...found.values()];
}

function listed(change: Change, all: readonly Changed[]): readonly string[] {
  const some = all.filter((each) => each.change === change);
  const head = `\nnewly ${change}: ${some.length.toString()}`;
  if (some.length === 0) return [];
  const rows = some
    .slice(0, MOST_LISTED)
    .map(
      ({ action, at, agent, target, operation, from, before, after }) =>
        `  ${at}  ${action}  ${agent} on ${target}  ${operation}  was ${from} (${before.join(', ') || 'no rule'}), would be by ${after.join(', ') || 'no rule'}`,
    );
  const more = some.length - rows.length;
  return [head, ...rows, ...(more > 0 ? [`  and ${more.toString()} more; --json lists all`] : [])];
}

function costs(
  extra: readonly { readonly whom: string; readonly perDay: number; readonly reviews: number }[],
): readonly string[] {
  if (extra.length === 0) return [];
  const rows = extra.map(
    ({ whom, perDay, reviews }) =>
      `  ${whom}: ${perDay > 0 ? '+' : ''}${perDay.toString()} a day (${reviews.toString()} in all)`,
  );
  return ['\nreviews more or less, counting each held action as one review:', ...rows];
}

function cannot(undecided: Tally['undecided']): readonly string[] {
  if (undecided.length === 0) return [];
  const rows = undecided
    .slice(0, MOST_LISTED)
    .map(({ action, at, agent, why }) => `  ${at}  ${action}  ${agent}: ${why}`);
  const more = undecided.length - rows.length;
  return [
    `\nnot decided again, and not counted as unchanged: ${undecided.length.toString()}`,
    ...rows,
    ...(more > 0 ? [`  and ${more.toString()} more; --json lists all`] : []),
  ];
}

const drift = (count: number): readonly string[] =>
  count === 0
    ? []
    : [
        `\nnote: the policies in force decide ${count.toString()} of them otherwise than was recorded; the policies, or the agents’ groups, have changed since`,
      ];
