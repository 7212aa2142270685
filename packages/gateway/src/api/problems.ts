import type { Problem, ProblemCode } from '@sallyport/sdk/contract';
import type {
  ActionRefusal,
  ActionRefusalCode,
  BreakGlassRefusalCode,
  StandingRefusalCode,
  VoteRefusalCode,
} from '../core/reasons.ts';
import type { ProblemMembers, Reply } from './route.ts';
import type { PasskeyRefusalCode } from '../core/passkey.ts';
import type { LinkRefusalCode } from '../ports-chat.ts';

interface ProblemKind {
  readonly status: 400 | 401 | 403 | 404 | 408 | 409 | 412 | 413 | 422 | 429 | 500 | 503;
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
  'vote.over_budget': { status: 429, title: 'Too many approvals of one person' },
  'vote.passkey_required': { status: 403, title: 'A passkey is required' },
  'vote.passkey_invalid': { status: 403, title: 'The passkey’s signature is not valid' },
  'question.empty': { status: 422, title: 'No text' },
  'question.too_many': { status: 409, title: 'Too many questions' },
  'question.not_found': { status: 404, title: 'No such question' },
  'question.not_yours': { status: 403, title: 'Not yours to answer' },
  'question.answered': { status: 409, title: 'Answered already' },
  'idempotency.conflict': { status: 409, title: 'The key is used' },
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

const denied = { status: 403, title: 'Denied' } as const;
const conflict = { status: 409, title: 'Not as things stand' } as const;
const tokenRefused = { status: 401, title: 'The grant is not accepted' } as const;
const proofRefused = { status: 401, title: 'The proof is not accepted' } as const;

/** What each way of refusing a submitted action, its grant or its proof is in HTTP. */
const actionProblems: Readonly<Record<Exclude<ActionRefusalCode, VoteRefusalCode>, ProblemKind>> = {
  'policy.forbidden': denied,
  'policy.not_permitted': denied,
  'policy.error': denied,
  'identity.revoked': denied,
  'grant.missing': conflict,
  'grant.mismatch': conflict,
  'grant.spent': { status: 409, title: 'Used already' },
  'grant.revoked': conflict,
  'grant.expired': { status: 409, title: 'Past its time' },
  'describe.unparsable': { status: 422, title: 'Not understood' },
  'describe.unsupported': { status: 422, title: 'Not supported' },
  'describe.unresolved': { status: 422, title: 'Names that are not there' },
  'limit.exceeded': { status: 429, title: 'Over a limit' },
  'review.rejected': { status: 403, title: 'Rejected by a person' },
  'review.expired': { status: 403, title: 'Nobody decided in time' },
  'review.withdrawn': conflict,
  'review.superseded': conflict,
  'review.no_approver': denied,
  'review.changed': conflict,
  'review.hold_timeout': conflict,
  'review.too_many': { status: 429, title: 'Too many reviews' },
  'review.too_fast': { status: 429, title: 'Too many reviews a minute' },
  'action.altered': conflict,
  'standing.changed': conflict,
  'target.unavailable': { status: 503, title: 'The target is not available' },
  'target.not_found': { status: 404, title: 'No such target' },
  'action.not_found': { status: 404, title: 'No such action' },
  'action.pending': { status: 409, title: 'Not decided yet' },
  'action.not_granted': { status: 409, title: 'No grant was handed out' },
  'action.over': { status: 409, title: 'The action is over' },
  'token.malformed': tokenRefused,
  'token.header': tokenRefused,
  'token.key': tokenRefused,
  'token.signature': tokenRefused,
  'token.claims': tokenRefused,
  'token.issuer': tokenRefused,
  'token.audience': tokenRefused,
  'token.subject': tokenRefused,
  'token.id': tokenRefused,
  'token.lifetime': tokenRefused,
  'token.confirmation': tokenRefused,
  'token.details': tokenRefused,
  'token.expired': tokenRefused,
  'token.not_yet': tokenRefused,
  'token.other_action': tokenRefused,
  'token.replayed': tokenRefused,
  'proof.malformed': proofRefused,
  'proof.header': proofRefused,
  'proof.signature': proofRefused,
  'proof.claims': proofRefused,
  'proof.method': proofRefused,
  'proof.url': proofRefused,
  'proof.stale': proofRefused,
  'proof.token': proofRefused,
  'proof.key': proofRefused,
  'proof.replayed': proofRefused,
};

const chatProblems: Readonly<Record<Exclude<LinkRefusalCode, VoteRefusalCode>, ProblemKind>> = {
  'link.unknown': { status: 404, title: 'No such link' },
  'link.taken': { status: 409, title: 'The account is somebody’s already' },
  'link.second': { status: 409, title: 'You have another account there' },
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

type OwnBreakGlassCode = Exclude<BreakGlassRefusalCode, ActionRefusalCode>;

const breakGlassProblems: Readonly<Record<OwnBreakGlassCode, ProblemKind>> = {
  'break_glass.not_found': { status: 404, title: 'No such use of break-glass' },
  'break_glass.reason_required': { status: 422, title: 'A reason is required' },
  'break_glass.reason_too_short': { status: 422, title: 'The reason is too short' },
  'break_glass.not_entitled': { status: 403, title: 'Not entitled to break glass' },
  'break_glass.no_reviewer': { status: 409, title: 'Nobody could review it' },
  'break_glass.too_many': { status: 409, title: 'Too many uses without a review' },
  'break_glass.passkey_required': { status: 403, title: 'A passkey is required' },
  'break_glass.passkey_invalid': { status: 403, title: 'The passkey’s signature is not valid' },
  'break_glass.digest_mismatch': { status: 409, title: 'Not what you were shown' },
  'break_glass.changed': { status: 409, title: 'Changed since you looked' },
  'break_glass.own_use': { status: 403, title: 'Your own use' },
  'break_glass.not_reviewer': { status: 403, title: 'Not entitled to review it' },
  'break_glass.closed': { status: 409, title: 'Reviewed already' },
  'break_glass.text_required': { status: 422, title: 'A text is required' },
};

const problems: Readonly<Record<ProblemCode, ProblemKind>> = {
  ...voteProblems,
  ...standingProblems,
  ...actionProblems,
  'idempotency.malformed': { status: 400, title: 'The key is not valid' },
  'erasure.reason_required': { status: 422, title: 'A reason is required' },
  'erasure.unknown_subject': { status: 404, title: 'Nothing to erase' },
  'erasure.in_use': { status: 409, title: 'Not over yet' },
  'delivery.not_found': { status: 404, title: 'No such delivery' },
  'delivery.waiting': { status: 409, title: 'It waits already' },
  'key.not_rotatable': { status: 409, title: 'The key stays' },
  'precondition.failed': { status: 412, title: 'Changed since you looked' },
  'access.agents_only': { status: 403, title: 'Not for people' },
  ...chatProblems,
  ...passkeyProblems,
  ...breakGlassProblems,
  'break_glass.not_a_person': { status: 403, title: 'Not for agents' },
  'access.unauthenticated': { status: 401, title: 'Not authenticated' },
  'access.forbidden': { status: 403, title: 'Not permitted' },
  'access.people_only': { status: 403, title: 'Not for agents' },
  'request.invalid': { status: 400, title: 'The request is not valid' },
  'request.too_large': { status: 413, title: 'The request is too large' },
  'platform.unavailable': { status: 503, title: 'The platform can’t be asked' },
  'request.timeout': { status: 503, title: 'The answer took too long' },
  'request.too_many_streams': { status: 429, title: 'Too many streams' },
  'route.not_found': { status: 404, title: 'No such route' },
  'receipt.not_found': { status: 404, title: 'No receipt' },
  'tile.not_found': { status: 404, title: 'No such tile' },
  'checkpoint.not_found': { status: 404, title: 'No checkpoint yet' },
  internal: { status: 500, title: 'Internal error' },
};

/** @param detail for people; never made of another system's message, a token or a classified value. */
export function problem(code: ProblemCode, detail: string, about: ProblemMembers = {}): Problem {
  const { status, title } = problems[code];
  return { type: `urn:sallyport:problem:${code}`, title, status, detail, code, ...about };
}

/** What is refused of an action, as an answer. @param instance where the action is; null: there is none. */
export function actionProblem(
  { code, message, hint, review, retryAfterSeconds }: ActionRefusal,
  instance: string | null,
): Reply {
  const about: ProblemMembers = {
    ...(instance === null ? {} : { instance }),
    ...(review === null ? {} : { review }),
    ...(hint === '' ? {} : { hint }),
    ...(typeof retryAfterSeconds === 'number' ? { retryAfter: retryAfterSeconds } : {}),
  };
  return { kind: 'problem', code, detail: message, about };
}

export function statusOf(code: ProblemCode): ProblemKind['status'] {
  return problems[code].status;
}

export function problemResponse(body: Problem): Response {
  return new Response(JSON.stringify(body), {
    status: body.status,
    headers: {
      'content-type': 'application/problem+json',
      ...(body.retryAfter === undefined ? {} : { 'retry-after': body.retryAfter.toString() }),
      ...(body.status === 401 ? { 'www-authenticate': challengeOf(body.code) } : {}),
    },
  });
}

/** RFC 9449 section 7.1 where a proof or its grant is at fault, RFC 6750 where the caller is not known. */
function challengeOf(code: ProblemCode): string {
  if (code.startsWith('proof.')) return 'DPoP error="invalid_dpop_proof", algs="ES256 EdDSA"';
  if (code.startsWith('token.')) return 'DPoP error="invalid_token", algs="ES256 EdDSA"';
  return 'Bearer realm="sallyport"';
}
