import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  bindMessage,
  closeMessage,
  executeMessage,
  flushMessage,
  parseMessage,
  queryMessage,
  terminateMessage,
} from '../../src/connectors/postgres/wire/frontend.ts';
import { startTestSystem, type TestSystem } from '../support/system-fixture.ts';
import type { LedgerLeaf } from '../support/system-ledger.ts';
import {
  codesOf,
  extended,
  firstColumn,
  RawClient,
  reportsOf,
  statusOf,
  sync,
  typesOf,
} from '../support/system-raw.ts';
import { eventually } from '../support/system-wait.ts';

let system: TestSystem;
let client: RawClient;
let leaves: readonly LedgerLeaf[];

beforeAll(async () => {
  system = await startTestSystem({
    schema: `CREATE TABLE notes (id int, body text);
      CREATE SCHEMA other; CREATE TABLE other.orders AS SELECT id, email AS status FROM public.customers;`,
  });
});
afterAll(() => system.close());
beforeEach(async () => {
  client = await RawClient.connect(system);
});
afterEach(async () => {
  client.end();
  leaves = await system.checkLedger();
  expect(leaves.length).toBeGreaterThan(0);
  await system.behind('TRUNCATE notes');
});

const bind = (statement: string, portal = ''): Buffer =>
  bindMessage({ portal, statement, parameterFormats: [], parameters: [], resultFormats: [] });
const parse = (statement: string, query: string): Buffer =>
  parseMessage({ statement, query, parameterTypes: [] });
const execute = (portal = '', maxRows = 0): Buffer => executeMessage({ portal, maxRows });

/** The text is held: it is rejected, and the client got no row. */
async function expectHeld(text: string): Promise<void> {
  await system.reject(text, 'as it must be');
  const answers = await client.until('Z');
  expect(firstColumn(answers)).toEqual([]);
  expect(codesOf(answers)).toEqual(['42501']);
}

describe('a limit that is bound later', () => {
  const query = 'SELECT email FROM customers LIMIT $1::bigint';
  const limited = (type: number): readonly Buffer[] => [
    parseMessage({ statement: '', query, parameterTypes: [type] }),
    bindMessage({
      portal: '',
      statement: '',
      parameterFormats: [0],
      parameters: [Buffer.from('2')],
      resultFormats: [],
    }),
    execute(),
    sync,
  ];

  test.each([
    ['left open', 0],
    ['int8', 20],
    ['int4', 23],
  ])('of type %s is the number that it says', async (_, type) => {
    const answers = await client.round(...limited(type));
    expect(firstColumn(answers)).toHaveLength(2);
  });

  test('of bytea is another number than it looks: held', async () => {
    client.send(...limited(17));
    await expectHeld(query);
  });
});

describe('one round of the extended protocol redefines what a later statement of it names', () => {
  test('DEALLOCATE, PREPARE, EXECUTE: the EXECUTE is held', async () => {
    await client.query('PREPARE s AS SELECT 1');
    client.send(
      ...extended('DEALLOCATE s'),
      ...extended('PREPARE s AS SELECT email FROM customers'),
      ...extended('EXECUTE s'),
      sync,
    );
    await expectHeld('EXECUTE s');
  });

  test('the same in one text of the simple protocol', async () => {
    await client.query('PREPARE s AS SELECT 1');
    client.send(queryMessage('DEALLOCATE s; PREPARE s AS SELECT email FROM customers; EXECUTE s'));
    await expectHeld('EXECUTE s');
  });

  test('Close and Parse of the name that EXECUTE names: held', async () => {
    await client.round(parse('s', 'SELECT 1'), sync);
    client.send(
      closeMessage({ kind: 'statement', name: 's' }),
      parse('s', 'SELECT email FROM customers'),
      ...extended('EXECUTE s'),
      sync,
    );
    await expectHeld('EXECUTE s');
  });

  test('an EXECUTE that was bound before its name got another meaning: held', async () => {
    await client.query('PREPARE s AS SELECT 1');
    client.send(
      parse('late', 'EXECUTE s'),
      bind('late', 'late'),
      ...extended('DEALLOCATE s'),
      ...extended('PREPARE s AS SELECT email FROM customers'),
      execute('late'),
      sync,
    );
    await expectHeld('EXECUTE s');
  });

  test('CLOSE, DECLARE, FETCH: the FETCH is held', async () => {
    await client.query("BEGIN; DECLARE c CURSOR FOR SELECT 'harmless'");
    client.send(
      ...extended('CLOSE c'),
      ...extended('DECLARE c CURSOR FOR SELECT email FROM customers'),
      flushMessage,
    );
    await system.approve('DECLARE c');
    await client.until('C');
    client.send(...extended('FETCH ALL c'), sync);
    await expectHeld('FETCH ALL c');
  });

  test('SET search_path and a name that then means another table: that one is recorded', async () => {
    client.send(
      ...extended('SET search_path = other'),
      ...extended('SELECT status FROM orders LIMIT 1'),
      sync,
    );
    await system.approve('SET search_path');
    expect(codesOf(await client.until('Z'))).toEqual([]);
    const intents = (await system.checkLedger()).filter(({ kind }) => kind === 'intent');
    expect(JSON.stringify(intents.at(-1))).toContain('other.orders');
  });

  test('a round with an error in its middle goes on with the next one', async () => {
    const answers = await client.round(
      ...extended("SET sallyport.task = 'x'"),
      ...extended('SELECT 1/0'),
      ...extended('SELECT 2'),
      sync,
    );
    expect(codesOf(answers)).toEqual(['22012']);
    expect(firstColumn(await client.query('SELECT 3'))).toEqual(['3']);
  });

  test('an error of a statement that would have changed names lets nothing of the round through', async () => {
    const answers = await client.round(...extended('DEALLOCATE nothing'), ...extended('SELECT 2'), sync);
    expect(codesOf(answers)).toEqual(['26000']);
    expect(firstColumn(answers)).toEqual([]);
    expect(firstColumn(await client.round(...extended('SELECT 4'), sync))).toEqual(['4']);
  });
});

describe('names that mean something else than they seem to', () => {
  test('search_path set first: the unqualified name is the other table, and a person sees which', async () => {
    client.send(queryMessage('SET search_path = other, public'));
    await system.approve('SET search_path');
    const answers = await client.until('Z');
    expect(codesOf(answers)).toEqual([]);
    await client.query('SELECT status FROM orders LIMIT 1');
    const intents = (await system.checkLedger()).filter(({ kind }) => kind === 'intent');
    expect(JSON.stringify(intents.at(-1))).toContain('other.orders');
  });

  test('a text that sets search_path and goes on is refused whole', async () => {
    const answers = await client.query('SET search_path = other; SELECT status FROM orders');
    expect(codesOf(answers)).toEqual(['0A000']);
  });

  test('after ROLLBACK of SET search_path in the same round the old path is not taken for sure', async () => {
    client.send(queryMessage('BEGIN'));
    await client.until('Z');
    client.send(queryMessage('SET search_path = public'));
    await system.approve('SET search_path');
    await client.until('Z');
    const answers = await client.round(
      ...extended('ROLLBACK'),
      ...extended('SELECT count(*) FROM products'),
      sync,
    );
    expect(codesOf(answers)).toEqual([]);
    expect(statusOf(answers)).toBe('I');
  });

  test('a temporary table with the name of another: what it was filled from was decided, and it is no longer the other', async () => {
    client.send(queryMessage('CREATE TEMP TABLE products AS SELECT email AS name FROM customers LIMIT 10'));
    await system.approve('CREATE TEMP TABLE');
    expect(codesOf(await client.until('Z'))).toEqual([]);
    client.send(queryMessage('SELECT name FROM products'));
    await expectHeld('SELECT name FROM products');
  });

  test('a temporary view over classified data under a harmless name: held', async () => {
    client.send(queryMessage('CREATE TEMP VIEW products AS SELECT email AS name FROM customers'));
    await system.approve('CREATE TEMP VIEW');
    expect(codesOf(await client.until('Z'))).toEqual([]);
    client.send(queryMessage('SELECT name FROM products'));
    await expectHeld('SELECT name FROM products');
  });

  test('a quoted name, another case, a schema: the same table', async () => {
    for (const name of [
      '"customers"',
      'CUSTOMERS',
      'public.customers',
      'shop.public.customers',
      'ONLY customers',
    ]) {
      client.send(queryMessage(`SELECT "email" FROM ${name}`));
      await expectHeld(name);
    }
  });
});

describe('frames', () => {
  test('what follows Terminate is never run', async () => {
    client.send(
      terminateMessage,
      queryMessage("INSERT INTO notes VALUES (1, 'after')"),
      queryMessage('SELECT 1'),
    );
    await eventually('the end', () => (client.isClosed ? true : undefined));
    const others = await RawClient.connect(system);
    await others.query('SELECT 1');
    others.end();
    expect(await system.behind('SELECT * FROM notes')).toEqual([]);
  });

  test('a portal with a row limit is suspended and goes on; executed again when it is done, it is judged again', async () => {
    const answers = await client.round(
      parse('', 'SELECT id FROM orders ORDER BY id LIMIT 5'),
      bind('', 'p'),
      execute('p', 2),
      execute('p', 2),
      execute('p', 2),
      sync,
    );
    expect(typesOf(answers)).toBe('12DDsDDsDCZ');
  });

  test('an approved portal executed to its end, and then once more, asks a second time', async () => {
    await client.query('BEGIN');
    client.send(parse('', 'SELECT email FROM customers -- portal'), bind('', 'p'), execute('p', 0), sync);
    await system.approve('-- portal');
    expect(firstColumn(await client.until('Z')).length).toBeGreaterThan(100);
    client.send(execute('p', 0), sync);
    await expectHeld('-- portal');
  });

  test('CopyData and CopyDone outside of a COPY are ignored, as the target does', async () => {
    client.send(Buffer.from('d\0\0\0\x05x', 'latin1'), Buffer.from('c\0\0\0\x04', 'latin1'));
    expect(firstColumn(await client.query('SELECT 5'))).toEqual(['5']);
  });

  test('COPY in with data, end and Sync sent blind, before the target said that it copies', async () => {
    const data = Buffer.from('1\tblind\n');
    const header = Buffer.alloc(5);
    header.write('d', 'latin1');
    header.writeInt32BE(data.length + 4, 1);
    const copyDone = Buffer.from('c\0\0\0\x04', 'latin1');
    client.send(...extended('COPY notes FROM STDIN -- blind'), sync, header, data, copyDone, sync);
    await system.approve('-- blind');
    const answers = await client.until('Z');
    expect(codesOf(answers)).toEqual([]);
    expect(await system.behind('SELECT body FROM notes')).toEqual([{ body: 'blind' }]);
    expect(firstColumn(await client.query('SELECT 6'))).toEqual(['6']);
  });

  test('a Query before the Sync of a round: an error at once, not a wait without end; nothing is committed', async () => {
    client.send(...extended("INSERT INTO notes VALUES (1, 'open')"), queryMessage('SELECT 1'));
    await eventually('the end', () => (client.isClosed ? true : undefined));
    expect(codesOf(client.answers)).toEqual(['08P01']);
    expect(await system.behind('SELECT * FROM notes')).toEqual([]);
  });

  test('FunctionCall is refused and recorded, and the session lives', async () => {
    const body = Buffer.alloc(14);
    body.writeUInt32BE(1598, 0);
    const header = Buffer.alloc(5);
    header.write('F', 'latin1');
    header.writeInt32BE(body.length + 4, 1);
    const answers = await client.round(Buffer.concat([header, body]));
    expect(reportsOf(answers)).toMatchObject([{ code: '0A000' }]);
    expect(firstColumn(await client.query('SELECT 7'))).toEqual(['7']);
  });
});
