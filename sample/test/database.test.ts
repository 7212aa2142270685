import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSampleDatabase, type SampleDatabase } from '../database.ts';
import { hasEnded } from '../processes.ts';
import { makeSeed } from '../seed.ts';
import { removeServerHome } from '../server-home.ts';

const stateDirectory = join(mkdtempSync(join(tmpdir(), 'sallyport-sample-')), 'state');
const counts = { customers: 8000, products: 400, orders: 14000, order_items: 17000, employees: 300 };

async function query(database: SampleDatabase, text: string): Promise<Record<string, unknown>[]> {
  const { host, port, user, password } = database;
  const client = new pg.Client({ host, port, user, password, database: database.database });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

const pidOf = (state: string): number =>
  Number(readFileSync(join(state, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);

/** Starts the database in a process of its own and resolves when it is up. */
async function startElsewhere(state: string) {
  const module = JSON.stringify(new URL('../database.ts', import.meta.url).href);
  const options = JSON.stringify({ stateDirectory: state });
  const program = `const { startSampleDatabase } = await import(${module});
    await startSampleDatabase(${options});
    console.log('up'); setInterval(() => {}, 60_000);`;
  const args = ['--conditions=sallyport-source', '--input-type=module', '-e', program];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) if (line === 'up') break;
  return child;
}

async function kill(child: Awaited<ReturnType<typeof startElsewhere>>): Promise<void> {
  child.kill('SIGKILL');
  expect(await hasEnded(child.pid ?? 0, 5_000)).toBe(true);
}

describe('the rows of the sample', () => {
  it('are the same for the same seed and others for another', () => {
    expect(makeSeed(7)).toEqual(makeSeed(7));
    expect(makeSeed(7)).not.toEqual(makeSeed(8));
  });

  it('hold card numbers of the test range that pass the Luhn check', () => {
    const cards = makeSeed(7)
      .flatMap((table) => table.columns)
      .filter((column) => column.name === 'card_number')
      .flatMap((column) => column.values.map(String));
    expect(cards.length).toBeGreaterThan(15_000);
    expect(cards.filter((card) => !/^400000\d{10}$/.test(card) || !passesLuhn(card))).toEqual([]);
  });
});

describe('the sample database', () => {
  let database: SampleDatabase;
  beforeAll(async () => {
    database = await startSampleDatabase({ stateDirectory });
  });
  afterAll(async () => {
    await database.stop();
    removeServerHome(stateDirectory);
    rmSync(join(stateDirectory, '..'), { recursive: true });
  });

  it('is a PostgreSQL 18 that listens on loopback only and asks for SCRAM', async () => {
    const [row] = await query(
      database,
      "SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('listen_addresses') AS listen",
    );
    expect(row).toEqual({ major: 18, listen: '127.0.0.1' });
    await expect(query({ ...database, password: 'wrong' }, 'SELECT 1')).rejects.toMatchObject({
      code: '28P01',
    });
  });

  it('has about 50,000 rows', async () => {
    for (const [table, count] of Object.entries(counts)) {
      expect(await query(database, `SELECT count(*)::int AS count FROM ${table}`)).toEqual([{ count }]);
    }
    const [row] = await query(database, 'SELECT count(*)::int AS count FROM payments');
    expect(row?.['count']).toBeGreaterThan(9_000);
  });

  it('makes payments with the card of the customer who ordered, over the sum of the items', async () => {
    const [row] = await query(
      database,
      `SELECT count(*)::int AS wrong FROM payments
         JOIN orders ON orders.id = order_id JOIN customers ON customers.id = customer_id
        WHERE payments.card_number <> customers.card_number OR amount_cents <> (
          SELECT sum(quantity * price_cents) FROM order_items JOIN products ON products.id = product_id
           WHERE order_items.order_id = orders.id)`,
    );
    expect(row).toEqual({ wrong: 0 });
  });

  it('gives the gateway a role that owns the tables and is no superuser', async () => {
    const [role] = await query(
      database,
      'SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user',
    );
    expect(role).toEqual({ rolsuper: false, rolcreatedb: false });
    const tables = await query(
      database,
      "SELECT count(*)::int AS count FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user",
    );
    expect(tables).toEqual([{ count: 6 }]);
  });

  it('keeps its secrets from other users of the machine', () => {
    expect(statSync(stateDirectory).mode & 0o777).toBe(0o700);
    for (const name of ['postgres-superuser', 'postgres-gateway']) {
      expect(statSync(join(stateDirectory, 'secrets', name)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(join(stateDirectory, 'postgres', 'data')).mode & 0o777).toBe(0o700);
  });

  it('refuses a second run on the same folder while the first lives', async () => {
    await expect(startSampleDatabase({ stateDirectory })).rejects.toThrow(
      `in use by process ${process.pid}. Stop that one`,
    );
  });

  it('finds its data as it was left at the second start, at the same address', async () => {
    await query(database, 'DROP TABLE order_items; DELETE FROM payments');
    const { port } = database;
    await database.stop();
    database = await startSampleDatabase({ stateDirectory });
    expect(database.port).toBe(port);
    const [left] = await query(
      database,
      "SELECT to_regclass('order_items') AS items, (SELECT count(*)::int FROM payments) AS payments",
    );
    expect(left).toEqual({ items: null, payments: 0 });
  });

  it('stops the server that a killed run left behind, and starts', async () => {
    await database.stop();
    const run = await startElsewhere(stateDirectory);
    const orphan = pidOf(stateDirectory);
    await kill(run);
    database = await startSampleDatabase({ stateDirectory });
    expect(await hasEnded(orphan, 0)).toBe(true);
    expect(pidOf(stateDirectory)).not.toBe(orphan);
    expect(await query(database, 'SELECT count(*)::int AS count FROM customers')).toEqual([{ count: 8000 }]);
  });

  it('starts after run and server were killed at once', async () => {
    await database.stop();
    const run = await startElsewhere(stateDirectory);
    process.kill(pidOf(stateDirectory), 'SIGKILL');
    await kill(run);
    database = await startSampleDatabase({ stateDirectory });
    expect(await query(database, 'SELECT count(*)::int AS count FROM customers')).toEqual([{ count: 8000 }]);
  });

  it('leaves alone the program that got the pid of a dead server', async () => {
    await database.stop();
    const bystander = spawn('sleep', ['60']);
    const lines = [bystander.pid, join(stateDirectory, 'postgres/data'), 1, 1, '', '127.0.0.1', '', 'ready'];
    writeFileSync(join(stateDirectory, 'postgres/data/postmaster.pid'), `${lines.join('\n')}\n`);
    database = await startSampleDatabase({ stateDirectory });
    expect(bystander.exitCode).toBe(null);
    expect(bystander.signalCode).toBe(null);
    bystander.kill();
  });

  it('moves to another port when its own was taken meanwhile, but not when one was asked for', async () => {
    const { port } = database;
    await database.stop();
    const { createServer } = await import('node:net');
    const squatter = createServer().listen(port, '127.0.0.1');
    await expect(startSampleDatabase({ stateDirectory, port })).rejects.toThrow(`Port ${port} is taken`);
    database = await startSampleDatabase({ stateDirectory });
    expect(database.port).not.toBe(port);
    squatter.close();
  });
});

function passesLuhn(card: string): boolean {
  const digits = [...card].reverse().map(Number);
  const sum = digits.reduce((total, digit, at) => {
    if (at % 2 === 0) return total + digit;
    return total + (digit * 2 > 9 ? digit * 2 - 9 : digit * 2);
  }, 0);
  return sum % 10 === 0;
}
