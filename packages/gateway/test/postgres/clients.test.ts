import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { queryMessage } from '../../src/connectors/postgres/wire/frontend.ts';
import { connectPg, refusalOf } from '../support/system-drivers.ts';
import { startTestSystem, type TestSystem } from '../support/system-fixture.ts';
import { printed, psql, psycopg } from '../support/system-programs.ts';
import { RawClient } from '../support/system-raw.ts';
import { eventually } from '../support/system-wait.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await startTestSystem({
    schema: `CREATE TABLE notes (id int PRIMARY KEY, body text, raw bytea, at timestamptz);
      CREATE FUNCTION warn() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
        $$ BEGIN RAISE WARNING 'mind the gap' USING HINT = 'step over', ERRCODE = '01007'; RETURN 1; END $$`,
  });
});
afterAll(() => system.close());
afterEach(async () => {
  await system.checkLedger();
  await system.behind('TRUNCATE notes');
});

test('psql reads, writes, describes a table, and passes errors on with all their fields', async () => {
  const run = psql(system, [
    'SELECT count(*) FROM orders WHERE id <= 7',
    "INSERT INTO notes (id, body) VALUES (1, 'Grüße, 世界')",
    'SELECT body FROM notes',
    'SELECT 1/0',
    'INSERT INTO notes (id) VALUES (1)',
  ]);
  const { output, complaint } = await run.ended;
  expect(output).toBe('7\nINSERT 0 1\nGrüße, 世界\n');
  expect(complaint).toContain('22012: division by zero');
  expect(complaint).toContain('23505: duplicate key value violates unique constraint "notes_pkey"');
  expect(complaint).toContain('DETAIL:  Key (id)=(1) already exists.');
});

test('psql -f runs a transaction whose ROLLBACK really takes it back', async () => {
  const run = psql(system, [], {
    input: 'BEGIN;\nINSERT INTO notes (id) VALUES (5);\nROLLBACK;\nSELECT count(*) FROM notes;\n',
  });
  expect((await run.ended).output).toBe('BEGIN\nINSERT 0 1\nROLLBACK\n0\n');
});

test('psql \\copy out gives every row', async () => {
  const run = psql(system, ['\\copy (SELECT id, total_cents FROM orders ORDER BY id LIMIT 5000) TO STDOUT']);
  const { output, exitCode } = await run.ended;
  expect(exitCode).toBe(0);
  expect(output.trim().split('\n')).toHaveLength(5000);
});

test('psql \\copy in waits for approval, and then every row arrives', async () => {
  const run = psql(system, ['\\copy notes (id, body) FROM STDIN'], { input: '1\tone\n2\ttwo\n\\.\n' });
  await system.approve('COPY  notes');
  const { output, complaint } = await run.ended;
  expect(output).toBe('COPY 2\n');
  expect(complaint).toContain('waiting for approval');
  expect(await system.behind('SELECT id, body FROM notes ORDER BY id')).toEqual([
    { id: 1, body: 'one' },
    { id: 2, body: 'two' },
  ]);
});

test('a warning of the target arrives as it is', async () => {
  const { client, notices } = await connectPg(system);
  const warned = client.query('SELECT warn()');
  await system.approve('SELECT warn()');
  await warned;
  await client.end();
  expect(notices.slice(1)).toMatchObject([
    { message: 'mind the gap', hint: 'step over', code: '01007', severity: 'WARNING' },
  ]);
});

test('pg: simple and extended protocol, named statements, binary results, types', async () => {
  const { client } = await connectPg(system);
  expect((await client.query('SELECT 1 AS one; SELECT 2 AS two')) as unknown).toMatchObject([
    { rows: [{ one: 1 }] },
    { rows: [{ two: 2 }] },
  ]);
  const at = new Date('2026-01-02T03:04:05Z');
  await client.query('INSERT INTO notes VALUES ($1, $2, $3, $4)', [1, null, Buffer.from([0, 255]), at]);
  const read = { name: 'read', text: 'SELECT * FROM notes WHERE id = $1', values: [1] };
  for (let times = 0; times < 3; times++) {
    const { rows } = await client.query(read);
    expect(rows).toEqual([{ id: 1, body: null, raw: Buffer.from([0, 255]), at }]);
  }
  const binaryQuery = { text: 'SELECT id FROM notes WHERE id = $1', values: [1], binary: true };
  const binary = await client.query(binaryQuery);
  expect(binary.rows).toEqual([{ id: 1 }]);
  expect((await refusalOf(client.query('SELECT 1/(id - 1) FROM notes'))).code).toBe('22012');
  expect((await refusalOf(client.query('SELECT $1::int', ['x']))).code).toBe('22P02');
  expect((await client.query('SELECT 3 AS three')).rows).toEqual([{ three: 3 }]);
  await client.end();
});

test('what one client asked for at its start is told to no other', async () => {
  const first = await RawClient.connect(system, { application_name: 'first' });
  first.send(queryMessage('SELECT 1'));
  const told = await first.until('Z');
  expect(told.filter(({ type }) => type === 'S').map(({ body }) => body.toString())).toContain(
    'application_name\0first\0',
  );
  const second = await RawClient.connect(system);
  expect(second.parameters.get('application_name')).toBe('');
  expect(second.parameters.get('server_version')).toBe(first.parameters.get('server_version'));
  for (const client of [first, second]) client.socket.destroy();
});

test('pg: the parameters of the connection are the target’s own', async () => {
  const { client } = await connectPg(system);
  const version = (await client.query("SELECT current_setting('server_version') AS v")).rows as {
    v: string;
  }[];
  const told = new Map<string, string>();
  const inner = client as unknown as {
    connection: { on(e: string, l: (m: Record<string, string>) => void): void };
  };
  inner.connection.on('parameterStatus', (message) =>
    told.set(message['parameterName'] ?? '', message['parameterValue'] ?? ''),
  );
  await client.query("SET TimeZone = 'Asia/Tokyo'");
  await client.query("SET application_name = 'reports'");
  expect(Object.fromEntries(told)).toEqual({ TimeZone: 'Asia/Tokyo', application_name: 'reports' });
  expect(version[0]?.v).toMatch(/^18/);
  await client.end();
});

test('postgres.js: tagged queries, pipelining, cursors, a transaction, COPY out', async () => {
  const { host, port, agent, agentToken, target } = system;
  const sql = postgres({
    host,
    port,
    user: agent,
    pass: agentToken,
    database: target,
    max: 1,
    fetch_types: false,
    onnotice: () => undefined,
  });
  const counts = await Promise.all([1, 2, 3].map((n) => sql`SELECT ${n}::int AS n`));
  expect(counts.map(([row]) => row?.['n'] as number)).toEqual([1, 2, 3]);
  await sql.begin(async (inside) => {
    await inside`INSERT INTO notes (id, body) VALUES (${10}, ${'inside'})`;
    await inside`INSERT INTO notes (id, body) VALUES (${11}, ${'too'})`;
  });
  expect(await system.behind('SELECT count(*)::int AS n FROM notes')).toEqual([{ n: 2 }]);
  let seen = 0;
  await sql`SELECT id FROM orders ORDER BY id LIMIT 1000`.cursor(100, (rows) => void (seen += rows.length));
  expect(seen).toBe(1000);
  const failure = sql.begin(async (inside) => {
    await inside`INSERT INTO notes (id) VALUES (12)`;
    await inside`SELECT 1/0`;
  });
  await expect(failure).rejects.toMatchObject({ code: '22012' });
  expect(await system.behind('SELECT count(*)::int AS n FROM notes')).toEqual([{ n: 2 }]);
  await sql.end();
});

test('psycopg: pipeline mode, server-side binding, binary, prepared, COPY out', async () => {
  const run = psycopg(
    system,
    `
with conn.pipeline():
    cursors = [conn.execute("SELECT %s::int", (n,)) for n in range(5)]
out([c.fetchone()[0] for c in cursors])
with conn.transaction(), conn.pipeline():
    for n in range(3): conn.execute("INSERT INTO notes (id, body) VALUES (%s, %s)", (n, "p%d" % n))
out(conn.execute("SELECT count(*) FROM notes").fetchone()[0])
for n in range(4): row = conn.execute("SELECT id FROM notes WHERE id = %s", (2,), prepare=True).fetchone()
out(row[0])
out(conn.execute("SELECT id FROM notes WHERE id = %b", (1,), binary=True).fetchone()[0])
with conn.cursor().copy("COPY (SELECT id FROM orders ORDER BY id LIMIT 3) TO STDOUT") as copy:
    out([r[0] for r in copy.rows()])
try:
    with conn.pipeline():
        conn.execute("INSERT INTO notes (id) VALUES (50)")
        conn.execute("SELECT 1/0")
        conn.execute("INSERT INTO notes (id) VALUES (51)")
except psycopg.Error as e: out(e.sqlstate)
out(conn.execute("SELECT count(*) FROM notes WHERE id >= 50").fetchone()[0])
with conn.transaction():
    with conn.cursor("named") as c:
        c.itersize = 7
        c.execute("SELECT id FROM orders ORDER BY id LIMIT 20")
        out(sum(1 for _ in c))
`,
  );
  const done = await run.ended;
  expect(done.complaint).toBe('');
  expect(printed(done)).toEqual([[0, 1, 2, 3, 4], 3, 2, 1, ['1', '2', '3'], '22012', 0, 20]);
});

test('psycopg: COPY in over the extended protocol, whose Sync libpq sends before the data', async () => {
  const run = psycopg(
    system,
    `
with conn.cursor().copy("COPY notes (id, body) FROM STDIN") as copy:
    for n in range(1000): copy.write_row((n, "row %d" % n))
out("copied")
out(conn.execute("SELECT count(*) FROM notes").fetchone()[0])
try:
    with conn.cursor().copy("COPY notes (id, body) FROM STDIN") as copy:
        copy.write_row((5000, "x"))
        raise ValueError("stop")
except psycopg.errors.QueryCanceled: out("stopped")
out(conn.execute("SELECT count(*) FROM notes").fetchone()[0])
# The same by Parse, Bind, Execute and Sync in one go.
from psycopg import pq
p = conn.pgconn
p.nonblocking = 0
p.send_query_params(b"COPY notes (id, body) FROM STDIN", None)
from psycopg import waiting, generators
def results(): return waiting.wait(generators.fetch_many(p), p.socket)
r = results()
out(r[0].status == pq.ExecStatus.COPY_IN)
p.put_copy_data(b"7000\\tlate\\n"); p.put_copy_end()
r = results()
out([x.command_status.decode() for x in r])
out(conn.execute("SELECT count(*) FROM notes").fetchone()[0])
`,
  );
  for (let approvals = 0; approvals < 3; approvals++) {
    await system.approve('COPY notes');
  }
  const done = await run.ended;
  expect(done.complaint).toBe('');
  const said = printed(done).filter((value) => typeof value !== 'object' || Array.isArray(value));
  expect(said).toEqual(['copied', 1000, 'stopped', 1000, true, ['COPY 1'], 1001]);
});

test('LISTEN and NOTIFY pass, once people agreed', async () => {
  const { client } = await connectPg(system);
  const heard: string[] = [];
  client.on('notification', ({ payload }) => void heard.push(payload ?? ''));
  const listening = client.query('LISTEN news');
  await system.approve('LISTEN news');
  await listening;
  await system.behind("NOTIFY news, 'hello'");
  await eventually('the notification', () => (heard.length > 0 ? true : undefined));
  expect(heard).toEqual(['hello']);
  await client.end();
});
