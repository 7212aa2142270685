import type { BreakGlassUse } from '../core/break-glass.ts';
import type { EntryKind, UsageShape } from '../core/entry.ts';
import type { OutcomeStatus } from '../core/execution.ts';
import type { Grant } from '../core/grant.ts';
import type { Agent, Person, Principal } from '../core/identity.ts';
import type { PolicyChange } from '../core/policy-change.ts';
import type { ActionId, BreakGlassId, GrantId, PolicyChangeId, ReviewId, StandingId } from '../core/ids.ts';
import type { Review, ReviewStatus } from '../core/review.ts';
import type { Result } from '../core/result.ts';
import type { StandingGrant, StandingStatus } from '../core/standing.ts';
import type { ErasedSubject } from '../core/subject.ts';
import type { Submission } from '../core/submission.ts';
import type {
  ActionDesk,
  ApproverForesight,
  AttentionDesk,
  BreakGlassDesk,
  BreakGlassReviews,
  Clock,
  DelegationDesk,
  DeliveryDesk,
  Directory,
  Events,
  Hashing,
  Passkeys,
  PolicyDesk,
  PolicyEngine,
  ReviewDesk,
  StandingDesk,
} from '../ports.ts';
import type { CatalogScans } from '../ports-scan.ts';
import type { ChatLinks, PlatformEndpoint } from '../ports-chat.ts';
import type { Log } from '../telemetry/log.ts';
import type { EventLog } from './event-log.ts';
import type { Streams } from './streams.ts';

export interface ReviewsAsk {
  readonly status: ReviewStatus | null;
  readonly agent: string | null;
  readonly session?: string | null;
  readonly target?: string | null;
  readonly minRisk?: number | null;
  readonly shape?: string | null;
  readonly limit: number;
  readonly before: ReviewId | null;
}

export interface GroupOfReviews {
  readonly shape: string;
  readonly count: number;
  readonly oldest: ReviewId;
  readonly newest: Review;
}

export interface StandingsAsk {
  readonly agent: string | null;
  readonly status: StandingStatus | null;
  readonly atMs: number;
  readonly limit: number;
  readonly before: StandingId | null;
}

export interface LeafRow {
  readonly index: number;
  readonly kind: EntryKind;
  readonly leaf: string;
}

/** Added up over one hour (UTC) that starts at `hourMs`. */
export interface HourOfUsage {
  readonly shape: UsageShape;
  readonly status: OutcomeStatus;
  readonly hourMs: number;
  readonly actions: number;
  readonly rows: number;
  readonly bytes: number;
}

/** The questions of the API to the store. It asks and never changes: every change goes through the desk. */
export interface Records {
  read(kind: 'review', ask: { readonly id: ReviewId }): Promise<Review | null>;
  /** Newest first. */
  read(kind: 'reviews', ask: ReviewsAsk): Promise<readonly Review[]>;
  /** Pending reviews by shape, the largest groups first. */
  read(
    kind: 'reviewGroups',
    ask: { readonly agent: string | null; readonly limit: number },
  ): Promise<readonly GroupOfReviews[]>;
  read(kind: 'grant', ask: { readonly id: GrantId }): Promise<Grant | null>;
  read(kind: 'breakGlass', ask: { readonly id: BreakGlassId }): Promise<BreakGlassUse | null>;
  /** Newest first. */
  read(
    kind: 'breakGlasses',
    ask: { readonly open: boolean | null; readonly limit: number; readonly before: BreakGlassId | null },
  ): Promise<readonly BreakGlassUse[]>;
  read(kind: 'policyChange', ask: { readonly id: PolicyChangeId }): Promise<PolicyChange | null>;
  /** Newest first. */
  read(
    kind: 'policyChanges',
    ask: { readonly limit: number; readonly before: PolicyChangeId | null },
  ): Promise<readonly PolicyChange[]>;
  read(kind: 'submission', ask: { readonly id: ActionId }): Promise<Submission | null>;
  read(kind: 'standing', ask: { readonly id: StandingId }): Promise<StandingGrant | null>;
  /** Newest first. */
  read(kind: 'standings', ask: StandingsAsk): Promise<readonly StandingGrant[]>;
  /** In order, `from` ≤ index < `from + limit`; fewer at the end. */
  read(kind: 'entries', ask: { readonly from: number; readonly limit: number }): Promise<readonly LeafRow[]>;
  read(
    kind: 'tile',
    ask: { readonly level: number; readonly index: number },
  ): Promise<{ readonly hashes: Uint8Array } | null>;
  read(
    kind: 'checkpoint',
    ask: Record<never, never>,
  ): Promise<{ readonly size: number; readonly note: string } | null>;
  read(kind: 'size', ask: Record<never, never>): Promise<number>;
  /** Whole hours that overlap `sinceMs` ≤ t < `untilMs`. */
  read(
    kind: 'usage',
    ask: { readonly agent: string | null; readonly sinceMs: number; readonly untilMs: number },
  ): Promise<readonly HourOfUsage[]>;
}

export interface LedgerAccess {
  readonly vkey: string;
  readonly origin: string;
  /** How far the folder is in which the log is published as files; null where there is none. */
  readonly mirror: { readonly size: number; readonly failure: string | null } | null;
  /** Resolves when a checkpoint over everything that is durable now is published. */
  publishNow(): Promise<void>;
  /** The offline proof of one action; null where the ledger has no entry of it. */
  receipt(action: ActionId): Promise<string | null>;
}

/** What people may do to the ledger itself. Each resolves when it is recorded and done, or says why not. */
export interface Custody {
  erase(ask: {
    readonly subject: ErasedSubject;
    readonly by: Person;
    readonly reason: string;
  }): Promise<
    Result<
      { readonly index: number; readonly atMs: number },
      | { readonly code: 'erasure.reason_required' | 'erasure.unknown_subject' | 'ledger.unavailable' }
      | { readonly code: 'erasure.in_use'; readonly by: readonly string[] }
    >
  >;
  rotate(
    by: Person,
  ): Promise<
    Result<
      { readonly index: number; readonly previous: string; readonly vkey: string },
      'key.not_rotatable' | 'ledger.unavailable'
    >
  >;
}

/** Everything that the API needs. */
export interface ApiDeps {
  /** The principal of a bearer token; undefined where it is nobody's. Takes the same time whatever the token. */
  authenticate(token: string): Promise<Agent | Person | undefined>;
  /** Records an agent's attempt at what agents may not do (threat B12); resolves when that is durable. */
  recordRefusedCall(principal: Principal, action: string): Promise<void>;
  readonly directory: Directory;
  readonly policy: PolicyEngine;
  readonly desk: ReviewDesk;
  readonly standing: StandingDesk;
  readonly attention: AttentionDesk;
  readonly actions: ActionDesk;
  readonly breakGlass: BreakGlassDesk;
  readonly breakGlassReviews: BreakGlassReviews;
  /** Whose account in a chat is whose. */
  readonly chatLinks: ChatLinks;
  /** By the name of a channel: where its platform's requests go. */
  readonly platforms: ReadonlyMap<string, PlatformEndpoint>;
  readonly hashing: Hashing;
  readonly passkeys: Passkeys;
  readonly store: Records;
  readonly events: Events;
  readonly ledger: LedgerAccess;
  readonly custody: Custody;
  readonly scans: CatalogScans;
  readonly delegations: DelegationDesk;
  readonly policies: PolicyDesk;
  readonly foresight: ApproverForesight;
  readonly deliveries: DeliveryDesk;
  readonly clock: Clock;
  /** Where people reach this API, without a slash at its end. */
  readonly publicUrl: string;
  readonly log: Log;
}

/** What handlers get: the dependencies, and the parts that belong to one mounted table of routes. */
export interface Serving extends ApiDeps {
  readonly eventLog: EventLog;
  readonly streams: Streams;
  /** The OpenAPI document of the table. */
  document(): object;
}
