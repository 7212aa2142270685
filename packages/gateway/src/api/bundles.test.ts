import { Bundle, BundleVoteResults, maxReviewsPerBundle } from '@sallyport/sdk/contract';
import { beforeEach, describe, expect, it } from 'vitest';
import { createFake, type Fake } from '../../test/api-fake.ts';
import { tokens } from '../../test/support/api-callers.ts';
import { makeReview } from '../../test/support/made-review.ts';
import type { Review } from '../core/review.ts';
import { limits } from '../limits.ts';
import { createApi } from './api.ts';

let fake: Fake;
let app: ReturnType<typeof createApi>;

beforeEach(() => {
  fake = createFake();
  app = createApi(fake.deps);
});

const inSession = (session: string): Review =>
  fake.add(makeReview({ requester: { ...makeReview().subject.requester, session } }));

const ballotFor = (review: Review, kind = 'approve') => ({
  review: review.id,
  kind,
  reason: kind === 'approve' ? '' : 'not this one',
  digest: review.subject.digest,
  rendering: fake.deps.desk.show(review).rendering,
});

async function read(session: string): Promise<Bundle> {
  const headers = { authorization: `Bearer ${tokens.vera}` };
  return Bundle.parse(await (await app.request(`/v1/bundles/${session}`, { headers })).json());
}

function post(session: string, votes: readonly object[], token: string = tokens.vera) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ votes });
  return app.request(`/v1/bundles/${session}/votes`, { method: 'POST', headers, body });
}

const codesOf = async (response: Response | Promise<Response>) =>
  BundleVoteResults.parse(await (await response).json()).results.map(({ code }) => code);

const statusOf = (review: Review) => fake.reviews.get(review.id)?.state.status;

describe('a bundle', () => {
  it('is what one session waits for: each review whole, oldest first, with a rendering of its own', async () => {
    const [first, , second] = [inSession('ses_a'), inSession('ses_b'), inSession('ses_a')];
    const bundle = await read('ses_a');
    expect(bundle.reviews.map(({ id }) => id)).toEqual([first.id, second.id]);
    expect(new Set(bundle.reviews.map(({ rendering }) => rendering)).size).toBe(2);
    expect(bundle.reviews.map(({ command }) => command)).toEqual(Array(2).fill(first.subject.command));
    expect(bundle.more).toBe(false);
  });

  it('holds no review that is over, and of an unknown session none', async () => {
    const review = inSession('ses_a');
    await post('ses_a', [ballotFor(review)]);
    expect((await read('ses_a')).reviews).toEqual([]);
    expect((await read('ses_nobody')).reviews).toEqual([]);
  });

  it('is bounded, and says that there is more', async () => {
    for (let count = 0; count <= maxReviewsPerBundle; count++) inSession('ses_a');
    const bundle = await read('ses_a');
    expect({ length: bundle.reviews.length, more: bundle.more }).toEqual({
      length: maxReviewsPerBundle,
      more: true,
    });
  });
});

it('a bundle is bounded in bytes too: each review whole, and at least one', async () => {
  const half = 'x'.repeat(limits.bundleBytes / 2);
  const requester = { ...makeReview().subject.requester, session: 'ses_large' };
  for (let count = 0; count < 3; count++) fake.add(makeReview({ requester, command: half }));
  const bundle = await read('ses_large');
  expect(bundle.reviews.map(({ command }) => command.length)).toEqual([half.length, half.length]);
  expect(bundle.more).toBe(true);
});

describe('votes on a bundle', () => {
  it('are for all or for some, each its own', async () => {
    const [first, second, third] = [inSession('ses_a'), inSession('ses_a'), inSession('ses_a')];
    expect(await codesOf(post('ses_a', [ballotFor(first), ballotFor(third, 'reject')]))).toEqual([
      null,
      null,
    ]);
    expect([first, second, third].map(statusOf)).toEqual(['approved', 'pending', 'rejected']);
  });

  it('say of each why it does not count; the others do (A4)', async () => {
    const [first, second, third, fourth] = ['a', 'b', 'c', 'd'].map(() => inSession('ses_a'));
    const votes = [
      { ...ballotFor(first!), digest: second!.subject.digest.replace(/^./, (c) => (c === '0' ? '1' : '0')) },
      { ...ballotFor(second!), rendering: ballotFor(first!).rendering },
      ballotFor(third!),
      { ...ballotFor(fourth!), kind: 'reject', reason: ' ' },
      ballotFor(third!),
    ];
    const response = await post('ses_a', votes);
    expect(response.status).toBe(200);
    expect(await codesOf(response)).toEqual([
      'vote.digest_mismatch',
      'vote.rendering_mismatch',
      null,
      'vote.reason_required',
      'review.over',
    ]);
    expect([first, second, third, fourth].map((review) => statusOf(review!))).toEqual([
      'pending',
      'pending',
      'approved',
      'pending',
    ]);
  });

  it('are not for reviews of another session', async () => {
    const other = inSession('ses_b');
    expect(await codesOf(post('ses_a', [ballotFor(other)]))).toEqual(['review.not_found']);
    expect(statusOf(other)).toBe('pending');
  });

  it('never come from an agent, and its attempt is recorded (B12)', async () => {
    const review = inSession('ses_a');
    expect((await post('ses_a', [ballotFor(review)], tokens.reporter)).status).toBe(403);
    expect(fake.recorded).toEqual(['reporter api:reviews.vote']);
    expect(statusOf(review)).toBe('pending');
  });

  it.each([
    ['none', 0],
    ['more than a bundle holds', maxReviewsPerBundle + 1],
  ])('are bounded: %s is no request', async (_name, count) => {
    const review = inSession('ses_a');
    expect((await post('ses_a', Array<object>(count).fill(ballotFor(review)))).status).toBe(400);
  });
});
