import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { cancelUpstream } from '../../src/connectors/postgres/wire/upstream.ts';
import { queryMessage } from '../../src/connectors/postgres/wire/frontend.ts';
import { clock } from '../../src/system.ts';
import { connectPg, refusalOf } from '../support/system-drivers.ts';
import { startTestSystem, type TestSystem } from '../support/system-fixture.ts';
import { psql } from '../support/system-programs.ts';
import {
  codesOf,
  extended,
  firstColumn,
  RawClient,
  reportsOf,
  statusOf,
  sync,
} from '../support/system-raw.ts';
import { eventually } from '../support/system-wait.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await startTestSystem({
    schema: 'CREATE TABLE notes (id int PRIMARY KEY, body text)',
    limits: { holdMs: 4_000, holdInTransactionMs: 1_500, holdNoticeMs: 1_000 },
  });
});
afterAll(() => system.close());
afterEach(async () => {
  await system.checkLedger();
  await system.behind('TRUNCATE notes');
});

const intentsOf = async (review: string): Promise<number> =>
  (await system.checkLedger()).filter((leaf) => leaf.kind === 'intent' && leaf.review === review).length;

test('a held export: a NOTICE at once with review and link, and the rows after approval', async () => {
  const { client, notices } = await connectPg(system);
  const exporting = client.query('SELECT email FROM customers WHERE id <= 150 -- at once');
  await eventually('the notice', () => notices[0]);
  const review = await system.pending('at once');
  expect(notices[0]?.message).toContain(review.id);
  expect(notices[0]?.detail).toContain(review.url);
  await system.approve('at once');
  expect((await exporting).rows).toHaveLength(150);
  expect(await intentsOf(review.id)).toBe(1);
  await client.end();
});

test('who waits longer is told so again', async () => {
  const { client, notices } = await connectPg(system);
  const exporting = client.query('SELECT email FROM customers -- again told');
  await eventually('two notices', () => notices[1]);
  await system.approve('again told');
  await exporting;
  await client.end();
});

test('the same bytes after their approval was used ask again', async () => {
  const { client } = await connectPg(system);
  for (let times = 0; times < 2; times++) {
    const exporting = client.query('SELECT email FROM customers -- twice');
    await system.approve('twice');
    await exporting;
  }
  expect(await system.reviewsOf('twice')).toHaveLength(2);
  await client.end();
});

test('other bind values after an approval ask again', async () => {
  const { client } = await connectPg(system);
  for (const least of [1, 2]) {
    const exporting = client.query({
      name: 'same',
      text: 'SELECT email FROM customers WHERE id >= $1',
      values: [least],
    });
    const review = await system.pending('id >= $1');
    expect(review.parameters.map(({ value }) => value)).toEqual([String(least)]);
    await system.approve('id >= $1');
    await exporting;
  }
  await client.end();
});

test('a prepared statement that is parsed anew under its name is judged anew', async () => {
  const client = await RawClient.connect(system);
  client.send(...extended('SELECT email FROM customers WHERE id < 500 -- first'), sync);
  await system.approve('first');
  await client.until('Z');
  client.send(...extended('SELECT phone FROM customers WHERE id < 500 -- second'), sync);
  await system.reject('second', 'not the phones');
  const answers = await client.until('Z');
  expect(firstColumn(answers)).toEqual([]);
  expect(reportsOf(answers)).toMatchObject([
    { code: '42501', message: expect.stringContaining('not the phones') as string },
  ]);
  client.end();
});

test('Ctrl-C in psql while held: 57014, and the review is withdrawn', async () => {
  const run = psql(system, ['SELECT email FROM customers -- given up']);
  await system.pending('given up');
  run.process.kill('SIGINT');
  const { complaint } = await run.ended;
  expect(complaint).toContain('57014');
  await eventually('the withdrawal', async () =>
    (await system.reviewsOf('given up')).find(({ status }) => status === 'withdrawn'),
  );
});

test('Ctrl-C in psql while the target works: cancelled there', async () => {
  const run = psql(system, ['SELECT pg_sleep(14)']);
  await system.approve('pg_sleep(14)');
  await eventually(
    'the sleep',
    async () =>
      (await system.behind("SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(14)%'"))[0],
  );
  run.process.kill('SIGINT');
  const { complaint } = await run.ended;
  expect(complaint).toContain('57014: canceling statement due to user request');
});

test('a CancelRequest with a wrong key cancels nothing', async () => {
  const client = await RawClient.connect(system);
  client.send(queryMessage('SELECT email FROM customers -- wrong key'));
  await system.pending('wrong key');
  const { host, port } = system;
  const address = { host, port, tls: 'disable' as const, clock, timeoutMs: 5_000 };
  await cancelUpstream(address, client.processId, Buffer.alloc(client.secretKey.length, 1)).catch(
    () => undefined,
  );
  await sleep(100);
  expect((await system.pending('wrong key')).status).toBe('pending');
  await system.approve('wrong key');
  expect(firstColumn(await client.until('Z')).length).toBeGreaterThan(100);
  client.end();
});

test('a client that left while held uses the approval when it comes back with the same bytes (A9)', async () => {
  const sql = 'SELECT email FROM customers -- came back';
  const first = await RawClient.connect(system);
  first.send(queryMessage(sql));
  const { id } = await system.pending('came back');
  first.end();
  await sleep(50);
  await system.approve('came back');
  expect(await intentsOf(id)).toBe(0);
  const second = await RawClient.connect(system);
  const answers = await second.query(sql);
  expect(firstColumn(answers).length).toBeGreaterThan(100);
  expect(await intentsOf(id)).toBe(1);
  second.send(queryMessage(sql));
  expect((await system.pending('came back')).id).not.toBe(id);
  second.end();
});

test.each([
  ['a space', 'SELECT  email FROM customers -- elsewhere'],
  ['a column', 'SELECT email, phone FROM customers -- elsewhere'],
  ['the case of a word', 'select email FROM customers -- elsewhere'],
])('a client that comes back with %s changed finds no approval, and spends none (A9)', async (_, other) => {
  const sql = 'SELECT email FROM customers -- elsewhere';
  const first = await RawClient.connect(system);
  first.send(queryMessage(sql));
  const { id } = await system.pending('elsewhere');
  first.end();
  await sleep(50);
  await system.approve('elsewhere');
  const second = await RawClient.connect(system);
  second.send(queryMessage(other));
  expect((await system.pending(other)).id).not.toBe(id);
  expect(await intentsOf(id)).toBe(0);
  second.end();
  const third = await RawClient.connect(system);
  expect(firstColumn(await third.query(sql)).length).toBeGreaterThan(100);
  expect(await intentsOf(id)).toBe(1);
  third.end();
  await system.reject(other, 'not needed any more');
});

test('two clients with the same bytes: one review, one approval, one execution', async () => {
  const sql = "UPDATE notes SET body = body || '!' -- together";
  await system.behind("INSERT INTO notes VALUES (1, 'x')");
  const clients = [await RawClient.connect(system), await RawClient.connect(system)];
  for (const client of clients) client.send(queryMessage(sql));
  for (const client of clients) await client.until('N');
  expect(await system.reviewsOf('together')).toHaveLength(1);
  await system.approve('together');
  const codes = await Promise.all(clients.map(async (client) => codesOf(await client.until('Z'))));
  expect(codes.flat()).toEqual(['42501']);
  expect(await system.behind('SELECT body FROM notes')).toEqual([{ body: 'x!' }]);
  for (const client of clients) client.end();
});

test('held inside of a transaction: the reviewer sees it and its locks, and the client waits less long', async () => {
  const client = await RawClient.connect(system);
  await client.query("BEGIN; INSERT INTO notes VALUES (7, 'locked')");
  client.send(queryMessage('SELECT email FROM customers -- in transaction'));
  const review = await system.pending('in transaction');
  expect(review.holding.join('\n')).toMatch(/transaction has been open/i);
  expect(review.holding.join('\n')).toContain('notes');
  const answers = await client.until('Z');
  expect(reportsOf(answers)).toMatchObject([
    { code: '57014', detail: expect.stringContaining(review.id) as string },
  ]);
  expect(reportsOf(answers)[0]?.hint).toMatch(/same bytes/);
  expect(statusOf(answers)).toBe('T');
  await client.query('COMMIT');
  expect(await system.behind('SELECT id FROM notes')).toEqual([{ id: 7 }]);
  client.end();
});

test('held in a round whose earlier statements hold locks: the reviewer is told too', async () => {
  const client = await RawClient.connect(system);
  client.send(...extended("INSERT INTO notes VALUES (8, 'open')"), Buffer.from('H\0\0\0\x04', 'latin1'));
  await client.until('C');
  client.send(...extended('SELECT email FROM customers -- open round'), sync);
  const review = await system.pending('open round');
  expect(review.holding.join('\n')).toContain('notes');
  await system.approve('open round');
  expect(codesOf(await client.until('Z'))).toEqual([]);
  client.end();
});

test('outside of a transaction the wait ends as configured, the review stays, and its approval can be used', async () => {
  const client = await RawClient.connect(system);
  const sql = 'SELECT email FROM customers -- too long';
  const answers = await client.query(sql);
  expect(codesOf(answers)).toEqual(['57014']);
  expect(statusOf(answers)).toBe('I');
  await system.approve('too long');
  expect(firstColumn(await client.query(sql)).length).toBeGreaterThan(100);
  expect(await system.reviewsOf('too long')).toHaveLength(1);
  client.end();
});

test('a rejection carries the reason, the review and the link; an agent’s token can’t vote', async () => {
  const { client } = await connectPg(system);
  const exporting = refusalOf(client.query('SELECT card_number FROM payments -- rejected'));
  const { id, digest, rendering } = await system.pending('rejected');
  const vote = await fetch(`${system.apiUrl}/v1/reviews/${id}/votes`, {
    method: 'POST',
    headers: { authorization: `Bearer ${system.agentToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'approve', reason: '', digest, rendering }),
  });
  expect(vote.status).toBe(403);
  await system.reject('rejected', 'Use the last four digits.');
  const { code, message, detail } = await exporting;
  expect(code).toBe('42501');
  expect(message).toContain('Use the last four digits.');
  expect(detail).toContain(id);
  await client.end();
});

test('what the agent says of its task: option, SET, comment', async () => {
  const { client } = await connectPg(system, { options: '-c sallyport.task=monthly\\ report' });
  const ask = async (sql: string): Promise<string> => {
    const asked = refusalOf(client.query(sql));
    const { untrusted } = await system.pending(sql);
    await system.reject(sql, 'seen');
    await asked;
    return untrusted.statedTask;
  };
  expect(await ask('SELECT email FROM customers -- 1')).toBe('monthly report');
  await client.query("SET sallyport.task = 'weekly <b>report</b>'");
  expect(await ask('SELECT email FROM customers -- 2')).toBe('weekly <b>report</b>');
  expect(await ask("SELECT email FROM customers /*traceparent='00-1',task='daily%20report'*/")).toBe(
    'daily report',
  );
  await client.end();
});

test('EXECUTE of a prepared export is held though PREPARE was not, and so is FETCH of more than the limit', async () => {
  const client = await RawClient.connect(system);
  expect(codesOf(await client.query('PREPARE exporting AS SELECT email FROM customers'))).toEqual([]);
  client.send(queryMessage('EXECUTE exporting'));
  await system.reject('EXECUTE exporting', 'no');
  expect(codesOf(await client.until('Z'))).toEqual(['42501']);
  expect(codesOf(await client.query('BEGIN'))).toEqual([]);
  client.send(queryMessage('DECLARE c CURSOR FOR SELECT email FROM customers'));
  await system.approve('DECLARE c');
  expect(codesOf(await client.until('Z'))).toEqual([]);
  client.send(queryMessage('FETCH ALL c'));
  await system.reject('FETCH ALL c', 'no');
  const refused = await client.until('Z');
  expect([codesOf(refused), statusOf(refused)]).toEqual([['42501'], 'T']);
  expect(firstColumn(await client.query('FETCH 5 c'))).toHaveLength(5);
  client.end();
});

test('EXPLAIN ANALYZE of a write runs the write, so it is held like one', async () => {
  const client = await RawClient.connect(system);
  await system.behind("INSERT INTO notes VALUES (1, 'kept')");
  client.send(queryMessage('EXPLAIN ANALYZE DELETE FROM notes'));
  await system.reject('EXPLAIN ANALYZE', 'no');
  expect(codesOf(await client.until('Z'))).toEqual(['42501']);
  expect(codesOf(await client.query('EXPLAIN DELETE FROM notes'))).toEqual([]);
  expect(await system.behind('SELECT id FROM notes')).toEqual([{ id: 1 }]);
  client.end();
});
