import type { z } from 'zod';
import {
  Approvers,
  Delegation,
  DelegationList,
  type DelegationRequest,
  type ForeseenActionRequest,
  ForeseenApprovers,
  PolicyChange,
  PolicyChangePage,
  type PolicyProposal,
  PolicySet,
  type PolicyVote,
} from './contract/index.ts';
import type { Init } from './transport.ts';

type Ask = <T>(schema: z.ZodType<T>, path: string, init?: Init) => Promise<T>;

/** The part of the API that is about who decides: `client.authority`. For people alone. */
export class AuthorityClient {
  readonly #json: Ask;

  /** @param ask sends, and parses the answer. */
  constructor(ask: Ask) {
    this.#json = ask;
  }

  /** Who can decide on a review now, and why others can't. */
  approvers(review: string): Promise<Approvers> {
    return this.#json(Approvers, `/v1/reviews/${encodeURIComponent(review)}/approvers`);
  }

  /** Who could approve an action that an agent would submit. Nothing is attempted. */
  foreseeApprovers(asked: ForeseenActionRequest): Promise<ForeseenApprovers> {
    return this.#json(ForeseenApprovers, '/v1/approvers', { method: 'POST', body: asked });
  }

  /** Newest first, those that are over or revoked included. */
  async listDelegations(): Promise<readonly Delegation[]> {
    return (await this.#json(DelegationList, '/v1/delegations')).delegations;
  }

  /** Hands the caller's own right to decide to another person. */
  delegate(delegation: DelegationRequest): Promise<Delegation> {
    return this.#json(Delegation, '/v1/delegations', { method: 'POST', body: delegation });
  }

  revokeDelegation(id: string): Promise<Delegation> {
    const path = `/v1/delegations/${encodeURIComponent(id)}/revoke`;
    return this.#json(Delegation, path, { method: 'POST', body: {} });
  }

  policies(): Promise<PolicySet> {
    return this.#json(PolicySet, '/v1/policies');
  }

  /** Newest first. */
  listPolicyChanges(): Promise<PolicyChangePage> {
    return this.#json(PolicyChangePage, '/v1/policy-changes');
  }

  getPolicyChange(id: string): Promise<PolicyChange> {
    return this.#json(PolicyChange, policyChangePath(id));
  }

  /** They are checked, and replayed over what was recorded; nothing is changed until another person approves. */
  proposePolicies(proposal: PolicyProposal): Promise<PolicyChange> {
    return this.#json(PolicyChange, '/v1/policy-changes', { method: 'POST', body: proposal });
  }

  /** An approval resolves when the policies are in force. */
  voteOnPolicies(id: string, vote: PolicyVote): Promise<PolicyChange> {
    return this.#json(PolicyChange, policyChangePath(id, '/votes'), { method: 'POST', body: vote });
  }

  withdrawPolicies(id: string): Promise<PolicyChange> {
    return this.#json(PolicyChange, policyChangePath(id, '/withdraw'), { method: 'POST', body: {} });
  }
}

const policyChangePath = (id: string, rest = ''): string =>
  `/v1/policy-changes/${encodeURIComponent(id)}${rest}`;
