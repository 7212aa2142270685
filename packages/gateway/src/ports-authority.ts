/** Who may decide in whose place, and what policies are to become. */
import type { Delegation, DelegationRefusal } from './core/delegation.ts';
import type { Decision } from './core/decide.ts';
import type { ForeseenDemand } from './core/foreseen.ts';
import type { DeclaredDataset } from './core/submission.ts';
import type { PolicyChange, PolicyChangeRefusal, PolicyFile } from './core/policy-change.ts';
import type { Agent, Person } from './core/identity.ts';
import type { DelegationId, PolicyChangeId } from './core/ids.ts';
import type { Result } from './core/result.ts';

/** Rights that people have handed over. Answers see what is durable. */
export interface DelegationBook {
  /** Those whose right this person may use at an instant, as they are then: only who is the same human as when it was given. */
  delegatorsOf(holder: Pick<Person, 'name' | 'identity'>, atMs: number): readonly Person[];
}

export interface DelegationAsk {
  readonly from: Agent | Person;
  readonly to: string;
  /** Null: now. */
  readonly fromMs: number | null;
  readonly untilMs: number;
}

type Delegated = Promise<Result<Delegation, DelegationRefusal>>;

/** Every surface makes and ends delegations here. Each resolves when it is durable, or says why not. */
export interface DelegationDesk extends DelegationBook {
  make(ask: DelegationAsk): Delegated;
  /** At once: no vote counts by it any more, those that were cast before included. */
  revoke(ask: { readonly id: DelegationId; readonly by: Agent | Person }): Delegated;
  /** Newest first, those that are over or revoked included. */
  list(): readonly Delegation[];
}

/** An action that an agent would submit. */
export interface ForeseenAsk {
  readonly agent: string;
  readonly target: string;
  readonly operation: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly datasets: readonly DeclaredDataset[];
  /** Null: the agent's sponsor. */
  readonly onBehalfOf: string | null;
}

export interface ForeseenAction {
  readonly atMs: number;
  readonly decision: Decision;
  /** Empty, where nobody is asked. */
  readonly demands: readonly ForeseenDemand[];
}

/** What would be decided now, and who could approve it. Attempts nothing, and changes nothing. */
export interface ApproverForesight {
  forAction(
    ask: ForeseenAsk,
  ): Result<ForeseenAction, { readonly code: 'agent' | 'target' | 'person'; readonly message: string }>;
}

/** A draft whose decisions are recorded and never enforced. */
export interface ObservedDraft {
  readonly target: string;
  readonly directory: string;
  readonly version: string;
  /** What is wrong with the files that are there now, a line each: the version before is observed on. */
  readonly problems: readonly string[];
}

/** The policies in force, as they are on disk. */
export interface PolicySet {
  readonly version: string;
  readonly files: readonly PolicyFile[];
  /** They came with Sallyport, and nothing is written there. */
  readonly builtIn: boolean;
  readonly observed: readonly ObservedDraft[];
}

export interface PolicyProposalAsk {
  readonly author: Agent | Person;
  /** The version that the author has seen. */
  readonly base: string;
  readonly reason: string;
  /** All files of the directory, as they are to be. */
  readonly files: readonly PolicyFile[];
}

export interface PolicyVoteAsk {
  readonly id: PolicyChangeId;
  readonly voter: Agent | Person;
  readonly kind: 'approve' | 'reject';
  readonly reason: string;
  readonly digest: string;
}

type PolicyChanged = Promise<Result<PolicyChange, PolicyChangeRefusal>>;

/** Policies are changed by two people through here. Each resolves when its change is durable, or says why not. */
export interface PolicyDesk {
  inForce(): Promise<PolicySet>;
  propose(ask: PolicyProposalAsk): PolicyChanged;
  /** An approval resolves when the policies are written, recorded and in force. */
  vote(ask: PolicyVoteAsk): PolicyChanged;
  withdraw(ask: { readonly id: PolicyChangeId; readonly by: Agent | Person }): PolicyChanged;
}
