/** The signed votes of a receipt: what the log claims of them rests on their proofs (spec/vote.md). */
import type { PasskeyCrypto } from './assertion.ts';
import { parseCanonical } from './canonical.ts';
import type { JsonValue } from './canonical.ts';
import type { BreakGlassLeaf, Leaf, VoteLeaf } from './leaf.ts';
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

export interface ProvedLeaves {
  /** With `signed` only where a proof shows it. */
  readonly leaves: readonly Leaf[];
  /** Uses of break-glass whose signature nothing shows. */
  readonly unproved: ReadonlySet<string>;
}

/** The break-glass page's own signature: over exactly this action, for this use. */
async function refuseBreakGlass(
  leaf: BreakGlassLeaf,
  aside: string,
  registered: ReadonlyMap<string, PasskeyRecord>,
  { crypto, digests }: SignatureTerms,
): Promise<SignatureCode | null> {
  const claimed = proofIn(aside);
  if (claimed === undefined) return 'passkey.missing';
  const proof = parsePasskeyProof(claimed);
  if (proof === undefined) return 'passkey.malformed';
  if (proof.passkey !== leaf.passkey) return 'passkey.other_passkey';
  const { at: atMs, binding, breakGlass: id, identity, person, rendering } = leaf;
  const on = { kind: 'break_glass', id, digest: digests.get(binding.subject) ?? '' } as const;
  const signed = { on, atMs, decision: 'break_glass', identity, person, rendering } as const;
  return refuseVoteProof(proof, signed, registered.get(proof.passkey), crypto);
}

/**
 * Where the aside of a vote, or what was voted on, is withheld, nothing shows the signature, and nothing is wrong: the
 * vote counts as one without. A use of break-glass rests on its signature, so that one which nothing shows proves none.
 */
export async function proveSignatures(
  entries: readonly SoundEntry[],
  terms: SignatureTerms,
): Promise<ProvedLeaves> {
  const registered = new Map<string, PasskeyRecord>();
  const leaves: Leaf[] = [];
  const unproved = new Set<string>();
  for (const { index, leaf, aside } of entries) {
    if (leaf.kind === 'passkey' && leaf.passkey.event === 'registered')
      registered.set(leaf.passkey.id, leaf.passkey);
    if (leaf.kind === 'break_glass') {
      const isShown = aside !== null && terms.digests.has(leaf.binding.subject);
      const code = isShown ? await refuseBreakGlass(leaf, aside, registered, terms) : null;
      if (code !== null) terms.report(index, code);
      if (!isShown || code !== null) unproved.add(leaf.breakGlass);
    }
    leaves.push(leaf.kind === 'vote' ? await proveVote({ index, leaf, aside }, registered, terms) : leaf);
  }
  return { leaves, unproved };
}

async function proveVote(
  { index, leaf, aside }: SoundEntry & { readonly leaf: VoteLeaf },
  registered: ReadonlyMap<string, PasskeyRecord>,
  terms: SignatureTerms,
): Promise<VoteLeaf> {
  const isShown = aside !== null && (!leaf.vote.signed || terms.digests.has(leaf.subject));
  const code = isShown ? await refuse(leaf, aside, registered, terms) : null;
  if (code !== null) terms.report(index, code);
  const signed = leaf.vote.signed && isShown && code === null;
  return { ...leaf, vote: { ...leaf.vote, signed } };
}
