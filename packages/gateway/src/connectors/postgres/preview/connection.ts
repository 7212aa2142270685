import { err, ok, type Result } from '../../../core/result.ts';
import { parseParameterDescription, parseReport } from '../wire/backend.ts';
import { BackendScanner } from '../wire/frames.ts';
import { queryMessage, syncMessage, terminateMessage } from '../wire/frontend.ts';
import { backend, typeTable } from '../wire/messages.ts';
import { connectUpstream, UpstreamError, type Upstream, type UpstreamOptions } from '../wire/upstream.ts';
import { parseDataRow, parseRowDescription, type Field } from './rows.ts';

/** What came back for one round of messages. */
export interface Answer {
  readonly parameterTypes: readonly number[];
  readonly fields: readonly Field[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** The target's SQLSTATE, `timeout`, `unreachable` or `protocol`. Never its words: they quote values (law 8). */
export type Fault = string;

const controlTypes = typeTable(Object.values(backend));

/** One connection for one preview, or one analysis: it asks one round at a time, and says what failed as a value. */
export class PreviewConnection {
  readonly #upstream: Upstream;
  readonly #scanner: BackendScanner;
  readonly #maxBytes: number;
  #bytes = 0;
  #answer: {
    parameterTypes: readonly number[];
    fields: readonly Field[];
    rows: (readonly (string | null)[])[];
  };
  #fault: Fault | null = null;
  #report: Buffer | null = null;
  #ended: Fault | null = null;
  #resolve: (answer: Result<Answer, Fault>) => void = () => undefined;

  private constructor(upstream: Upstream, maxBytes: number) {
    this.#upstream = upstream;
    this.#maxBytes = maxBytes;
    this.#answer = emptyAnswer();
    const control = (type: number, frame: Buffer): void => this.#take(type, frame);
    const sink = { passthrough: () => undefined, control };
    this.#scanner = new BackendScanner({ sink, controlTypes, maxControlBytes: maxBytes });
  }

  /** `signal` ends the connection, whatever it is doing. */
  static async open(
    options: UpstreamOptions,
    { signal, maxBytes }: { readonly signal: AbortSignal; readonly maxBytes: number },
  ): Promise<Result<PreviewConnection, Fault>> {
    let upstream: Upstream;
    try {
      upstream = await connectUpstream({ ...options, signal });
    } catch (error) {
      // Lost infrastructure, or a refusal: there is no evidence, and the finding says so.
      return err(error instanceof UpstreamError ? error.code : 'protocol');
    }
    const connection = new PreviewConnection(upstream, maxBytes);
    connection.#listen(signal);
    return ok(connection);
  }

  #listen(signal: AbortSignal): void {
    const { socket, listen, rest } = this.#upstream;
    socket.on('close', () => this.#end('unreachable'));
    signal.addEventListener('abort', () => this.#end('timeout'), { once: true });
    if (signal.aborted) return this.#end('timeout');
    if (rest.length > 0) this.#push(rest);
    listen((chunk) => {
      this.#push(chunk);
      return 'done';
    });
  }

  #push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes || this.#scanner.push(chunk) !== null) this.#end('protocol');
  }

  #end(fault: Fault): void {
    this.#ended ??= fault;
    this.#upstream.socket.destroy();
    this.#resolve(err(this.#ended));
  }

  /** Extended query: sends the messages and Sync. Called when the one before has answered, like `run`. */
  ask(...messages: readonly Buffer[]): Promise<Result<Answer, Fault>> {
    return this.#round([...messages, syncMessage]);
  }

  /** Simple query: statements of the gateway's own, without values. */
  run(text: string): Promise<Result<Answer, Fault>> {
    return this.#round([queryMessage(text)]);
  }

  /** The target's first ErrorResponse of the round: only for whoever wrote the statement, whose values it may quote. */
  get report(): Buffer | null {
    return this.#report;
  }

  /** Collects what comes up to the one ReadyForQuery that the messages bring. */
  #round(messages: readonly Buffer[]): Promise<Result<Answer, Fault>> {
    if (this.#ended !== null) return Promise.resolve(err(this.#ended));
    this.#answer = emptyAnswer();
    this.#fault = null;
    this.#report = null;
    this.#bytes = 0;
    const { promise, resolve } = Promise.withResolvers<Result<Answer, Fault>>();
    this.#resolve = resolve;
    this.#upstream.socket.write(Buffer.concat(messages));
    return promise;
  }

  /** Nothing is committed: what was asked was asked inside of a transaction that ends with the connection. */
  close(): void {
    this.#resolve = () => undefined;
    this.#upstream.socket.end(terminateMessage);
    this.#ended ??= 'unreachable';
  }

  #take(type: number, frame: Buffer): void {
    if (type === backend.errorResponse) {
      const report = parseReport(frame);
      this.#fault ??= report.ok ? report.value.code : 'protocol';
      this.#report ??= Buffer.from(frame);
    } else if (type === backend.parameterDescription) {
      this.#keep(parseParameterDescription(frame), (types) => (this.#answer.parameterTypes = types));
    } else if (type === backend.rowDescription) {
      this.#keep(parseRowDescription(frame), (fields) => (this.#answer.fields = fields));
    } else if (type === backend.dataRow) {
      this.#keep(parseDataRow(frame), (row) => this.#answer.rows.push(row));
    } else if (type === backend.readyForQuery) {
      this.#resolve(this.#fault === null ? ok(this.#answer) : err(this.#fault));
    }
  }

  #keep<T>(parsed: Result<T, unknown>, keep: (value: T) => void): void {
    if (parsed.ok) keep(parsed.value);
    else this.#fault ??= 'protocol';
  }
}

const emptyAnswer = () => ({ parameterTypes: [], fields: [], rows: [] });
