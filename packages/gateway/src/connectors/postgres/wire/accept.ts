import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { limits } from '../../../limits.ts';
import type { Clock } from '../../../ports.ts';
import { authenticate } from './authenticate.ts';
import type { AuthenticationOptions } from './authenticate.ts';
import { errorResponse, negotiateProtocolVersion } from './backend.ts';
import type { Report } from './backend.ts';
import type { TlsIdentity } from './certificate.ts';
import { inboxOf } from './inbox.ts';
import { isLoopback } from './loopback.ts';
import { frontend } from './messages.ts';
import type { WireFault } from './reader.ts';
import { parseStartupPacket } from './startup.ts';
import type { StartupPacket } from './startup.ts';
import { checkStartup, versionOf } from './startup-rules.ts';
import type { StartupRequest } from './startup-rules.ts';

export interface AcceptOptions extends AuthenticationOptions {
  /** Null: TLS is not offered. */
  readonly tls: TlsIdentity | null;
  /** SCRAM keeps the password from the wire in any case; statements and rows would travel in the clear. */
  readonly allowPlainTextFromOtherHosts: boolean;
  /** A CancelRequest, on a connection of its own that ends with it. Unauthenticated: the key is all that speaks for it. */
  onCancel(processId: number, secretKey: Buffer): void | Promise<void>;
  /** The client was told why it is refused; `code` is the SQLSTATE. */
  onRefused(code: string): void;
  readonly clock: Clock;
  /** From the connection to the end of authentication. */
  readonly handshakeMs: number;
}

/** A client that has proved who it is, and waits for ParameterStatus, BackendKeyData and ReadyForQuery. */
export interface AcceptedClient extends StartupRequest {
  /** Flows when 'data' is listened to. One listener keeps 'error' from being thrown; 'close' tells its end. */
  readonly socket: Socket;
  readonly isEncrypted: boolean;
  /** Bytes that came behind the authentication: they are read before the socket's own. */
  readonly rest: Buffer;
}

/** TLS record type "handshake" (RFC 8446 section 5.1): no startup packet begins so. */
const tlsHandshakeByte = 0x16;
/** What PostgreSQL 17 and later and its clients name themselves in TLS (IANA, ALPN protocol IDs). */
const alpnProtocol = 'postgresql';
/** "SASLInitialResponse", "SASLResponse". */
const { password: passwordType } = frontend;
const headerBytes = 5;
const lengthWordBytes = 4;
const minStartupBytes = 8;
/** A SCRAM message has some hundred bytes; PostgreSQL itself takes no more than these. */
const passwordMessageBytes = 1_024;
/** A refused client has this long to read why. */
const lingerMs = 1_000;

/**
 * The start of a client's connection (PostgreSQL 18, "Start-up", "SSL Session Encryption", "Canceling Requests in
 * Progress"): null where it came to nothing; then the connection is closed, or closes when the client has read why.
 * Never rejects, unless a callback does; then the connection is closed too.
 */
export async function acceptClient(socket: Socket, options: AcceptOptions): Promise<AcceptedClient | null> {
  const handshake = new Handshake(socket, options);
  const cancelDeadline = options.clock.after(options.handshakeMs, () => handshake.drop());
  try {
    return await handshake.run();
  } catch (error) {
    handshake.drop();
    throw error;
  } finally {
    cancelDeadline();
  }
}

class Handshake {
  readonly #options: AcceptOptions;
  #socket: Socket;
  #source: ReturnType<typeof inboxOf>;

  constructor(socket: Socket, options: AcceptOptions) {
    this.#options = options;
    this.#socket = socket;
    this.#source = inboxOf(socket);
    socket.on('error', ignore);
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
  }

  async run(): Promise<AcceptedClient | null> {
    if (!(await this.#source.inbox.has(1))) return this.drop();
    if (this.#source.inbox.firstByte === tlsHandshakeByte && !(await this.#startDirectTls()))
      return this.drop();
    const startup = await this.#negotiate();
    if (startup === null) return null;
    const { isEncrypted } = this;
    if (
      !isEncrypted &&
      !this.#options.allowPlainTextFromOtherHosts &&
      !isLoopback(this.#socket.remoteAddress)
    ) {
      return this.#refuse(plainTextRefused);
    }
    const request = checkStartup(startup);
    if (!request.ok) return this.#refuse(request.error);
    if (!(await this.#authenticate(request.value))) return null;
    this.#source.release();
    const rest = this.#source.inbox.takeAll();
    return { ...request.value, socket: this.#socket, isEncrypted, rest };
  }

  get isEncrypted(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  /** Ends the connection without a word; whoever waits for its bytes is told that there are none. */
  drop(): null {
    this.#socket.destroy();
    this.#source.inbox.end();
    return null;
  }

  /** Requests that come before the startup packet; each once at most, and each alone on the wire. */
  async #negotiate(): Promise<Extract<StartupPacket, { kind: 'startup' }> | null> {
    const seen = new Set<StartupPacket['kind']>();
    for (;;) {
      const bytes = await this.#readStartupPacket();
      if (bytes === null) return this.drop();
      const parsed = parseStartupPacket(bytes);
      if (!parsed.ok) return this.#refuse(malformed(parsed.error));
      const packet = parsed.value;
      if (packet.kind === 'startup') return packet;
      if (packet.kind === 'cancel') {
        await this.#options.onCancel(packet.processId, packet.secretKey);
        return this.drop();
      }
      // What came with the request was not encrypted: somebody in between may have put it there (CVE-2021-23214).
      if (seen.has(packet.kind) || this.isEncrypted || this.#source.inbox.available > 0) return this.drop();
      seen.add(packet.kind);
      if (packet.kind === 'gssEncryption' || this.#options.tls === null) this.#socket.write('N');
      else if (!(await this.#startTls(this.#options.tls, 'S'))) return this.drop();
    }
  }

  async #readStartupPacket(): Promise<Buffer | null> {
    const lengthWord = await this.#source.inbox.take(lengthWordBytes);
    if (lengthWord === null) return null;
    const length = lengthWord.readInt32BE(0);
    if (length < minStartupBytes || length > limits.startupBytes) return null;
    const body = await this.#source.inbox.take(length - lengthWordBytes);
    return body === null ? null : Buffer.concat([lengthWord, body]);
  }

  /** "SSL Session Encryption": without an SSLRequest; ALPN is what tells a PostgreSQL client from another protocol's. */
  async #startDirectTls(): Promise<boolean> {
    const { tls } = this.#options;
    if (tls === null || !(await this.#startTls(tls, ''))) return false;
    return (this.#socket as TLSSocket).alpnProtocol === alpnProtocol;
  }

  async #startTls(tls: TlsIdentity, answer: '' | 'S'): Promise<boolean> {
    const plain = this.#socket;
    this.#source.release();
    const early = this.#source.inbox.takeAll();
    if (early.length > 0) plain.unshift(early);
    if (answer !== '') plain.write(answer);
    const secured = new TLSSocket(plain, {
      isServer: true,
      secureContext: tls.context,
      ALPNProtocols: [alpnProtocol],
    });
    secured.on('error', ignore);
    this.#socket = secured;
    const isSecure = await new Promise<boolean>((resolve) => {
      secured.once('secure', () => resolve(true));
      secured.once('close', () => resolve(false));
    });
    this.#source = inboxOf(secured);
    return isSecure;
  }

  async #authenticate(request: StartupRequest): Promise<boolean> {
    const preface = request.mustNegotiate
      ? negotiateProtocolVersion(versionOf(request.minor), request.unknownOptions)
      : Buffer.alloc(0);
    this.#socket.write(preface);
    const end = await authenticate(
      request.user,
      {
        next: () => this.#readPasswordMessage(),
        send: (frame) => void this.#socket.write(frame),
        channelBinding: this.isEncrypted ? (this.#options.tls?.channelBinding ?? null) : null,
      },
      this.#options,
    );
    if (end === 'failed') this.#refuse(authenticationFailed);
    if (end === 'gone') this.drop();
    return end === 'authenticated' && !this.#socket.destroyed;
  }

  async #readPasswordMessage(): Promise<Buffer | null> {
    const header = await this.#source.inbox.take(headerBytes);
    if (header === null || header.readUInt8(0) !== passwordType) return null;
    const length = header.readInt32BE(1);
    if (length < lengthWordBytes || length > passwordMessageBytes) return null;
    const body = await this.#source.inbox.take(length - lengthWordBytes);
    return body === null ? null : Buffer.concat([header, body]);
  }

  /** Says why, and closes. What the client still sends is read and thrown away, else a reset could overtake the reason. */
  #refuse(report: Report): null {
    const socket = this.#socket;
    this.#options.onRefused(report.code);
    this.#source.release();
    socket.end(errorResponse(report));
    socket.resume();
    const cancel = this.#options.clock.after(lingerMs, () => socket.destroy());
    socket.once('close', cancel);
    return null;
  }
}

function malformed(fault: WireFault): Report {
  return { severity: 'FATAL', code: '08P01', message: `malformed startup packet: ${fault}` };
}

function ignore(): void {
  // A 'close' follows every 'error'.
}

/** One for every reason: an unknown agent, a wrong token, a broken exchange. Names nobody: a token in the wrong field would be shown. */
const authenticationFailed: Report = {
  severity: 'FATAL',
  code: '28P01',
  message: 'authentication failed: unknown agent or wrong token',
};

const plainTextRefused: Report = {
  severity: 'FATAL',
  code: '28000',
  message: 'plain text is taken from this machine only',
  hint: 'Connect with sslmode=require, or better with verify-full and the certificate of the gateway.',
};
