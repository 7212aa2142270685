import {
  ProposalRequest,
  Replay,
  ReplayRequest,
  RevocationRequest,
  StandingGrant,
  StandingPage,
  standingProblemCodes,
  StandingQuery,
  voteProblemCodes,
  VoteRequest,
} from '@sallyport/sdk/contract';
import { z } from 'zod';
import { type ApiAction, guarded, type Route } from './route.ts';
import {
  listStanding,
  previewStanding,
  proposeStanding,
  readStanding,
  revokeStanding,
  voteOnStanding,
} from './standing-handlers.ts';

const people = (action: ApiAction) => ({ to: 'people', action, agentCode: 'access.people_only' }) as const;
const voters = (action: ApiAction) => ({ to: 'people', action, agentCode: 'vote.not_a_person' }) as const;
const json = (schema: z.ZodType, description: string) =>
  ({ contentType: 'application/json', schema, description }) as const;
const byReview = z.object({ id: z.string().max(200).meta({ description: 'The id of the review.' }) });
const byId = z.object({ id: z.string().max(200).meta({ description: 'The id of the standing grant.' }) });
const problems = [...voteProblemCodes, ...standingProblemCodes];

/** Standing grants: leave for the like of one action, bounded, that people vote on. */
export const standingRoutes: readonly Route[] = [
  guarded({
    method: 'post',
    path: '/v1/reviews/{id}/standing-grants',
    name: 'proposeStandingGrant',
    summary: 'Proposes leave for the like of the action under review; people vote on it.',
    access: voters('api:standing.propose'),
    params: byReview,
    body: ProposalRequest,
    answer: json(StandingGrant, 'The proposal, which is durable and gives no leave yet.'),
    problems,
    handle: proposeStanding,
  }),
  guarded({
    method: 'get',
    path: '/v1/standing-grants',
    name: 'listStandingGrants',
    summary: 'Lists standing grants and proposals of them, newest first.',
    access: people('api:standing.list'),
    query: StandingQuery,
    answer: json(StandingPage, 'A page of standing grants.'),
    problems: [],
    handle: listStanding,
  }),
  guarded({
    method: 'get',
    path: '/v1/standing-grants/{id}',
    name: 'getStandingGrant',
    summary: 'Reads one standing grant whole, with its votes and every use.',
    access: people('api:standing.read'),
    params: byId,
    answer: json(StandingGrant, 'The standing grant.'),
    problems: ['standing.not_found'],
    handle: readStanding,
  }),
  guarded({
    method: 'post',
    path: '/v1/standing-grants/preview',
    name: 'previewStandingGrant',
    summary: 'Replays the actions of the last seven days: which ones it would have covered.',
    access: voters('api:standing.preview'),
    body: ReplayRequest,
    answer: json(Replay, 'What it would have covered, and what only nearly.'),
    problems,
    handle: previewStanding,
  }),
  guarded({
    method: 'post',
    path: '/v1/standing-grants/{id}/votes',
    name: 'voteOnStandingGrant',
    summary: 'Approves or rejects a proposal, with the digests of what was shown to the voter.',
    access: voters('api:standing.vote'),
    params: byId,
    body: VoteRequest,
    answer: json(StandingGrant, 'The standing grant after the vote, which is durable.'),
    problems,
    handle: voteOnStanding,
  }),
  guarded({
    method: 'post',
    path: '/v1/standing-grants/{id}/revoke',
    name: 'revokeStandingGrant',
    summary: 'Ends a standing grant, or a proposal, at once.',
    access: voters('api:standing.revoke'),
    params: byId,
    body: RevocationRequest,
    answer: json(StandingGrant, 'The standing grant, which covers nothing any more.'),
    problems,
    handle: revokeStanding,
  }),
];
