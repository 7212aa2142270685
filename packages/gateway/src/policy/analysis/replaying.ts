/** Recorded actions, decided under the policies in force and under others. Pure but for the engines. */
import type { Decision } from '../../core/decide.ts';
import type { PolicyReplay, ReplayedChange } from '../../core/policy-change.ts';
import type { LoadedEngine } from '../engine.ts';
import type { RecordedAttempt } from './recorded.ts';

/** Whoever is asked: `group:stewards`. */
export const approversOf = (decision: Decision): readonly string[] =>
  decision.effect === 'review'
    ? [
        ...new Set(
          decision.demands.flatMap(({ approvers }) => approvers.map(({ kind, name }) => `${kind}:${name}`)),
        ),
      ]
    : [];

const demandsOf = (decision: Decision): string =>
  decision.effect === 'review'
    ? JSON.stringify(
        decision.demands.map(({ approvers, quorum, passkeyFromRisk }) => [
          approvers,
          quorum,
          passkeyFromRisk,
        ]),
      )
    : '';

/** Whether an agent and those who are asked see no difference. */
export const isSameResult = (before: Decision, after: Decision): boolean =>
  before.effect === after.effect && demandsOf(before) === demandsOf(after);

/** Decides each attempt under one engine: an engine of another set has to be loaded anew each time it is asked. */
export function decideAll(
  attempts: readonly RecordedAttempt[],
  engine: LoadedEngine,
): readonly (Decision | null)[] {
  return attempts.map(({ request }) => (request === null ? null : engine.decide(request)));
}

export interface ReplayBounds {
  readonly sinceMs: number;
  readonly complete: boolean;
  readonly mostListed: number;
}

/** @param attempts newest first. */
export function replayAttempts(
  attempts: readonly RecordedAttempt[],
  engines: { readonly current: LoadedEngine; readonly proposed: LoadedEngine },
  { sinceMs, complete, mostListed }: ReplayBounds,
): PolicyReplay {
  const before = decideAll(attempts, engines.current);
  const after = decideAll(attempts, engines.proposed);
  const reviews = new Map<string, number>();
  const changed: ReplayedChange[] = [];
  let [decided, unchanged] = [0, 0];
  for (const [index, attempt] of attempts.entries()) {
    const [was, would] = [before[index] ?? null, after[index] ?? null];
    if (was === null || would === null) continue;
    decided += 1;
    for (const whom of approversOf(would)) reviews.set(whom, (reviews.get(whom) ?? 0) + 1);
    for (const whom of approversOf(was)) reviews.set(whom, (reviews.get(whom) ?? 0) - 1);
    if (isSameResult(was, would)) unchanged += 1;
    else changed.push(changeOf(attempt, was, would));
  }
  return {
    sinceMs,
    complete,
    decided,
    unchanged,
    undecided: attempts.length - decided,
    changedCount: changed.length,
    changed: changed.slice(0, mostListed),
    reviews: [...reviews].filter(([, more]) => more !== 0).map(([whom, more]) => ({ whom, more })),
  };
}

function changeOf(attempt: RecordedAttempt, was: Decision, would: Decision): ReplayedChange {
  const { action, atMs, agent, target, operation } = attempt;
  return {
    action,
    atMs,
    agent,
    target,
    operation,
    from: was.effect,
    to: would.effect,
    before: [...was.policies],
    after: [...would.policies],
  };
}
