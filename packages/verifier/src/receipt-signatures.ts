/** The signed votes of a receipt: what the log claims of them rests on their proofs (spec/vote.md). */
import type { PasskeyCrypto } from './assertion.ts';
import { parseCanonical } from './canonical.ts';
import type { JsonValue } from './canonical.ts';
import type { Leaf, VoteLeaf } from './leaf.ts';
import { isObject } from './leaf-members.ts';
import type { PasskeyRecord } from './passkey-record.ts';
import { parsePasskeyProof, refuseVoteProof } from './vote-proof.ts';
import type { VotedOn, VoteProofRefusal } from './vote-proof.ts';

/** Closed. */
export type SignatureCode =
  | VoteProofRefusal
  /** The entry says that the vote is signed, and its aside has no proof. */
  | 'passkey.missing'
  /** The aside has a proof of a vote that, as the entry says, nobody signed. */
  | 'passkey.unclaimed'
  /** The proof is of another passkey than the entry names. */
  | 'passkey.other_passkey';

/** An entry that is proved to be in the log, with its aside if that is the one which it commits to. */
export interface SoundEntry {
  readonly index: number;
  readonly leaf: Leaf;
  readonly aside: string | null;
}

export interface SignatureTerms {
  readonly crypto: PasskeyCrypto;
  /** Digests of exact actions and terms that are proved, by the commitment under which the log knows them. */
  readonly digests: ReadonlyMap<string, string>;
  readonly report: (index: number, code: SignatureCode) => void;
}

/** The longest proof, with the longest reason. */
const MAX_ASIDE_CHARACTERS = 65_536;

function proofIn(aside: string): JsonValue | undefined {
  const parsed = parseCanonical(aside, MAX_ASIDE_CHARACTERS);
  return parsed.ok && isObject(parsed.value) ? parsed.value['passkey'] : undefined;
}

/** Undefined where the digest is not proved. */
function votedOn(
  { review, standing, subject }: VoteLeaf,
  digests: ReadonlyMap<string, string>,
): VotedOn | undefined {
  const digest = digests.get(subject);
  if (digest === undefined) return undefined;
  if (review !== null) return { kind: 'review', id: review, digest };
  return standing === null ? undefined : { kind: 'standing', id: standing, digest };
}

async function refuse(
  leaf: VoteLeaf,
  aside: string,
  registered: ReadonlyMap<string, PasskeyRecord>,
  { crypto, digests }: SignatureTerms,
): Promise<SignatureCode | null> {
  const { at, vote } = leaf;
  const claimed = proofIn(aside);
  if (!vote.signed) return claimed === undefined ? null : 'passkey.unclaimed';
  if (claimed === undefined) return 'passkey.missing';
  const proof = parsePasskeyProof(claimed);
  const on = votedOn(leaf, digests);
  if (proof === undefined || on === undefined || vote.kind === 'retract') return 'passkey.malformed';
  if (proof.passkey !== vote.passkey) return 'passkey.other_passkey';
  const { identity, kind: decision, person, rendering } = vote;
  const cast = { on, decision, identity, person, rendering, atMs: at };
  return refuseVoteProof(proof, cast, registered.get(proof.passkey), crypto);
}

/**
 * The entries with `signed` only where a proof shows it. Where the vote's aside, or what was voted on, is withheld,
 * nothing shows it, and nothing is wrong: the vote counts as one without a signature.
 */
export async function proveSignatures(
  entries: readonly SoundEntry[],
  terms: SignatureTerms,
): Promise<readonly Leaf[]> {
  const registered = new Map<string, PasskeyRecord>();
  const leaves: Leaf[] = [];
  for (const { index, leaf, aside } of entries) {
    if (leaf.kind === 'passkey' && leaf.passkey.event === 'registered')
      registered.set(leaf.passkey.id, leaf.passkey);
    if (leaf.kind !== 'vote') {
      leaves.push(leaf);
      continue;
    }
    const isShown = aside !== null && (!leaf.vote.signed || terms.digests.has(leaf.subject));
    const code = isShown ? await refuse(leaf, aside, registered, terms) : null;
    if (code !== null) terms.report(index, code);
    const signed = leaf.vote.signed && isShown && code === null;
    leaves.push({ ...leaf, vote: { ...leaf.vote, signed } });
  }
  return leaves;
}
