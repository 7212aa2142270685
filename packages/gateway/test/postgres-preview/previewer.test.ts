import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Parameter } from '../../src/core/action.ts';
import { limits } from '../../src/limits.ts';
import { startDatabase, type Database } from '../postgres-describe/database.ts';
import { startAsking, type Asking } from './asking.ts';

const CANARY = 'canary-4be1';

let database: Database;
let behind: pg.Client;
let asking: Asking;

beforeAll(async () => {
  database = await startDatabase();
  behind = await database.connect();
  await behind.query(`
    INSERT INTO customers (full_name, email, country)
      SELECT 'n' || i, 'e' || i || '@example.com', CASE WHEN i % 4 = 0 THEN 'DE' ELSE 'NO' END FROM generate_series(1, 1000) i;
    CREATE TABLE many (id int);
    INSERT INTO many SELECT generate_series(1, 100500);
    CREATE SEQUENCE witness;
    CREATE FUNCTION claims_nothing() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
      $$ BEGIN PERFORM pg_sleep(0.3); PERFORM pg_notify('ran', 'claims_nothing'); RETURN 1; END $$;
    CREATE FUNCTION in_sql() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT nextval('witness') $$;
    CREATE TABLE indexed (id int);
    CREATE INDEX ON indexed ((id + claims_nothing()));
    CREATE TABLE ticks (at timestamptz, note text);
    ANALYZE`);
  asking = await startAsking(database);
});
afterAll(async () => {
  await asking.close();
  await behind.end();
  await database.stop();
});

const text = (value: string, type = 25): Parameter => ({ type, format: 'text', value });

describe('what is said of a statement that can be looked at', () => {
  test('a read: the estimate, the plan, the columns that come out with types and classes, and the locks', async () => {
    const found = await asking.ask("SELECT email AS full_name, id + 1 FROM customers WHERE country = 'DE'");
    expect(found['estimate']).toMatchObject({ basis: 'estimated', rows: 250 });
    expect(found['plan']?.text).toMatch(/^Seq Scan on customers: about 250 rows, cost \d+$/);
    // By the table's own name, whatever the result calls it.
    expect(found['columns']?.text).toBe(
      '1. public.customers.email [pii], text\n2. computed from the data above, bigint',
    );
    expect(found['locks']?.text).toContain('It takes AccessShareLock on public.customers.');
  });

  test('an UPDATE with a condition: the exact count of rows that it holds for', async () => {
    const found = await asking.ask("UPDATE customers SET phone = 'x' WHERE country = 'DE' AND id <= 400");
    expect(found['count']).toMatchObject({ basis: 'counted', rows: 100 });
    expect(found['count']?.text).toMatch(/^100 rows\./);
    expect(found['estimate']).toBeUndefined();
    expect(found['plan']?.text).toMatch(/^ModifyTable \(Update\) on customers/);
  });

  test('a DELETE with bound values of open, text and binary types is counted with them', async () => {
    const ten = Buffer.from([0, 0, 0, 10]).toString('base64url');
    const given = { parameters: [text('DE', 0), { type: 23, format: 'binary', value: ten } as const] };
    const found = await asking.ask('DELETE FROM customers WHERE country = $1 AND id <= $2', given);
    expect(found['count']).toMatchObject({ basis: 'counted', rows: 2 });
  });

  test('values that only the SET list has are no obstacle', async () => {
    const given = { parameters: [text('+49', 0), text('DE', 0)] };
    const found = await asking.ask('UPDATE customers SET phone = $1 WHERE country = $2', given);
    expect(found['count']).toMatchObject({ rows: 250 });
  });

  test('counting stops at its bound and says so', async () => {
    const found = await asking.ask('DELETE FROM many WHERE id > 0');
    expect(found['count']).toMatchObject({ basis: 'counted', rows: limits.previewCountRows + 1 });
    expect(found['count']?.text).toMatch(/^More than 100,000 rows\./);
  });

  test('a condition that the gateway doesn’t put together anew is estimated, not counted', async () => {
    const found = await asking.ask('DELETE FROM customers WHERE id IN (SELECT customer_id FROM orders)');
    expect(found['count']).toBeUndefined();
    expect(found['estimate']?.basis).toBe('estimated');
  });

  test('a change through a view is counted in the view', async () => {
    const found = await asking.ask('UPDATE contacts SET who = NULL WHERE contact_id <= 100');
    expect(found['count']).toMatchObject({ rows: 75 });
  });

  test('an open transaction, or statements before it in one text: what they did can’t be seen, and that is said', async () => {
    const holding = ['A transaction has been open for 3 s and stays open while this waits.'];
    const found = await asking.ask('DELETE FROM customers WHERE id < 3', { holding });
    expect(found['count']?.text).toContain('what it has not committed can’t be seen');
    const preconditions = { search_path: '$user, public', statement: '2 of 3' };
    const second = await asking.ask('DELETE FROM customers WHERE id < 3', { preconditions });
    expect(second['count']?.text).toContain('statement 2 of 3');
  });

  test('nothing of the action has run, and nobody else is held up', async () => {
    await asking.ask('DELETE FROM customers WHERE id > 0');
    await asking.ask("INSERT INTO products (name, price_cents) VALUES ('x', 1)");
    const { rows } = await behind.query<Record<string, number>>(
      'SELECT (SELECT count(*) FROM customers)::int AS c, (SELECT count(*) FROM products)::int AS p',
    );
    expect(rows[0]).toEqual({ c: 1000, p: 0 });
    const left = await behind.query(
      "SELECT 1 FROM pg_stat_activity WHERE application_name = 'sallyport-preview' AND state <> 'idle'",
    );
    expect(left.rows).toEqual([]);
  });
});

describe('what must not be looked at', () => {
  let heard: string[];

  beforeEach(async () => {
    heard = [];
    behind.on('notification', ({ payload }) => heard.push(payload ?? ''));
    await behind.query('LISTEN ran');
    await behind.query("SELECT setval('witness', 1)");
  });
  afterEach(() => behind.removeAllListeners('notification'));

  const nothingRan = async (): Promise<void> => {
    await sleep(20);
    const { rows } = await behind.query<Record<string, number>>('SELECT last_value::int AS at FROM witness');
    expect(rows[0]).toEqual({ at: 1 });
    expect(heard).toEqual([]);
  };

  test.each([
    ['a function with effects', "SELECT nextval('witness')"],
    [
      'a function that calls itself immutable, which planning would run',
      'DELETE FROM customers WHERE id = claims_nothing()',
    ],
    ['an SQL function that calls itself immutable', 'SELECT email FROM customers WHERE id = in_sql()'],
    ['a function that reads what no name shows', "SELECT table_to_xml('customers', true, true, '')"],
    ['an index over a user-defined function', 'SELECT id FROM indexed WHERE id = 1'],
    ['a domain that checks by a function', 'SELECT body FROM guarded'],
    ['a foreign table', 'SELECT email FROM remote_customers'],
    ['a view over a function with effects', 'SELECT id FROM noisy'],
    ['a trigger on what is written', "UPDATE audited SET note = 'x' WHERE id = 1"],
    ['row security, which may change fewer rows than it shows', 'DELETE FROM secured WHERE id = 1'],
    ['a statement that changes definitions', 'DROP TABLE products'],
    ['a statement that only the session knows', 'EXECUTE something'],
  ])('%s: unavailable, with the reason, and nothing ran', async (_, command) => {
    const found = await asking.ask(command);
    expect(found['plan']).toMatchObject({ basis: 'unavailable' });
    expect(found['plan']?.text).not.toBe('');
    expect(Object.keys(found).filter((kind) => !['plan', 'locks'].includes(kind))).toEqual([]);
    await nothingRan();
  });

  test('the defence is needed: planning does run a function that calls itself immutable', async () => {
    await behind.query('EXPLAIN SELECT 1 FROM customers WHERE id = claims_nothing()');
    await sleep(20);
    expect(heard).toEqual(['claims_nothing']);
  });
});

describe('another meaning in another connection', () => {
  test.each([
    ['an uncertain search path', { search_path: '(uncertain)' }],
    ['another role', { search_path: 'public', role: 'other' }],
    ['another schema first', { search_path: 'evil, public' }],
  ])('%s: unavailable, not a preview of something else', async (_, preconditions) => {
    const found = await asking.ask('DELETE FROM customers WHERE id = 1', { preconditions });
    expect(found).toMatchObject({ plan: { basis: 'unavailable' } });
  });

  test('the session’s own search path is followed', async () => {
    const found = await asking.ask('DELETE FROM customers WHERE id = 1', {}, ['evil', 'public']);
    expect(found['count']).toMatchObject({ basis: 'counted', rows: 0 });
    expect(found['locks']?.text).toContain('evil.customers');
  });

  test('a schema that changed since: unavailable', async () => {
    const subject = asking.subject('SELECT * FROM ticks');
    await behind.query('ALTER TABLE ticks ADD COLUMN secret text');
    await asking.refresh();
    const [found] = await asking.previewer.preview(subject, AbortSignal.timeout(1_000));
    expect(found).toMatchObject({ basis: 'unavailable' });
    expect(found?.text).toContain('changed since');
  });
});

describe('bounds', () => {
  test('a table that another session has locked: who is in the way, and no waiting for it', async () => {
    const other = await database.connect();
    await other.query(
      "SET application_name = 'nightly\njob'; BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE",
    );
    const found = await asking.ask('DELETE FROM customers WHERE id = 1');
    await other.end();
    expect(found['plan']).toMatchObject({ basis: 'unavailable' });
    expect(found['plan']?.text).toContain('holds a lock');
    const lines = found['locks']?.text.split('\n') ?? [];
    expect(lines[1]).toMatch(
      /^Process \d+, which calls itself “nightly.+job”, holds AccessExclusiveLock on public\.customers, in a transaction of \d+ seconds?\.$/,
    );
  });

  test('a count that takes too long is ended by the target, and the estimate stands in for it', async () => {
    const slow = 'DELETE FROM many WHERE md5(repeat(id::text, 20000)) = $1';
    const found = await asking.ask(slow, { parameters: [text('a')] });
    expect(found['count']).toMatchObject({ basis: 'unavailable' });
    expect(found['count']?.text).toContain('longer than a preview may');
    expect(found['estimate']).toMatchObject({ basis: 'estimated' });
  });

  test('told to stop, it hands over what it has', async () => {
    const stop = new AbortController();
    stop.abort();
    const subject = asking.subject('DELETE FROM customers WHERE id = 1');
    const findings = await asking.previewer.preview(subject, stop.signal);
    expect(findings.every(({ basis }) => basis === 'unavailable')).toBe(true);
  });
});

describe('law 8: no value of the action or of the data', () => {
  test.each([
    [`SELECT email FROM customers WHERE full_name = '${CANARY}'`, []],
    [`UPDATE customers SET phone = '${CANARY}' WHERE full_name LIKE '${CANARY}%'`, []],
    ['DELETE FROM customers WHERE full_name = $1', [text(CANARY)]],
    [`SELECT email FROM customers WHERE id = '${CANARY}'`, []],
    ['SELECT email FROM customers WHERE id = $1', [text(CANARY, 20)]],
    [`SELECT email FROM events WHERE at = '${CANARY}'`, []],
    [`SELECT '${CANARY}' AS note, email FROM customers WHERE email = 'e7@example.com'`, []],
  ])('%s', async (command, parameters) => {
    const found = JSON.stringify(await asking.ask(command, { parameters }));
    expect(found).not.toContain(CANARY);
    expect(found).not.toContain('e7@example.com');
    expect(found.length).toBeGreaterThan(100);
  });
});

test('the target is down: unavailable, with the reason', async () => {
  const lost = await startDatabase();
  const others = await startAsking(lost);
  await lost.stop();
  const found = await others.ask('DELETE FROM customers WHERE id = 1');
  await others.close();
  expect(found['plan']).toMatchObject({ basis: 'unavailable', text: 'The target can’t be reached.' });
});
