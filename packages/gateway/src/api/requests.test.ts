import { beforeEach, describe, expect, it } from 'vitest';
import { tokens } from '../../test/support/api-callers.ts';
import { makeReview } from '../../test/support/made-review.ts';
import { type Ask, CalledApi, problemOf } from '../../test/support/called-api.ts';
import { limits } from '../limits.ts';

let api: CalledApi;
beforeEach(() => {
  api = new CalledApi();
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
    const response = await api.ask(path, { token: tokens.vera, ...options });
    expect(await problemOf(response)).toMatchObject({ status: 400, code: 'request.invalid' });
  });

  const votes = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    api.ask(`/v1/reviews/${makeReview().id}/votes`, { token: tokens.vera, method: 'POST', body, headers });

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
    expect((await problemOf(await api.ask(path, { token: tokens.vera }))).code).toBe('route.not_found');
  });

  it.each(['PUT', 'DELETE', 'HEAD'])('%s is no method of a review', async (method) => {
    expect((await api.ask('/v1/reviews', { token: tokens.vera, method })).status).toBe(404);
  });

  it('a token that is too long is not even looked at', async () => {
    const authenticate = () => Promise.reject(new Error('looked at'));
    api.replace({ authenticate });
    expect((await api.ask('/v1/reviews', { token: 'x'.repeat(limits.apiTokenCharacters + 1) })).status).toBe(
      401,
    );
  });
});
