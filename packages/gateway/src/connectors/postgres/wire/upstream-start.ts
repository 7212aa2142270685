import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Random } from '../../../ports.ts';
import type { Result } from '../../../core/result.ts';
import {
  parseAuthentication,
  parseBackendKeyData,
  parseNegotiateProtocolVersion,
  parseParameterStatus,
  parseReadyForQuery,
  parseReport,
} from './backend.ts';
import type { Authentication } from './backend.ts';
import type { Dialled, UpstreamAddress } from './dial.ts';
import type { ChunkHandler } from './direct-reads.ts';
import { passwordMessage, saslInitialResponse, saslResponse } from './frontend.ts';
import { backend, protocolVersion } from './messages.ts';
import type { TransactionStatus } from './messages.ts';
import type { WireFault } from './reader.ts';
import { scramNonceBytes } from './scram.ts';
import { answerServerFirst, checkServerFinal, clientFirstMessage, startScram } from './scram-client.ts';
import { startupMessage } from './startup.ts';
import { UpstreamError } from './upstream-error.ts';

export interface UpstreamOptions extends UpstreamAddress {
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Further startup parameters. `client_encoding` is always UTF8. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly random: Random;
  /** 2 asks for longer cancel keys; poolers that can't negotiate a version refuse it. Left open: 0. */
  readonly minor?: 0 | 2;
}

/** A connection that is ready for queries. */
export interface Upstream {
  /** Flows when 'data' is listened to. One listener keeps 'error' from being thrown; 'close' tells its end. */
  readonly socket: Socket;
  /**
   * The fast way to read, in place of 'data' listeners; once, and after `rest`. Chunks are valid during the call, or for
   * as long as they are needed where the handler says `kept`.
   */
  readonly listen: (handler: ChunkHandler) => void;
  readonly isEncrypted: boolean;
  readonly minor: 0 | 2;
  /** Every ParameterStatus up to now. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly processId: number;
  readonly secretKey: Buffer;
  readonly status: TransactionStatus;
  /** Bytes behind ReadyForQuery: they are read before the socket's own. */
  readonly rest: Buffer;
}

const headerBytes = 5;
const lengthWordBytes = 4;
/** Messages of the start are small; the largest is an ErrorResponse. */
const startMessageBytes = 65_536;

/** From the startup packet to the first ReadyForQuery. Rejects with an `UpstreamError`; the caller closes the socket. */
export function startUpstream(connection: Dialled, options: UpstreamOptions): Promise<Upstream> {
  return new UpstreamStart(connection, options).run();
}

class UpstreamStart {
  readonly #connection: Dialled;
  readonly #options: UpstreamOptions;
  readonly #parameters = new Map<string, string>();
  #minor: 0 | 2;
  #processId = 0;
  #secretKey: Buffer = Buffer.alloc(0);

  constructor(connection: Dialled, options: UpstreamOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#minor = options.minor ?? 0;
  }

  async run(): Promise<Upstream> {
    const { socket, source, isEncrypted, listen } = this.#connection;
    const { user, database, parameters } = this.#options;
    const sent = { ...parameters, user, database, client_encoding: 'UTF8' };
    socket.write(
      startupMessage(this.#minor === 2 ? protocolVersion.v32 : protocolVersion.v30, Object.entries(sent)),
    );
    await this.#authenticate();
    const status = await this.#becomeReady();
    if (this.#parameters.get('client_encoding') !== 'UTF8') throw notUtf8();
    source.release();
    return {
      socket,
      listen,
      isEncrypted,
      minor: this.#minor,
      parameters: this.#parameters,
      processId: this.#processId,
      secretKey: this.#secretKey,
      status,
      rest: source.inbox.takeAll(),
    };
  }

  /** "Start-up": one method, asked once. A target that asks for none is taken as it is, like by every client. */
  async #authenticate(): Promise<void> {
    const asked = await this.#nextAuthentication();
    if (asked.kind === 'ok') return;
    await this.#answer(asked);
    const end = await this.#nextAuthentication();
    if (end.kind !== 'ok')
      throw new UpstreamError('authentication', 'the target asks for more than one proof');
  }

  async #answer(asked: Authentication): Promise<void> {
    const { user, password } = this.#options;
    const { socket, isPeerCertain } = this.#connection;
    switch (asked.kind) {
      case 'sasl':
        return this.#scram(asked.mechanisms);
      case 'md5':
        socket.write(passwordMessage(md5Answer(user, password, asked.salt)));
        return;
      case 'clearText':
        // Whoever answers would have the password: fails closed unless it is certain who does.
        if (!isPeerCertain) {
          throw new UpstreamError(
            'authentication',
            'the target asks for the password in clear text over a connection that is not verified',
          );
        }
        socket.write(passwordMessage(password));
        return;
      case 'ok':
      case 'saslContinue':
      case 'saslFinal':
      case 'unsupported':
        throw new UpstreamError(
          'authentication',
          'the target asks for a kind of authentication that is not spoken',
        );
    }
  }

  /** "SASL Authentication". The target has to prove itself as well, before anything else that it says counts. */
  async #scram(mechanisms: readonly string[]): Promise<void> {
    const { socket, channelBinding } = this.#connection;
    const nonce = Buffer.from(this.#options.random.bytes(scramNonceBytes)).toString('base64');
    const start = startScram(mechanisms, channelBinding, nonce);
    if (start === undefined) {
      throw new UpstreamError('authentication', 'the target asks for a SASL mechanism that is not spoken');
    }
    socket.write(saslInitialResponse(start.mechanism, Buffer.from(clientFirstMessage(start))));
    const serverFirst = await this.#nextAuthentication();
    if (serverFirst.kind !== 'saslContinue') throw unproven();
    const final = await answerServerFirst(start, serverFirst.data, this.#options.password);
    if (!final.ok)
      throw new UpstreamError('authentication', `the target's SCRAM exchange is unsound: ${final.error}`);
    socket.write(saslResponse(Buffer.from(final.value.message)));
    const serverFinal = await this.#nextAuthentication();
    if (serverFinal.kind !== 'saslFinal' || !checkServerFinal(final.value, serverFinal.data).ok)
      throw unproven();
  }

  async #nextAuthentication(): Promise<Authentication> {
    for (;;) {
      const message = await this.#next();
      if (message.readUInt8(0) === backend.authentication) return sound(parseAuthentication(message));
      if (message.readUInt8(0) !== backend.negotiateProtocolVersion) throw unexpected();
      const { version } = sound(parseNegotiateProtocolVersion(message));
      const isKnown = version === protocolVersion.v30 || version === protocolVersion.v32;
      if (!isKnown || (version & 0xffff) > this.#minor) throw unexpected();
      this.#minor = version === protocolVersion.v32 ? 2 : 0;
    }
  }

  async #becomeReady(): Promise<TransactionStatus> {
    for (;;) {
      const message = await this.#next();
      const type = message.readUInt8(0);
      if (type === backend.readyForQuery) return sound(parseReadyForQuery(message));
      if (type === backend.parameterStatus) this.#parameters.set(...sound(parseParameterStatus(message)));
      else if (type === backend.backendKeyData) {
        ({ processId: this.#processId, secretKey: this.#secretKey } = sound(parseBackendKeyData(message)));
      } else throw unexpected();
    }
  }

  /** The next message that isn't a notice; an ErrorResponse ends the start. */
  async #next(): Promise<Buffer> {
    for (;;) {
      const message = await this.#read();
      const type = message.readUInt8(0);
      if (type === backend.errorResponse) {
        const { code, message: text } = sound(parseReport(message));
        throw new UpstreamError('rejected', `the target refused the connection (SQLSTATE ${code})`, text);
      }
      if (type !== backend.noticeResponse) return message;
    }
  }

  async #read(): Promise<Buffer> {
    const { inbox } = this.#connection.source;
    const header = await inbox.take(headerBytes);
    if (header === null) throw gone();
    const length = header.readInt32BE(1);
    if (length < lengthWordBytes || length > startMessageBytes) throw unexpected();
    const body = await inbox.take(length - lengthWordBytes);
    if (body === null) throw gone();
    return Buffer.concat([header, body]);
  }
}

/** "AuthenticationMD5Password": md5 over the stored hash and the salt. */
function md5Answer(user: string, password: string, salt: Buffer): string {
  const md5 = (...parts: readonly (string | Buffer)[]) => {
    const hash = createHash('md5');
    for (const part of parts) hash.update(part);
    return hash.digest('hex');
  };
  return `md5${md5(md5(password, user), salt)}`;
}

function sound<T>(parsed: Result<T, WireFault>): T {
  if (parsed.ok) return parsed.value;
  throw new UpstreamError('protocol', `the target sent a malformed message: ${parsed.error}`);
}

function unexpected(): UpstreamError {
  return new UpstreamError('protocol', 'the target does not speak PostgreSQL protocol 3');
}

function gone(): UpstreamError {
  return new UpstreamError('unreachable', 'the target closed the connection before it was ready');
}

function unproven(): UpstreamError {
  return new UpstreamError('authentication', 'the target did not prove that it knows the password');
}

function notUtf8(): UpstreamError {
  return new UpstreamError('protocol', 'the target did not take UTF8 as client_encoding');
}
