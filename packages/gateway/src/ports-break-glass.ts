/** The part of ports.ts that is about break-glass (spec/break-glass.md). */
import type { BreakGlassUse, Finding, PreparedUse } from './core/break-glass.ts';
import type { Outcome } from './core/execution.ts';
import type { Person } from './core/identity.ts';
import type { BreakGlassId } from './core/ids.ts';
import type { ActionRefusal, BreakGlassRefusal } from './core/reasons.ts';
import type { Result } from './core/result.ts';
import type { DeclaredDataset, Submission } from './core/submission.ts';
import type { PasskeyRefusal } from './core/passkey.ts';
import type { SignedAssertion, VoteOffer } from './ports-passkeys.ts';

/** What a person wants to run at once, parsed. */
export interface BreakGlassAsk {
  readonly person: Person;
  readonly target: string;
  readonly operation: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly datasets: readonly DeclaredDataset[];
  readonly reason: string;
  /** Where the call came from. */
  readonly client: string;
}

/** Of a use that its own person goes on with. */
export interface OwnUse {
  readonly person: Person;
  readonly id: BreakGlassId;
}

/** What the person was shown: anything else is not what they sign. */
export interface ShownUse extends OwnUse {
  readonly digest: string;
  readonly rendering: string;
}

export interface UseView {
  readonly use: BreakGlassUse;
  /** How its performance stands. */
  readonly submission: Submission | null;
}

type Broken<T> = Promise<Result<T, BreakGlassRefusal>>;

/** A person's way of running at once. Refusals are in the ledger when they resolve; an agent never gets here. */
export interface BreakGlassDesk {
  /** Everything that the person is shown before they sign. Nothing runs by it. */
  prepare(ask: BreakGlassAsk): Broken<PreparedUse>;
  /** One's own; undefined for another person's as for none. Forgotten at a restart. */
  prepared(own: OwnUse): PreparedUse | undefined;
  offer(shown: ShownUse): Promise<Result<VoteOffer, BreakGlassRefusal | PasskeyRefusal>>;
  /** The one transaction: attempt, use with its one-time grant, and the review that it owes. */
  open(
    shown: ShownUse & { readonly channel: string; readonly assertion: SignedAssertion | undefined },
  ): Broken<UseView>;
  /** Hands the signed grant out, once, bound to the key of the proof, when its INTENT is durable. */
  grant(
    own: OwnUse & { readonly proof: string },
  ): Promise<
    Result<
      { readonly grant: string; readonly digest: string; readonly submission: Submission },
      BreakGlassRefusal | ActionRefusal
    >
  >;
  report(
    own: OwnUse & { readonly outcome: Omit<Outcome, 'durationMs'> },
  ): Promise<Result<UseView, BreakGlassRefusal | ActionRefusal>>;
}

export interface ClosingAsk {
  readonly id: BreakGlassId;
  readonly reviewer: Person;
  readonly finding: Finding;
  readonly text: string;
  readonly channel: string;
}

/** The review that each use owes. */
export interface BreakGlassReviews {
  close(ask: ClosingAsk): Broken<BreakGlassUse>;
  /** Names of those who may review it, now. */
  reviewersOf(use: Pick<BreakGlassUse, 'person' | 'identity' | 'subject'>): readonly string[];
}
