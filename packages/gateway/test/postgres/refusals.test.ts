import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { closeMessage, queryMessage } from '../../src/connectors/postgres/wire/frontend.ts';
import { connectPg, refusalOf } from '../support/system-drivers.ts';
import { startTestSystem, type TestSystem } from '../support/system-fixture.ts';
import { printed, psql, psycopg } from '../support/system-programs.ts';
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

beforeAll(async () => {
  system = await startTestSystem({
    mayActFor: ['olga'],
    schema: `CREATE TABLE notes (id int PRIMARY KEY, body text);
      CREATE FUNCTION encode_otherwise() RETURNS text LANGUAGE sql AS
        $$ SELECT set_config('client_encoding', 'LATIN1', false) $$`,
  });
});
afterAll(() => system.close());
beforeEach(async () => {
  client = await RawClient.connect(system);
});
afterEach(async () => {
  client.end();
  await system.checkLedger();
  await system.behind('TRUNCATE notes');
});

/** A Query message with these bytes, right or wrong. */
function framed(body: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.write('Q', 'latin1');
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

const notes = () => system.behind('SELECT id FROM notes ORDER BY id');

describe('denied', () => {
  test('42501 with the reason, the policy and a way on; the session lives on', async () => {
    const answers = await client.query('DROP TABLE notes');
    expect(typesOf(answers)).toBe('EZ');
    const [report] = reportsOf(answers);
    expect(report).toMatchObject({
      code: '42501',
      detail: expect.stringContaining('never-destroy-in-production') as string,
    });
    expect(report?.message).toContain('migration');
    expect(firstColumn(await client.query('SELECT 1'))).toEqual(['1']);
    const denied = (await system.checkLedger()).filter(({ decision }) => decision?.effect === 'deny');
    expect(denied.length).toBeGreaterThan(0);
  });

  test.each(['simple', 'extended'])(
    'inside of a transaction: it lives on with status T (%s)',
    async (protocol) => {
      await client.query('BEGIN; INSERT INTO notes VALUES (1)');
      const answers =
        protocol === 'simple'
          ? await client.query('DROP TABLE notes')
          : await client.round(...extended('DROP TABLE notes'), sync);
      expect([codesOf(answers), statusOf(answers)]).toEqual([['42501'], 'T']);
      const inserted = await client.round(...extended('INSERT INTO notes VALUES (2)'), sync);
      expect(statusOf(inserted)).toBe('T');
      expect(statusOf(await client.query('COMMIT'))).toBe('I');
      expect(await notes()).toEqual([{ id: 1 }, { id: 2 }]);
    },
  );

  test('in the middle of a round outside of a transaction: what ran before is rolled back, the rest is skipped', async () => {
    const answers = await client.round(
      ...extended('INSERT INTO notes VALUES (1)'),
      ...extended('DROP TABLE notes'),
      ...extended('INSERT INTO notes VALUES (2)'),
      sync,
    );
    expect([codesOf(answers), statusOf(answers)]).toEqual([['42501'], 'I']);
    expect(reportsOf(answers)[0]?.message).toContain('migration');
    expect(await notes()).toEqual([]);
    expect(firstColumn(await client.round(...extended('SELECT 1'), sync))).toEqual(['1']);
  });

  test('the same by psycopg’s pipeline', async () => {
    const run = psycopg(
      system,
      `
try:
    with conn.pipeline():
        conn.execute("INSERT INTO notes VALUES (1)")
        conn.execute("DROP TABLE notes")
        conn.execute("INSERT INTO notes VALUES (2)")
except psycopg.Error as e: out([e.sqlstate, type(e).__name__])
out(conn.execute("SELECT count(*) FROM notes").fetchone()[0])
`,
    );
    const done = await run.ended;
    expect([done.complaint, ...printed(done)]).toEqual(['', ['42501', 'InsufficientPrivilege'], 0]);
  });

  test('a text of several statements: all are decided before the first runs', async () => {
    const answers = await client.query('INSERT INTO notes VALUES (1); DROP TABLE notes');
    expect(codesOf(answers)).toEqual(['42501']);
    expect(await notes()).toEqual([]);
    const psqlRun = await psql(system, ['INSERT INTO notes VALUES (1); DROP TABLE notes']).ended;
    expect(psqlRun.complaint).toContain('42501');
    expect(await notes()).toEqual([]);
  });

  test('a text of which one statement is held: nothing of it runs before', async () => {
    client.send(queryMessage('INSERT INTO notes VALUES (1); SELECT email FROM customers -- text'));
    const review = await system.pending('-- text');
    await sleep(100);
    expect(await notes()).toEqual([]);
    expect(review.preconditions['statement']).toBe('2 of 2');
    await system.approve('-- text');
    expect(codesOf(await client.until('Z'))).toEqual([]);
    expect(await notes()).toEqual([{ id: 1 }]);
  });

  test('files, programs, roles, other sessions, credentials: each says why', async () => {
    for (const sql of [
      "COPY orders TO PROGRAM 'cat'",
      "COPY orders TO '/tmp/x'",
      "SELECT pg_read_file('/etc/passwd')",
      'SET ROLE postgres',
      'SET SESSION AUTHORIZATION postgres',
      'GRANT ALL ON notes TO PUBLIC',
      'SELECT rolpassword FROM pg_authid',
    ]) {
      const answers = await client.query(sql);
      expect(codesOf(answers), sql).toEqual(['42501']);
      expect(reportsOf(answers)[0]?.detail, sql).toContain('Policy: never-');
    }
  });
});

describe('at the door', () => {
  const connectingWith = (options: Partial<pg.ClientConfig>) => refusalOf(connectPg(system, options));

  test('an unknown database: 3D000 and the list', async () => {
    const { code, hint } = await connectingWith({ database: 'elsewhere' });
    expect(code).toBe('3D000');
    expect(hint).toContain('shop');
  });

  test('a wrong token, and an unknown agent: 28P01 both', async () => {
    expect((await connectingWith({ password: 'wrong' })).code).toBe('28P01');
    expect((await connectingWith({ user: 'nobody' })).code).toBe('28P01');
  });

  test('replication is refused', async () => {
    const refused = await connectingWith({ replication: 'database' } as Partial<pg.ClientConfig>);
    expect(refused.code).toBe('0A000');
  });

  test('another client encoding is refused, and so is an option that isn’t understood', async () => {
    const run = await psql(system, ['SELECT 1'], { environment: { PGCLIENTENCODING: 'LATIN1' } }).ended;
    expect(run.exitCode).toBe(2);
    expect(run.complaint).toMatch(/UTF-?8/i);
    const other = await connectingWith({ options: '-c session_replication_role=replica' });
    expect(other.code).toBe('22023');
  });

  test('on behalf of somebody: entitled, it is recorded as asserted; not entitled, the door is shut', async () => {
    const { client: acting } = await connectPg(system, { options: '-c sallyport.on_behalf_of=olga' });
    await acting.query('SELECT count(*) FROM products -- for olga');
    await acting.end();
    const intents = (await system.checkLedger()).filter(({ kind }) => kind === 'intent');
    expect(intents.at(-1)?.requester).toMatchObject({ onBehalfOf: 'olga', onBehalfOfBasis: 'asserted' });
    expect((await connectingWith({ options: '-c sallyport.on_behalf_of=sam' })).code).toBe('42501');
  });

  test('SET sallyport.on_behalf_of goes by the same entitlement', async () => {
    const { client: acting } = await connectPg(system);
    expect((await refusalOf(acting.query('SET sallyport.on_behalf_of = sam'))).code).toBe('42501');
    await acting.query('SET sallyport.on_behalf_of = olga');
    await acting.query('SELECT 1');
    await acting.end();
    const intents = (await system.checkLedger()).filter(({ kind }) => kind === 'intent');
    expect(intents.at(-1)?.requester?.onBehalfOf).toBe('olga');
  });
});

describe('encodings', () => {
  test('SET client_encoding to another one is refused, and the session lives', async () => {
    expect(codesOf(await client.query("SET client_encoding = 'LATIN1'"))).toEqual(['0A000']);
    expect(codesOf(await client.query("SET NAMES 'LATIN1'"))).toEqual(['0A000']);
    expect(codesOf(await client.query("SET client_encoding = 'UTF8'"))).toEqual([]);
    expect(firstColumn(await client.query('SELECT 1'))).toEqual(['1']);
  });

  test('a function that changes it ends the session', async () => {
    client.send(queryMessage('SELECT encode_otherwise()'));
    await system.approve('encode_otherwise');
    await eventually('the end', () => (client.isClosed ? true : undefined));
    expect(codesOf(client.answers)).toEqual(['0A000']);
  });
});

describe('limits', () => {
  const alive = async (): Promise<void> => expect(firstColumn(await client.query('SELECT 1'))).toEqual(['1']);

  test.each(['simple', 'extended'])(
    'a statement over 1 MiB: 54000, and the session lives (%s)',
    async (protocol) => {
      const sql = `SELECT '${'x'.repeat(1_048_576)}'`;
      const answers =
        protocol === 'simple' ? await client.query(sql) : await client.round(...extended(sql), sync);
      expect(codesOf(answers)).toEqual(['54000']);
      await alive();
    },
  );

  test('a statement far over it: 54000 with the limit and the way out, recorded; and the connection ends', async () => {
    const before = (await system.checkLedger()).length;
    client.send(queryMessage(`SELECT '${'x'.repeat(3_000_000)}'`));
    await eventually('the end', () => (client.isClosed ? true : undefined));
    expect(reportsOf(client.answers)[0]).toMatchObject({
      code: '54000',
      message: expect.stringMatching(/3000\d{3} bytes is over the limit of \d+ bytes/) as string,
      hint: expect.stringContaining('in parts') as string,
    });
    const leaves = (await system.checkLedger()).slice(before);
    expect(leaves).toContainEqual(expect.objectContaining({ kind: 'decision', operation: 'undescribed' }));
  });

  test('values over 4 MiB: 54000', async () => {
    client.send(...extended('SELECT length($1)', ['x'.repeat(4_300_000)]), sync);
    await eventually('the error', () => (codesOf(client.answers).length > 0 ? true : undefined));
    expect(codesOf(client.answers)).toEqual(['54000']);
  });

  test('a round without an end: all of it is answered, though more than is kept track of', async () => {
    const count = 15_000;
    const close = closeMessage({ kind: 'statement', name: 'nothing' });
    const answers = await client.round(...Array.from({ length: count }, () => close), sync);
    expect(typesOf(answers)).toBe(`${'3'.repeat(count)}Z`);
  });

  test('values of 3 MiB pass', async () => {
    const answers = await client.round(...extended('SELECT length($1)', ['x'.repeat(3_000_000)]), sync);
    expect(firstColumn(answers)).toEqual(['3000000']);
  });

  test('too many statements, and nesting: 54000 each, and the session lives', async () => {
    expect(codesOf(await client.query('SELECT 1;'.repeat(101)))).toEqual(['54000']);
    expect(codesOf(await client.query(`SELECT ${'('.repeat(5_000)}1${')'.repeat(5_000)}`))).toEqual([
      '54000',
    ]);
    expect(codesOf(await client.query(`SELECT ${'NOT '.repeat(1_000)} true`))).toEqual(['54000']);
    await alive();
  });

  test('NUL inside of a statement, invalid UTF-8, a message that is none: an error, and nothing runs', async () => {
    const withNul = framed(Buffer.from('INSERT INTO notes VALUES (1); \0 DROP TABLE notes\0'));
    expect(codesOf(await client.round(withNul))).toEqual(['08P01']);
    const invalid = Buffer.from("INSERT INTO notes VALUES (1, 'x')\0", 'latin1');
    invalid[30] = 0xff;
    expect(codesOf(await client.round(framed(invalid)))).toEqual(['08P01']);
    await alive();
    client.send(Buffer.from('!!!!!!!!'));
    await eventually('the end', () => (client.isClosed ? true : undefined));
    expect(codesOf(client.answers)).toEqual(['08P01']);
    expect(await notes()).toEqual([]);
  });

  test('an empty text, a comment, a lone semicolon: as the target answers them', async () => {
    for (const sql of ['', '-- nothing', ';']) expect(typesOf(await client.query(sql)), sql).toBe('IZ');
    expect(typesOf(await client.round(...extended(''), sync))).toBe('12IZ');
  });
});

describe('large results', () => {
  test('a client that doesn’t read makes the target wait, not the gateway collect', async () => {
    const activity =
      "SELECT wait_event FROM pg_stat_activity WHERE query LIKE '%-- unread' AND state = 'active'";
    const { client: reader } = await connectPg(system);
    const { stream } = (reader as unknown as { connection: { stream: Socket } }).connection;
    stream.pause();
    const sql = 'SELECT a.*, b.* FROM orders a CROSS JOIN orders b LIMIT 1000000 -- unread';
    const unread = refusalOf(reader.query(sql));
    let looks = 0;
    await eventually('the target to wait for its client, and go on waiting', async () => {
      const [backend] = await system.behind(activity);
      looks = backend?.['wait_event'] === 'ClientWrite' ? looks + 1 : 0;
      return looks === 10 ? true : undefined;
    });
    stream.destroy();
    await unread;
  });

  test('a million rows pass, to a client that reads slowly too', async () => {
    const sql = 'SELECT a.id, b.id FROM orders a CROSS JOIN products b LIMIT 1000000';
    let rows = 0;
    let rest: Buffer = Buffer.alloc(0);
    let complete = '';
    client.socket.removeAllListeners('data');
    client.socket.on('data', (chunk: Buffer) => {
      const bytes = Buffer.concat([rest, chunk]);
      let at = 0;
      while (bytes.length - at >= 5 && bytes.length - at >= 1 + bytes.readInt32BE(at + 1)) {
        const end = at + 1 + bytes.readInt32BE(at + 1);
        if (bytes[at] === 0x44) rows++;
        if (bytes[at] === 0x43) complete = bytes.toString('utf8', at + 5, end - 1);
        at = end;
      }
      rest = bytes.subarray(at);
      if (rows < 100_000) {
        client.socket.pause();
        setTimeout(() => client.socket.resume(), 2);
      }
    });
    client.send(queryMessage(sql));
    await eventually('the end of the result', () => (complete === '' ? undefined : true));
    expect([rows, complete]).toEqual([1_000_000, 'SELECT 1000000']);
    const outcomes = (await system.checkLedger()).filter(({ kind }) => kind === 'outcome');
    expect(outcomes.at(-1)?.outcome).toMatchObject({ status: 'succeeded', rows: 1_000_000 });
  });
});
