/**
 * Canaries: requests that should be rejected, which the gateway opens itself and never runs (spec/attention.md). Until
 * its review is over, nothing tells one apart but the nonce that its session's id is made of. Pure.
 */
import { CANARY_SESSION_BYTES, canarySessionInput, canonicalize } from '@sallyport/verifier';
import type { Calendar } from './calendar.ts';
import { reviewedEntry, sealValues, type SealedEntry, type Sealing } from './entry.ts';
import { makeId, type ActionId, type ReviewId } from './ids.ts';
import { standingVotes, type Review } from './review.ts';

/** A canary whose review isn't known to be over. */
export interface Canary {
  readonly action: ActionId;
  readonly review: ReviewId;
  /** Base64url of 32 random bytes. Secret until the review is over. */
  readonly nonce: string;
  /** Why it should be rejected, in the operator's words. */
  readonly flaw: string;
  readonly openedAtMs: number;
}

/** An id that looks as random as every session's, and commits to what the attempt is. */
export const canarySession = (
  { nonce, action, atMs }: { readonly nonce: Uint8Array; readonly action: ActionId; readonly atMs: number },
  sha256: (data: Uint8Array) => Uint8Array,
): string => makeId('ses', atMs, sha256(canarySessionInput(nonce, action)).subarray(0, CANARY_SESSION_BYTES));

type Json = Parameters<typeof canonicalize>[0];

/**
 * A call of an API as its connector digests it.
 * @throws CanonicalError where the arguments aren't JSON that all readers understand alike.
 */
export const callOf = (operation: string, given: Readonly<Record<string, unknown>>): string =>
  canonicalize({ arguments: given as Json, operation });

const MINUTE_MS = 60_000;
export const WEEK_MS = 7 * 86_400_000;
/** Of the mean: one in 3,000 waits would be longer. */
const LONGEST_WAIT = 8;

/** Working time of a week without holidays. */
export const weeklyMs = ({ weekly }: Pick<Calendar, 'weekly'>): number =>
  weekly.flat().reduce((sum, { from, to }) => sum + (to - from) * MINUTE_MS, 0);

/**
 * How long until the next one, in working time: exponentially distributed, so that how long ago the last one was says
 * nothing about when the next one comes.
 * @param random eight bytes.
 */
export function canaryDelayMs(random: Uint8Array, meanMs: number): number {
  const drawn = random.slice(0, 6).reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** 48;
  return Math.ceil(Math.min(Math.log(1 / (1 - drawn)), LONGEST_WAIT) * meanMs);
}

/** The review says what it was; undefined while it is pending, or where it says so already. */
export function revealCanary(review: Review, flaw: string, atMs: number): Review | undefined {
  if (review.state.status === 'pending' || review.canary !== undefined) return undefined;
  // What was erased gets no new words.
  const told = review.erasedAtMs === undefined ? flaw : '';
  return { ...review, canary: { flaw: told, atMs }, revision: review.revision + 1 };
}

/** Opens the commitment. The flaw is beside the leaf: it may quote the action. */
export function canaryEntry(review: Review, nonce: string, atMs: number, sealing: Sealing): SealedEntry {
  const subject = review.subject.commitment;
  const sealed = sealValues({ text: review.canary?.flaw ?? '' }, sealing);
  const votes = standingVotes(review).map(({ identity, kind }) => ({ identity, kind }));
  const canary = { nonce, status: review.state.status, votes };
  return reviewedEntry('canary', { review, atMs, subject, sealed }, { canary });
}
