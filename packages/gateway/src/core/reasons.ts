import type { DenialCode } from './decide.ts';
import type { GrantRefusal } from './grant.ts';

/** Why the gateway did not let an action through. Closed: each edge maps every code to its protocol's own error. */
export type RefusalCode =
  | DenialCode
  | GrantRefusal
  | 'describe.unparsable'
  | 'describe.unsupported'
  | 'describe.unresolved'
  | 'limit.exceeded'
  | 'review.rejected'
  | 'review.expired'
  | 'review.withdrawn'
  | 'review.superseded'
  | 'review.no_approver'
  | 'review.changed'
  | 'review.hold_timeout'
  | 'review.too_many'
  | 'review.too_fast'
  | 'action.altered'
  | 'identity.revoked'
  | 'standing.changed'
  | 'canary.never_runs'
  | 'ledger.unavailable'
  | 'target.unavailable';

/** A refusal, with the sentence for the person who reads it and the way out. Carries no classified value (law 8). */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
  /** What to do now; empty where nothing helps. */
  readonly hint: string;
  readonly review: string | null;
  readonly policies: readonly string[];
  /** How long to back off before the same can succeed; null: time alone changes nothing. */
  readonly retryAfterSeconds: number | null;
}

/** What a refusal says by itself, where whoever refuses has nothing more exact to say. */
const TEXTS: Readonly<Record<RefusalCode, readonly [message: string, hint: string]>> = {
  'policy.forbidden': ['Policy forbids this action.', 'Ask whoever writes the policies if this is needed.'],
  'policy.not_permitted': [
    'No policy permits this action.',
    'Ask whoever writes the policies if this is needed.',
  ],
  'policy.error': [
    'A policy could not be evaluated, so the action is denied.',
    'Tell whoever writes the policies.',
  ],
  'grant.missing': ['There is no such grant.', 'Send the action again to ask for approval.'],
  'grant.mismatch': [
    'The grant is for another action, agent, target or environment.',
    'Send the action again to ask for approval.',
  ],
  'grant.spent': [
    'The approval has been used already: one approval, one execution.',
    'Send the action again to ask for another.',
  ],
  'grant.revoked': ['The approval was revoked.', 'Send the action again to ask for another.'],
  'grant.expired': ['The approval expired before it was used.', 'Send the action again to ask for another.'],
  'describe.unparsable': ['The action can’t be parsed whole, so it is refused.', 'Correct its syntax.'],
  'describe.unsupported': [
    'The gateway can’t say what this action does, so it is refused.',
    'Use a form that it supports.',
  ],
  'describe.unresolved': [
    'The target can’t find what this names, so it can’t run.',
    'Correct the names; the target’s own error says which.',
  ],
  'limit.exceeded': ['The action is over a limit of the gateway.', 'Make it smaller.'],
  'review.rejected': ['A person rejected this action.', ''],
  'review.expired': ['Nobody decided in time.', 'Send the action again to ask anew.'],
  'review.withdrawn': ['The request was withdrawn.', 'Send the action again to ask anew.'],
  'review.superseded': ['The agent asked for another action instead.', 'Wait for the review of that one.'],
  'review.no_approver': ['Nobody may approve this action.', 'Tell whoever writes the policies.'],
  'review.changed': [
    'Something that the approval rests on has changed since.',
    'Send the action again to ask anew.',
  ],
  'review.hold_timeout': [
    'Nobody has decided yet, and the connection can’t be held any longer.',
    'The review stays open: send the same bytes again to wait on, or to use its approval.',
  ],
  'review.too_many': [
    'Too many reviews of this agent are pending.',
    'Wait for decisions before asking for more.',
  ],
  'review.too_fast': ['This agent asks faster than people can read.', 'Wait before asking again.'],
  'action.altered': ['What would run is not what was approved.', 'Send the action again to ask anew.'],
  'identity.revoked': ['The agent or the person for whom it acts has lost the right since.', ''],
  'standing.changed': [
    'The standing grant that covered this doesn’t any more.',
    'Send the action again to ask for approval.',
  ],
  'canary.never_runs': [
    'The gateway made this request up: nothing of it ever runs.',
    'Ask for what is needed under a name of your own.',
  ],
  'ledger.unavailable': [
    'The ledger can’t record, so nothing is executed.',
    'Tell whoever operates the gateway.',
  ],
  'target.unavailable': ['The target can’t be reached.', 'Try again later.'],
};

/** A refusal in its standard words, but for what is given. */
export function refusal(code: RefusalCode, given: Partial<Omit<Refusal, 'code'>>): Refusal {
  const [message, hint] = TEXTS[code];
  return { code, message, hint, review: null, policies: [], retryAfterSeconds: null, ...given };
}

/** Why a vote, a question or an answer was not taken. */
export type VoteRefusalCode =
  | 'review.not_found'
  | 'review.over'
  | 'vote.not_a_person'
  | 'vote.not_entitled'
  | 'vote.own_request'
  | 'vote.digest_mismatch'
  | 'vote.rendering_mismatch'
  | 'vote.duplicate'
  | 'vote.reason_required'
  | 'vote.nothing_to_retract'
  | 'vote.over_budget'
  | 'vote.passkey_required'
  | 'vote.passkey_invalid'
  | 'question.empty'
  | 'question.too_many'
  | 'question.not_found'
  | 'question.not_yours'
  | 'question.answered'
  | 'idempotency.conflict'
  | 'ledger.unavailable';

export interface VoteRefusal {
  readonly code: VoteRefusalCode;
  readonly message: string;
}

/** Why a standing grant was not proposed, voted on or revoked, besides what a vote is refused for. */
export type StandingRefusalCode =
  | VoteRefusalCode
  | 'standing.not_found'
  /** The review that it would be made of is no basis for one: rejected, or of something that no grant covers. */
  | 'standing.unfit'
  | 'standing.terms'
  | 'standing.constraint'
  | 'standing.too_many'
  | 'standing.over';

export interface StandingRefusal {
  readonly code: StandingRefusalCode;
  readonly message: string;
}

/** Why a person may not break glass, or not review a use of it. */
export type BreakGlassRefusalCode =
  | 'break_glass.not_found'
  | 'break_glass.reason_required'
  | 'break_glass.reason_too_short'
  | 'break_glass.not_entitled'
  | 'break_glass.no_reviewer'
  | 'break_glass.too_many'
  | 'break_glass.passkey_required'
  | 'break_glass.passkey_invalid'
  | 'break_glass.digest_mismatch'
  | 'break_glass.changed'
  | 'break_glass.own_use'
  | 'break_glass.not_reviewer'
  | 'break_glass.closed'
  | 'break_glass.text_required'
  | 'limit.exceeded'
  | 'target.not_found'
  | 'ledger.unavailable';

export interface BreakGlassRefusal {
  readonly code: BreakGlassRefusalCode;
  readonly message: string;
}

/** Why a grant that left the gateway, or the proof beside it, is not accepted: a row for each check of spec/grant.md. */
export const tokenRefusals = {
  'token.malformed': 'The grant is no token of ours.',
  'token.header': 'The header of the grant names another type or algorithm, or more than it may.',
  'token.key': 'The grant names a key that is not ours.',
  'token.signature': 'The signature of the grant is not valid.',
  'token.claims': 'The grant holds something that a grant doesn’t hold.',
  'token.issuer': 'The grant names no issuer, or another one.',
  'token.audience': 'The grant is for another target.',
  'token.subject': 'The grant names no agent.',
  'token.id': 'The grant has no id.',
  'token.lifetime': 'The grant says no time, or lives longer than a grant may.',
  'token.confirmation': 'The grant is bound to no key.',
  'token.details': 'The grant doesn’t say what exactly it authorizes.',
  'token.expired': 'The grant is past its time.',
  'token.not_yet': 'The grant was made in the future: look at the clocks.',
  'token.other_action': 'The grant is for something else than what is asked.',
  'token.replayed': 'The grant was used already.',
  'proof.malformed': 'There is no proof that the grant is yours: send a DPoP header (RFC 9449).',
  'proof.header': 'The header of the proof names another type or algorithm, or holds more than a public key.',
  'proof.signature': 'The signature of the proof is not valid.',
  'proof.claims': 'The proof lacks a claim.',
  'proof.method': 'The proof is for another method.',
  'proof.url': 'The proof is for another URL.',
  'proof.stale': 'The proof is too old, or was made in the future: look at the clocks.',
  'proof.token': 'The proof is for another grant.',
  'proof.key': 'The grant is bound to another key than the proof’s.',
  'proof.replayed': 'The proof was used already: make one for each request.',
} as const;
export type TokenRefusalCode = keyof typeof tokenRefusals;

/** Why something about a submitted action is refused. */
export type ActionRefusalCode =
  | RefusalCode
  | TokenRefusalCode
  | 'action.not_found'
  | 'action.pending'
  | 'action.not_granted'
  | 'action.over'
  | 'target.not_found'
  | 'idempotency.conflict';

export interface ActionRefusal {
  readonly code: ActionRefusalCode;
  readonly message: string;
  readonly hint: string;
  readonly review: string | null;
  readonly retryAfterSeconds?: number | null;
}
