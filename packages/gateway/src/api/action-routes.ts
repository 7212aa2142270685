import {
  ActionQuery,
  ActionRequest,
  ActionState,
  type ProblemCode,
  GrantRequest,
  grantProblemCodes,
  IssuedGrant,
  KeySet,
  OutcomeReport,
  Redeemed,
  RedeemRequest,
  refusalProblemCodes,
  WithdrawRequest,
} from '@sallyport/sdk/contract';
import { z } from 'zod';
import { limits } from '../limits.ts';
import { streamAction } from './action-events.ts';
import {
  grantAction,
  readAction,
  readKeys,
  redeemGrant,
  reportOutcome,
  submitAction,
  withdrawAction,
} from './action-handlers.ts';
import { conditionalRead, proof, repeatable, resumed } from './headers.ts';
import { type ApiAction, guarded, open, type Route } from './route.ts';

const agents = (action: ApiAction) => ({ to: 'agents', action }) as const;
const json = (schema: z.ZodType, description: string) =>
  ({ contentType: 'application/json', schema, description }) as const;

const byId = z.object({ id: z.string().max(200).meta({ description: 'The id of your action.' }) });
const proofProblems: readonly ProblemCode[] = grantProblemCodes.filter((code) => code.startsWith('proof.'));

/** Actions that no proxy sees: their callers submit them, wait, get a grant, perform them and report. */
export const actionRoutes: readonly Route[] = [
  guarded({
    method: 'post',
    path: '/v1/actions',
    name: 'submitAction',
    summary:
      'Submits an action that its caller will perform. With an `Idempotency-Key`, a repetition answers as the first did.',
    access: agents('api:actions.submit'),
    headers: repeatable,
    body: ActionRequest,
    answer: json(ActionState, 'The action.'),
    accepts: true,
    problems: ['target.not_found', 'idempotency.malformed', 'idempotency.conflict', ...refusalProblemCodes],
    handle: submitAction,
  }),
  guarded({
    method: 'get',
    path: '/v1/actions/{id}',
    name: 'getAction',
    summary: 'Reads how an action of the caller’s own stands; waits for news of it, if asked to.',
    access: agents('api:actions.read'),
    params: byId,
    query: ActionQuery,
    headers: conditionalRead,
    answer: json(ActionState, 'The action.'),
    problems: ['action.not_found'],
    longestMs: limits.actionWaitMs + limits.apiRequestMs,
    handle: readAction,
  }),
  guarded({
    method: 'get',
    path: '/v1/actions/{id}/events',
    name: 'actionEvents',
    summary:
      'Streams the states of an action as server-sent events, until it is over; resumes by Last-Event-ID.',
    access: agents('api:actions.read'),
    params: byId,
    headers: resumed,
    answer: {
      contentType: 'text/event-stream',
      schema: ActionState,
      description: 'Each data line is an ActionState.',
    },
    problems: ['action.not_found', 'request.too_many_streams'],
    handle: streamAction,
  }),
  guarded({
    method: 'post',
    path: '/v1/actions/{id}/grant',
    name: 'grantAction',
    summary: 'Hands the grant out, once, bound to the key of the proof in the `DPoP` header (RFC 9449).',
    access: agents('api:actions.perform'),
    params: byId,
    headers: proof,
    body: GrantRequest,
    answer: json(IssuedGrant, 'The grant. Its intent is in the ledger.'),
    problems: ['action.not_found', 'action.pending', 'action.over', ...proofProblems, ...refusalProblemCodes],
    handle: grantAction,
  }),
  guarded({
    method: 'post',
    path: '/v1/actions/{id}/outcome',
    name: 'reportOutcome',
    summary: 'Reports what came of an action, once. What is never reported becomes unknown.',
    access: agents('api:actions.perform'),
    params: byId,
    body: OutcomeReport,
    answer: json(ActionState, 'The action, which is over.'),
    problems: ['action.not_found', 'action.not_granted', 'action.over'],
    handle: reportOutcome,
  }),
  guarded({
    method: 'post',
    path: '/v1/actions/{id}/withdraw',
    name: 'withdrawAction',
    summary: 'Gives an action up before its grant is handed out.',
    access: agents('api:actions.perform'),
    params: byId,
    body: WithdrawRequest,
    answer: json(ActionState, 'The action, which is over.'),
    problems: ['action.not_found', 'action.over', ...refusalProblemCodes],
    handle: withdrawAction,
  }),
  open({
    method: 'post',
    path: '/v1/grants/redeem',
    name: 'redeemGrant',
    summary:
      'Checks a grant for a resource server, against what it is about to do, and marks it as used, once.',
    access: {
      to: 'public',
      because:
        'the grant and the proof of its key are the credential; without both nothing is told or changed',
    },
    body: RedeemRequest,
    answer: json(Redeemed, 'It was good, and is used up now.'),
    problems: ['action.over', 'grant.spent', 'identity.revoked', 'ledger.unavailable', ...grantProblemCodes],
    handle: redeemGrant,
  }),
  open({
    method: 'get',
    path: '/v1/keys',
    name: 'keys',
    summary: 'Reads the public keys that sign grants.',
    access: { to: 'public', because: 'public keys are for everybody who checks a grant' },
    answer: json(KeySet, 'A key set (RFC 7517).'),
    problems: [],
    handle: readKeys,
  }),
];
