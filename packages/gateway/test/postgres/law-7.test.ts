import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSampleDatabase, type SampleDatabase } from '../../../../sample/database.ts';
import { openStateDirectory, secret } from '../../../../sample/state.ts';
import type { Listening } from '../../src/connectors/connector.ts';
import { PostgresConnector } from '../../src/connectors/postgres/connector.ts';
import { loadOrMakeCertificate, tlsIdentity } from '../../src/connectors/postgres/wire/certificate.ts';
import { queryMessage } from '../../src/connectors/postgres/wire/frontend.ts';
import type { Agent } from '../../src/core/identity.ts';
import { makeAgentCredential } from '../../src/identity/tokens.ts';
import { limits } from '../../src/limits.ts';
import { clock, hashing, random } from '../../src/system.ts';
import { temporaryDirectory } from '../support/ledger.ts';
import { WithheldGate } from '../support/system-gate.ts';
import { codesOf, extended, firstColumn, RawClient, sync, typesOf } from '../support/system-raw.ts';
import { eventually } from '../support/system-wait.ts';

const agent: Agent = {
  kind: 'agent',
  name: 'reporter',
  groups: [],
  sponsor: 'ana',
  mayActFor: [],
  credentialOwner: 'ana',
};
const token = 'withheld-token';
/** Longer than the target needs to answer; a byte that leaves too early would be there by then. */
const aMomentMs = 150;

const { directory, remove } = temporaryDirectory();
let database: SampleDatabase;
let behind: pg.Client;
let gate: WithheldGate;
let connector: Listening;
let client: RawClient;

beforeAll(async () => {
  const stateDirectory = openStateDirectory(directory);
  database = await startSampleDatabase({ stateDirectory });
  const { host, port } = database;
  const password = secret(stateDirectory, 'postgres-superuser');
  behind = new pg.Client({ host, port, user: 'postgres', password, database: database.database });
  await behind.connect();
  await behind.query('CREATE TABLE notes (id int); GRANT ALL ON notes TO PUBLIC');
});
afterAll(async () => {
  await behind.end();
  await database.stop();
  remove();
});

let logged: string[] = [];

beforeEach(async () => {
  gate = new WithheldGate();
  logged = [];
  const { host, port, user, password } = database;
  const verifier = await makeAgentCredential(token, random);
  const certificate = await loadOrMakeCertificate({ folder: directory, hosts: [], nowMs: Date.now() });
  connector = await new PostgresConnector({
    host: '127.0.0.1',
    port: 0,
    tls: tlsIdentity(certificate),
    targets: [
      {
        name: 'shop',
        protocol: 'postgresql',
        environment: 'production',
        maxConnections: 5,
        preview: false,
        upstream: { host, port, user, password, database: database.database, tls: 'disable' },
      },
    ],
    agentVerifier: () => verifier,
    gate,
    directory: { agent: () => agent, person: () => undefined, people: () => [] },
    clock,
    random,
    hashing,
    publicUrl: 'http://127.0.0.1',
    limits,
    log: {
      failed: () => undefined,
      sessionOpened: ({ session }) => void logged.push(`opened ${session}`),
      sessionClosed: ({ session }) => void logged.push(`closed ${session}`),
      sessionRefused: ({ code }) => void logged.push(`refused ${code}`),
    },
  }).start();
  client = await connect();
});
afterEach(async () => {
  client.end();
  await connector.close();
  await behind.query('TRUNCATE notes');
});

function connect(agentToken = token): Promise<RawClient> {
  const [host = '', port = ''] = connector.address.split(':');
  return RawClient.connect({
    host,
    port: Number(port),
    target: 'shop',
    agent: agent.name,
    agentToken,
  });
}

const intent = (text: string) =>
  eventually(`the intent of ${text}`, () => gate.intents.find(({ command }) => command.includes(text)));
const count = async (): Promise<number> => {
  const { rows } = await behind.query<{ n: number }>('SELECT count(*)::int AS n FROM notes');
  return rows[0]?.n ?? -1;
};
const seenByTarget = async (text: string): Promise<number> => {
  const asked = await behind.query(
    'SELECT FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()',
    [`${text}%`],
  );
  return asked.rowCount ?? 0;
};

describe.each(['simple', 'extended'] as const)('law 7, %s protocol', (protocol) => {
  const send = (sql: string): void =>
    protocol === 'simple' ? client.send(queryMessage(sql)) : client.send(...extended(sql), sync);
  const run = async (sql: string): Promise<void> => {
    send(sql);
    (await intent(sql)).persist();
    await client.until('Z');
  };
  const answersOfResult = (): string => typesOf(client.answers.filter(({ type }) => !'12S'.includes(type)));

  test('a read runs at once, and no byte of its result leaves before its INTENT is durable', async () => {
    send('SELECT id FROM orders ORDER BY id LIMIT 3');
    const { persist } = await intent('SELECT id');
    await eventually('the target to have run it', async () =>
      (await seenByTarget('SELECT id FROM orders')) > 0 ? true : undefined,
    );
    await sleep(aMomentMs);
    expect(answersOfResult()).toBe('');
    persist();
    expect(firstColumn(await client.until('Z'))).toEqual(['1', '2', '3']);
  });

  test('neither does the error of a read, which may quote what it read', async () => {
    send('SELECT email::int FROM customers LIMIT 1');
    const { persist } = await intent('SELECT email');
    await sleep(aMomentMs);
    expect(answersOfResult()).toBe('');
    persist();
    expect(codesOf(await client.until('Z'))).toEqual(['22P02']);
  });

  test('a write by itself is not committed before its INTENT is durable', async () => {
    send('INSERT INTO notes VALUES (1)');
    const { persist } = await intent('INSERT');
    await sleep(aMomentMs);
    expect(await count()).toBe(0);
    persist();
    await client.until('Z');
    expect(await count()).toBe(1);
  });

  test('a write in a transaction is sent at once, its COMMIT only when both are durable', async () => {
    await run('BEGIN');
    send('INSERT INTO notes VALUES (2)');
    const inserted = await intent('INSERT');
    await client.until('Z');
    send('COMMIT');
    const committed = await intent('COMMIT');
    await sleep(aMomentMs);
    expect(await count()).toBe(0);
    inserted.persist();
    await sleep(aMomentMs);
    expect(await count()).toBe(0);
    committed.persist();
    await client.until('Z');
    expect(await count()).toBe(1);
  });

  test('what reaches outside of the transaction is not sent before its INTENT is durable', async () => {
    await run('BEGIN');
    send("SELECT nextval('orders_id_seq')");
    const { persist } = await intent('nextval');
    await sleep(aMomentMs);
    expect(await seenByTarget('SELECT nextval')).toBe(0);
    persist();
    expect(firstColumn(await client.until('Z'))).toHaveLength(1);
  });

  test('the ledger fails: nothing of a read is released, and the session ends with 58030', async () => {
    send('SELECT id FROM orders LIMIT 3');
    const { fail } = await intent('SELECT id');
    await sleep(aMomentMs);
    fail();
    await eventually('the end of the session', () => (client.isClosed ? true : undefined));
    expect(answersOfResult()).toBe('E');
    expect(codesOf(client.answers)).toEqual(['58030']);
  });

  test('the ledger fails: a write that waited for it is never sent, and the session ends with 58030', async () => {
    send('INSERT INTO notes VALUES (3)');
    (await intent('INSERT')).fail();
    await eventually('the end of the session', () => (client.isClosed ? true : undefined));
    await sleep(aMomentMs);
    expect(codesOf(client.answers)).toEqual(['58030']);
    expect(await count()).toBe(0);
  });

  test('the client leaves while its write waits for the disk: it doesn’t run, and that is its one outcome', async () => {
    send('INSERT INTO notes VALUES (4)');
    const { persist } = await intent('INSERT');
    client.end();
    await sleep(aMomentMs);
    persist();
    await eventually('an outcome', () => gate.outcomes[0]);
    await sleep(aMomentMs);
    expect(gate.outcomes.map(({ outcome }) => outcome.status)).toEqual(['refused']);
    expect(await count()).toBe(0);
  });

  test('every authorization gets its one outcome, whatever follows it in one text or round', async () => {
    send('SELECT 1/0');
    for (const { persist } of gate.intents) persist();
    (await intent('1/0')).persist();
    await client.until('Z');
    expect(gate.outcomes.map(({ outcome }) => [outcome.status, outcome.code])).toEqual([['failed', '22012']]);
  });
});

test('the log tells of a session’s beginning and end, and of a client that was refused', async () => {
  await expect(connect('wrong-token')).rejects.toThrow('28P01');
  client.end();
  await eventually('the end', () => (logged.length === 3 ? true : undefined));
  const [opened = ''] = logged;
  expect(logged).toEqual([opened, 'refused 28P01', opened.replace('opened', 'closed')]);
  expect(opened).toMatch(/^opened ses_/);
});

test('the disk is slow: a second read behind the first keeps its place', async () => {
  client.send(queryMessage("SELECT 'first'"));
  const first = await intent('first');
  await sleep(aMomentMs);
  client.send(queryMessage("SELECT 'second'"));
  const second = await intent('second');
  second.persist();
  await sleep(aMomentMs);
  expect(typesOf(client.answers.filter(({ type }) => type !== 'S'))).toBe('');
  first.persist();
  expect(firstColumn(await client.until('Z'))).toEqual(['first']);
  expect(firstColumn(await client.until('Z'))).toEqual(['second']);
});
