import { z } from 'zod';

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
  'vote.passkey_required',
  'vote.passkey_invalid',
  'question.empty',
  'question.too_many',
  'question.not_found',
  'question.not_yours',
  'question.answered',
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

/** What the API itself refuses, before or around what a request is about. */
export const apiProblemCodes = [
  'access.unauthenticated',
  'access.forbidden',
  'access.people_only',
  'request.invalid',
  'request.too_large',
  'request.timeout',
  'request.too_many_streams',
  'route.not_found',
  'receipt.not_found',
  'tile.not_found',
  'checkpoint.not_found',
  'internal',
] as const;

export const ProblemCode = z
  .enum([...voteProblemCodes, ...standingProblemCodes, ...passkeyProblemCodes, ...apiProblemCodes])
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
  })
  .meta({ id: 'Problem', description: 'An error, as RFC 9457 says, with a code from a closed list.' });
export type Problem = z.infer<typeof Problem>;
