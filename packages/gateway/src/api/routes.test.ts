import { beforeEach, describe, expect, it } from 'vitest';
import { tokens } from '../../test/support/api-callers.ts';
import { ownAction } from '../../test/support/desk-fakes.ts';
import { makeReview } from '../../test/support/made-review.ts';
import { delegation, policyChange } from '../../test/support/authority-fakes.ts';
import { openedUse } from '../../test/support/break-glass.ts';
import { CalledApi, problemOf } from '../../test/support/called-api.ts';
import { standingGrant } from '../../test/support/standing.ts';
import type { Review } from '../core/review.ts';
import { mountRoutes } from './api.ts';
import { problemsOf } from './document.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';

let api: CalledApi;
beforeEach(() => {
  api = new CalledApi();
});

/** A path of the route that leads to something. */
function pathOf(route: Route, reviewId: string): string {
  const id = route.path.startsWith('/v1/standing-grants') ? standingGrant().id : reviewId;
  return route.path.replace('{id}', id).replace('{path+}', '0/000.p/5').replace('{question}', '1');
}

const proposal = { maxUses: 1, validUntil: '2026-11-21T12:00:00.000Z', reason: 'the like of it' };
const NO_CREDENTIAL = { id: 'AA', response: { clientDataJSON: 'AA', attestationObject: 'AA' } };

const SHOWN = { digest: 'a'.repeat(64), rendering: 'e'.repeat(64) };

/** What each route that takes a body is sent. */
const bodies: Readonly<Record<string, (review: Review) => object>> = {
  vote: (review) => api.ballotFor(review),
  retractVote: () => ({}),
  voteOnBundle: (review) => ({ votes: [{ review: review.id, ...api.ballotFor(review) }] }),
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
    const { digest, rendering, kind } = api.ballotFor(review);
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
    const review = api.fake.add(makeReview());
    api.fake.ledger.checkpoint = { size: 5, note: 'note' };
    api.fake.ledger.receipts.set(review.subject.action, 'receipt');
    const body = bodies[route.name]?.(review);
    const id = idFor(route) ?? review.id;
    const response = await api.ask(pathOf(route, id), { token, method: route.method.toUpperCase(), body });
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
      expect(api.fake.recorded).toEqual([`reporter ${actionOf(route)}`]);
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
    expect([...api.fake.reviews.values()].flatMap((review) => review.votes)).toEqual([]);
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
    api.fake.revoked.add(actionOf(route));
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
    expect(() => mountRoutes([rest as Route], api.fake.deps)).toThrow(
      /GET \/v1\/reviews has no policy action/,
    );
  });

  it('does not start with a policy action that is not in the list', () => {
    const access = { to: 'people', action: 'api:reviews.burn', agentCode: 'access.people_only' };
    expect(() => mountRoutes([{ ...first!, access } as unknown as Route], api.fake.deps)).toThrow(
      /no policy action/,
    );
  });

  it('does not start with the same route twice', () => {
    expect(() => mountRoutes([first!, first!], api.fake.deps)).toThrow(/twice/);
  });
});

describe('documented problems', () => {
  it.each(guardedRoutes)('of $method $path hold what access control answers', (route) => {
    expect(problemsOf(route)).toEqual(expect.arrayContaining(['access.unauthenticated', 'access.forbidden']));
  });
});
