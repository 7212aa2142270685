import {
  Passkey,
  PasskeyList,
  passkeyProblemCodes,
  RegistrationOffer,
  RegistrationRequest,
  StandingVoteOffer,
  VoteChallengeRequest,
  VoteOffer,
} from '@sallyport/sdk/contract';
import { z } from 'zod';
import {
  challengeStandingVote,
  challengeVote,
  listPasskeys,
  offerRegistration,
  registerPasskey,
  revokePasskey,
} from './passkey-handlers.ts';
import { type ApiAction, guarded, type Route } from './route.ts';

const people = (action: ApiAction) => ({ to: 'people', action, agentCode: 'access.people_only' }) as const;
const json = (schema: z.ZodType, description: string) =>
  ({ contentType: 'application/json', schema, description }) as const;
const empty = z.strictObject({});

/** Passkeys of the caller's own, and what they sign (spec/vote.md). */
export const passkeyRoutes: readonly Route[] = [
  guarded({
    method: 'get',
    path: '/v1/passkeys',
    name: 'listPasskeys',
    summary: 'Lists the caller’s own passkeys, revoked ones too.',
    access: people('api:passkeys.read'),
    answer: json(PasskeyList, 'The passkeys.'),
    problems: [],
    handle: listPasskeys,
  }),
  guarded({
    method: 'post',
    path: '/v1/passkeys/registration',
    name: 'offerPasskeyRegistration',
    summary: 'Begins the registration of a passkey: what a browser hands to the authenticator.',
    access: people('api:passkeys.write'),
    body: empty,
    answer: json(RegistrationOffer, 'The options, for once and for two minutes.'),
    problems: passkeyProblemCodes,
    handle: offerRegistration,
  }),
  guarded({
    method: 'post',
    path: '/v1/passkeys',
    name: 'registerPasskey',
    summary: 'Registers a passkey: the first with a token, every other with the signature of one before.',
    access: people('api:passkeys.write'),
    body: RegistrationRequest,
    answer: json(Passkey, 'The passkey, which is in the ledger.'),
    problems: passkeyProblemCodes,
    handle: registerPasskey,
  }),
  guarded({
    method: 'post',
    path: '/v1/passkeys/{id}/revoke',
    name: 'revokePasskey',
    summary:
      'Revokes one of the caller’s own passkeys, and with it the approvals that it signed and nobody used yet.',
    access: people('api:passkeys.write'),
    params: z.object({ id: z.string().max(200).meta({ description: 'The id of the passkey.' }) }),
    body: empty,
    answer: json(Passkey, 'The passkey, revoked.'),
    problems: passkeyProblemCodes,
    handle: revokePasskey,
  }),
  guarded({
    method: 'post',
    path: '/v1/reviews/{id}/votes/challenge',
    name: 'challengeVote',
    summary: 'Begins a signed vote: what one of the caller’s passkeys has to sign.',
    access: { to: 'people', action: 'api:reviews.vote', agentCode: 'vote.not_a_person' },
    params: z.object({ id: z.string().max(200).meta({ description: 'The id of the review.' }) }),
    body: VoteChallengeRequest,
    answer: json(VoteOffer, 'The options, for once and for two minutes.'),
    problems: ['review.not_found', ...passkeyProblemCodes],
    handle: challengeVote,
  }),
  guarded({
    method: 'post',
    path: '/v1/standing-grants/{id}/votes/challenge',
    name: 'challengeStandingVote',
    summary: 'Begins a signed vote on a proposal: what one of the caller’s passkeys has to sign.',
    access: { to: 'people', action: 'api:standing.vote', agentCode: 'vote.not_a_person' },
    params: z.object({ id: z.string().max(200).meta({ description: 'The id of the standing grant.' }) }),
    body: VoteChallengeRequest,
    answer: json(StandingVoteOffer, 'The options, for once and for two minutes.'),
    problems: ['standing.not_found', ...passkeyProblemCodes],
    handle: challengeStandingVote,
  }),
];
