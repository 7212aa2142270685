import type { Parameter } from './core/action.ts';
import type { ActionShape } from './core/constraint.ts';
import type { BreakGlassUse } from './core/break-glass.ts';
import type { Decision } from './core/decide.ts';
import type { Description } from './core/describe.ts';
import type { Agent, Person, Requester, Target } from './core/identity.ts';
import type { ReviewId, StandingId } from './core/ids.ts';
import type { StandingRefusal, VoteRefusal } from './core/reasons.ts';
import type { PreviewFinding } from './core/preview.ts';
import type { Result } from './core/result.ts';
import type { Review, ReviewSubject } from './core/review.ts';
import type { FieldTerm, StandingGrant, Uncovered } from './core/standing.ts';
import type { SignedAssertion } from './ports-passkeys.ts';
import type { CheckpointRow, Durability, EntryRow, Mutation, RequestKey, Store } from './stores/store.ts';
import type { Entitlement } from './core/entitlement.ts';
import type { DecidingAs, Standing } from './core/electorate.ts';
import type { Risk } from './core/risk.ts';
import type { WorkingTime } from './core/schedule.ts';
import type { DatasetUsage } from './core/usage.ts';

export type { CheckpointRow, Durability, EntryRow, Mutation, RequestKey, Store };
export type * from './ports-attention.ts';
export type * from './ports-passkeys.ts';
export type * from './ports-break-glass.ts';
export type * from './ports-authority.ts';
export type * from './ports-outbox.ts';
export type * from './ports-actions.ts';

/** Law 11: the only source of time. */
export interface Clock {
  /** Unix time, in milliseconds. */
  nowMs(): number;
  /** Monotonic, in milliseconds with a fraction: for durations only. */
  monotonicMs(): number;
  /** Calls `run` once, `delayMs` later, unless cancelled by the function that it returns. Never keeps the process up. */
  after(delayMs: number, run: () => void): () => void;
}

/** Law 11: the only source of randomness; cryptographic. */
export interface Random {
  /** The caller owns the array. */
  bytes(count: number): Uint8Array;
}

/** Hashing, synchronous. */
export interface Hashing {
  readonly sha256: (data: string | Uint8Array) => Uint8Array;
  readonly sha256Hex: (data: string | Uint8Array) => string;
  readonly sha256Base64url: (data: string | Uint8Array) => string;
  readonly base64url: (data: Uint8Array) => string;
}

/** Who exists, and who is in which group, now. */
export interface Directory {
  agent(name: string): Agent | undefined;
  /** With the groups of that instant, where the person is on call by turns; absent: of now. */
  person(name: string, atMs?: number): Person | undefined;
  people(): readonly Person[];
}

/** What the policies see of an action. Shared parts keep their identity, so an engine may memoise on them. */
export interface PolicyRequest {
  readonly requester: Requester;
  readonly target: Target;
  readonly description: Description;
  readonly datasets: readonly DatasetUsage[];
  readonly risk: Risk;
  /** Rows that the target estimates. Absent: it was not asked, or nobody can say. */
  readonly estimatedRows?: number;
  /** The calendars in whose hours it is decided, sorted; absent: those of now. */
  readonly calendars?: readonly string[];
}

/** Stage 5. Never throws: an evaluation that fails is a deny with `policy.error`. */
export interface PolicyEngine {
  decide(request: PolicyRequest): Decision;
  /** Whether this person may approve this review now, by policy alone; law 4 is checked by the core besides. */
  mayApprove(person: Person, review: Review, when?: DecidingAs): boolean;
  /** The policies that say so, or that forbid it, by id; empty: nothing permits it. Absent: it isn't told. */
  approvalPolicies?(person: Person, review: Review, when?: DecidingAs): readonly string[];
  /** Whether this principal may use this API action (`Action::"…"`). */
  mayCall(principal: Agent | Person, action: string): boolean;
  /** Whether a policy reads the risk of actions, or a signal; absent: none does, and only people are shown them. */
  readonly readsRisk?: boolean;
  /** Whether a policy reads the target's estimate of rows; absent: none does, and the target isn't asked before. */
  readonly readsEstimates?: boolean;
  /** Changes with every change of policy. */
  readonly version: string;
  /**
   * Memos of decisions hold while it stays the same: it changes with the version and, where policies read calendars, at
   * each beginning and end of their hours. Absent: it is the version.
   */
  readonly moment?: string;
}

export interface BreakGlassPolicy {
  /** The policies that let this person do it; null: none does, one forbids it, or one could not be evaluated. */
  breakGlass(
    person: Person,
    action: 'break_glass:run' | 'break_glass:review',
    request: PolicyRequest,
  ): readonly string[] | null;
}

/** Stage 3: the catalog of classes. Pure for one catalog version; memoised on the description's identity. */
export interface Classifier {
  classify(target: Target, description: Description): readonly DatasetUsage[];
}

/** The calendars of the configuration, in whose working time delays may count. */
export interface WorkingCalendars {
  /** The instant at which `durationMs` of the calendar's working time have passed since `fromMs`. */
  readonly workingTime: WorkingTime;
}

/** Something that people, channels and event streams are told of. */
export type GatewayEvent =
  | { readonly kind: 'review.opened'; readonly review: Review; readonly atMs: number }
  | { readonly kind: 'review.changed'; readonly review: Review; readonly atMs: number }
  /** People who may approve are to be reminded, for these demands (indexes). */
  | {
      readonly kind: 'review.reminded';
      readonly review: Review;
      readonly atMs: number;
      readonly demands: readonly number[];
    }
  /** From now on this step of this demand's escalation counts too: those people are to be told. */
  | {
      readonly kind: 'review.escalated';
      readonly review: Review;
      readonly atMs: number;
      readonly demand: number;
      readonly step: number;
    }
  /** The review was a canary, and is over. */
  | { readonly kind: 'canary.revealed'; readonly review: Review; readonly atMs: number }
  | BreakGlassEvent;

/** A use was signed, its review is owed still, or it was reviewed. */
export interface BreakGlassEvent {
  readonly kind: 'break_glass.opened' | 'break_glass.reminded' | 'break_glass.closed';
  readonly use: BreakGlassUse;
  readonly atMs: number;
}

/** In-process fan-out of what happened, after it is durable. A listener that throws is logged and dropped. */
export interface Events {
  publish(event: GatewayEvent): void;
  subscribe(listener: (event: GatewayEvent) => void): () => void;
}

/** A person's judgment as a surface hands it in. */
export interface VoteAsk {
  readonly review: ReviewId;
  /** Whoever the credential belongs to: an agent is refused with `vote.not_a_person` (law 4), and that is recorded. */
  readonly voter: Agent | Person;
  readonly kind: 'approve' | 'reject';
  readonly reason: string;
  /** The digest of the action that the voter was shown. */
  readonly digest: string;
  /** The digest of everything that the voter was shown (core/rendering.ts). */
  readonly rendering: string;
  readonly channel: string;
  /** The voter's own key for this request: its repetition answers as the first did. Null, or none: no key. */
  readonly key?: string | null;
  /** The voter's signature over this vote; absent: the channel alone says who it was. */
  readonly passkey?: SignedAssertion | undefined;
}

export interface RetractAsk {
  readonly review: ReviewId;
  readonly voter: Agent | Person;
  readonly channel: string;
}

export interface QuestionAsk {
  readonly review: ReviewId;
  readonly asker: Agent | Person;
  readonly to: 'agent' | 'sponsor';
  readonly text: string;
  readonly channel: string;
  /** As in VoteAsk. */
  readonly key?: string | null;
}

export interface AnswerAsk {
  readonly review: ReviewId;
  readonly answerer: Agent | Person;
  readonly question: number;
  readonly text: string;
  readonly channel: string;
  /** As in VoteAsk. */
  readonly key?: string | null;
}

/**
 * Makes evidence about what one target's actions would do: counts, names, estimates, locks, differences. Called after
 * the review is durable, at most once for each, a few at a time (`limits.previewsAtOnce`).
 *
 * It changes nothing on the target, runs nothing of the action, and uses a connection of its own. What it can't establish
 * it says so, with basis `unavailable` and the reason. No finding holds a value of the data, nor a value or free text of
 * the action (law 8): names, counts and the gateway's own words. When `signal` aborts it hands over what it has; whatever
 * it does later is not looked at. It may reject: that is an `unavailable` finding, and nothing else.
 */
export interface Previewer {
  preview(subject: ReviewSubject, signal: AbortSignal): Promise<readonly PreviewFinding[]>;
}

type Judged = Promise<Result<Review, VoteRefusal>>;

/** What a surface shows of a review besides the review itself. */
export interface Shown {
  /** The digest that a vote has to carry. */
  readonly rendering: string;
  readonly standings: readonly Standing[];
}

/** Law 10: what every surface judges through. Each resolves when its change is durable, or says why not. */
export interface ReviewDesk {
  vote(ask: VoteAsk): Judged;
  retract(ask: RetractAsk): Judged;
  question(ask: QuestionAsk): Judged;
  answer(ask: AnswerAsk): Judged;
  /**
   * Resolves when this process makes no preview of the review any more, which takes no longer than `limits.previewMs` and
   * its grace: a surface waits for it before it reads a review for a person, so that nothing changes under their eyes.
   */
  previewed(review: ReviewId): Promise<void>;
  /** For whoever is about to look at it. */
  show(review: Review): Shown;
  /** Of each demand, who can decide now, and why others can't. */
  approvers(review: Review): readonly (readonly Entitlement[])[];
}

/**
 * What of an action's bytes is its template and what are values, by its connector. Pure: equal bytes, equal shapes. The
 * error says in words why no standing grant can be for such an action.
 */
export type Shapes = (
  target: Target,
  command: string,
  parameters: readonly Parameter[],
) => Result<ActionShape, string>;

/**
 * By what actions of one target are alike that differ in their values alone, by its connector. Pure. Null: nothing can be
 * said about the bytes, and what the action touches has to do. Decides how reviews are shown, and nothing else.
 */
export type GroupingTemplates = (
  target: Target,
  command: string,
  parameters: readonly Parameter[],
) => string | null;

/** What a standing grant is to allow; what isn't said is as narrow as the action under review. */
export interface StandingWish {
  readonly constraints: readonly Pick<FieldTerm, 'name' | 'constraint'>[];
  readonly maxUses: number;
  readonly maxRowsPerUse: number | null;
  readonly maxRows: number | null;
  /** Null: from now. */
  readonly validFromMs: number | null;
  readonly validUntilMs: number;
}

export interface ProposalAsk {
  readonly review: ReviewId;
  readonly proposer: Agent | Person;
  readonly wish: StandingWish;
  readonly reason: string;
}

export interface StandingVoteAsk extends Omit<VoteAsk, 'review'> {
  readonly standing: StandingId;
}

export interface RevocationAsk {
  readonly standing: StandingId;
  readonly revoker: Agent | Person;
  readonly reason: string;
  readonly channel: string;
}

/** One action of the record, held against a grant. */
export interface Replayed {
  readonly action: string;
  readonly atMs: number;
  readonly operation: string;
  /** Null: it is covered. */
  readonly uncovered: Uncovered | null;
}

export interface Replay {
  readonly sinceMs: number;
  /** False where the record is longer than what is looked at. */
  readonly complete: boolean;
  readonly examined: number;
  readonly coveredCount: number;
  /** Newest first. */
  readonly covered: readonly Replayed[];
  readonly nearMisses: readonly Replayed[];
}

type Stood = Promise<Result<StandingGrant, StandingRefusal>>;

/** Law 10 for standing grants: every surface goes through here. */
export interface StandingDesk {
  propose(ask: ProposalAsk): Stood;
  vote(ask: StandingVoteAsk): Stood;
  revoke(ask: RevocationAsk): Stood;
  /** Which recorded actions a proposal would have covered; nothing is changed. */
  preview(ask: Omit<ProposalAsk, 'reason'>): Promise<Result<Replay, StandingRefusal>>;
  replay(standing: StandingId): Promise<Result<Replay, StandingRefusal>>;
  show(grant: StandingGrant): Shown;
}
