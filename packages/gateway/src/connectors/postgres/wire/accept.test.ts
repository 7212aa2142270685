import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, createFakeRandom } from '../../../../test/support/fake-clock.ts';
import { limits } from '../../../limits.ts';
import { acceptClient } from './accept.ts';
import type { AcceptedClient, AcceptOptions } from './accept.ts';
import {
  authenticationOk,
  parseAuthentication,
  parseNegotiateProtocolVersion,
  parseReport,
} from './backend.ts';
import { loadOrMakeCertificate, tlsIdentity } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { queryMessage, saslInitialResponse, saslResponse } from './frontend.ts';
import { inboxOf } from './inbox.ts';
import { backend, requestCode } from './messages.ts';
import { makeVerifier, scramIterations } from './scram.ts';
import { answerServerFirst, clientFirstMessage, startScram } from './scram-client.ts';
import { cancelRequest, sslRequest, startupMessage } from './startup.ts';
import { int32, packet } from './writer.ts';

const token = 'canary-token-1f6d';
const verifiers = new Map([['agent', makeVerifier(token, Buffer.alloc(16, 3), scramIterations)]]);
const hello = (extra: Record<string, string> = {}, version = 0x0003_0000) =>
  startupMessage(version, Object.entries({ user: 'agent', database: 'db', ...extra }));
const gssRequest = packet(int32(requestCode.gssEncryption));

let folder: string;
let certificate: Certificate;
let server: Server;
let outcomes: (AcceptedClient | null)[];
let cancels: { processId: number; secretKey: Buffer }[];
let peers: Socket[];
let arrivals = 0;
let refusals: string[] = [];
let clock = createFakeClock();
let remoteAddress: string | undefined;
let options: AcceptOptions;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'accept-'));
  certificate = await loadOrMakeCertificate({ folder, hosts: [], nowMs: Date.now() });
});

afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  [outcomes, cancels, peers, refusals, remoteAddress] = [[], [], [], [], undefined];
  clock = createFakeClock();
  options = {
    tls: tlsIdentity(certificate),
    allowPlainTextFromOtherHosts: false,
    lookupVerifier: (user) => verifiers.get(user),
    onCancel: (processId, secretKey) => void cancels.push({ processId, secretKey }),
    onRefused: (code) => void refusals.push(code),
    fakeVerifierSecret: Buffer.alloc(32, 5),
    clock,
    random: createFakeRandom(),
    handshakeMs: 10_000,
  };
  const ours = outcomes;
  arrivals = 0;
  server = createServer((socket) => {
    arrivals += 1;
    if (remoteAddress !== undefined) Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress });
    void acceptClient(socket, options).then((outcome) => ours.push(outcome));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  for (const socket of [...peers, ...outcomes.map((outcome) => outcome?.socket)]) socket?.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** A raw client: what it sends is up to the test. */
class Raw {
  readonly socket: Socket;
  readonly inbox;

  constructor(socket: Socket) {
    socket.on('error', () => undefined);
    peers.push(socket);
    this.socket = socket;
    this.inbox = inboxOf(socket).inbox;
  }

  static dial(): Raw {
    return new Raw(connect((server.address() as AddressInfo).port, '127.0.0.1'));
  }

  send(...parts: Buffer[]): this {
    this.socket.write(Buffer.concat(parts));
    return this;
  }

  async byte(): Promise<string | undefined> {
    return (await this.inbox.take(1))?.toString();
  }

  async message(): Promise<Buffer | null> {
    const header = await this.inbox.take(5);
    const body = header && (await this.inbox.take(header.readInt32BE(1) - 4));
    return header && body && Buffer.concat([header, body]);
  }

  /** The error that ends the connection, or null where it ends without a word. */
  async refusal(): Promise<string | null> {
    const message = await this.message();
    if (message === null) return null;
    expect(message[0]).toBe(backend.errorResponse);
    const report = parseReport(message);
    expect(await this.message()).toBeNull();
    return report.ok ? report.value.code : 'unreadable';
  }

  async tls(alpn: string[] = ['postgresql']): Promise<Raw> {
    const secured = connectTls({ socket: this.socket, rejectUnauthorized: false, ALPNProtocols: alpn });
    secured.on('error', () => undefined);
    await new Promise((resolve) => secured.once('secureConnect', resolve).once('close', resolve));
    return new Raw(secured);
  }

  /** SCRAM, up to what the server says in the end. */
  async login(password: string): Promise<Buffer | null> {
    const offered = parseAuthentication((await this.message())!);
    if (!offered.ok || offered.value.kind !== 'sasl') return expect.unreachable();
    const start = startScram(offered.value.mechanisms, null, 'nonce')!;
    this.send(
      saslInitialResponse('SCRAM-SHA-256', Buffer.from(clientFirstMessage({ ...start, gs2Header: 'n,,' }))),
    );
    const challenge = parseAuthentication((await this.message())!);
    if (!challenge.ok || challenge.value.kind !== 'saslContinue') return expect.unreachable();
    const final = await answerServerFirst({ ...start, gs2Header: 'n,,' }, challenge.value.data, password);
    if (!final.ok) return expect.unreachable();
    this.send(saslResponse(Buffer.from(final.value.message)));
    return this.message();
  }
}

async function outcome(): Promise<AcceptedClient | null> {
  await expect.poll(() => outcomes.length).toBe(1);
  return outcomes[0]!;
}

describe('a client with the right token', () => {
  it('is accepted over TLS, with everything it asked for', async () => {
    const plain = Raw.dial().send(sslRequest);
    expect(await plain.byte()).toBe('S');
    const raw = (await plain.tls()).send(hello({ options: '-c sallyport.task=x' }, 0x0003_0002));
    expect((await raw.login(token))?.[0]).toBe(backend.authentication);
    expect(await raw.message()).toEqual(authenticationOk);
    expect(await outcome()).toMatchObject({
      user: 'agent',
      database: 'db',
      minor: 2,
      isEncrypted: true,
      settings: [['sallyport.task', 'x']],
    });
  });

  it('is accepted in plain text from this machine', async () => {
    expect((await Raw.dial().send(hello()).login(token))?.[0]).toBe(backend.authentication);
    expect(await outcome()).toMatchObject({ isEncrypted: false, minor: 0 });
  });

  it('is accepted when every byte comes alone', async () => {
    const raw = Raw.dial();
    raw.socket.setNoDelay(true);
    for (const byte of hello()) {
      raw.send(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    expect((await raw.login(token))?.[0]).toBe(backend.authentication);
  });

  it('is accepted over TLS without a request, by the name of the protocol', async () => {
    const raw = await Raw.dial().tls();
    expect((await raw.send(hello()).login(token))?.[0]).toBe(backend.authentication);
    expect(await outcome()).toMatchObject({ isEncrypted: true });
  });

  it('loses nothing of what it sends ahead, nor of what it sends later', async () => {
    const raw = Raw.dial().send(hello());
    const [first, second] = [queryMessage('SELECT 1'), queryMessage('SELECT 2')];
    const write = raw.socket.write.bind(raw.socket);
    raw.socket.write = (bytes: Buffer) =>
      write(bytes.includes('c=biws') ? Buffer.concat([bytes, first]) : bytes);
    await raw.login(token);
    raw.send(second);
    const accepted = (await outcome())!;
    const received = [accepted.rest];
    accepted.socket.on('data', (chunk: Buffer) => received.push(chunk));
    await expect.poll(() => Buffer.concat(received)).toEqual(Buffer.concat([first, second]));
  });

  it('is told which protocol is spoken when it asks for a later one', async () => {
    const raw = Raw.dial().send(hello({ '_pq_.later': '1' }, 0x0003_270f));
    expect(parseNegotiateProtocolVersion((await raw.message())!)).toEqual({
      ok: true,
      value: { version: 0x0003_0002, unknownOptions: ['_pq_.later'] },
    });
    expect((await raw.login(token))?.[0]).toBe(backend.authentication);
    expect(await outcome()).toMatchObject({ minor: 2 });
  });
});

describe('a client that cannot prove itself', () => {
  async function attempt(user: string, password: string) {
    const raw = Raw.dial().send(hello({ user }));
    const answer = (await raw.login(password))!;
    expect(await raw.message()).toBeNull();
    return answer;
  }

  it('is told the same for a wrong token and for a user that does not exist, and the answer names neither', async () => {
    const wrong = await attempt('agent', 'canary-wrong');
    const unknown = await attempt('canary-nobody', token);
    expect(parseReport(wrong)).toMatchObject({ ok: true, value: { code: '28P01', severity: 'FATAL' } });
    expect(new Set(refusals)).toEqual(new Set(['28P01']));
    expect(unknown).toEqual(wrong);
    expect(wrong.toString()).not.toContain('canary');
    expect(outcomes).toEqual([null, null]);
  });

  it('is challenged alike: a user that does not exist has a salt of its own that stays', async () => {
    const challenges = [];
    for (const user of ['nobody', 'nobody', 'somebody', 'agent']) {
      const raw = Raw.dial().send(hello({ user }));
      await raw.message();
      raw.send(saslInitialResponse('SCRAM-SHA-256', Buffer.from('n,,n=,r=abc')));
      const challenge = parseAuthentication((await raw.message())!);
      challenges.push(
        challenge.ok && challenge.value.kind === 'saslContinue' ? /,s=.*/.exec(challenge.value.data)![0] : '',
      );
    }
    expect(challenges[0]).toBe(challenges[1]);
    expect(new Set(challenges).size).toBe(3);
    expect(new Set(challenges.map((challenge) => challenge.length)).size).toBe(1);
  });

  it('is refused where its stored verifier cannot be read', async () => {
    options = { ...options, lookupVerifier: () => 'SCRAM-SHA-256$broken' };
    expect(parseReport(await attempt('agent', token))).toMatchObject({ value: { code: '28P01' } });
  });

  it.each([
    ['another mechanism', saslInitialResponse('PLAIN', Buffer.from('\0agent\0x'))],
    ['an exchange that is none', saslInitialResponse('SCRAM-SHA-256', Buffer.from('hello'))],
    [
      'binding without TLS',
      saslInitialResponse('SCRAM-SHA-256-PLUS', Buffer.from('p=tls-server-end-point,,n=,r=abc')),
    ],
  ])('is refused alike with %s', async (_name, message) => {
    const raw = Raw.dial().send(hello());
    await raw.message();
    expect(await raw.send(message).refusal()).toBe('28P01');
  });

  it.each([
    ['a statement', queryMessage('SELECT 1')],
    ['an SSL request after the startup packet', sslRequest],
    ['a password message with a length that lies', Buffer.from([0x70, 0x7f, 0xff, 0xff, 0xff])],
    ['a negative length', Buffer.from([0x70, 0xff, 0xff, 0xff, 0xff])],
  ])('is cut off when it sends %s instead of a password', async (_name, bytes) => {
    const raw = Raw.dial().send(hello());
    await raw.message();
    expect(await raw.send(bytes).message()).toBeNull();
    expect(await outcome()).toBeNull();
  });
});

describe('encryption', () => {
  it('is required of other hosts', async () => {
    remoteAddress = '203.0.113.9';
    expect(await Raw.dial().send(hello()).refusal()).toBe('28000');
    expect(await outcome()).toBeNull();
  });

  it('is enough for other hosts', async () => {
    remoteAddress = '203.0.113.9';
    const raw = await Raw.dial().tls();
    expect((await raw.send(hello()).login(token))?.[0]).toBe(backend.authentication);
  });

  it('is not required of other hosts where the option says so', async () => {
    remoteAddress = '203.0.113.9';
    options = { ...options, allowPlainTextFromOtherHosts: true };
    expect((await Raw.dial().send(hello()).login(token))?.[0]).toBe(backend.authentication);
  });

  it('is refused in words that the client understands where there is no certificate', async () => {
    options = { ...options, tls: null };
    const raw = Raw.dial().send(sslRequest);
    expect(await raw.byte()).toBe('N');
    expect((await raw.send(hello()).login(token))?.[0]).toBe(backend.authentication);
  });

  it('by GSSAPI is refused, and TLS can follow', async () => {
    const raw = Raw.dial().send(gssRequest);
    expect(await raw.byte()).toBe('N');
    expect(await raw.send(sslRequest).byte()).toBe('S');
  });

  it.each([
    [
      'bytes behind the request, which somebody in between may have put there',
      [Buffer.concat([sslRequest, hello()])],
    ],
    ['bytes behind a GSSAPI request', [Buffer.concat([gssRequest, hello()])]],
    ['GSSAPI requests without end', [gssRequest, gssRequest]],
  ])('ends the connection on %s', async (_name, sends) => {
    const raw = Raw.dial();
    for (const [index, bytes] of sends.entries()) {
      raw.send(bytes);
      if (index < sends.length - 1) await raw.byte();
    }
    expect(await raw.message()).toBeNull();
    expect(await outcome()).toBeNull();
  });

  it('is not asked for twice', async () => {
    options = { ...options, tls: null };
    const raw = Raw.dial().send(sslRequest);
    expect(await raw.byte()).toBe('N');
    expect(await raw.send(sslRequest).message()).toBeNull();
  });

  it('is not asked for inside of itself', async () => {
    const plain = Raw.dial().send(sslRequest);
    await plain.byte();
    expect(await (await plain.tls()).send(sslRequest).message()).toBeNull();
    expect(await outcome()).toBeNull();
  });

  it('without a request needs the name of the protocol', async () => {
    const raw = await Raw.dial().tls([]);
    expect(await raw.send(hello()).message()).toBeNull();
    expect(await outcome()).toBeNull();
  });

  it('that is not TLS ends the connection', async () => {
    const raw = Raw.dial().send(sslRequest);
    await raw.byte();
    raw.send(hello());
    await expect.poll(() => outcomes).toEqual([null]);
  });
});

describe('a startup packet', () => {
  it.each([
    ['replication', hello({ replication: 'database' }), '0A000'],
    ['another encoding', hello({ client_encoding: 'LATIN1' }), '22023'],
    ['protocol 2', packet(int32(0x0002_0000), Buffer.alloc(20)), '0A000'],
    [
      'a user given twice',
      startupMessage(0x0003_0000, [
        ['user', 'agent'],
        ['user', 'root'],
      ]),
      '08P01',
    ],
    ['invalid UTF-8', packet(int32(0x0003_0000), Buffer.from([0x75, 0xff, 0, 0x61, 0, 0])), '08P01'],
    ['bytes behind its end', packet(hello().subarray(4), Buffer.of(0)), '08P01'],
  ])('with %s is refused', async (_name, bytes, code) => {
    expect(await Raw.dial().send(bytes).refusal()).toBe(code);
    expect(await outcome()).toBeNull();
  });

  it.each([
    ['over the limit', int32(limits.startupBytes + 1)],
    ['shorter than its own header', int32(7)],
    ['negative', int32(-1)],
    ['that is the beginning of an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('with a length %s is cut off before its body arrives', async (_name, bytes) => {
    expect(await Raw.dial().send(bytes).message()).toBeNull();
    expect(await outcome()).toBeNull();
  });
});

describe('time', () => {
  it.each([
    ['says nothing', []],
    ['stops in the middle of its startup packet', [hello().subarray(0, 9)]],
    ['stops before its password', [hello()]],
  ])('runs out for a client that %s', async (_name, sends) => {
    const raw = Raw.dial().send(...sends);
    if (sends[0]?.length === hello().length) await raw.message();
    await expect.poll(() => arrivals).toBe(1);
    clock.advance(options.handshakeMs);
    expect(await outcome()).toBeNull();
    expect(await raw.message()).toBeNull();
  });

  it('does not run out for a client that was accepted', async () => {
    await Raw.dial().send(hello()).login(token);
    const accepted = (await outcome())!;
    clock.advance(10 * options.handshakeMs);
    expect(accepted.socket.destroyed).toBe(false);
  });
});

describe('a cancel request', () => {
  it.each([4, 32])(
    'with a key of %d bytes is handed over, and the connection ends without a word',
    async (length) => {
      const raw = Raw.dial().send(cancelRequest(4_000_000_001, Buffer.alloc(length, 6)));
      expect(await raw.message()).toBeNull();
      expect(cancels).toEqual([{ processId: 4_000_000_001, secretKey: Buffer.alloc(length, 6) }]);
      expect(await outcome()).toBeNull();
    },
  );

  it('works over TLS as well', async () => {
    const raw = await Raw.dial().tls();
    expect(await raw.send(cancelRequest(1, Buffer.alloc(4))).message()).toBeNull();
    expect(cancels).toHaveLength(1);
  });

  it('with a key of another length is not handed over', async () => {
    expect(
      await Raw.dial()
        .send(cancelRequest(1, Buffer.alloc(3)))
        .refusal(),
    ).toBe('08P01');
    expect(cancels).toEqual([]);
  });
});

describe('certificate', () => {
  it('has a key that nobody else can read, and is the same at the next start', async () => {
    expect((await stat(path.join(folder, 'postgres-tls.key'))).mode & 0o777).toBe(0o600);
    expect(await loadOrMakeCertificate({ folder, hosts: [], nowMs: Date.now() })).toEqual(certificate);
  });
});
