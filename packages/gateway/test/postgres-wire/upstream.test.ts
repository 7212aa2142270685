import { inspect } from 'node:util';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  authenticationOk,
  authenticationSasl,
  authenticationSaslContinue,
  readyForQuery,
  parseReport,
} from '../../src/connectors/postgres/wire/backend.ts';
import { BackendScanner } from '../../src/connectors/postgres/wire/frames.ts';
import { queryMessage } from '../../src/connectors/postgres/wire/frontend.ts';
import { inboxOf } from '../../src/connectors/postgres/wire/inbox.ts';
import { backend, typeTable } from '../../src/connectors/postgres/wire/messages.ts';
import { startUpstream } from '../../src/connectors/postgres/wire/upstream-start.ts';
import {
  cancelUpstream,
  connectUpstream,
  UpstreamError,
} from '../../src/connectors/postgres/wire/upstream.ts';
import type { Upstream, UpstreamOptions } from '../../src/connectors/postgres/wire/upstream.ts';
import { clock as systemClock, random as systemRandom } from '../../src/system.ts';
import { frame, int32 } from '../../src/connectors/postgres/wire/writer.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { password, startServer } from './server.ts';
import type { TestServer } from './server.ts';

let server: TestServer;
const open: { destroy(): unknown }[] = [];

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

function options(more: Partial<UpstreamOptions> = {}): UpstreamOptions {
  return {
    host: '127.0.0.1',
    port: server.port,
    database: 'postgres',
    user: 'scram_user',
    password,
    parameters: { application_name: 'gate' },
    clock: systemClock,
    random: systemRandom,
    timeoutMs: 5_000,
    ...more,
  };
}

async function connected(more: Partial<UpstreamOptions> = {}): Promise<Upstream> {
  const upstream = await connectUpstream(options(more));
  open.push(upstream.socket);
  return upstream;
}

async function failure(more: Partial<UpstreamOptions> = {}): Promise<UpstreamError> {
  const error: unknown = await connected(more).catch((reason: unknown) => reason);
  if (!(error instanceof UpstreamError)) return expect.unreachable(inspect(error));
  // Law 8: whatever goes wrong, the credential is in nothing that is reported.
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(password);
  return error;
}

/** Rows of one statement, and what ended it. */
async function query(
  upstream: Upstream,
  text: string,
  how: 'events' | 'listen' = 'listen',
): Promise<{ rows: number; end: string; error: string }> {
  const told = { rows: 0, end: '', error: '' };
  const scanner = new BackendScanner({
    sink: {
      passthrough: () => undefined,
      control(type, bytes) {
        if (type === backend.readyForQuery) told.end = bytes.toString('latin1', 5);
        const report = type === backend.errorResponse ? parseReport(bytes) : undefined;
        if (report?.ok === true) told.error = report.value.code;
      },
    },
    controlTypes: typeTable([backend.readyForQuery, backend.errorResponse]),
    maxControlBytes: 65_536,
  });
  if (how === 'events') upstream.socket.on('data', (chunk: Buffer) => scanner.push(chunk));
  else {
    upstream.listen((chunk) => {
      scanner.push(chunk);
      return 'done';
    });
  }
  upstream.socket.write(queryMessage(text));
  await expect.poll(() => told.end, { timeout: 10_000 }).not.toBe('');
  return { ...told, rows: scanner.rows };
}

describe('a target that asks for', () => {
  it.each([
    ['SCRAM', 'scram_user'],
    ['md5', 'md5_user'],
    ['the password in clear text, on this machine', 'clear_user'],
    ['nothing', 'trusted_user'],
  ])('%s is connected to', async (_name, user) => {
    const upstream = await connected({ user });
    expect(upstream).toMatchObject({ status: 'I', isEncrypted: false, minor: 0 });
    expect(upstream.parameters.get('client_encoding')).toBe('UTF8');
    expect(upstream.parameters.get('application_name')).toBe('gate');
    expect(upstream.processId).toBeGreaterThan(0);
    expect(upstream.secretKey).toHaveLength(4);
    expect(await query(upstream, 'SELECT 1')).toEqual({ rows: 1, end: 'I', error: '' });
  });

  it.each(['scram_user', 'md5_user', 'clear_user'])(
    'a password says no to another one (%s)',
    async (user) => {
      const error = await failure({ user, password: 'another' });
      expect(error).toMatchObject({
        code: 'rejected',
        message: 'the target refused the connection (SQLSTATE 28P01)',
      });
      expect(error.report).toContain(user);
    },
  );
});

describe('a target with TLS', () => {
  const tlsUser = { user: 'tls_user', host: 'localhost' } as const;

  it('is connected to where its certificate is trusted and made for the host', async () => {
    const upstream = await connected({ ...tlsUser, tls: 'verify-full', ca: server.certificate });
    expect(upstream.isEncrypted).toBe(true);
    expect(await query(upstream, 'SELECT 1')).toMatchObject({ rows: 1 });
  });

  it('is refused where nobody vouches for its certificate', async () => {
    expect(await failure({ ...tlsUser, tls: 'verify-full' })).toMatchObject({ code: 'tls' });
  });

  it('is refused where its certificate is for another host', async () => {
    expect(
      await failure({ ...tlsUser, host: '127.0.0.2', tls: 'verify-full', ca: server.certificate }),
    ).toMatchObject({
      code: expect.stringMatching(/^(tls|unreachable)$/) as string,
    });
  });

  it('is connected to without proof of who it is only where the option says so', async () => {
    expect(await connected({ ...tlsUser, tls: 'require-unverified' })).toMatchObject({ isEncrypted: true });
  });

  it('that refuses plain text is not reached in plain text', async () => {
    expect(await failure({ user: 'tls_user' })).toMatchObject({ code: 'rejected' });
  });
});

it('a target that speaks protocol 3.2 gives a longer cancel key', async () => {
  const upstream = await connected({ minor: 2 });
  expect(upstream.minor).toBe(2);
  expect(upstream.secretKey).toHaveLength(32);
});

it.each([0, 2] as const)(
  'a running statement is cancelled over a connection of its own (protocol 3.%d)',
  async (minor) => {
    const upstream = await connected({ minor });
    const running = query(upstream, 'SELECT pg_sleep(30)');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await cancelUpstream(options(), upstream.processId, upstream.secretKey);
    expect(await running).toMatchObject({ error: '57014', end: 'I' });
  },
);

describe.each(['events', 'listen'] as const)('a result read by %s', (how) => {
  it('passes whole, a row of 20 MB and many small ones', async () => {
    const upstream = await connected();
    const statement = "SELECT repeat('x', 20000000); SELECT * FROM generate_series(1, 200000)";
    expect(await query(upstream, statement, how)).toEqual({ rows: 200_001, end: 'I', error: '' });
  });

  it('comes over TLS as well', async () => {
    const upstream = await connected({ tls: 'require-unverified' });
    expect(await query(upstream, 'SELECT * FROM generate_series(1, 50000)', how)).toMatchObject({
      rows: 50_000,
    });
  });
});

describe('direct reads', () => {
  it('leave what was kept as it was read', async () => {
    const upstream = await connected();
    const chunks: Buffer[] = [];
    const copies: Buffer[] = [];
    upstream.listen((chunk) => {
      chunks.push(chunk);
      copies.push(Buffer.from(chunk));
      return 'kept';
    });
    upstream.socket.write(queryMessage('SELECT md5(n::text) FROM generate_series(1, 50000) n'));
    await expect.poll(() => copies.at(-1)?.subarray(-6).equals(readyForQuery('I'))).toBe(true);
    expect(chunks.length).toBeGreaterThan(5);
    expect(Buffer.concat(chunks).equals(Buffer.concat(copies))).toBe(true);
  });

  it('stop while the socket is paused, and go on', async () => {
    const upstream = await connected();
    let bytes = 0;
    upstream.listen((chunk) => {
      if (bytes === 0) upstream.socket.pause();
      bytes += chunk.length;
      return 'done';
    });
    upstream.socket.write(queryMessage('SELECT md5(n::text) FROM generate_series(1, 200000) n'));
    await expect.poll(() => bytes).toBeGreaterThan(0);
    const atPause = bytes;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(bytes).toBe(atPause);
    upstream.socket.resume();
    await expect.poll(() => bytes).toBeGreaterThan(200_000 * 39);
  });

  it('tell when the target is gone', async () => {
    const upstream = await connected();
    upstream.listen(() => 'done');
    const closed = new Promise((resolve) => upstream.socket.once('close', resolve));
    const other = await connected({ user: 'postgres' });
    await query(other, `SELECT pg_terminate_backend(${upstream.processId})`);
    await closed;
  });
});

describe('a server that only pretends', () => {
  /** Answers each chunk that comes with the next of `answers`. */
  async function pretender(...answers: Buffer[]): Promise<number> {
    const pretends = createServer((socket) => {
      let turn = 0;
      socket.on('error', () => undefined);
      socket.on('data', () => {
        const answer = answers[turn++];
        if (answer !== undefined) socket.write(answer);
      });
    });
    open.push({ destroy: () => pretends.close() });
    await new Promise<void>((resolve) => pretends.listen(0, '127.0.0.1', resolve));
    return (pretends.address() as AddressInfo).port;
  }
  const ready = Buffer.concat([authenticationOk, readyForQuery('I')]);
  const scram = authenticationSasl(['SCRAM-SHA-256']);

  it.each([
    ['skips its own proof at once', [scram, ready]],
    [
      'skips its own proof after the challenge',
      [scram, authenticationSaslContinue('r=,s=QUJD,i=4096'), ready],
    ],
    ['offers a mechanism that is not spoken', [authenticationSasl(['PLAIN'])]],
    ['asks for Kerberos', [frame(backend.authentication, int32(7))]],
  ])('is refused when it %s', async (_name, answers) => {
    expect(await failure({ port: await pretender(...answers) })).toMatchObject({ code: 'authentication' });
  });

  it.each([
    ['speaks HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['lies about a length', Buffer.from([backend.authentication, 0x7f, 0xff, 0xff, 0xff])],
    ['sends rows before it has asked who is there', frame(backend.dataRow, Buffer.alloc(4))],
    ['is ready in another encoding', ready],
  ])('is refused when it %s', async (_name, answer) => {
    expect(await failure({ port: await pretender(answer) })).toMatchObject({ code: 'protocol' });
  });

  it.each([
    ['has no TLS', Buffer.from('N')],
    ['sends plain text behind its answer to the TLS request', Buffer.concat([Buffer.from('S'), ready])],
    ['answers the TLS request with an error', frame(backend.errorResponse, Buffer.of(0))],
  ])('is refused when it %s', async (_name, answer) => {
    expect(await failure({ port: await pretender(answer), tls: 'require-unverified' })).toMatchObject({
      code: 'tls',
    });
  });

  it('is given up when its time is over', async () => {
    const clock = createFakeClock();
    const port = await pretender(Buffer.alloc(0));
    const error = failure({ port, clock });
    await new Promise((resolve) => setTimeout(resolve, 50));
    clock.advance(5_000);
    expect(await error).toMatchObject({ code: 'timeout' });
  });

  it('is not given the password in clear text when nobody vouches for it', async () => {
    const port = await pretender(frame(backend.authentication, int32(3)));
    const socket: Socket = connect(port, '127.0.0.1');
    open.push(socket);
    const seen: string[] = [];
    const write = socket.write.bind(socket);
    socket.write = (bytes: Buffer) => write((seen.push(bytes.toString('latin1')), bytes));
    const dialled = {
      socket,
      source: inboxOf(socket),
      listen: () => undefined,
      isPeerCertain: false,
      isEncrypted: true,
      channelBinding: null,
    };
    await expect(startUpstream(dialled, options())).rejects.toMatchObject({ code: 'authentication' });
    expect(seen.join('')).not.toContain(password);
  });
});

it('a port where nobody listens is unreachable', async () => {
  expect(await failure({ port: 1 })).toMatchObject({ code: 'unreachable' });
});
