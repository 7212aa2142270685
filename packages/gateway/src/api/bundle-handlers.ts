import { type BundleVoteRequest, type BundleVoteResult, maxReviewsPerBundle } from '@sallyport/sdk/contract';
import type { z } from 'zod';
import type { Principal } from '../core/identity.ts';
import { parseId, type ReviewId } from '../core/ids.ts';
import type { Review } from '../core/review.ts';
import { limits } from '../limits.ts';
import type { ApiDeps } from './deps.ts';
import { signedAssertionOf } from './passkey-handlers.ts';
import { presentReview, presentSummary } from './present.ts';
import type { Call, Reply } from './route.ts';

interface SessionParams {
  readonly session: string;
}

/** What one session waits for. A view: no vote is for a bundle, each is for one review with its own digest. */
export async function readBundle(
  { params }: Call<SessionParams, unknown, unknown>,
  principal: Principal,
  { store, desk, attention, clock, publicUrl }: ApiDeps,
): Promise<Reply> {
  const { session } = params;
  const ask = {
    status: 'pending',
    agent: null,
    session,
    before: null,
    limit: maxReviewsPerBundle + 1,
  } as const;
  const waiting = (await store.read('reviews', ask)).toReversed();
  const together = waiting.slice(0, Math.min(maxReviewsPerBundle, fitting(waiting)));
  const readAtMs = clock.nowMs();
  for (const review of together) attention.shown(review, principal);
  const reviews = together.map((review) =>
    presentReview(review, { ...desk.show(review), readAtMs, publicUrl }),
  );
  return { kind: 'json', body: { session, reviews, more: waiting.length > together.length } };
}

/** How many of them one answer can hold: each whole, so the first one whatever its size. */
function fitting(reviews: readonly Review[]): number {
  let bytes = 0;
  const tooMany = reviews.findIndex(({ subject }, at) => {
    bytes +=
      sizeOf(subject.command) + subject.parameters.reduce((sum, { value }) => sum + sizeOf(value ?? ''), 0);
    return at > 0 && bytes > limits.bundleBytes;
  });
  return tooMany === -1 ? reviews.length : tooMany;
}

const sizeOf = (text: string): number => Buffer.byteLength(text);

type Vote = z.output<typeof BundleVoteRequest>['votes'][number];

/**
 * One after the other, each through the one decision function (law 10). A refusal stops nothing: what was voted on
 * before it counts, and the answer says so, because votes are durable one by one.
 */
export async function voteOnBundle(
  { params, body }: Call<SessionParams, unknown, z.output<typeof BundleVoteRequest>>,
  voter: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const results: BundleVoteResult[] = [];
  for (const { review: given, ...vote } of body.votes) {
    const id = await ofSession(given, params.session, deps);
    results.push(
      id === undefined
        ? refused(given, 'review.not_found', 'There is no such review in this session.')
        : await voteOn(id, vote, { voter, channel: body.channel, deps }),
    );
  }
  return { kind: 'json', body: { results } };
}

interface Voting {
  readonly voter: Principal;
  readonly channel: string;
  readonly deps: ApiDeps;
}

async function voteOn(
  review: ReviewId,
  { passkey, ...vote }: Omit<Vote, 'review'>,
  { voter, channel, deps }: Voting,
): Promise<BundleVoteResult> {
  const signed = signedAssertionOf(passkey);
  const judged = await deps.desk.vote({ review, voter, ...vote, channel, passkey: signed });
  if (!judged.ok) return refused(review, judged.error.code, judged.error.message);
  return { review, code: null, detail: '', summary: presentSummary(judged.value) };
}

const refused = (review: string, code: BundleVoteResult['code'], detail: string): BundleVoteResult => ({
  review,
  code,
  detail,
  summary: null,
});

/** A review of another session is none of this bundle, whatever its id. */
async function ofSession(given: string, session: string, { store }: ApiDeps): Promise<ReviewId | undefined> {
  const id = parseId('rev', given);
  const review = id === undefined ? null : await store.read('review', { id });
  return review?.subject.requester.session === session ? id : undefined;
}
