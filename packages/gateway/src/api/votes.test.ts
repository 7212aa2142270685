import { Review, voteProblemCodes } from '@sallyport/sdk/contract';
import { beforeEach, describe, expect, it } from 'vitest';
import { tokens } from '../../test/support/api-callers.ts';
import { makeReview } from '../../test/support/made-review.ts';
import { CalledApi, problemOf } from '../../test/support/called-api.ts';
import type { VoteRefusalCode } from '../core/reasons.ts';
import type { ReviewDesk } from '../ports.ts';

let api: CalledApi;
beforeEach(() => {
  api = new CalledApi();
});

describe('a vote', () => {
  const voteOn = (id: string, body: unknown) =>
    api.ask(`/v1/reviews/${id}/votes`, { token: tokens.vera, method: 'POST', body });

  it('approves with the digest that was shown', async () => {
    const review = api.fake.add(makeReview());
    const response = await voteOn(review.id, api.ballotFor(review));
    expect(Review.parse(await response.json())).toMatchObject({
      status: 'approved',
      votes: [{ person: 'vera', kind: 'approve', channel: 'api' }],
    });
  });

  it('of something else than what would run is a conflict', async () => {
    const review = api.fake.add(makeReview());
    const response = await voteOn(review.id, { ...api.ballotFor(review), digest: '0'.repeat(64) });
    expect(await problemOf(response)).toMatchObject({ status: 409, code: 'vote.digest_mismatch' });
  });

  it('of a review that has changed since it was shown is a conflict (A4)', async () => {
    const review = api.fake.add(makeReview());
    const ballot = api.ballotFor(review);
    await api.ask(`/v1/reviews/${review.id}/questions`, {
      token: tokens.vera,
      method: 'POST',
      body: { text: 'What for?' },
    });
    const response = await voteOn(review.id, ballot);
    expect(await problemOf(response)).toMatchObject({ status: 409, code: 'vote.rendering_mismatch' });
  });

  it('can be taken back while the review is pending, and cast anew', async () => {
    const [demand] = makeReview().subject.demands;
    const review = api.fake.add(makeReview({ demands: [{ ...demand!, quorum: 2 }] }));
    await voteOn(review.id, api.ballotFor(review));
    expect(await problemOf(await voteOn(review.id, api.ballotFor(review)))).toMatchObject({
      code: 'vote.duplicate',
    });
    const path = `/v1/reviews/${review.id}/votes/retract`;
    const retracted = await api.ask(path, { token: tokens.vera, method: 'POST', body: {} });
    expect(Review.parse(await retracted.json()).demands).toMatchObject([{ approvals: 0 }]);
    const again = Review.parse(await (await voteOn(review.id, api.ballotFor(review))).json());
    expect(again.votes.map((vote) => vote.retractedAt === null)).toEqual([false, true]);
  });

  it('without a digest is not a vote', async () => {
    const review = api.fake.add(makeReview());
    expect((await problemOf(await voteOn(review.id, { kind: 'approve' }))).code).toBe('request.invalid');
  });

  const refusals: Record<VoteRefusalCode, number> = {
    'review.not_found': 404,
    'review.over': 409,
    'vote.not_a_person': 403,
    'vote.not_entitled': 403,
    'vote.own_request': 403,
    'vote.digest_mismatch': 409,
    'vote.rendering_mismatch': 409,
    'vote.nothing_to_retract': 409,
    'vote.over_budget': 429,
    'vote.passkey_required': 403,
    'vote.passkey_invalid': 403,
    'question.empty': 422,
    'question.too_many': 409,
    'question.not_found': 404,
    'question.not_yours': 403,
    'question.answered': 409,
    'idempotency.conflict': 409,
    'vote.duplicate': 409,
    'vote.reason_required': 422,
    'ledger.unavailable': 503,
  };

  it.each(Object.entries(refusals))('refused with %s answers %i', async (code, status) => {
    const refusal = { code: code as VoteRefusalCode, message: 'because' };
    api.replace({
      desk: { ...bound(api.fake.deps.desk), vote: async () => ({ ok: false, error: refusal }) },
    });
    const response = await voteOn(makeReview().id, {
      kind: 'approve',
      digest: 'a'.repeat(64),
      rendering: 'b'.repeat(64),
    });
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ code, status });
    expect(problem.detail).toMatch(/^because/);
  });

  it('is refused for reasons that clients know by the same names', () => {
    expect([...voteProblemCodes].toSorted()).toEqual(Object.keys(refusals).toSorted());
  });
});

/** The desk as a plain object, of which a test replaces one method. */
const bound = (desk: ReviewDesk): ReviewDesk => ({
  vote: (ask) => desk.vote(ask),
  retract: (ask) => desk.retract(ask),
  question: (ask) => desk.question(ask),
  answer: (ask) => desk.answer(ask),
  previewed: (review) => desk.previewed(review),
  show: (review) => desk.show(review),
  approvers: (review) => desk.approvers(review),
});
