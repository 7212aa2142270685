import type { Judgment, Pace, ReviewerFigures } from '../core/attention.ts';
import type { BreakGlassUse } from '../core/break-glass.ts';
import type { SealedEntry, UsageShape } from '../core/entry.ts';
import type { Grant, GrantBinding, GrantRefusal } from '../core/grant.ts';
import type { ActionId, BreakGlassId, GrantId, PasskeyId, ReviewId, StandingId } from '../core/ids.ts';
import type { OutcomeStatus } from '../core/execution.ts';
import type { Passkey } from '../core/passkey.ts';
import type { Review, ReviewStatus } from '../core/review.ts';
import type { StandingGrant, StandingStatus, StandingUse } from '../core/standing.ts';
import type { Revocation } from '../core/standing-changes.ts';
import type { ErasedSubject } from '../core/subject.ts';
import type { Submission } from '../core/submission.ts';
import type { CanaryConflict, CanaryMutation, CanaryReads } from './store-canaries.ts';
import type { ChatLinkConflict, ChatLinkMutation, ChatLinkReads } from './store-chat-links.ts';
import type { DeliveryConflict, DeliveryMutation, DeliveryReads } from './store-deliveries.ts';
import type { GovernanceConflict, GovernanceMutation, GovernanceReads } from './store-governance.ts';

export type { DeliveryMutation, DeliveryQueue, DueAsk } from './store-deliveries.ts';

/** One conditional change of state. A change is applied whole, with its entries, or not at all. */
export type Mutation =
  /** Refused with `review.duplicate` where a pending review of the same binding exists. */
  | { readonly kind: 'review.open'; readonly review: Review }
  /** Replaces the review whose revision is `review.revision - 1`; else `review.conflict`. */
  | { readonly kind: 'review.update'; readonly review: Review }
  /** Changes nothing; refused with `review.conflict` unless the review has this revision. */
  | { readonly kind: 'review.check'; readonly id: ReviewId; readonly revision: number }
  /** The first time that the review is put in front of this identity; nothing where it was before. No condition. */
  | {
      readonly kind: 'review.shown';
      readonly review: ReviewId;
      readonly identity: string;
      readonly atMs: number;
    }
  /**
   * Keeps one decision, with when its review was first shown to its author. Refused with `judgment.over_budget` where the
   * budget is given, the decision approves, and the identity has approved `most` after `sinceMs` already; canaries that
   * are known as such don't count.
   */
  | {
      readonly kind: 'judgment.record';
      readonly judgment: Judgment;
      readonly budget: { readonly most: number; readonly sinceMs: number } | null;
    }
  | { readonly kind: 'grant.issue'; readonly grant: Grant }
  /** Marks the grant as spent by this action if it is live, not expired at `atMs`, and bound to exactly this. */
  | {
      readonly kind: 'grant.spend';
      readonly id: GrantId;
      readonly binding: GrantBinding;
      readonly action: ActionId;
      readonly atMs: number;
    }
  | { readonly kind: 'grant.revoke'; readonly id: GrantId; readonly atMs: number }
  | { readonly kind: 'standing.propose'; readonly standing: StandingGrant }
  /** Replaces the grant whose revision is `standing.revision - 1`; else `standing.conflict`. */
  | { readonly kind: 'standing.update'; readonly standing: StandingGrant }
  /** Ends a grant that is live or proposed, whatever its revision: nobody's use can come in between for ever. */
  | { readonly kind: 'standing.revoke'; readonly id: StandingId; readonly revocation: Revocation }
  /** Counts one use, if the grant of this binding is live and has a use and so many rows left at `use.atMs`. */
  | {
      readonly kind: 'standing.spend';
      readonly id: StandingId;
      readonly binding: StandingBinding;
      readonly use: Pick<StandingUse, 'action' | 'atMs' | 'rows'>;
    }
  /** Puts the rows that a use had in the place of those that it could have. No condition: nothing where it was done. */
  | {
      readonly kind: 'standing.settle';
      readonly id: StandingId;
      readonly action: ActionId;
      readonly rows: number;
    }
  /** A new id. Some of those whose time to be kept is over at `openedAtMs` may go. */
  | { readonly kind: 'submission.open'; readonly submission: Submission }
  /** Replaces the submission whose revision is `submission.revision - 1`; else `submission.conflict`. */
  | { readonly kind: 'submission.update'; readonly submission: Submission }
  /**
   * Remembers the request that its caller gave this key. Refused with `key.taken` where the same principal has used it
   * and that is not over at `atMs`. Some of those that are over may go.
   */
  | { readonly kind: 'key.take'; readonly key: RequestKey; readonly atMs: number }
  /**
   * The change's first entry is the registration, whose index the store keeps. Where nothing vouches for the passkey,
   * `passkey.unvouched` if the identity ever had one; else `passkey.missing` or `passkey.revoked` if what vouches is no
   * live one of the identity. `passkey.known` where the credential is registered already.
   */
  | { readonly kind: 'passkey.register'; readonly passkey: Passkey }
  | { readonly kind: 'passkey.revoke'; readonly id: PasskeyId; readonly atMs: number }
  /** Changes nothing; refused unless the passkey is live. */
  | { readonly kind: 'passkey.check'; readonly id: PasskeyId }
  /**
   * A new id, with the review that it owes. Refused with `break_glass.too_many` where the identity has `mostOpen` uses
   * whose review is open.
   */
  | { readonly kind: 'break_glass.open'; readonly use: BreakGlassUse; readonly mostOpen: number }
  /** Marks the use's grant as spent if it isn't, hasn't expired at `atMs`, and is bound to exactly this. */
  | {
      readonly kind: 'break_glass.spend';
      readonly id: BreakGlassId;
      readonly binding: GrantBinding;
      readonly atMs: number;
    }
  /** Replaces the use whose revision is `use.revision - 1`; else `break_glass.conflict`. */
  | { readonly kind: 'break_glass.update'; readonly use: BreakGlassUse }
  | GovernanceMutation
  | DeliveryMutation
  | ChatLinkMutation
  /**
   * Erases every value of the subject: asides of entries, and what the state holds of its actions. From the commit on no
   * read gives them, and when the commit is acknowledged their keys are destroyed. Refused with `subject.unknown` where
   * there is none, and with `subject.in_use` while something of the subject is not over: a pending review, a live grant,
   * a standing grant that is proposed or live, a submitted action that may be or is performed, a use of break-glass that
   * is not reviewed or may still be run.
   */
  | { readonly kind: 'subject.erase'; readonly subject: ErasedSubject; readonly atMs: number }
  | CanaryMutation
  /** The change's first entry is a hand-over of the log's key, whose index the store keeps. */
  | { readonly kind: 'key.handOver' }
  /** Ledger publication: replaces tiles, and the checkpoint if its size is not smaller; else `checkpoint.stale`. */
  | {
      readonly kind: 'checkpoint.publish';
      readonly tiles: readonly TileRow[];
      readonly checkpoint: CheckpointRow;
    };

/** For whom a standing grant is. Every field must be present and equal when it is used (threat A6). */
export interface StandingBinding {
  readonly agent: string;
  readonly onBehalfOf: string;
  readonly target: string;
  readonly environment: string;
}

/** A caller's own name for one request, so that its repetition is known (`Idempotency-Key`). */
export interface RequestKey {
  readonly principal: string;
  readonly key: string;
  /** SHA-256 of what was asked. */
  readonly digest: string;
  /** What came of it: the id of an action or a review. */
  readonly subject: string;
  readonly expiresAtMs: number;
}

export interface Change {
  readonly mutations: readonly Mutation[];
  readonly entries: readonly SealedEntry[];
}

export type StoreRefusal =
  | { readonly code: 'review.duplicate'; readonly existing: ReviewId }
  | { readonly code: 'review.conflict' | 'review.missing' | 'checkpoint.stale' }
  /** `atMs`: the approval that has to be out of the span before there is room for another one. */
  | { readonly code: 'judgment.over_budget'; readonly atMs: number }
  | { readonly code: 'submission.conflict' | 'submission.missing' }
  | { readonly code: 'key.taken'; readonly by: RequestKey }
  | { readonly code: GrantRefusal }
  /** `unusable`: it isn't live, its time is over, its uses or rows are gone, or it is for somebody else. */
  | { readonly code: 'standing.missing' | 'standing.conflict' | 'standing.unusable' | 'standing.over' }
  | { readonly code: PasskeyConflict }
  | { readonly code: 'break_glass.too_many' | 'break_glass.missing' | 'break_glass.conflict' }
  | { readonly code: DeliveryConflict | ChatLinkConflict }
  /** `in_use`: these are not over yet: ids of reviews, grants, standing grants and submitted actions. */
  | { readonly code: 'subject.in_use'; readonly by: readonly string[] }
  | { readonly code: 'subject.unknown' }
  | { readonly code: CanaryConflict | GovernanceConflict };

export type PasskeyConflict = 'passkey.unvouched' | 'passkey.missing' | 'passkey.revoked' | 'passkey.known';

/** `firstIndex`: the ledger index of the change's first entry; the others follow it without a gap. */
export type CommitResult =
  | { readonly ok: true; readonly value: { readonly firstIndex: number } }
  | { readonly ok: false; readonly error: StoreRefusal };

/**
 * `now`: somebody is going to wait, and a flush begins as soon as somebody does (`done`) and there is none; it may begin
 * before. `soon`: nobody waits, so the entry goes with the next flush that is needed for another reason. Either is durable
 * `limits.unawaitedFlushMs` later, or when the flush after that is.
 */
export type Urgency = 'now' | 'soon';

/** Shared by all that was queued for the same flush. */
export interface Durability {
  /** True once everything of this flush is on disk. */
  readonly durable: boolean;
  /** Resolves when durable; rejects when the store has failed, after which nothing may be performed (law 3). */
  readonly done: Promise<void>;
}

/** A tlog-tiles hash tile: up to 256 hashes of 32 bytes of one level, `index` counted in tiles. */
export interface TileRow {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
}

export interface CheckpointRow {
  readonly size: number;
  /** The signed note (C2SP tlog-checkpoint). */
  readonly note: string;
  readonly atMs: number;
}

export interface EntryRow {
  readonly index: number;
  readonly kind: SealedEntry['kind'];
  readonly action: ActionId | null;
  readonly atMs: number;
  readonly leaf: string;
  /** Null where there is none, and where it was erased: the leaf then has a commitment. */
  readonly aside: string | null;
}

export interface PasskeyRow {
  readonly passkey: Passkey;
  /** Where in the ledger its registration is. */
  readonly registration: number;
}

/** Aggregated over one hour (UTC) that starts at `hourMs`. */
export interface UsageRow {
  readonly shape: UsageShape;
  readonly status: OutcomeStatus;
  readonly hourMs: number;
  readonly actions: number;
  readonly rows: number;
  readonly bytes: number;
}

/** What was done with success under one shape at one hour of the day (UTC), summed over days. */
export interface HabitRow {
  readonly shape: UsageShape;
  /** 0 to 23. */
  readonly hourOfDay: number;
  /** In how many different hours. */
  readonly hours: number;
  readonly actions: number;
  /** The latest of those hours. */
  readonly lastHourMs: number;
}

/** Pending reviews of one shape. */
export interface ReviewGroup {
  readonly shape: string;
  readonly count: number;
  readonly oldest: ReviewId;
  readonly newest: Review;
}

/** Every question that a store answers. Answers see all that was durable when the question was queued. */
export interface Reads extends DeliveryReads, ChatLinkReads, CanaryReads, GovernanceReads {
  review: { ask: { readonly id: ReviewId }; answer: Review | null };
  /** Newest first; `before` is the id after which (in that order) the page starts. What is null or absent is left open. */
  reviews: {
    ask: {
      readonly status: ReviewStatus | null;
      readonly agent: string | null;
      readonly session?: string | null;
      readonly target?: string | null;
      /** The least risk score. */
      readonly minRisk?: number | null;
      readonly shape?: string | null;
      readonly limit: number;
      readonly before: ReviewId | null;
    };
    answer: readonly Review[];
  };
  /** Pending reviews by shape, the largest groups first, at most `limit` of them. */
  reviewGroups: {
    ask: { readonly agent: string | null; readonly limit: number };
    answer: readonly ReviewGroup[];
  };
  /** Figures of the newest `most` decisions of `sinceMs` ≤ t < `untilMs`. */
  attention: {
    ask: { readonly sinceMs: number; readonly untilMs: number; readonly pace: Pace; readonly most: number };
    answer: {
      readonly reviewers: readonly ReviewerFigures[];
      /** False: there are more decisions than were looked at. */
      readonly complete: boolean;
    };
  };
  /** Live grants of the binding at `atMs`, oldest first. */
  grants: { ask: { readonly binding: GrantBinding; readonly atMs: number }; answer: readonly Grant[] };
  grant: { ask: { readonly id: GrantId }; answer: Grant | null };
  standing: { ask: { readonly id: StandingId }; answer: StandingGrant | null };
  /** Newest first; `status` is that at `atMs`. `before` is the id after which (in that order) the page starts. */
  standings: {
    ask: {
      readonly agent: string | null;
      readonly status: StandingStatus | null;
      readonly atMs: number;
      readonly limit: number;
      readonly before: StandingId | null;
    };
    answer: readonly StandingGrant[];
  };
  submission: { ask: { readonly id: ActionId }; answer: Submission | null };
  /** Submissions in the state `granted`, oldest first: somebody performs them. */
  grantedSubmissions: { ask: Record<never, never>; answer: readonly Submission[] };
  /** The request of that key, unless it is over at `atMs`. */
  requestKey: {
    ask: { readonly principal: string; readonly key: string; readonly atMs: number };
    answer: RequestKey | null;
  };
  passkey: { ask: { readonly id: PasskeyId }; answer: PasskeyRow | null };
  /** All of the identity, revoked ones too, oldest first. */
  passkeys: { ask: { readonly identity: string }; answer: readonly PasskeyRow[] };
  breakGlass: { ask: { readonly id: BreakGlassId }; answer: BreakGlassUse | null };
  /** Newest first; `open`: whether their review is open, null for all. `before` as in `reviews`. */
  breakGlasses: {
    ask: {
      readonly open: boolean | null;
      readonly limit: number;
      readonly before: BreakGlassId | null;
    };
    answer: readonly BreakGlassUse[];
  };
  pendingReview: { ask: { readonly binding: GrantBinding }; answer: Review | null };
  /** Entries `from` ≤ index < `from + limit`, in order; fewer at the end. */
  entries: { ask: { readonly from: number; readonly limit: number }; answer: readonly EntryRow[] };
  /** All entries of one action, in order. */
  entriesOfAction: { ask: { readonly action: ActionId }; answer: readonly EntryRow[] };
  /** RFC 6962 leaf hashes, 32 bytes each, of `from` ≤ index < `from + limit`. */
  leafHashes: { ask: { readonly from: number; readonly limit: number }; answer: Uint8Array };
  tile: { ask: { readonly level: number; readonly index: number }; answer: TileRow | null };
  checkpoint: { ask: Record<never, never>; answer: CheckpointRow | null };
  /** Where the log's key was handed over, oldest first. */
  handovers: { ask: Record<never, never>; answer: readonly number[] };
  /** Number of entries. */
  size: { ask: Record<never, never>; answer: number };
  /** Intents without an outcome, oldest first: after a crash, each becomes `unknown`. */
  openIntents: {
    ask: Record<never, never>;
    answer: readonly { readonly index: number; readonly action: ActionId }[];
  };
  /** Whole hours that overlap `sinceMs` ≤ t < `untilMs`. `agent` null: all agents. */
  usage: {
    ask: { readonly agent: string | null; readonly sinceMs: number; readonly untilMs: number };
    answer: readonly UsageRow[];
  };
  /** Of hours that begin at `sinceMs` or later; at most `limit` rows, what was done last first. */
  habits: {
    ask: { readonly sinceMs: number; readonly limit: number };
    answer: readonly HabitRow[];
  };
}

/**
 * The state and the ledger's entries, in one place so that one transaction covers both.
 *
 * Changes and appends are applied in the order in which they were queued. What waits is committed together (group
 * commit), with no linger timer. When an append or commit has been acknowledged it survives a crash of the process
 * and of the machine. If the medium fails, everything that waits and everything later is rejected with an exception
 * and nothing of it is durable: the store doesn't recover by itself, and the gateway refuses all work.
 */
export interface Store {
  /** Applies the change if all its conditions hold; resolves when that is durable, or with the first refusal. */
  commit(change: Change): Promise<CommitResult>;
  /** Queues one entry that depends on no condition; `now` by default. Synchronous: the hot path of the gateway. */
  append(entry: SealedEntry, urgency?: Urgency): Durability;
  read<K extends keyof Reads>(kind: K, ask: Reads[K]['ask']): Promise<Reads[K]['answer']>;
  /** Entries that wait for the disk. */
  readonly queued: number;
  /** Flushes what was queued, then closes. */
  close(): Promise<void>;
}

/**
 * `store.failed`: the medium failed; `store.closed`: used after `close`; `store.invalid`: a bug of the caller (an entry
 * over its limit, an id twice), which touches nothing else. The others refuse to open: `store.locked`: another live
 * process has it open; `store.newer`: written by a later release; `store.corrupt`: not a store, or damaged;
 * `store.other_key`: the keys of its values are missing, exposed, or not those that they were sealed with.
 */
export type StoreErrorCode =
  | 'store.failed'
  | 'store.closed'
  | 'store.invalid'
  | 'store.locked'
  | 'store.newer'
  | 'store.corrupt'
  | 'store.other_key';

/** What a store throws and rejects with: bugs and lost infrastructure. Expected refusals are a `CommitResult`. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string) {
    super(`${code}: ${message}`);
    this.name = 'StoreError';
    this.code = code;
  }
}
