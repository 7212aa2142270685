import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../gateway/src/api/api.ts';
import { type ListeningApi, listenApi } from '../../gateway/src/api/listen.ts';
import { createFake, type Fake } from '../../gateway/test/api-fake.ts';
import { tokens } from '../../gateway/test/support/api-callers.ts';
import { makeReview } from '../../gateway/test/support/made-review.ts';
import { SallyportClient } from './client.ts';
import { SallyportError } from './errors.ts';
import type { ReceivedEvent } from './events.ts';

let fake: Fake;
let api: ListeningApi;
let client: SallyportClient;

beforeEach(async () => {
  fake = createFake();
  api = await listenApi(createApi(fake.deps), { host: '127.0.0.1', port: 0 });
  client = new SallyportClient({ url: `${api.address}/`, token: tokens.vera });
});
afterEach(() => api.close());

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof SallyportError ? error.code : String(error)),
  );

describe('the client over a real socket', () => {
  it('lists, reads and votes', async () => {
    const { id } = fake.add(makeReview());
    expect((await client.listReviews({ status: 'pending', limit: 1 })).reviews).toMatchObject([{ id }]);
    const { digest, rendering } = await client.getReview(id);
    expect(await client.vote(id, { kind: 'approve', digest, rendering })).toMatchObject({
      status: 'approved',
    });
  });

  it('asks, and the agent answers, once', async () => {
    const { id } = fake.add(makeReview());
    const asked = await client.ask(id, { text: 'What for?', channel: 'cli' });
    expect(asked.questions).toMatchObject([{ id: 1, by: 'vera', to: 'agent', text: 'What for?' }]);
    const agent = new SallyportClient({ url: api.address, token: tokens.reporter });
    const state = await agent.answer(id, 1, { text: 'The newsletter.' });
    expect(state).toMatchObject({ status: 'pending', questions: [{ answer: { by: 'reporter' } }] });
    expect(await codeOf(agent.answer(id, 1, { text: 'Again.' }))).toBe('question.answered');
    expect(await codeOf(agent.ask(id, { text: 'Why?' }))).toBe('vote.not_a_person');
  });

  it('takes a vote back while the review is pending', async () => {
    const [demand] = makeReview().subject.demands;
    const { id } = fake.add(makeReview({ demands: [{ ...demand!, quorum: 2 }] }));
    expect(await codeOf(client.retract(id))).toBe('vote.nothing_to_retract');
    const { digest, rendering } = await client.getReview(id);
    await client.vote(id, { kind: 'approve', digest, rendering });
    expect(await client.retract(id)).toMatchObject({
      votes: [{ retractedAt: expect.any(String) as string }],
    });
  });

  it('reads a bundle and votes on its reviews one by one', async () => {
    const [first, second] = [fake.add(makeReview()), fake.add(makeReview())];
    const bundle = await client.getBundle('ses_1');
    expect(bundle.reviews.map(({ id }) => id)).toEqual([first.id, second.id]);
    const votes = bundle.reviews.map(({ id: review, digest, rendering }) => {
      return { review, digest, rendering, kind: 'approve' as const };
    });
    const { results } = await client.voteOnBundle('ses_1', { votes });
    expect(results).toMatchObject([
      { review: first.id, code: null, summary: { status: 'approved' } },
      { review: second.id, code: null, summary: { status: 'approved' } },
    ]);
  });

  it('finds reviews by session, target and risk', async () => {
    const { id } = fake.add(makeReview({ risk: { score: 90, signals: [] } }));
    fake.add(makeReview());
    const found = await client.listReviews({ session: 'ses_1', target: 'shop-db', minRisk: 80 });
    expect(found.reviews).toMatchObject([{ id, session: 'ses_1' }]);
    expect((await client.listReviews({ session: 'ses_2' })).reviews).toEqual([]);
  });

  it('reads tiles, checkpoints and status of the ledger', async () => {
    fake.ledger.checkpoint = { size: 5, note: 'the note\n' };
    expect(await client.checkpoint()).toBe('the note\n');
    expect(await client.ledgerStatus()).toMatchObject({
      origin: 'sallyport.test/log',
      checkpoint: 'the note\n',
      mirror: null,
    });
    fake.ledger.mirror = { size: 3, failure: 'ENOSPC' };
    expect((await client.ledgerStatus()).mirror).toEqual({ size: 3, failure: 'ENOSPC' });
    expect((await client.tile('0/000.p/5')).length).toBe(160);
  });

  it('exports every entry once, over pages, up to where it was asked to', async () => {
    for (let index = 0; index < 700; index++)
      fake.ledger.rows.push({ index, kind: 'notice', leaf: `{"n":${index}}` });
    const seen: number[] = [];
    for await (const entry of client.ledgerEntries(0, 650)) seen.push(entry.index);
    expect(seen).toEqual(Array.from({ length: 650 }, (_, index) => index));
  });

  it('does not take an export with a gap', async () => {
    fake.ledger.rows.push({ index: 0, kind: 'notice', leaf: '{}' }, { index: 2, kind: 'notice', leaf: '{}' });
    expect(await codeOf(collect(client.ledgerEntries(0, 3)))).toBe('client.unexpected_response');
  });

  it.each([
    ['access.unauthenticated', 'sp_nobody'],
    ['access.forbidden', tokens.ned],
    ['access.people_only', tokens.reporter],
  ])('names a refusal by its code %s', async (code, token) => {
    const refused = new SallyportClient({ url: api.address, token });
    expect(await codeOf(refused.listReviews())).toBe(code);
  });

  it('can not be led to another path by an id', async () => {
    expect(await codeOf(client.getReview('../ledger'))).toBe('review.not_found');
    expect(await codeOf(client.receipt('x/../../healthz?'))).toBe('receipt.not_found');
  });
});

describe('a client', () => {
  it('sends no token over clear text to another machine', () => {
    expect(() => new SallyportClient({ url: 'http://gateway.example:7543', token: 't' })).toThrow(/readable/);
    expect(() => new SallyportClient({ url: 'ftp://127.0.0.1', token: 't' })).toThrow(/not an http/);
    expect(() => new SallyportClient({ url: 'http://127.0.0.1.evil.example', token: 't' })).toThrow(
      /readable/,
    );
  });

  it('says that nobody answers', async () => {
    const lonely = new SallyportClient({ url: 'http://127.0.0.1:9', token: 't' });
    expect(await codeOf(lonely.listReviews())).toBe('client.unreachable');
  });

  const answers: readonly (readonly [string, number, string, Record<string, string>])[] = [
    ['a page of another server', 200, '<html>', {}],
    ['JSON of another contract', 200, '{"reviews":[{"id":1}]}', {}],
    ['an error of another server', 502, 'bad gateway', {}],
    ['a redirect, which would take the token along', 302, '', { location: 'http://127.0.0.1:9/' }],
  ];

  it.each(answers)('does not take %s for an answer', async (_name, status, body, headers) => {
    const server = createServer((_request, response) => response.writeHead(status, headers).end(body));
    const url = await listen(server);
    const code = await codeOf(new SallyportClient({ url, token: 't' }).listReviews());
    server.close();
    expect(code).toMatch(/^client\./);
  });

  it('gives up on an answer that does not come', async () => {
    const server = createServer(() => undefined);
    const url = await listen(server);
    const code = await codeOf(new SallyportClient({ url, token: 't', timeoutMs: 50 }).listReviews());
    server.closeAllConnections();
    server.close();
    expect(code).toBe('client.unreachable');
  });
});

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });
}

describe('the stream of events', () => {
  it('goes on after the gateway’s connection broke, with exactly what was missed', async () => {
    const app = createApi(fake.deps);
    let server = await listenApi(app, { host: '127.0.0.1', port: 0 });
    const port = Number(new URL(server.address).port);
    const interruptions: string[] = [];
    const stop = new AbortController();
    const seen: ReceivedEvent[] = [];
    const happen = () => fake.publish({ kind: 'review.opened', review: fake.add(makeReview()), atMs: 0 });

    const watcher = new SallyportClient({ url: server.address, token: tokens.vera });
    const onInterruption = (error: SallyportError) => interruptions.push(error.code);
    for await (const event of watcher.events({ signal: stop.signal, onInterruption })) {
      seen.push(event);
      if (seen.length === 1) happen();
      if (seen.length === 2) {
        await server.close();
        happen();
        happen();
        server = await listenApi(app, { host: '127.0.0.1', port });
      }
      if (seen.length === 4) stop.abort();
    }
    await server.close();
    expect(seen.map(({ kind }) => kind)).toEqual(['stream.reset', ...Array<string>(3).fill('review.opened')]);
    const ids = seen.flatMap((event) => ('review' in event ? [event.review.id] : []));
    expect(ids).toEqual([...fake.reviews.keys()]);
  });

  it('says that it is open, before anything happens, and after an interruption', async () => {
    const stop = new AbortController();
    const app = createApi(fake.deps);
    let server = await listenApi(app, { host: '127.0.0.1', port: 0 });
    const port = Number(new URL(server.address).port);
    const told: string[] = [];
    const onInterruption = () => {
      told.push('lost');
      void listenApi(app, { host: '127.0.0.1', port }).then((again) => (server = again));
    };
    const onConnected = () => {
      told.push('open');
      if (told.length === 1) setTimeout(() => void server.close(), 20);
      else stop.abort();
    };
    const watcher = new SallyportClient({ url: server.address, token: tokens.vera });
    await collect(watcher.events({ signal: stop.signal, onConnected, onInterruption }));
    await server.close();
    expect(told).toEqual(['open', 'lost', 'open']);
  });

  it('does not try again where it was refused', async () => {
    const refused = new SallyportClient({ url: api.address, token: tokens.ned });
    expect(await codeOf(collect(refused.events()))).toBe('access.forbidden');
  });

  it('ends when it is told to, while it waits for nothing', async () => {
    const stop = new AbortController();
    const onConnected = () => void setTimeout(() => stop.abort(), 50);
    const seen = await collect(client.events({ signal: stop.signal, onConnected }));
    expect(seen.map(({ kind }) => kind)).toEqual(['stream.reset']);
  });
});
