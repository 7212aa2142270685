import type { Durability, Mutation, Previewer } from '../ports.ts';
import type { Sampler } from '../ports-scan.ts';
import type { Action } from '../core/action.ts';
import type { Description } from '../core/describe.ts';
import type { Authorization, Outcome } from '../core/execution.ts';
import type { BreakGlassUse, PreparedUse } from '../core/break-glass.ts';
import type { Agent, Person, Requester, Target } from '../core/identity.ts';
import type { BreakGlassRefusal, Refusal } from '../core/reasons.ts';
import type { Declared } from '../core/submission.ts';
import type { Decision } from '../core/decide.ts';
import type { ActionId, GrantId, ReviewId, StandingId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { Risk } from '../core/risk.ts';
import type { DatasetUsage } from '../core/usage.ts';

/** A connector's parse of one operation, not yet judged. */
export interface Attempt {
  readonly requester: Requester;
  readonly target: Target;
  readonly command: string;
  readonly parameters: Action['parameters'];
  readonly preconditions: Action['preconditions'];
  readonly description: Description;
  /** The agent's own words; empty where it said nothing. */
  readonly statedTask: string;
  /** The pending review of this agent that this action is asked instead of; null: of none. */
  readonly supersedes: ReviewId | null;
  /** Rows that the target estimates for exactly these values. Absent: it was not asked, or nobody can say. */
  readonly estimatedRows?: number;
  /** Where something was made of the action's id before it was asked for; left out: a new one. */
  readonly id?: ActionId;
}

/** Stages 3 to 5 done: an action with its decision. `shared` parts are one object for all actions of the same shape. */
export interface Judgement {
  readonly action: Action;
  readonly description: Description;
  readonly datasets: readonly DatasetUsage[];
  readonly risk: Risk;
  readonly decision: Decision;
  readonly statedTask: string;
  readonly supersedes: ReviewId | null;
}

/** Stage 6 as a connector sees it. */
export interface Hold {
  /** The review that people decide on; for a standing grant the one that it was made of. */
  readonly review: ReviewId;
  /** The standing grant that covers the action: then `settled` is resolved, and nobody needs to be told of a wait. */
  readonly standing: StandingId | null;
  /** Where a person decides. */
  readonly url: string;
  /** Whether another client's pending review of the same bytes was joined. */
  readonly attached: boolean;
  /** Resolves once, when the review is over; a refusal says why not. Never rejects. */
  readonly settled: Promise<Result<Approval, Refusal>>;
  /** Whether somebody could approve now; otherwise why not, in words for the agent. */
  readonly unmeetable: string;
  /** Calls `hear` with each question to the agent from now on. One listener; a later one replaces it. */
  onQuestion(hear: (question: Questioned) => void): void;
  /** The client went away or waits no longer: the review stays (a person may still approve), this hold ends. */
  detach(): void;
  /** The agent gave up: the review is withdrawn, unless another client waits for it. */
  withdraw(reason: string): void;
}

/** What a reviewer wants to know of the agent, in the reviewer's words. */
export interface Questioned {
  readonly question: number;
  readonly by: string;
  readonly text: string;
}

/** An approval that has not been spent: of exactly this action, or a standing one that covers it. */
export type Approval = ReviewApproval | StandingApproval;

export interface ReviewApproval {
  readonly review: ReviewId;
  readonly grant: GrantId;
}

export interface StandingApproval {
  readonly standing: StandingId;
}

/** An authorization whose INTENT is queued. */
export interface Authorized extends Authorization {
  readonly judgement: Judgement;
  /** The INTENT's way to the disk. Where it rejects, the ledger has failed: nothing may run or be released. */
  readonly durability: Durability;
}

/**
 * The gate, as connectors see the pipeline. The order of calls is the order of stages:
 * `judge`, then for allow `authorize`; for review `hold`, await `settled`, `authorizeApproved`; for deny `refuse`.
 */
export interface Gate {
  /** Stages 3–5. Synchronous and quick; never throws. */
  judge(attempt: Attempt): Judgement;
  /** Whether a policy reads the estimate of rows, so that it has to be there before the decision. Absent: none does. */
  readonly wantsEstimates?: boolean;
  /** Stage 7 for an allowed action: queues its INTENT. A judgement that isn't an allow is a bug and throws. */
  authorize(judgement: Judgement): Authorized;
  /** Records the attempt and its denial; resolves with what to tell the client, when that is durable. */
  refuse(judgement: Judgement): Promise<Refusal>;
  /** An attempt that could not be described (too large, unparsable, unsupported): recorded, then refused. */
  refuseUndescribed(attempt: UndescribedAttempt): Promise<Refusal>;
  /**
   * Stage 6: opens a review, joins the pending one of the same digest, or finds a live grant of the same bytes or a
   * standing one that covers them (then `settled` is resolved already). `holding` says what waits meanwhile.
   */
  hold(judgement: Judgement, holding: readonly string[]): Promise<Result<Hold, Refusal>>;
  /**
   * Stage 7 for an approved action: in one transaction checks digest, approvers, policy and expiry, spends the grant and
   * appends the INTENT. `judgement` is made anew from the bytes about to be sent (threat A5).
   */
  authorizeApproved(judgement: Judgement, approval: Approval): Promise<Result<Authorized, Refusal>>;
  /** Stage 9. Called exactly once for every authorization. Doesn't wait. */
  record(authorized: Authorized, outcome: Outcome): void;
}

/** The gate for connectors with durable state of their own, which changes together with the ledger or not at all. */
export interface StatefulGate extends Gate {
  /**
   * Stage 7: `authorize`, or `authorizeApproved` where a review approved, in one transaction with `state`; resolves
   * when the INTENT is durable. Where a condition of `state` doesn't hold, nothing is authorized: `grant.spent`.
   */
  authorizeWith(
    judgement: Judgement,
    approval: ReviewApproval | null,
    state: readonly Mutation[],
  ): Promise<Result<Authorized, Refusal>>;
  /** Stage 6, in one transaction with what `state` makes for the review; where a condition of it doesn't hold, none opens. */
  holdWith(
    judgement: Judgement,
    state: (review: ReviewId) => readonly Mutation[],
  ): Promise<Result<Hold, Refusal>>;
  /** Stage 9 in one transaction with `state`. False where a condition of it doesn't hold: then nothing is recorded. */
  recordWith(authorized: Authorized, outcome: Outcome, state: readonly Mutation[]): Promise<boolean>;
}

/** The gate for what a person runs under break-glass: stages 2 to 9 without stage 6. Never for agents. */
export interface BreakGlassGate {
  /** Stages 3 to 5: everything that is shown and signed, if this person may do it. */
  prepare(ask: PreparedAttempt): Result<PreparedUse, BreakGlassRefusal>;
  /** In one transaction: the attempt, the use, the review that it owes, and `state`. */
  open(use: BreakGlassUse, state: readonly Mutation[]): Promise<Result<BreakGlassUse, BreakGlassRefusal>>;
  /**
   * Stage 7: looks at everything again and, in one transaction with `state`, spends the use's grant and appends the
   * INTENT. `attempt` is made anew from what is stored.
   */
  authorize(
    use: BreakGlassUse,
    attempt: Attempt,
    state: readonly Mutation[],
  ): Promise<Result<Authorized, Refusal>>;
  /** Stage 9, as of `StatefulGate`. */
  recordWith(authorized: Authorized, outcome: Outcome, state: readonly Mutation[]): Promise<boolean>;
  /** A refusal, recorded when it resolves. */
  refused(person: Person, about: string, reason: BreakGlassRefusal): Promise<BreakGlassRefusal>;
}

export interface PreparedAttempt {
  readonly person: Person;
  readonly attempt: Attempt;
  readonly declared: Declared;
  readonly reason: string;
}

export interface UndescribedAttempt {
  readonly requester: Requester;
  readonly target: Target;
  /** What was received, or its beginning where it was too large. */
  readonly command: string;
  readonly refusal: Refusal;
}

/** Stage 2 without a client: what would be asked about a command, sent in a session that was opened just now. */
export interface Drafter {
  /** Undescribable commands, and those that are not one action, are refused; nothing is recorded. */
  draft(agent: Agent, requester: Requester, command: string): Result<Attempt, Refusal>;
  /** The target's estimate of rows, as of a client's statement. Left out, or undefined: nobody can say. */
  estimate?(attempt: Attempt): Promise<number | undefined>;
}

/** A connector that listens. */
export interface Listening {
  /** `host:port` or the like, for people. */
  readonly address: string;
  /** Who makes evidence about actions on a target, by its name; targets without are left out. */
  readonly previewers: ReadonlyMap<string, Previewer>;
  /** Who lets the gateway look at samples of a target's data, by its name; targets without are left out. */
  readonly samplers: ReadonlyMap<string, Sampler>;
  /** By the target's name. */
  readonly drafters: ReadonlyMap<string, Drafter>;
  /** Stops accepting, ends sessions, records what was under way. */
  close(): Promise<void>;
}
