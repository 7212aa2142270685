import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type pg from 'pg';
import { routes } from '../../src/api/routes.ts';
import { attempts, exportLog } from '../support/crash-checker.ts';
import type { GatewayProcess } from '../support/crash-process.ts';
import { agentName, openSite, type Site } from '../support/crash-site.ts';

const PENDING = 3;
const SESSIONS = 12;
const STATEMENT_BYTES = 20_000;

let site: Site;
let gateway: GatewayProcess;
const clients: pg.Client[] = [];

beforeAll(async () => {
  const limits = `pendingReviewsPerAgent: ${PENDING}, sessionsPerAgent: ${SESSIONS}, statementBytes: ${STATEMENT_BYTES}`;
  site = await openSite({ limits });
  gateway = await site.start();
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => undefined);
});

afterAll(() => site.remove());

async function session(): Promise<pg.Client> {
  const client = site.agent(gateway);
  await client.connect();
  clients.push(client);
  return client;
}

const hold = (number: number): string => `INSERT INTO runs (marker) VALUES ('m-${number}')`;

interface Refused {
  readonly code?: string;
  readonly message: string;
}

/** Undefined while the statement waits for a person. */
async function heldOrRefused(client: pg.Client, sql: string): Promise<Refused | undefined> {
  const noticed = new Promise<undefined>((resolve) => client.once('notice', () => resolve(undefined)));
  const refused = client.query(sql).then(
    () => ({ message: 'done' }),
    (error: Refused) => error,
  );
  return Promise.race([noticed, refused]);
}

test('B11: a burst of requests is held up to the limit; the rest is refused, and recorded', async () => {
  const burst = await Promise.all(Array.from({ length: 10 }, () => session()));
  const results = await Promise.all(burst.map((client, at) => heldOrRefused(client, hold(at))));
  const refused = results.filter((result) => result !== undefined);
  const { reviews } = await site.person(gateway).listReviews({ status: 'pending' });
  expect(reviews).toHaveLength(PENDING);
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['53400']));
  expect(refused).toHaveLength(10 - PENDING);
  const log = await exportLog(site, gateway);
  const decided = attempts(log.leaves, 'decision');
  expect(decided).toHaveLength(10);
  expect(decided.filter(({ review }) => review === null)).toHaveLength(10 - PENDING);
  expect(log.text.match(/"code":"review\.too_many"/g)).toHaveLength(10 - PENDING);
  expect((await site.runs()).size).toBe(0);
});

test('B11: a decision makes room for the next request', async () => {
  const api = site.person(gateway);
  const [first] = (await api.listReviews({ status: 'pending' })).reviews;
  const { id = '', digest = '', rendering = '' } = first === undefined ? {} : await api.getReview(first.id);
  expect((await heldOrRefused(await session(), hold(100)))?.code).toBe('53400');
  await api.vote(id, { kind: 'reject', digest, rendering, reason: 'too many' });
  expect(await heldOrRefused(await session(), hold(101))).toBeUndefined();
  expect((await heldOrRefused(await session(), hold(102)))?.code).toBe('53400');
});

test('B13: one connection more than the limit is refused; one that ends makes room', async () => {
  for (let count = 0; count < SESSIONS; count++) await session();
  await expect(session()).rejects.toMatchObject({ code: '53300' });
  await clients.pop()?.end();
  await expect
    .poll(() =>
      session().then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
});

test('B13: a statement over the limit is refused, never held and never run; the session lives on', async () => {
  const client = await session();
  const before = (await exportLog(site, gateway)).leaves.length;
  const long = `UPDATE tallies SET total = 99 WHERE id = 1 /* ${'x'.repeat(STATEMENT_BYTES)} */`;
  await expect(client.query(long)).rejects.toMatchObject({ code: '54000' });
  const { leaves } = await exportLog(site, gateway);
  const recorded = attempts(leaves.slice(before), 'decision');
  expect(recorded.map(({ decision }) => decision.effect)).toEqual(['deny']);
  expect((await client.query('SELECT total FROM tallies')).rows).toEqual([{ total: 0 }]);
});

test('B12: an agent’s token opens no administrative route, and each attempt is in the ledger', async () => {
  const guarded = routes.filter(({ access }) => access.to === 'people');
  expect(guarded.length).toBeGreaterThan(8);
  for (const { method, path, access } of guarded) {
    const url = gateway.apiUrl + path.replace(/\{[^}]+\}/, 'rev_00000000000000000000000000');
    const answer = await fetch(url, {
      method: method.toUpperCase(),
      headers: { authorization: `Bearer ${site.agentToken}`, 'content-type': 'application/json' },
      ...(method === 'post' ? { body: '{}' } : {}),
    });
    expect(answer.status, `${method} ${path}`).toBe(403);
    const action = access.to === 'public' ? '' : access.action;
    const { text } = await exportLog(site, gateway);
    const last = text.split('\n').findLast((line) => line.includes('"code":"call.refused"'));
    expect(JSON.parse(last ?? '{}'), `${method} ${path}`).toMatchObject({
      notice: { action, principal: agentName },
    });
    expect(text.match(/"code":"call\.refused"/g)).toHaveLength(
      guarded.findIndex((one) => one.path === path && one.method === method) + 1,
    );
  }
});
