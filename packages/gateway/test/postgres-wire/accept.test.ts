import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptClient } from '../../src/connectors/postgres/wire/accept.ts';
import type { AcceptedClient, AcceptOptions } from '../../src/connectors/postgres/wire/accept.ts';
import {
  backendKeyData,
  commandComplete,
  emptyQueryResponse,
  parameterStatus,
  readyForQuery,
} from '../../src/connectors/postgres/wire/backend.ts';
import { loadOrMakeCertificate, tlsIdentity } from '../../src/connectors/postgres/wire/certificate.ts';
import { FrameSplitter } from '../../src/connectors/postgres/wire/frames.ts';
import { frontend } from '../../src/connectors/postgres/wire/messages.ts';
import { makeVerifier, scramIterations } from '../../src/connectors/postgres/wire/scram.ts';
import { clock as systemClock, random as systemRandom } from '../../src/system.ts';

const token = 'canary-token-1f6d';
const verifier = makeVerifier(token, Buffer.alloc(16, 3), scramIterations);
const cancelKey = Buffer.from('feedface', 'hex');

let folder: string;
let server: Server;
let port = 0;
const accepted: AcceptedClient[] = [];
const cancels: string[] = [];

/** Takes every statement and does nothing: what is tested ends where the session begins. */
function serve(client: AcceptedClient): void {
  const { socket } = client;
  const splitter = new FrameSplitter({ maxBytes: () => 1 << 20 });
  const parameters = [
    ['server_version', '18.0'],
    ['client_encoding', 'UTF8'],
    ['standard_conforming_strings', 'on'],
  ] as const;
  socket.write(
    Buffer.concat([
      ...parameters.map(([name, value]) => parameterStatus(name, value)),
      backendKeyData(77, cancelKey),
      readyForQuery('I'),
    ]),
  );
  const push = (chunk: Buffer) =>
    splitter.push(chunk, (type, frame) => {
      if (type === frontend.terminate) socket.end();
      if (type !== frontend.query || frame.includes('pg_sleep')) return;
      const answer = frame.length > 6 ? commandComplete('SELECT 0') : emptyQueryResponse;
      socket.write(Buffer.concat([answer, readyForQuery('I')]));
    });
  push(client.rest);
  socket.on('data', push);
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'accept-'));
  const certificate = await loadOrMakeCertificate({ folder, hosts: ['gate.test'], nowMs: Date.now() });
  const options: AcceptOptions = {
    tls: tlsIdentity(certificate),
    allowPlainTextFromOtherHosts: false,
    lookupVerifier: (user) => (user === 'agent' ? verifier : undefined),
    onCancel: (processId, secretKey) => void cancels.push(`${processId} ${secretKey.toString('hex')}`),
    onRefused: () => undefined,
    fakeVerifierSecret: Buffer.alloc(32, 5),
    clock: systemClock,
    random: systemRandom,
    handshakeMs: 10_000,
  };
  server = createServer((socket) => {
    void acceptClient(socket, options).then((client) => {
      if (client === null) return;
      accepted.push(client);
      serve(client);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});

afterAll(async () => {
  for (const client of accepted) client.socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

interface Run {
  readonly code: number;
  readonly said: string;
}

function psql(
  connection: string,
  environment: Record<string, string> = {},
  statement = 'SELECT',
): Promise<Run> {
  const args = ['-X', '-q', '-w', '-c', statement, `host=127.0.0.1 port=${port} dbname=db ${connection}`];
  const env = {
    PATH: process.env['PATH'],
    PGPASSWORD: token,
    PGCONNECT_TIMEOUT: '5',
    HOME: folder,
    ...environment,
  };
  return new Promise((resolve) => {
    execFile('psql', args, { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr });
    });
  });
}

const last = () => accepted.at(-1)!;

describe('psql with the right token', () => {
  it('is served in plain text on this machine', async () => {
    expect(await psql('user=agent sslmode=disable')).toEqual({ code: 0, said: '' });
    expect(last()).toMatchObject({ user: 'agent', database: 'db', isEncrypted: false });
  });

  it.each(['require', 'prefer', 'require channel_binding=require'])(
    'is served over TLS (sslmode=%s)',
    async (mode) => {
      expect(await psql(`user=agent sslmode=${mode}`)).toEqual({ code: 0, said: '' });
      expect(last()).toMatchObject({ isEncrypted: true });
    },
  );

  it('is served over TLS with the certificate verified for the host', async () => {
    const root = `sslrootcert=${path.join(folder, 'postgres-tls.crt')}`;
    expect(await psql(`user=agent sslmode=verify-full host=localhost ${root}`)).toEqual({
      code: 0,
      said: '',
    });
    expect(
      await psql(`user=agent sslmode=verify-full host=gate.test hostaddr=127.0.0.1 ${root}`),
    ).toMatchObject({ code: 0 });
    expect(
      await psql(`user=agent sslmode=verify-full host=other.test hostaddr=127.0.0.1 ${root}`),
    ).toMatchObject({ code: 2 });
  });

  it('states its task in the connection options', async () => {
    await psql('user=agent', { PGOPTIONS: '-c sallyport.task=move\\ the\\ money' });
    expect(last().settings).toContainEqual(['sallyport.task', 'move the money']);
  });

  it('is refused in another encoding', async () => {
    const run = await psql('user=agent', { PGCLIENTENCODING: 'LATIN1' });
    expect(run).toMatchObject({ code: 2, said: expect.stringContaining('UTF8') as string });
  });
});

describe('psql with something else', () => {
  it('is told the same for a wrong token and an unknown agent, and no token is repeated', async () => {
    for (const mode of ['disable', 'require']) {
      const wrong = await psql(`user=agent sslmode=${mode}`, { PGPASSWORD: 'canary-other' });
      const unknown = await psql(`user=nobody sslmode=${mode}`);
      expect(wrong).toMatchObject({
        code: 2,
        said: expect.stringContaining('authentication failed') as string,
      });
      expect(unknown.said).toBe(wrong.said);
      expect(wrong.said).not.toContain('canary');
    }
  });
});

describe('the pg driver', () => {
  const config = (more: pg.ClientConfig = {}) => ({
    host: '127.0.0.1',
    port: port,
    user: 'agent',
    password: token,
    database: 'db',
    ...more,
  });

  it.each([
    ['in plain text', undefined],
    ['over TLS', { rejectUnauthorized: false }],
  ])('is served %s', async (_name, ssl) => {
    const client = new pg.Client(config(ssl === undefined ? {} : { ssl }));
    await client.connect();
    expect((await client.query('SELECT')).rows).toEqual([]);
    expect(last().isEncrypted).toBe(ssl !== undefined);
    await client.end();
  });

  it('binds its authentication to the certificate when it is told to', async () => {
    const client = new pg.Client({
      ...config({ ssl: { rejectUnauthorized: false } }),
      enableChannelBinding: true,
    });
    await client.connect();
    await client.end();
  });

  it('learns why it is refused by the code of a wrong password', async () => {
    const client = new pg.Client(config({ password: 'canary-other' }));
    await expect(client.connect()).rejects.toMatchObject({ code: '28P01', severity: 'FATAL' });
  });
});

describe('the postgres driver', () => {
  it('is served over TLS, and its cancel request arrives', async () => {
    const sql = postgres({
      host: '127.0.0.1',
      port,
      user: 'agent',
      password: token,
      database: 'db',
      ssl: { rejectUnauthorized: false },
      max: 1,
      fetch_types: false,
    });
    await sql.unsafe('SELECT').simple();
    const running = sql.unsafe('SELECT pg_sleep(30)').simple();
    running.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    running.cancel();
    await expect.poll(() => cancels, { timeout: 5_000 }).toContain('77 feedface');
    await sql.end({ timeout: 0 });
  });
});
