import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { Endpoint } from './pgbench.ts';

/** What came of one statement. Times are `performance.now()`. */
export interface Answer {
  readonly rows: number;
  readonly bytes: number;
  readonly firstRowAtMs: number;
  readonly error: string | null;
}

const headerBytes = 5;
const protocolVersion = 196_608;

/** Everyone of the same user gets the same salt, so the costly part of SCRAM is paid once. */
const saltedPasswords = new Map<string, Buffer>();

/**
 * One connection that speaks as little of the protocol as it can: it skips rows without reading them, so that
 * thousands of it, or a million rows, cost the bench next to nothing.
 */
export class LightSession {
  /** Called with the text of every notice. */
  onNotice: (text: string) => void = () => undefined;

  readonly #socket: Socket;
  readonly #endpoint: Endpoint;
  readonly #nonce = randomBytes(18).toString('base64');
  #pending: Buffer = Buffer.alloc(0);
  #skipBytes = 0;
  #serverSignature = '';
  #rows = 0;
  #bytes = 0;
  #firstRowAtMs = 0;
  #error: string | null = null;
  #settle: (answer: Answer) => void = () => undefined;

  private constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    this.#socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
    this.#socket.on('connect', () => this.#socket.write(startup(endpoint)));
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#fail(error.message));
    this.#socket.on('close', () => this.#fail('the connection was closed'));
  }

  /** Resolves when the session is ready for its first statement. */
  static async open(endpoint: Endpoint): Promise<LightSession> {
    const session = new LightSession(endpoint);
    const { error } = await session.#answer();
    if (error !== null) throw new Error(`${endpoint.name}: ${error}`);
    return session;
  }

  /** One statement at a time, by the simple protocol. */
  query(text: string): Promise<Answer> {
    const answer = this.#answer();
    this.#socket.write(frame('Q', Buffer.from(`${text}\0`)));
    return answer;
  }

  close(): void {
    this.#settle = () => undefined;
    this.#socket.end(frame('X', Buffer.alloc(0)));
  }

  #answer(): Promise<Answer> {
    this.#rows = 0;
    this.#bytes = 0;
    this.#firstRowAtMs = 0;
    this.#error = null;
    return new Promise((resolve) => (this.#settle = resolve));
  }

  #finish(): void {
    const { rows, bytes, firstRowAtMs, error } = {
      rows: this.#rows,
      bytes: this.#bytes,
      firstRowAtMs: this.#firstRowAtMs,
      error: this.#error,
    };
    this.#settle({ rows, bytes, firstRowAtMs, error });
  }

  #fail(message: string): void {
    this.#error ??= message;
    this.#finish();
  }

  #take(received: Buffer): void {
    const chunk = this.#pending.length === 0 ? received : Buffer.concat([this.#pending, received]);
    let at = 0;
    while (true) {
      const skipped = Math.min(this.#skipBytes, chunk.length - at);
      this.#skipBytes -= skipped;
      at += skipped;
      if (chunk.length - at < headerBytes) break;
      const type = chunk[at];
      const bodyBytes = chunk.readUInt32BE(at + 1) - 4;
      if (type === 0x44) {
        this.#countRow(bodyBytes);
        this.#skipBytes = bodyBytes;
        at += headerBytes;
        continue;
      }
      if (chunk.length - at < headerBytes + bodyBytes) break;
      this.#handle(
        String.fromCharCode(type ?? 0),
        chunk.subarray(at + headerBytes, at + headerBytes + bodyBytes),
      );
      at += headerBytes + bodyBytes;
    }
    this.#pending = at === chunk.length ? Buffer.alloc(0) : Buffer.from(chunk.subarray(at));
  }

  #countRow(bodyBytes: number): void {
    if (this.#rows === 0) this.#firstRowAtMs = performance.now();
    this.#rows += 1;
    this.#bytes += bodyBytes;
  }

  #handle(type: string, body: Buffer): void {
    if (type === 'Z') this.#finish();
    else if (type === 'N') this.onNotice(fieldsOf(body));
    else if (type === 'E') this.#error = fieldsOf(body);
    else if (type === 'R') this.#authenticate(body);
  }

  /** SASL of the PostgreSQL protocol: 10 mechanisms, 11 continue, 12 final (RFC 5802). */
  #authenticate(body: Buffer): void {
    const kind = body.readUInt32BE(0);
    if (kind === 10) {
      const first = Buffer.from(`n,,n=,r=${this.#nonce}`);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(first.length);
      this.#socket.write(frame('p', Buffer.concat([Buffer.from('SCRAM-SHA-256\0'), length, first])));
    } else if (kind === 11) {
      this.#socket.write(frame('p', Buffer.from(this.#prove(body.toString('utf8', 4)))));
    } else if (kind === 12 && body.toString('utf8', 4) !== `v=${this.#serverSignature}`) {
      this.#fail('the server does not know the password');
      this.#socket.destroy();
    } else if (kind !== 0 && kind !== 12) {
      this.#fail(`the server asks for authentication of kind ${kind}, not SCRAM`);
      this.#socket.destroy();
    }
  }

  #prove(serverFirst: string): string {
    const [, nonce = '', salt = '', iterations = ''] = /^r=([^,]*),s=([^,]*),i=(\d+)/.exec(serverFirst) ?? [];
    const salted = saltedPassword(this.#endpoint.password, salt, Number(iterations));
    const clientKey = hmac(salted, 'Client Key');
    const withoutProof = `c=biws,r=${nonce}`;
    const message = `n=,r=${this.#nonce},${serverFirst},${withoutProof}`;
    const signature = hmac(createHash('sha256').update(clientKey).digest(), message);
    const proof = clientKey.map((byte, at) => byte ^ (signature[at] ?? 0));
    this.#serverSignature = hmac(hmac(salted, 'Server Key'), message).toString('base64');
    return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
  }
}

function startup({ user, database }: Endpoint): Buffer {
  const parameters = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + parameters.length, 0);
  head.writeUInt32BE(protocolVersion, 4);
  return Buffer.concat([head, parameters]);
}

function frame(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(headerBytes);
  head.write(type, 0, 'latin1');
  head.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

/** The fields of an error or notice, without the codes that come before each: what a person would read. */
function fieldsOf(body: Buffer): string {
  return body
    .toString('utf8')
    .split('\0')
    .filter((field) => /^[CMDH]/.test(field))
    .map((field) => field.slice(1))
    .join(' | ');
}

function saltedPassword(password: string, salt: string, iterations: number): Buffer {
  const key = `${salt},${iterations},${password}`;
  const known = saltedPasswords.get(key);
  if (known !== undefined) return known;
  const made = pbkdf2Sync(password, Buffer.from(salt, 'base64'), iterations, 32, 'sha256');
  saltedPasswords.set(key, made);
  return made;
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
