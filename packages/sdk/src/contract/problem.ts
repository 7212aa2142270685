import { z } from 'zod';
import { grantProblemCodes } from './grant.ts';
import { ReviewId } from './primitives.ts';

/** Why a vote, a question or an answer was not taken. The gateway's own list, restated for clients; a test of the gateway keeps them equal. */
export const voteProblemCodes = [
  'review.not_found',
  'review.over',
  'vote.not_a_person',
  'vote.not_entitled',
  'vote.own_request',
  'vote.digest_mismatch',
  'vote.rendering_mismatch',
  'vote.duplicate',
  'vote.reason_required',
  'vote.nothing_to_retract',
  'vote.over_budget',
  'vote.passkey_required',
  'vote.passkey_invalid',
  'question.empty',
  'question.too_many',
  'question.not_found',
  'question.not_yours',
  'question.answered',
  'idempotency.conflict',
  'ledger.unavailable',
] as const;

/** Why a standing grant was not proposed or changed, besides what a vote is refused for. */
export const standingProblemCodes = [
  'standing.not_found',
  'standing.unfit',
  'standing.terms',
  'standing.constraint',
  'standing.too_many',
  'standing.over',
] as const;

/** Why the gateway did not let an action through. The gateway's own list, restated; a test keeps them equal. */
export const refusalProblemCodes = [
  'policy.forbidden',
  'policy.not_permitted',
  'policy.error',
  'grant.missing',
  'grant.mismatch',
  'grant.spent',
  'grant.revoked',
  'grant.expired',
  'describe.unparsable',
  'describe.unsupported',
  'describe.unresolved',
  'limit.exceeded',
  'review.rejected',
  'review.expired',
  'review.withdrawn',
  'review.superseded',
  'review.no_approver',
  'review.changed',
  'review.hold_timeout',
  'review.too_many',
  'review.too_fast',
  'action.altered',
  'identity.revoked',
  'standing.changed',
  'ledger.unavailable',
  'target.unavailable',
] as const;

/** What is refused of an action that was submitted over the API, besides. */
export const actionProblemCodes = [
  'action.not_found',
  'action.pending',
  'action.not_granted',
  'action.over',
  'target.not_found',
  'idempotency.malformed',
] as const;

/** Why a passkey was not offered, registered or revoked. */
export const passkeyProblemCodes = [
  'passkey.unavailable',
  'passkey.none',
  'passkey.challenge_unknown',
  'passkey.invalid',
  'passkey.unvouched',
  'passkey.known',
  'passkey.too_many',
  'passkey.not_found',
  'passkey.revoked',
] as const;

/** Why an account in a chat was not linked, or not taken back. */
export const chatProblemCodes = ['link.unknown', 'link.taken', 'link.second', 'ledger.unavailable'] as const;

/** Why values were not erased, or the log's key not handed over. */
export const custodyProblemCodes = [
  'erasure.reason_required',
  'erasure.unknown_subject',
  'erasure.in_use',
  'key.not_rotatable',
] as const;

/** Why a dead letter was not sent again. */
export const channelProblemCodes = ['delivery.not_found', 'delivery.waiting'] as const;

/** Why a person may not break glass, or not review a use of it. */
export const breakGlassProblemCodes = [
  'break_glass.not_found',
  'break_glass.reason_required',
  'break_glass.reason_too_short',
  'break_glass.not_entitled',
  'break_glass.no_reviewer',
  'break_glass.too_many',
  'break_glass.passkey_required',
  'break_glass.passkey_invalid',
  'break_glass.digest_mismatch',
  'break_glass.changed',
  'break_glass.own_use',
  'break_glass.not_reviewer',
  'break_glass.closed',
  'break_glass.text_required',
] as const;

/** What the API itself refuses, before or around what a request is about. */
export const apiProblemCodes = [
  'access.unauthenticated',
  'access.forbidden',
  'access.people_only',
  'break_glass.not_a_person',
  'access.agents_only',
  'request.invalid',
  'request.too_large',
  'request.timeout',
  'request.too_many_streams',
  'route.not_found',
  'receipt.not_found',
  'tile.not_found',
  'checkpoint.not_found',
  'precondition.failed',
  'platform.unavailable',
  'internal',
] as const;

export const ProblemCode = z
  .enum([
    ...new Set([
      ...voteProblemCodes,
      ...standingProblemCodes,
      ...passkeyProblemCodes,
      ...breakGlassProblemCodes,
      ...chatProblemCodes,
      ...refusalProblemCodes,
      ...actionProblemCodes,
      ...grantProblemCodes,
      ...custodyProblemCodes,
      ...channelProblemCodes,
      ...apiProblemCodes,
    ]),
  ])
  .meta({ id: 'ProblemCode' });
export type ProblemCode = z.infer<typeof ProblemCode>;

/** RFC 9457. Clients decide by `code`; `title` and `detail` are for people and may change. */
export const Problem = z
  .object({
    type: z.string().meta({ description: '`urn:sallyport:problem:` and the code.' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    code: ProblemCode,
    instance: z.string().optional().meta({ description: 'The URL of what it is about.' }),
    review: ReviewId.optional().meta({ description: 'The review that it is about.' }),
    retryAfter: z.int().positive().optional().meta({
      description: 'Seconds after which the same can succeed; also the header `Retry-After`.',
    }),
    hint: z.string().optional().meta({ description: 'What to do now.' }),
  })
  .meta({ id: 'Problem', description: 'An error, as RFC 9457 says, with a code from a closed list.' });
export type Problem = z.infer<typeof Problem>;
