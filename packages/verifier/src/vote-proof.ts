/** Signed votes (spec/vote.md). */
import { refuseAssertion } from './assertion.ts';
import type { Assertion, AssertionRefusal, PasskeyCrypto } from './assertion.ts';
import { encodeUtf8 } from './bytes.ts';
import { canonicalize } from './canonical.ts';
import type { JsonValue } from './canonical.ts';
import type { Hash } from './hash.ts';
import { isObject } from './leaf-members.ts';
import { parsePasskeyKey, thumbprintOf } from './passkey-key.ts';
import type { PasskeyKey } from './passkey-key.ts';
import type { PasskeyRecord } from './passkey-record.ts';

/** What a vote is on, and what exactly is decided there; or a use of break-glass, which is no vote. */
export interface VotedOn {
  readonly kind: 'review' | 'standing' | 'break_glass';
  readonly id: string;
  /** SHA-256 of the action's canonical form, or of the standing grant's terms: 64 lower-case hexadecimal digits. */
  readonly digest: string;
}

const ofAction = ({ id, digest }: VotedOn) => ({ action: digest, review: id, version: 'sallyport/vote/v1' });

/**
 * The members that say so. What is signed for one kind is nothing for another: by a version of its own, and for
 * break-glass by its decision, which is that of no vote.
 */
const FORMS: Readonly<Record<VotedOn['kind'], (on: VotedOn) => Readonly<Record<string, string>>>> = {
  review: ofAction,
  break_glass: ofAction,
  standing: ({ id, digest }) => ({ standing: id, terms: digest, version: 'sallyport/standing-vote/v1' }),
};

/** Everything that a voter signs. */
export interface SignedVote {
  readonly on: VotedOn;
  readonly decision: 'approve' | 'reject' | 'break_glass';
  /** Unix milliseconds: the gateway takes the vote before. */
  readonly expiresAtMs: number;
  readonly identity: string;
  readonly nonce: string;
  readonly person: string;
  /** SHA-256 of everything that was shown, 64 lower-case hexadecimal digits. */
  readonly rendering: string;
}

/** The proof of a signed vote, as it stands in the vote's aside. Binary members are base64url without padding. */
export interface PasskeyProof extends Assertion {
  /** The id of the passkey, under which the log has its registration. */
  readonly passkey: string;
  readonly publicKey: PasskeyKey;
  /** The gateway's, used once. */
  readonly nonce: string;
  readonly expiresAtMs: number;
}

/** What WebAuthn signs as its challenge: SHA-256 of the vote's canonical form. */
export async function voteChallenge(vote: SignedVote, hash: Hash): Promise<Uint8Array> {
  const { on, decision, expiresAtMs, identity, nonce, person, rendering } = vote;
  const said = { decision, expiresAt: expiresAtMs, identity, nonce, person, rendering };
  return hash(encodeUtf8(canonicalize({ ...said, ...FORMS[on.kind](on) })));
}

/** Those of `PasskeyProof`. */
const MEMBERS = 7;

/** Strict; undefined where a member is missing, of another kind, or one too many. */
export function parsePasskeyProof(value: JsonValue | undefined): PasskeyProof | undefined {
  if (!isObject(value) || Object.keys(value).length !== MEMBERS) return undefined;
  const publicKey = parsePasskeyKey(value['publicKey']);
  const { authenticatorData, clientDataJSON, nonce, passkey, signature, expiresAtMs } = value;
  if (publicKey === undefined || typeof expiresAtMs !== 'number') return undefined;
  if (typeof nonce !== 'string' || nonce === '' || typeof passkey !== 'string') return undefined;
  if (typeof authenticatorData !== 'string' || typeof clientDataJSON !== 'string') return undefined;
  if (typeof signature !== 'string') return undefined;
  return { authenticatorData, clientDataJSON, nonce, passkey, signature, publicKey, expiresAtMs };
}

/** Why a proof does not prove its vote. Closed. */
export type VoteProofRefusal =
  | AssertionRefusal
  /** The vote came when what was signed had expired. */
  | 'passkey.expired'
  /** No registration of this passkey, with this key, for this identity, is there. */
  | 'passkey.unregistered';

export interface ProvedVote extends Omit<SignedVote, 'nonce' | 'expiresAtMs'> {
  readonly atMs: number;
}

/** Null where the proof shows that this passkey's owner cast this vote. */
export async function refuseVoteProof(
  proof: PasskeyProof,
  vote: ProvedVote,
  registration: PasskeyRecord | undefined,
  crypto: PasskeyCrypto,
): Promise<VoteProofRefusal | null> {
  const { publicKey: key, nonce, expiresAtMs } = proof;
  const isRegistered =
    registration?.id === proof.passkey &&
    registration.identity === vote.identity &&
    registration.key === (await thumbprintOf(key, crypto.hash));
  if (!isRegistered) return 'passkey.unregistered';
  const { atMs, ...cast } = vote;
  const challenge = await voteChallenge({ ...cast, nonce, expiresAtMs }, crypto.hash);
  const { origin, rpId } = registration;
  const refused = await refuseAssertion(proof, { key, challenge, origin, rpId }, crypto);
  return refused ?? (atMs >= expiresAtMs ? 'passkey.expired' : null);
}
