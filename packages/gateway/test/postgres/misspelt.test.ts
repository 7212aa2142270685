import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connectPg, refusalOf } from '../support/system-drivers.ts';
import { startTestSystem, type TestSystem } from '../support/system-fixture.ts';
import { psql } from '../support/system-programs.ts';
import { extended, RawClient, reportsOf, sync, typesOf } from '../support/system-raw.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await startTestSystem({ limits: { holdMs: 4_000 } });
});
afterAll(() => system.close());
afterEach(() => system.checkLedger());

const misspelt = [
  ['column', 'SELECT emial FROM customers -- typo column', '42703'],
  ['table', 'DELETE FROM custmers WHERE id = 1 -- typo table', '42P01'],
  ['function', 'SELECT uper(full_name) FROM customers -- typo function', '42883'],
  ['schema', 'SELECT 1 FROM pubic.customers -- typo schema', '42P01'],
] as const;

test.each(misspelt)(
  'a misspelt %s is answered by the target, and nobody is asked',
  async (what, sql, code) => {
    const { client } = await connectPg(system);
    const error = await refusalOf(client.query(sql));
    expect(error.code).toBe(code);
    expect(error.message).not.toContain('Sallyport');
    expect(await system.reviewsOf(`typo ${what}`)).toEqual([]);
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await client.end();
  },
);

test('the target’s hint and position reach the agent with the error', async () => {
  const { client } = await connectPg(system);
  const error = await refusalOf(client.query('SELECT emial FROM customers'));
  expect(error).toMatchObject({ position: '8', hint: expect.stringContaining('customers.email') as string });
  await client.end();
});

test('with bound values it ends the round, and the session goes on behind Sync', async () => {
  const client = await RawClient.connect(system);
  const answers = await client.round(...extended('SELECT emial FROM customers WHERE id = $1', ['7']), sync);
  expect(typesOf(answers)).toBe('EZ');
  expect(reportsOf(answers)[0]).toMatchObject({ code: '42703' });
  expect(typesOf(await client.query('SELECT 1'))).toBe('TDCZ');
  client.end();
});

test('psql shows it as its own', async () => {
  const { complaint } = await psql(system, ['SELECT emial FROM customers']).ended;
  expect(complaint).toContain('ERROR:  42703: column "emial" does not exist');
});

test('the attempt is recorded as refused, and neither its text nor the target’s words are in a leaf', async () => {
  const { client } = await connectPg(system);
  const before = (await system.checkLedger()).length;
  await refusalOf(client.query(`SELECT canary_8f3a FROM customers`));
  const leaves = (await system.checkLedger()).slice(before);
  expect(leaves).toContainEqual(
    expect.objectContaining({
      kind: 'decision',
      operation: 'undescribed',
      decision: expect.objectContaining({ effect: 'deny' }) as unknown,
    }),
  );
  expect(JSON.stringify(leaves)).not.toContain('canary_8f3a');
  await client.end();
});

test('in an open transaction a person is asked: another connection doesn’t see what it has done', async () => {
  const { client } = await connectPg(system);
  await client.query('BEGIN');
  const held = refusalOf(client.query('SELECT emial FROM customers -- typo inside'));
  await system.reject('-- typo inside', 'there is no such column');
  expect((await held).code).toBe('42501');
  await client.query('ROLLBACK');
  await client.end();
});

test('what the target knows and the gateway can’t resolve is held as ever', async () => {
  const { client } = await connectPg(system);
  const held = refusalOf(client.query("SELECT query_to_xml('SELECT 1', true, true, '') -- typo none"));
  await system.reject('-- typo none', 'no');
  expect((await held).code).toBe('42501');
  await client.end();
});

test('where the configuration switches the gateway’s own questions off, a person is asked', async () => {
  const quiet = await startTestSystem({ preview: 'off' });
  const { client } = await connectPg(quiet);
  const held = refusalOf(client.query('SELECT emial FROM customers -- typo off'));
  await quiet.reject('-- typo off', 'there is no such column');
  expect((await held).code).toBe('42501');
  await client.end();
  await quiet.close();
});
