import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectPg } from '../support/system-drivers.ts';
import { startTestSystem, type TestSystem } from '../support/system-fixture.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await startTestSystem({
    limits: { holdMs: 5_000 },
    schema: `CREATE TABLE staging (id int, note text); CREATE TABLE rates (code text, rate numeric);
      CREATE TABLE big AS SELECT i AS id FROM generate_series(1, 50000) i; CREATE INDEX ON big (id); ANALYZE big;
      COMMENT ON COLUMN staging.note IS '@class geo'`,
    policies: `
      @id("test-first-use")
      @reason("This agent has not used this data before.")
      @review("group:data-stewards")
      forbid (principal is Agent, action == Action::"sql:select", resource is Target)
      when { context.datasets.contains("public.rates") && context.signals.contains("first_use") };

      @id("test-estimate")
      @reason("That is more than a hundred rows.")
      @review("group:data-stewards")
      forbid (principal is Agent, action == Action::"sql:select", resource is Target)
      when { context.datasets.contains("public.big") && !(context has estimatedRows && context.estimatedRows <= 100) };

      @id("test-taint")
      @reason("It may carry what the agent has read.")
      forbid (principal is Agent, action in Action::"data:write", resource is Target)
      when { context.datasetsWritten.contains("public.staging") && context.signals.contains("taint") && context.risk >= 50 };`,
  });
});
afterAll(() => system.close());

test('a first use is held; once it was done, the same is allowed', async () => {
  const { client } = await connectPg(system);
  const first = client.query('SELECT rate FROM rates LIMIT 1 -- first');
  const review = await system.pending('-- first');
  expect(review.risk.signals).toContainEqual(expect.objectContaining({ name: 'first_use', weight: 10 }));
  expect(review.policies).toContain('test-first-use');
  await system.approve('-- first');
  await first;
  await client.query('SELECT rate FROM rates LIMIT 1 -- second');
  expect(await system.reviewsOf('-- second')).toEqual([]);
  await client.end();
});

test('after a read of personal data, a write to another table is denied, over another connection too', async () => {
  const reading = (await connectPg(system)).client;
  // One row, by its key: that is allowed at once.
  await reading.query('SELECT email FROM customers WHERE id = 1');
  await reading.end();
  const writing = (await connectPg(system)).client;
  await expect(writing.query("INSERT INTO staging VALUES (1, 'x') -- carried")).rejects.toMatchObject({
    code: '42501',
  });
  await writing.end();
  const leaves = await system.checkLedger();
  const denied = leaves.filter(({ decision }) => decision?.effect === 'deny');
  expect(JSON.stringify(denied)).toContain(
    '"signals":["classified","write","production_change","taint","first_use"]',
  );
});

test('a policy on the target’s estimate sees the values that are bound, and fails closed without one', async () => {
  const { client } = await connectPg(system);
  expect((await client.query('SELECT id FROM big WHERE id <= $1 -- few', [10])).rowCount).toBe(10);
  const many = client.query('SELECT id FROM big WHERE id <= $1 -- many', [40_000]);
  const review = await system.pending('-- many');
  expect(review.risk.signals).toContainEqual(expect.objectContaining({ name: 'many_rows' }));
  await system.approve('-- many');
  expect((await many).rowCount).toBe(40_000);
  // It calls what has effects, so nobody asks the target to plan it.
  const effects = client.query("SELECT id, nextval('orders_id_seq') FROM big WHERE id = 1 -- effects");
  expect((await system.pending('-- effects')).policies).toContain('test-estimate');
  await system.approve('-- effects');
  await effects;
  await client.end();
  const leaves = await system.checkLedger();
  expect(JSON.stringify(leaves)).toMatch(/"risk":\{"estimatedRows":\d+,"score":/);
});

test('what the target says of its own columns is on the card and in the record', async () => {
  const { client } = await connectPg(system);
  const reading = expect(client.query('SELECT note FROM staging -- marked')).rejects.toThrow();
  const review = await system.pending('-- marked');
  expect(review.datasets[0]).toMatchObject({ columns: [{ name: 'note', classes: ['geo'] }] });
  await system.reject('-- marked', 'done');
  await reading;
  await client.end();
});
