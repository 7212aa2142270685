import type { Socket } from 'node:net';
import { parseReport } from '../../src/connectors/postgres/wire/backend.ts';
import {
  bindMessage,
  executeMessage,
  parseMessage,
  queryMessage,
  syncMessage,
} from '../../src/connectors/postgres/wire/frontend.ts';
import { connectUpstream } from '../../src/connectors/postgres/wire/upstream.ts';
import { clock, random } from '../../src/system.ts';
import type { TestSystem } from './system-fixture.ts';
import { eventually } from './system-wait.ts';

/** A message of the server: its type's letter and its body. */
export interface Answer {
  readonly type: string;
  readonly body: Buffer;
}

/** A client that sends exactly the frames that it is told to, and keeps every answer. */
export class RawClient {
  readonly socket: Socket;
  readonly processId: number;
  readonly secretKey: Buffer;
  readonly parameters: ReadonlyMap<string, string>;
  isClosed = false;
  #bytes: Buffer = Buffer.alloc(0);
  #answers: Answer[] = [];

  private constructor(upstream: Awaited<ReturnType<typeof connectUpstream>>) {
    this.socket = upstream.socket;
    this.processId = upstream.processId;
    this.secretKey = upstream.secretKey;
    this.parameters = upstream.parameters;
    this.#take(upstream.rest);
    this.socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.socket.on('close', () => (this.isClosed = true));
  }

  static async connect(
    system: Pick<TestSystem, 'host' | 'port' | 'target' | 'agent' | 'agentToken'>,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<RawClient> {
    const { host, port, target, agent, agentToken } = system;
    const own = { user: agent, password: agentToken, database: target, tls: 'disable' as const };
    return new RawClient(
      await connectUpstream({ host, port, ...own, parameters, clock, random, timeoutMs: 10_000 }),
    );
  }

  #take(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (this.#bytes.length >= 5) {
      const end = 1 + this.#bytes.readInt32BE(1);
      if (this.#bytes.length < end) return;
      const type = String.fromCharCode(this.#bytes.readUInt8(0));
      this.#answers.push({ type, body: Buffer.from(this.#bytes.subarray(5, end)) });
      this.#bytes = this.#bytes.subarray(end);
    }
  }

  /** One write, so that the frames travel together. */
  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** What has been answered and not taken yet. */
  get answers(): readonly Answer[] {
    return this.#answers;
  }

  /** Takes the answers up to and with the next of this type. */
  async until(type: string): Promise<readonly Answer[]> {
    return eventually(`a message ${type}, after ${this.#answers.map((one) => one.type).join('')}`, () => {
      const at = this.#answers.findIndex((answer) => answer.type === type);
      return at < 0 ? undefined : this.#answers.splice(0, at + 1);
    });
  }

  /** Sends, and takes the answers up to ReadyForQuery. */
  round(...frames: readonly Buffer[]): Promise<readonly Answer[]> {
    this.send(...frames);
    return this.until('Z');
  }

  query(sql: string): Promise<readonly Answer[]> {
    return this.round(queryMessage(sql));
  }

  end(): void {
    this.socket.destroy();
  }
}

/** Types in order, as one word: `1` ParseComplete, `2` BindComplete, `D` row, `C` complete, `E` error, `Z` ready. */
export const typesOf = (answers: readonly Answer[]): string => answers.map(({ type }) => type).join('');

/** The transaction's status, as the last ReadyForQuery told it. */
export const statusOf = (answers: readonly Answer[]): string =>
  answers.findLast(({ type }) => type === 'Z')?.body.toString('latin1') ?? '';

export interface ReportText {
  readonly code: string;
  readonly message: string;
  readonly detail: string;
  readonly hint: string;
}

/** The reports of this type (`E` errors, `N` notices). */
export function reportsOf(answers: readonly Answer[], type: 'E' | 'N' = 'E'): readonly ReportText[] {
  return answers.flatMap((answer) => {
    if (answer.type !== type) return [];
    const header = Buffer.alloc(5);
    header.write(type, 'latin1');
    header.writeInt32BE(answer.body.length + 4, 1);
    const report = parseReport(Buffer.concat([header, answer.body]));
    if (!report.ok) throw new Error(`a report that can't be read: ${report.error}`);
    const { code, message, all } = report.value;
    return [{ code, message, detail: all.get('D') ?? '', hint: all.get('H') ?? '' }];
  });
}

export const codesOf = (answers: readonly Answer[]): readonly string[] =>
  reportsOf(answers).map(({ code }) => code);

/** The text of the first column of each row. */
export const firstColumn = (answers: readonly Answer[]): readonly string[] =>
  answers.flatMap(({ type, body }) =>
    type === 'D' ? [body.toString('utf8', 6, 6 + Math.max(0, body.readInt32BE(2)))] : [],
  );

/** Parse, Bind and Execute of the unnamed statement, without Sync. */
export const extended = (query: string, parameters: readonly (string | null)[] = []): readonly Buffer[] => [
  parseMessage({ statement: '', query, parameterTypes: [] }),
  bindMessage({
    portal: '',
    statement: '',
    parameterFormats: [],
    parameters: parameters.map((value) => (value === null ? null : Buffer.from(value))),
    resultFormats: [],
  }),
  executeMessage({ portal: '', maxRows: 0 }),
];

export const sync = syncMessage;
