import {
  BreakGlass,
  BreakGlassChallengeRequest,
  BreakGlassClosing,
  BreakGlassOffer,
  BreakGlassPage,
  breakGlassProblemCodes,
  BreakGlassQuery,
  BreakGlassRequest,
  BreakGlassSignature,
  GrantRequest,
  grantProblemCodes,
  IssuedGrant,
  OutcomeReport,
  passkeyProblemCodes,
  refusalProblemCodes,
} from '@sallyport/sdk/contract';
import { z } from 'zod';
import {
  challengeBreakGlass,
  closeBreakGlass,
  grantBreakGlass,
  listBreakGlass,
  prepareBreakGlass,
  readBreakGlass,
  reportBreakGlass,
  signBreakGlass,
} from './break-glass-handlers.ts';
import { proof } from './headers.ts';
import { type ApiAction, guarded, type Route } from './route.ts';

const people = (action: ApiAction) =>
  ({ to: 'people', action, agentCode: 'break_glass.not_a_person' }) as const;
const json = (schema: z.ZodType, description: string) =>
  ({ contentType: 'application/json', schema, description }) as const;
const byId = z.object({ id: z.string().max(200).meta({ description: 'The id of the use.' }) });
const problems = [...breakGlassProblemCodes, 'ledger.unavailable'] as const;

/** Break-glass: a person runs at once, without approval (spec/break-glass.md). An agent is refused and recorded. */
export const breakGlassRoutes: readonly Route[] = [
  guarded({
    method: 'post',
    path: '/v1/break-glass',
    name: 'prepareBreakGlass',
    summary:
      'Prepares an action that you run at once: all that you are shown before you sign. Nothing runs by it.',
    access: people('api:break_glass.run'),
    body: BreakGlassRequest,
    answer: json(BreakGlass, 'What is to be signed at its `url`, for ten minutes.'),
    problems: [...problems, 'target.not_found', 'limit.exceeded'],
    handle: prepareBreakGlass,
  }),
  guarded({
    method: 'get',
    path: '/v1/break-glass',
    name: 'listBreakGlass',
    summary: 'Lists uses of break-glass, newest first.',
    access: people('api:break_glass.read'),
    query: BreakGlassQuery,
    answer: json(BreakGlassPage, 'A page of uses.'),
    problems: [],
    handle: listBreakGlass,
  }),
  guarded({
    method: 'get',
    path: '/v1/break-glass/{id}',
    name: 'getBreakGlass',
    summary: 'Reads one use whole. What nobody has signed, only its own person reads.',
    access: people('api:break_glass.read'),
    params: byId,
    answer: json(BreakGlass, 'The use.'),
    problems: ['break_glass.not_found'],
    handle: readBreakGlass,
  }),
  guarded({
    method: 'post',
    path: '/v1/break-glass/{id}/challenge',
    name: 'challengeBreakGlass',
    summary: 'Begins a signature: what a browser hands to the authenticator.',
    access: people('api:break_glass.run'),
    params: byId,
    body: BreakGlassChallengeRequest,
    answer: json(BreakGlassOffer, 'The options, for once and for two minutes.'),
    problems: [...problems, ...passkeyProblemCodes],
    handle: challengeBreakGlass,
  }),
  guarded({
    method: 'post',
    path: '/v1/break-glass/{id}/sign',
    name: 'signBreakGlass',
    summary: 'Breaks the glass: one use of exactly this action, recorded, with the review that it owes.',
    access: people('api:break_glass.run'),
    params: byId,
    body: BreakGlassSignature,
    answer: json(BreakGlass, 'The use, which is durable. Its grant can be asked for.'),
    problems: [...problems, 'target.not_found', 'limit.exceeded'],
    handle: signBreakGlass,
  }),
  guarded({
    method: 'post',
    path: '/v1/break-glass/{id}/grant',
    name: 'grantBreakGlass',
    summary: 'Hands the grant out, once, bound to the key of the proof in the `DPoP` header (RFC 9449).',
    access: people('api:break_glass.run'),
    params: byId,
    headers: proof,
    body: GrantRequest,
    answer: json(IssuedGrant, 'The grant. Its intent is in the ledger.'),
    problems: [...problems, 'action.over', ...grantProblemCodes, ...refusalProblemCodes],
    handle: grantBreakGlass,
  }),
  guarded({
    method: 'post',
    path: '/v1/break-glass/{id}/outcome',
    name: 'reportBreakGlass',
    summary: 'Reports what came of it, once. What is never reported becomes unknown.',
    access: people('api:break_glass.run'),
    params: byId,
    body: OutcomeReport,
    answer: json(BreakGlass, 'The use with its outcome.'),
    problems: [...problems, 'action.not_granted', 'action.over'],
    handle: reportBreakGlass,
  }),
  guarded({
    method: 'post',
    path: '/v1/break-glass/{id}/review',
    name: 'closeBreakGlass',
    summary: 'Closes the review that a use owes, with a finding: another person than who ran it.',
    access: people('api:break_glass.review'),
    params: byId,
    body: BreakGlassClosing,
    answer: json(BreakGlass, 'The use, which is reviewed.'),
    problems,
    handle: closeBreakGlass,
  }),
];
