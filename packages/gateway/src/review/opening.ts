import type { Judgement } from '../connectors/connector.ts';
import type { AttemptMembers, Sealed } from '../core/entry.ts';
import type { GrantBinding } from '../core/grant.ts';
import { groupingForm } from '../core/grouping.ts';
import { makeId, type ActionId, type ReviewId } from '../core/ids.ts';
import type { Review, ReviewSubject } from '../core/review.ts';
import { scheduleOf } from '../core/schedule.ts';
import type { Clock, GroupingTemplates, Hashing, Mutation, Random, WorkingCalendars } from '../ports.ts';

/** What the pipeline hands over when policy demands a review. */
export interface HoldAsk {
  readonly judgement: Judgement;
  readonly digest: string;
  readonly sealed: Sealed;
  readonly salt: string;
  readonly holding: readonly string[];
  /** The pending review of this agent that the action is asked instead of; null: of none. */
  readonly supersedes: ReviewId | null;
  readonly attempt: {
    readonly action: ActionId;
    readonly atMs: number;
    readonly sealed: Sealed;
    readonly members: AttemptMembers;
  };
  /** What is committed together with the review's opening; undefined: nothing. */
  readonly state: ((review: ReviewId) => readonly Mutation[]) | undefined;
}

export function bindingOf(ask: HoldAsk): GrantBinding {
  const { requester, target } = ask.judgement.action;
  return { digest: ask.digest, agent: requester.agent, target: target.name, environment: target.environment };
}

export interface OpeningPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly calendars: WorkingCalendars;
  readonly hashing: Pick<Hashing, 'sha256Hex'>;
  /** Left out: reviews are alike by what they touch. */
  readonly templates?: GroupingTemplates;
}

export function newReview(
  ask: HoldAsk,
  supersedes: ReviewId | null,
  { clock, random, calendars, hashing, templates }: OpeningPorts,
): Review {
  const openedAtMs = clock.nowMs();
  const subject = subjectOf(ask);
  const template = templates?.(subject.target, subject.command, subject.parameters) ?? null;
  const schedule = subject.demands.map((demand) => scheduleOf(demand, openedAtMs, calendars.workingTime));
  return {
    id: makeId('rev', openedAtMs, random.bytes(10)),
    subject,
    openedAtMs,
    schedule,
    announcedUntilMs: openedAtMs,
    expiresAtMs: Math.min(...schedule.map((each) => each.expiresAtMs)),
    votes: [],
    questions: [],
    preview: null,
    supersedes,
    shape: hashing.sha256Hex(groupingForm(subject, template)),
    revision: 1,
    state: { status: 'pending' },
  };
}

function subjectOf(ask: HoldAsk): ReviewSubject {
  const { action, description, datasets, risk, decision, statedTask } = ask.judgement;
  if (decision.effect !== 'review') throw new Error(`hold() of a decision to ${decision.effect}`);
  const { requester, target, command, parameters, preconditions } = action;
  const { operation, title, functions, rowLimit, unknown } = description;
  return {
    action: action.id,
    digest: ask.digest,
    commitment: ask.sealed.commitment,
    salt: ask.salt,
    requester,
    target,
    command,
    parameters,
    preconditions,
    operation,
    title,
    datasets,
    functions,
    rowLimit,
    unknown,
    risk,
    reasons: decision.reasons,
    policies: decision.policies,
    demands: decision.demands,
    statedTask,
    holding: ask.holding,
  };
}
