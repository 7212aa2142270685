import type { SallyportError } from '@sallyport/sdk';
import { actionProblemCodes, grantProblemCodes, refusalProblemCodes } from '@sallyport/sdk/contract';

/** Every way in which a command ends, with its exit code. Codes never change their meaning. */
export const exitCodes = {
  ok: { code: 0, meaning: 'done' },
  usage: { code: 1, meaning: 'the command line was not understood, or something that it needs is missing' },
  refused: { code: 2, meaning: 'refused: no right to do it, or an approval without a person’s yes' },
  not_found: { code: 3, meaning: 'no such review, action, file or program' },
  conflict: { code: 4, meaning: 'conflict: the review is over, was changed, or the file exists' },
  unreachable: { code: 5, meaning: 'the gateway does not answer, or can’t at present' },
  verification_failed: {
    code: 6,
    meaning: 'verification failed: what was checked is not what it claims to be',
  },
  not_authenticated: { code: 7, meaning: 'no token, or one that the gateway does not accept' },
  failed: { code: 8, meaning: 'what ran under break-glass failed, or nobody knows what came of it' },
  internal: { code: 9, meaning: 'a bug of the command line or of the gateway' },
} as const;
export type Ending = keyof typeof exitCodes;

type ErrorCode = SallyportError['code'];

/** What only agents are told: a person's command line hears none of it. */
const agentsOwn = [...refusalProblemCodes, ...actionProblemCodes, ...grantProblemCodes] as const;
const agentEndings = Object.fromEntries(agentsOwn.map((code) => [code, 'refused'])) as Readonly<
  Record<(typeof agentsOwn)[number], Ending>
>;

/** How each error of the client ends a command. A code without a row doesn't compile. */
const endings: Readonly<Record<ErrorCode, Ending>> = {
  ...agentEndings,
  'review.not_found': 'not_found',
  'review.over': 'conflict',
  'standing.not_found': 'not_found',
  'standing.unfit': 'conflict',
  'standing.terms': 'usage',
  'standing.constraint': 'usage',
  'standing.too_many': 'conflict',
  'standing.over': 'conflict',
  'erasure.reason_required': 'usage',
  'erasure.unknown_subject': 'not_found',
  'erasure.in_use': 'conflict',
  'key.not_rotatable': 'conflict',
  'delivery.not_found': 'not_found',
  'delivery.waiting': 'conflict',
  'vote.not_a_person': 'refused',
  'vote.not_entitled': 'refused',
  'vote.own_request': 'refused',
  'vote.digest_mismatch': 'conflict',
  'vote.rendering_mismatch': 'conflict',
  'vote.nothing_to_retract': 'conflict',
  'vote.over_budget': 'refused',
  'vote.passkey_required': 'refused',
  'vote.passkey_invalid': 'refused',
  'passkey.unavailable': 'refused',
  'passkey.none': 'refused',
  'passkey.challenge_unknown': 'conflict',
  'passkey.invalid': 'refused',
  'passkey.unvouched': 'refused',
  'passkey.known': 'conflict',
  'passkey.too_many': 'refused',
  'link.unknown': 'not_found',
  'link.taken': 'conflict',
  'link.second': 'conflict',
  'passkey.not_found': 'not_found',
  'passkey.revoked': 'conflict',
  'break_glass.not_a_person': 'refused',
  'break_glass.not_found': 'not_found',
  'break_glass.reason_required': 'usage',
  'break_glass.reason_too_short': 'usage',
  'break_glass.not_entitled': 'refused',
  'break_glass.no_reviewer': 'refused',
  'break_glass.too_many': 'conflict',
  'break_glass.passkey_required': 'refused',
  'break_glass.passkey_invalid': 'refused',
  'break_glass.digest_mismatch': 'conflict',
  'break_glass.changed': 'conflict',
  'break_glass.own_use': 'refused',
  'break_glass.not_reviewer': 'refused',
  'break_glass.closed': 'conflict',
  'break_glass.text_required': 'usage',
  'question.empty': 'usage',
  'question.too_many': 'conflict',
  'question.not_found': 'not_found',
  'question.not_yours': 'refused',
  'question.answered': 'conflict',
  'vote.duplicate': 'conflict',
  'vote.reason_required': 'usage',
  'ledger.unavailable': 'unreachable',
  'access.unauthenticated': 'not_authenticated',
  'access.forbidden': 'refused',
  'access.people_only': 'refused',
  'access.agents_only': 'refused',
  'idempotency.conflict': 'conflict',
  'precondition.failed': 'conflict',
  'request.invalid': 'usage',
  'request.too_large': 'usage',
  'platform.unavailable': 'unreachable',
  'request.timeout': 'unreachable',
  'request.too_many_streams': 'unreachable',
  'route.not_found': 'unreachable',
  'receipt.not_found': 'not_found',
  'tile.not_found': 'not_found',
  'checkpoint.not_found': 'not_found',
  internal: 'internal',
  'client.unreachable': 'unreachable',
  'client.unexpected_response': 'unreachable',
  'client.insecure': 'refused',
  'client.not_json': 'usage',
  'client.aborted': 'refused',
  'client.other_grant': 'refused',
};

export const endingOf = (code: ErrorCode): Ending => endings[code];

/** A command that ends otherwise than well, in its own words. */
export class Failure extends Error {
  readonly ending: Ending;
  /** For programs; for people there is the message. */
  readonly code: string;

  constructor(ending: Ending, code: string, message: string) {
    super(message);
    this.name = 'Failure';
    this.ending = ending;
    this.code = code;
  }
}
