/** A local Teams: identity, connector, and the people who press what it shows. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeConnector, refused, type Replied } from './connector.ts';
import { FakeIdentity } from './identity.ts';
import { Rates } from './rates.ts';
import { FakeTenant } from './tenant.ts';

/** `acted`: it is done, and not answered. `answered`: the answer has been handed to the operating system. */
export type CallMoment = 'received' | 'acted' | 'answered';
export type OnCall = (call: string, moment: CallMoment, body: string) => Promise<void> | void;

export class FakeTeams {
  readonly tenant = new FakeTenant();
  readonly identity = new FakeIdentity(this.tenant, () => this.nowMs());
  /** By method and a part of the path: how often it answers 429 or otherwise, before it works again. */
  readonly faults: { match: string; left: number; reply: Replied }[] = [];
  /** Requests as they came. */
  readonly calls: { readonly method: string; readonly path: string; readonly body: string }[] = [];
  /** Called at each request, which goes on when it resolves: for whoever dies in between. */
  onCall: OnCall = () => undefined;
  /** How far Microsoft's clock is from this machine's. */
  offMs = 0;
  /** Refuses what is more than Teams takes. */
  isLimited = false;
  readonly rates = new Rates();
  readonly #connector = new FakeConnector(this.tenant);
  #server: Server | undefined;
  #base = '';

  async start(): Promise<this> {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    this.#base = `http://127.0.0.1:${port.toString()}`;
    await this.identity.start(this.#base);
    return this;
  }

  /** In the way of a sovereign cloud: given one by one. */
  get addresses() {
    return {
      openIdUrl: `${this.#base}/v1/.well-known/openidconfiguration`,
      issuer: this.identity.issuer,
      loginUrl: `${this.#base}/login`,
      scope: 'https://api.botframework.com/.default',
      serviceUrl: `${this.#base}/teams`,
      serviceHosts: [] as readonly string[],
    };
  }

  nowMs(): number {
    return Date.now() + this.offMs;
  }

  fail(match: string, left: number, reply: Replied): void {
    this.faults.push({ match, left, reply });
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = `${request.method ?? ''} ${request.url ?? ''}`;
    const text = Buffer.concat(chunks).toString();
    await this.onCall(call, 'received', text);
    const { status, body, headers = {} } = this.#answer(request, text);
    await this.onCall(call, 'acted', text);
    response.once('finish', () => void this.onCall(call, 'answered', text));
    response.writeHead(status, {
      'content-type': 'application/json',
      date: new Date(this.nowMs()).toUTCString(),
      ...headers,
    });
    response.end(JSON.stringify(body));
  }

  #answer({ method = '', url = '', headers }: IncomingMessage, text: string): Replied {
    const { pathname: path } = new URL(url, this.#base);
    this.calls.push({ method, path, body: text });
    const fault = this.faults.find(({ match, left }) => left > 0 && `${method} ${path}`.includes(match));
    if (fault !== undefined) {
      fault.left -= 1;
      return fault.reply;
    }
    const identified = this.identity.answer(method, path, text);
    if (identified !== undefined) return identified;
    if (!path.startsWith('/teams/v3/')) return refused(404, 'NotFound');
    if (!this.identity.isIssued(headers.authorization)) return refused(401, 'Unauthorized');
    const call = { method, path: path.slice('/teams'.length), body: parsed(text) };
    const waitSeconds = this.isLimited ? this.rates.take(method, call.path, call.body, this.nowMs()) : null;
    if (waitSeconds === null) return this.#connector.answer(call);
    return { ...refused(429, 'TooManyRequests'), headers: { 'retry-after': waitSeconds.toString() } };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
