import type { Problem, ProblemCode } from '@sallyport/sdk/contract';
import type { PasskeyRefusalCode } from '../core/passkey.ts';
import type { StandingRefusalCode, VoteRefusalCode } from '../core/reasons.ts';

interface ProblemKind {
  readonly status: 400 | 401 | 403 | 404 | 408 | 409 | 413 | 422 | 429 | 500 | 503;
  readonly title: string;
}

/** What each way of refusing a vote is in HTTP. A code without a row doesn't compile. */
const voteProblems: Readonly<Record<VoteRefusalCode, ProblemKind>> = {
  'review.not_found': { status: 404, title: 'No such review' },
  'review.over': { status: 409, title: 'The review is over' },
  'vote.not_a_person': { status: 403, title: 'Only people vote' },
  'vote.not_entitled': { status: 403, title: 'Not entitled to decide' },
  'vote.own_request': { status: 403, title: 'Your own request' },
  'vote.digest_mismatch': { status: 409, title: 'Not what you were shown' },
  'vote.rendering_mismatch': { status: 409, title: 'Changed since you looked' },
  'vote.nothing_to_retract': { status: 409, title: 'No vote to take back' },
  'vote.passkey_required': { status: 403, title: 'A passkey is required' },
  'vote.passkey_invalid': { status: 403, title: 'The passkey’s signature is not valid' },
  'question.empty': { status: 422, title: 'No text' },
  'question.too_many': { status: 409, title: 'Too many questions' },
  'question.not_found': { status: 404, title: 'No such question' },
  'question.not_yours': { status: 403, title: 'Not yours to answer' },
  'question.answered': { status: 409, title: 'Answered already' },
  'vote.duplicate': { status: 409, title: 'Already voted' },
  'vote.reason_required': { status: 422, title: 'A reason is required' },
  'ledger.unavailable': { status: 503, title: 'The ledger is not available' },
};

const standingProblems: Readonly<Record<Exclude<StandingRefusalCode, VoteRefusalCode>, ProblemKind>> = {
  'standing.not_found': { status: 404, title: 'No such standing grant' },
  'standing.unfit': { status: 409, title: 'No basis for a standing grant' },
  'standing.terms': { status: 422, title: 'The bounds are not possible' },
  'standing.constraint': { status: 422, title: 'A constraint is not possible' },
  'standing.too_many': { status: 409, title: 'Too many standing grants' },
  'standing.over': { status: 409, title: 'The standing grant is over' },
};

const passkeyProblems: Readonly<Record<PasskeyRefusalCode, ProblemKind>> = {
  'passkey.unavailable': { status: 409, title: 'No passkeys at this address' },
  'passkey.none': { status: 409, title: 'No passkey yet' },
  'passkey.challenge_unknown': { status: 409, title: 'Not asked, or too long ago' },
  'passkey.invalid': { status: 422, title: 'Not a valid passkey' },
  'passkey.unvouched': { status: 403, title: 'One of your passkeys has to sign this' },
  'passkey.known': { status: 409, title: 'Registered already' },
  'passkey.too_many': { status: 409, title: 'Too many passkeys' },
  'passkey.not_found': { status: 404, title: 'No such passkey' },
  'passkey.revoked': { status: 409, title: 'Revoked already' },
  'ledger.unavailable': { status: 503, title: 'The ledger is not available' },
};

const problems: Readonly<Record<ProblemCode, ProblemKind>> = {
  ...voteProblems,
  ...standingProblems,
  ...passkeyProblems,
  'access.unauthenticated': { status: 401, title: 'Not authenticated' },
  'access.forbidden': { status: 403, title: 'Not permitted' },
  'access.people_only': { status: 403, title: 'Not for agents' },
  'request.invalid': { status: 400, title: 'The request is not valid' },
  'request.too_large': { status: 413, title: 'The request is too large' },
  'request.timeout': { status: 503, title: 'The answer took too long' },
  'request.too_many_streams': { status: 429, title: 'Too many streams' },
  'route.not_found': { status: 404, title: 'No such route' },
  'receipt.not_found': { status: 404, title: 'No receipt' },
  'tile.not_found': { status: 404, title: 'No such tile' },
  'checkpoint.not_found': { status: 404, title: 'No checkpoint yet' },
  internal: { status: 500, title: 'Internal error' },
};

/** @param detail for people; never made of another system's message, a token or a classified value. */
export function problem(code: ProblemCode, detail: string): Problem {
  const { status, title } = problems[code];
  return { type: `urn:sallyport:problem:${code}`, title, status, detail, code };
}

export function statusOf(code: ProblemCode): ProblemKind['status'] {
  return problems[code].status;
}

export function problemResponse(body: Problem): Response {
  return new Response(JSON.stringify(body), {
    status: body.status,
    headers: {
      'content-type': 'application/problem+json',
      ...(body.status === 401 ? { 'www-authenticate': 'Bearer realm="sallyport"' } : {}),
    },
  });
}
