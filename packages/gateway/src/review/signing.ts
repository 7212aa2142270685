/** What a passkey says of a vote, on a review and on a standing grant alike. */
import type { PasskeyId } from '../core/ids.ts';
import type { VoteRefusal } from '../core/reasons.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { PasskeyProof, Vote } from '../core/review.ts';
import type { Passkeys, VoteAsk, VotedOn } from '../ports.ts';
import type { Mutation } from '../stores/store.ts';

/** The proof of a signed vote; null where nobody signed. */
export type Signing = Result<PasskeyProof | null, VoteRefusal>;

const UNSIGNED: Signing = ok(null);
/** Fails closed: a signature that can't be looked at is no vote, signed or unsigned. */
const UNPROVED: Signing = err({
  code: 'ledger.unavailable',
  message: 'Your passkey can’t be looked up now, so the vote doesn’t count. Try again.',
});

/** Somebody's passkey was revoked between the proof and the record of the vote. */
export const REVOKED = { code: 'vote.passkey_invalid', message: 'This passkey was revoked.' } as const;

type Signed = Pick<VoteAsk, 'voter' | 'kind' | 'digest' | 'rendering' | 'passkey'>;

/** An agent has no passkey, and is refused as an agent. */
export async function signingOf(
  on: VotedOn,
  { passkey: assertion, voter, kind, digest, rendering }: Signed,
  passkeys: Pick<Passkeys, 'proveVote'>,
): Promise<Signing> {
  if (assertion === undefined || voter.kind !== 'person') return UNSIGNED;
  return passkeys.proveVote({ on, voter, kind, digest, rendering, assertion }).catch(() => UNPROVED);
}

/** A signature that doesn't hold refuses the vote, unless something else does that anyhow. */
export function withSigning<T, E extends { readonly code: string }>(
  signing: Signing,
  judged: Result<T, E>,
): Result<T, E | VoteRefusal> {
  if (signing.ok || (!judged.ok && judged.error.code !== 'vote.passkey_required')) return judged;
  return signing;
}

/** What was signed with a passkey that is revoked is no vote (threat B6). */
export const passkeyChecks = (votes: readonly Vote[]): readonly Mutation[] =>
  votes.flatMap(({ passkey, retractedAtMs }) =>
    // The gateway's own proof names the gateway's own id.
    passkey === null || retractedAtMs !== null
      ? []
      : [{ kind: 'passkey.check', id: passkey.passkey as PasskeyId }],
  );
