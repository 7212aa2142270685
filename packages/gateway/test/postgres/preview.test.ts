import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connectPg } from '../support/system-drivers.ts';
import { startTestSystem, type TestSystem } from '../support/system-fixture.ts';
import { eventually } from '../support/system-wait.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await startTestSystem({ limits: { holdMs: 4_000 } });
});
afterAll(() => system.close());
afterEach(() => system.checkLedger());

test('a person who opens a review sees what it would do, and what they approve doesn’t change under them', async () => {
  const { client } = await connectPg(system);
  const changing = client.query("UPDATE customers SET phone = 'x' WHERE id <= $1 -- seen", [40]);
  const review = await system.pending('-- seen');
  const findings = review.preview?.findings ?? [];
  expect(findings.find(({ kind }) => kind === 'count')).toMatchObject({ basis: 'counted', rows: 40 });
  expect(findings.map(({ kind }) => kind)).toEqual(['count', 'plan', 'locks']);
  await system.sam.vote(review.id, { kind: 'approve', digest: review.digest, rendering: review.rendering });
  expect((await changing).rowCount).toBe(40);
  await client.end();
});

test('the evidence is in the ledger, sealed', async () => {
  const leaves = await system.checkLedger();
  const previews = leaves.filter(({ kind }) => kind === 'preview');
  expect(previews.length).toBeGreaterThan(0);
  expect(JSON.stringify(previews)).not.toContain('40 rows');
});

test('what an open transaction has done can’t be seen, and that is said', async () => {
  const { client } = await connectPg(system);
  await client.query('BEGIN');
  const reading = client.query('SELECT email FROM customers WHERE id < 10 -- inside');
  const review = await system.pending('-- inside');
  expect(review.preview?.findings[0]?.text).toContain('not committed');
  await system.approve('-- inside');
  await reading;
  await client.query('ROLLBACK');
  await client.end();
});

test('a table that others have locked holds up neither the hold nor its client’s notice', async () => {
  const lock = 'LOCK TABLE employees IN ACCESS EXCLUSIVE MODE';
  const unlocked = system.behind(`BEGIN; ${lock}; SELECT pg_sleep(2); COMMIT`);
  const isLocked = "SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted";
  await eventually('the lock', async () => (await system.behind(isLocked))[0]);
  const { client, notices } = await connectPg(system);
  const reading = client.query('SELECT full_name, salary_cents FROM employees -- locked');
  await eventually('the notice', () => notices[0]);
  const review = await system.pending('-- locked');
  expect(review.preview?.findings.find(({ kind }) => kind === 'plan')).toMatchObject({
    basis: 'unavailable',
  });
  expect(review.preview?.findings.find(({ kind }) => kind === 'locks')?.text).toContain(
    'holds AccessExclusiveLock',
  );
  await system.approve('-- locked');
  await Promise.all([reading, unlocked]);
  await client.end();
});

describe('where the configuration switches previews off', () => {
  test('a review has none, and nobody waits for it', async () => {
    const quiet = await startTestSystem({ preview: 'off' });
    const { client } = await connectPg(quiet);
    const reading = client.query('SELECT email FROM customers -- off');
    expect((await quiet.pending('-- off')).preview).toBeNull();
    await quiet.approve('-- off');
    await reading;
    await client.end();
    await quiet.close();
  });
});
