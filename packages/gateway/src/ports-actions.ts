/** The part of ports.ts that is about actions which agents submit and perform themselves (spec/action.md). */
import type { Grant } from './core/grant.ts';
import type { Agent } from './core/identity.ts';
import type { ActionRefusal, TokenRefusalCode } from './core/reasons.ts';
import type { Result } from './core/result.ts';
import type { Review } from './core/review.ts';
import type { Outcome } from './core/execution.ts';
import type { ActionId } from './core/ids.ts';
import type { DeclaredDataset, Submission } from './core/submission.ts';

/** An action as an agent submits it, parsed; nothing of it is true because it is said. */
export interface SubmitAsk {
  readonly agent: Agent;
  readonly target: string;
  readonly operation: string;
  /** JSON that every reader understands alike. */
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly datasets: readonly DeclaredDataset[];
  readonly statedTask: string;
  /** Null: its sponsor. */
  readonly onBehalfOf: string | null;
  readonly supersedes: string | null;
  /** The agent's own name for the work; null: none. */
  readonly session: string | null;
  /** Where the call came from. */
  readonly client: string;
  /** The caller's own key for this request; null: each call is a request of its own. */
  readonly key: string | null;
}

/** An agent's own submission, with the review that decides on it. */
export interface SubmissionView {
  readonly submission: Submission;
  readonly review: Review | null;
  /** The grant of an approved review; null while there is none, or after it was handed out. */
  readonly issued: Grant | null;
}

export interface OwnAction {
  readonly agent: Agent;
  readonly id: ActionId;
}

/** A grant as a resource server got it. */
export interface RedeemAsk {
  readonly grant: string;
  readonly proof: string;
  readonly method: string;
  readonly url: string;
  readonly target: string;
  readonly operation: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface RedeemedToken {
  readonly submission: Submission;
  readonly review: string | null;
  readonly atMs: number;
}

type Acted<T> = Promise<Result<T, ActionRefusal>>;

/** Actions that agents submit and perform themselves, where no proxy of ours sees them. Each answer is durable. */
export interface ActionDesk {
  submit(ask: SubmitAsk): Acted<SubmissionView>;
  /** `action.not_found` for another agent's as for none. */
  read(own: OwnAction): Acted<SubmissionView>;
  /** Calls `run` whenever the submission, or its review, may have changed; until the function that it returns is called. */
  watch(view: SubmissionView, run: () => void): () => void;
  /** Hands the grant out, once, bound to the key of the proof, when its INTENT is durable. */
  grant(
    own: OwnAction & { readonly proof: string },
  ): Acted<{ readonly grant: string; readonly digest: string } & SubmissionView>;
  report(own: OwnAction & { readonly outcome: Omit<Outcome, 'durationMs'> }): Acted<SubmissionView>;
  withdraw(own: OwnAction & { readonly reason: string }): Acted<SubmissionView>;
  /** Checks a grant for a resource server and marks it as used, once. */
  redeem(ask: RedeemAsk): Acted<RedeemedToken>;
  /** The public keys of grants (RFC 7517). */
  readonly keys: object;
  readonly issuer: string;
}

/** What a grant that left the process says of itself. */
export interface TokenClaims {
  readonly id: string;
  readonly action: string;
  readonly agent: string;
}

/** The checks of spec/grant.md, which resource servers do too. */
export interface TokenChecks {
  /** Resolves with the thumbprint of the proof's key. */
  proof(ask: Pick<RedeemAsk, 'proof' | 'method' | 'url'>): Promise<Result<string, TokenRefusalCode>>;
  grant(ask: RedeemAsk): Promise<Result<TokenClaims, TokenRefusalCode>>;
}
