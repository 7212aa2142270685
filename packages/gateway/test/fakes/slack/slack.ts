/**
 * A local Slack, after its documentation: Web API, interactions by HTTP with signatures or over Socket Mode, addresses to
 * answer to, modals, limits. For tests, and for newcomers: its page shows the messages, with buttons that work.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { z } from 'zod';
import {
  type Acting,
  answerView,
  buttonsOf,
  clickOf,
  commandOf,
  type Outcome,
  send,
  type Sent,
  submissionOf,
  type Written,
} from './acting.ts';
import { methods, Refusal } from './methods.ts';
import { servePage } from './page.ts';
import { Rates } from './rates.ts';
import { reply } from './reply.ts';
import { messageBlocks } from './shapes.ts';
import { type FakeEphemeral, type FakeMessage, type FakeView, Workspace } from './workspace.ts';

export interface FakeSlackOptions {
  readonly port?: number;
  readonly nowMs?: () => number;
  /** Refuses what is more than Slack takes. */
  readonly isLimited?: boolean;
}

/**
 * `received`: nothing is done yet. `acted`: it is done, and not answered. `answered`: the answer has been handed to the
 * operating system.
 */
export type CallMoment = 'received' | 'acted' | 'answered';
export type OnCall = (method: string, moment: CallMoment, body: string) => Promise<void> | void;

const BODY_BYTES = 1_000_000;
const RESPONDER_MS = 30 * 60_000;
const RESPONDER_USES = 5;

export class FakeSlack {
  readonly workspace = new Workspace();
  /** Every call of the Web API that was answered well, by method. */
  readonly calls: string[] = [];
  readonly acting: Acting;
  readonly rates = new Rates();
  /** Takes Socket Mode connections, and says nothing on them. */
  isMute = false;
  /** Called at each call of a method, which goes on when it resolves: for whoever dies in between. */
  onCall: OnCall = () => undefined;
  /** How far its clock is from the machine's. */
  offMs = 0;
  readonly #options: FakeSlackOptions;
  readonly #sockets = new Set<WebSocket>();
  /** Scripted: so many calls of the method are answered 429. */
  readonly #limited = new Map<string, { times: number; readonly retryAfterSeconds: number }>();
  readonly #server: Server;
  readonly #socketServer = new WebSocketServer({ noServer: true });
  #url = '';

  constructor(options: FakeSlackOptions = {}) {
    this.#options = options;
    this.acting = {
      workspace: this.workspace,
      nowMs: () => this.nowMs(),
      url: () => this.#url,
      requestUrl: null,
      sockets: this.#sockets,
      waiting: new Map(),
    };
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on('upgrade', (request, socket, head) => {
      this.#socketServer.handleUpgrade(request, socket, head, (opened) => this.#opened(opened));
    });
  }

  /** `http://127.0.0.1:PORT` */
  get url(): string {
    return this.#url;
  }

  get apiUrl(): string {
    return `${this.#url}/api/`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  nowMs(): number {
    return (this.#options.nowMs?.() ?? Date.now()) + this.offMs;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.#options.port ?? 0, '127.0.0.1', resolve));
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port.toString()}`;
    return this;
  }

  async close(): Promise<void> {
    this.dropConnections();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** As when Slack takes a container out of service without a word. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.terminate();
    this.#sockets.clear();
  }

  limit(method: string, times: number, retryAfterSeconds: number): void {
    this.#limited.set(method, { times, retryAfterSeconds });
  }

  /** Presses a button of a message as it is now, or as it was when `seen` was taken. */
  press(user: string, message: FakeMessage, action: string, seen = message.blocks): Promise<Outcome> {
    return this.send(this.click(user, message, action, seen));
  }

  click(user: string, message: FakeMessage, action: string, seen = message.blocks): Sent {
    return clickOf(this.acting, user, action, { blocks: seen, message, channel: message.channel });
  }

  pressEphemeral(told: FakeEphemeral, action: string): Promise<Outcome> {
    const on = { blocks: told.blocks, message: null, channel: told.channel };
    return this.send(clickOf(this.acting, told.user, action, on));
  }

  send(sent: Sent): Promise<Outcome> {
    return send(this.acting, sent);
  }

  async submit(view: FakeView, written: Written): Promise<Outcome> {
    const outcome = await this.send(submissionOf(this.acting, view, written));
    answerView(this.workspace, view, outcome);
    return outcome;
  }

  command(user: string, text: string, channel = 'C0REVIEWS'): Promise<Outcome> {
    return this.send(commandOf(this.acting, user, channel, text));
  }

  buttons(message: Pick<FakeMessage, 'blocks'>): readonly string[] {
    return buttonsOf(message.blocks).map(({ action_id: id }) => id);
  }

  #opened(socket: WebSocket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('message', (data: Buffer) => {
      const { envelope_id: id, payload } = JSON.parse(data.toString('utf8')) as Record<string, unknown>;
      this.acting.waiting.get(String(id))?.(payload);
    });
    if (!this.isMute) socket.send(JSON.stringify({ type: 'hello', num_connections: 1 }));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.#url).pathname;
    const body = await readBody(request);
    response.setHeader('date', new Date(this.nowMs()).toUTCString());
    const [, first = '', second = ''] = path.split('/');
    if (first === 'api') return this.#call(second, request, body, response);
    if (first === 'response') return this.#respond(second, body, response);
    await servePage(this, path, body, response);
  }

  async #call(name: string, request: IncomingMessage, body: string, response: ServerResponse): Promise<void> {
    await this.onCall(name, 'received', body);
    const limited = this.#limited.get(name);
    if (limited !== undefined && limited.times > 0) {
      limited.times -= 1;
      response.setHeader('retry-after', limited.retryAfterSeconds.toString());
      return reply(response, 429, { ok: false, error: 'ratelimited' });
    }
    const channel = new URLSearchParams(body).get('channel') ?? '';
    const waitSeconds =
      this.#options.isLimited === true ? this.rates.take(name, channel, this.nowMs()) : null;
    if (waitSeconds !== null) {
      response.setHeader('retry-after', waitSeconds.toString());
      return reply(response, 429, { ok: false, error: 'ratelimited' });
    }
    const answer = this.#answerOrRefusal(name, request, body);
    await this.onCall(name, 'acted', body);
    response.setHeader('x-oauth-scopes', [...this.workspace.scopes].join(','));
    response.once('finish', () => void this.onCall(name, 'answered', body));
    reply(response, 200, answer);
  }

  #answerOrRefusal(name: string, request: IncomingMessage, body: string): object {
    try {
      const answer = this.#answer(name, request, body);
      this.calls.push(name);
      return { ok: true, ...answer };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { ok: false, error: error.code, ...error.more };
    }
  }

  #answer(name: string, request: IncomingMessage, body: string): object {
    const { workspace } = this;
    const method = methods[name];
    if (method === undefined) throw new Refusal('unknown_method');
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) throw new Refusal('not_authed');
    if (token !== (method.token === 'bot' ? workspace.botToken : workspace.appToken))
      throw new Refusal('invalid_auth');
    if (workspace.tokenFault !== null) throw new Refusal(workspace.tokenFault);
    if (method.scope !== null && !workspace.scopes.has(method.scope))
      throw new Refusal('missing_scope', { needed: method.scope, provided: [...workspace.scopes].join(',') });
    const args = Object.fromEntries(new URLSearchParams(body));
    return method.answer(args, { workspace, nowMs: this.nowMs(), url: this.#url });
  }

  /** An address that came with a click or a command. */
  #respond(id: string, body: string, response: ServerResponse): void {
    const responder = this.workspace.responders.get(id);
    const parsed = answer.safeParse(JSON.parse(body));
    if (responder === undefined || this.nowMs() - responder.atMs > RESPONDER_MS)
      return reply(response, 404, {});
    responder.uses += 1;
    if (responder.uses > RESPONDER_USES || !parsed.success) return reply(response, 400, {});
    const { text, blocks = [], replace_original: replaces } = parsed.data;
    const { user, channel, message } = responder;
    if (!replaces) this.workspace.ephemerals.push({ user, channel, text, blocks });
    else if (message !== null) Object.assign(message, { text, blocks, edits: message.edits + 1 });
    reply(response, 200, { ok: true });
  }
}

const answer = z.strictObject({
  text: z.string().max(40_000),
  blocks: messageBlocks.optional(),
  response_type: z.enum(['ephemeral', 'in_channel']).optional(),
  replace_original: z.boolean(),
});

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
