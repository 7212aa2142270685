import {
  Approvers,
  Delegation,
  DelegationList,
  delegationProblemCodes,
  DelegationRequest,
  ForeseenActionRequest,
  ForeseenApprovers,
  PolicyChange,
  PolicyChangePage,
  policyChangeProblemCodes,
  PolicyChangeQuery,
  PolicyProposal,
  PolicySet,
  PolicyVote,
} from '@sallyport/sdk/contract';
import { z } from 'zod';
import { limits } from '../limits.ts';
import {
  foreseeApprovers,
  listDelegations,
  listPolicyChanges,
  makeDelegation,
  proposePolicies,
  readApprovers,
  readPolicies,
  readPolicyChange,
  revokeDelegation,
  voteOnPolicies,
  withdrawPolicies,
} from './authority-handlers.ts';
import { type ApiAction, guarded, type Route } from './route.ts';

const people = (action: ApiAction) => ({ to: 'people', action, agentCode: 'access.people_only' }) as const;
const json = (schema: z.ZodType, description: string) =>
  ({ contentType: 'application/json', schema, description }) as const;
const byId = (what: string) =>
  z.object({
    id: z
      .string()
      .max(200)
      .meta({ description: `The id of the ${what}.` }),
  });

const delegationProblems = [...delegationProblemCodes, 'ledger.unavailable'] as const;
const changeProblems = [...policyChangeProblemCodes, 'ledger.unavailable'] as const;
/** What JSON makes of the texts that may be proposed. */
const PROPOSAL_BYTES = 2 * limits.policyChangeBytes;

/** Who decides, who decides in whose place, and by what rules. An agent gets nowhere here (law 5). */
export const authorityRoutes: readonly Route[] = [
  guarded({
    method: 'get',
    path: '/v1/reviews/{id}/approvers',
    name: 'listApprovers',
    summary: 'Says who can decide on a review now, and why others can’t.',
    access: people('api:reviews.read'),
    params: byId('review'),
    answer: json(Approvers, 'Everybody, for each demand of the review.'),
    problems: ['review.not_found'],
    handle: readApprovers,
  }),
  guarded({
    method: 'post',
    path: '/v1/approvers',
    name: 'foreseeApprovers',
    summary: 'Says who could approve an action that an agent would submit, and why others couldn’t.',
    access: people('api:reviews.read'),
    body: ForeseenActionRequest,
    answer: json(ForeseenApprovers, 'What would be decided now. Nothing is attempted or recorded.'),
    problems: ['target.not_found'],
    handle: foreseeApprovers,
  }),
  guarded({
    method: 'get',
    path: '/v1/delegations',
    name: 'listDelegations',
    summary: 'Lists rights to decide that people handed to others, newest first.',
    access: people('api:delegations.read'),
    answer: json(DelegationList, 'Those that are over or revoked included.'),
    problems: [],
    handle: listDelegations,
  }),
  guarded({
    method: 'post',
    path: '/v1/delegations',
    name: 'delegate',
    summary: 'Hands the caller’s own right to decide to another person, until a time.',
    access: people('api:delegations.write'),
    body: DelegationRequest,
    answer: json(Delegation, 'The delegation, which is recorded.'),
    problems: delegationProblems,
    handle: makeDelegation,
  }),
  guarded({
    method: 'post',
    path: '/v1/delegations/{id}/revoke',
    name: 'revokeDelegation',
    summary: 'Ends a delegation at once: the person who gave the right, or the one who got it.',
    access: people('api:delegations.write'),
    params: byId('delegation'),
    body: z.strictObject({}),
    answer: json(Delegation, 'The delegation, by which no vote counts any more.'),
    problems: delegationProblems,
    handle: revokeDelegation,
  }),
  guarded({
    method: 'get',
    path: '/v1/policies',
    name: 'getPolicies',
    summary: 'Reads the policies in force, and which drafts are observed.',
    access: people('api:policies.read'),
    answer: json(PolicySet, 'The version, with the text of every file.'),
    problems: [],
    handle: readPolicies,
  }),
  guarded({
    method: 'get',
    path: '/v1/policy-changes',
    name: 'listPolicyChanges',
    summary: 'Lists changes of policy that people proposed, newest first.',
    access: people('api:policies.read'),
    query: PolicyChangeQuery,
    answer: json(PolicyChangePage, 'A page of changes.'),
    problems: [],
    handle: listPolicyChanges,
  }),
  guarded({
    method: 'get',
    path: '/v1/policy-changes/{id}',
    name: 'getPolicyChange',
    summary: 'Reads one change of policy whole: files, rules, and what it would have decided otherwise.',
    access: people('api:policies.read'),
    params: byId('change'),
    answer: json(PolicyChange, 'The change.'),
    problems: ['policy_change.not_found'],
    handle: readPolicyChange,
  }),
  guarded({
    method: 'post',
    path: '/v1/policy-changes',
    name: 'proposePolicies',
    summary: 'Proposes policies: they are checked and replayed, and another person decides.',
    access: people('api:policies.propose'),
    body: PolicyProposal,
    mostBytes: PROPOSAL_BYTES,
    longestMs: limits.policyReplayMs + limits.apiRequestMs,
    answer: json(PolicyChange, 'The proposal, which changes nothing yet.'),
    problems: changeProblems,
    handle: proposePolicies,
  }),
  guarded({
    method: 'post',
    path: '/v1/policy-changes/{id}/votes',
    name: 'voteOnPolicies',
    summary: 'Approves or rejects what somebody else proposed; an approval puts it into force.',
    access: people('api:policies.vote'),
    params: byId('change'),
    body: PolicyVote,
    longestMs: 2 * limits.apiRequestMs,
    answer: json(PolicyChange, 'The change after the vote.'),
    problems: changeProblems,
    handle: voteOnPolicies,
  }),
  guarded({
    method: 'post',
    path: '/v1/policy-changes/{id}/withdraw',
    name: 'withdrawPolicies',
    summary: 'Takes the caller’s own proposal back.',
    access: people('api:policies.propose'),
    params: byId('change'),
    body: z.strictObject({}),
    answer: json(PolicyChange, 'The change, which is over.'),
    problems: changeProblems,
    handle: withdrawPolicies,
  }),
];
