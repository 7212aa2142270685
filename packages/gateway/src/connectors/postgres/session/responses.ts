import type { Authorized, Gate } from '../../connector.ts';
import type { Outcome, OutcomeStatus } from '../../../core/execution.ts';
import type { Clock } from '../../../ports.ts';
import type { DescribedStatement } from '../describe/index.ts';
import {
  parseCommandComplete,
  parseParameterStatus,
  parseReadyForQuery,
  parseReport,
} from '../wire/backend.ts';
import { BackendScanner, type BackendSink, type FrameError } from '../wire/frames.ts';
import { backend, typeTable, type TransactionStatus } from '../wire/messages.ts';
import type { Release } from './release.ts';

/** One authorized statement on its way through the target. */
export interface Part {
  readonly authorized: Authorized;
  readonly statement: DescribedStatement;
  startedMs: number;
  rows: number;
  bytes: number;
  /** Whether its results may leave only when its INTENT is durable has been arranged. */
  gated: boolean;
  state: 'bound' | 'running' | 'done';
}

export function newPart(authorized: Authorized, statement: DescribedStatement, startedMs: number): Part {
  return { authorized, statement, startedMs, rows: 0, bytes: 0, gated: false, state: 'bound' };
}

/** Whether running it can't be undone any more, because it commits or reaches outside of the transaction (law 7). */
export function hasEffectAtOnce({ authorized, statement }: Part, autocommit: boolean): boolean {
  const { reach } = authorized.judgement.description;
  const { transaction } = statement.effects;
  if (reach === 'outside' || (reach === 'transaction' && autocommit)) return true;
  return (
    transaction === 'commit' || transaction === 'prepare-transaction' || transaction === 'commit-prepared'
  );
}

/**
 * What the target owes an answer to, in order; `local` is an answer of the gateway's own that waits for its turn, `mark`
 * a place that somebody waits for.
 */
export type Expectation =
  | { readonly kind: 'query'; readonly parts: readonly Part[]; at: number }
  | { readonly kind: 'execute'; readonly part: Part }
  | { readonly kind: 'parse' | 'describe' | 'close'; readonly done: () => void }
  | { readonly kind: 'bind'; readonly part: Part | null }
  | { readonly kind: 'sync' }
  | { readonly kind: 'abort'; readonly frame: Buffer }
  | { readonly kind: 'local'; readonly frame: Buffer }
  | { readonly kind: 'mark'; readonly reached: () => void };

export interface ResponsesOwner {
  readonly clock: Clock;
  readonly gate: Gate;
  readonly release: Release;
  /** A statement ended well; `tag` is its command tag. */
  completed(part: Part): void;
  /** The target reported an error for what it was asked since the last Sync. */
  failed(): void;
  /** The target copies in, and has ignored the Sync that it had been sent. */
  syncIgnored(): void;
  /** ReadyForQuery has been passed on. */
  ready(status: TransactionStatus): void;
  parameterChanged(name: string, value: string): void;
}

const control = typeTable([
  backend.bindComplete,
  backend.closeComplete,
  backend.commandComplete,
  backend.copyInResponse,
  backend.emptyQueryResponse,
  backend.errorResponse,
  backend.noData,
  backend.parameterStatus,
  backend.parseComplete,
  backend.portalSuspended,
  backend.readyForQuery,
  backend.rowDescription,
]);
const MAX_CONTROL_BYTES = 4_194_304;

/** Follows the target's answers: passes them on, matches each with what it answers, and records outcomes. */
export class Responses implements BackendSink {
  readonly #owner: ResponsesOwner;
  readonly #scanner: BackendScanner;
  readonly #queue: Expectation[] = [];
  readonly #asides: Buffer[] = [];
  /** Outcomes of the chunk at hand: recorded when its bytes are on their way. */
  readonly #outcomes: { readonly part: Part; readonly outcome: Outcome }[] = [];
  /** Between CopyInResponse and the client's CopyDone or CopyFail: the target ignores Sync. */
  copyingIn = false;
  /** The client ended a copy that the target has not begun yet. */
  #copyEnded = false;

  constructor(owner: ResponsesOwner) {
    this.#owner = owner;
    this.#scanner = new BackendScanner({
      sink: this,
      controlTypes: control,
      maxControlBytes: MAX_CONTROL_BYTES,
    });
  }

  get idle(): boolean {
    return this.#queue.length === 0;
  }

  /** Messages that the target owes an answer to. */
  get unanswered(): number {
    return this.#queue.length;
  }

  push(chunk: Buffer): FrameError | null {
    const error = this.#scanner.push(chunk);
    if (this.#asides.length > 0 && !this.#scanner.midFrame) this.#writeAsides();
    this.#owner.release.flush();
    if (this.#outcomes.length > 0) this.#record();
    return error;
  }

  expect(expectation: Expectation): void {
    this.#queue.push(expectation);
    this.#emitLocals();
  }

  /** A message that belongs to no answer (a notice): goes out at once, but never inside another message. */
  aside(frame: Buffer): void {
    this.#asides.push(frame);
    if (!this.#scanner.midFrame) this.#writeAsides();
    this.#owner.release.flush();
  }

  #writeAsides(): void {
    for (const frame of this.#asides) this.#owner.release.write(frame);
    this.#asides.length = 0;
  }

  #emitLocals(): void {
    const [first] = this.#queue;
    if (first?.kind !== 'local' && first?.kind !== 'mark') return;
    for (let head = this.#queue[0]; head?.kind === 'local' || head?.kind === 'mark'; head = this.#queue[0]) {
      this.#queue.shift();
      if (head.kind === 'local') this.#owner.release.write(head.frame);
      else head.reached();
    }
    this.#owner.release.flush();
  }

  /** The statement whose answer is arriving now. */
  #current(): Part | undefined {
    const head = this.#queue[0];
    if (head?.kind === 'execute') return head.part;
    return head?.kind === 'query' ? head.parts[head.at] : undefined;
  }

  /** Law 7: a result waits for its INTENT. A change inside a transaction shows nothing but its count before COMMIT. */
  #gateRows(): void {
    const head = this.#queue[0];
    // Planning may run functions, whose notices and errors say something as well.
    const part = head?.kind === 'bind' ? head.part : this.#current();
    if (part === undefined || part === null || part.gated) return;
    part.gated = true;
    this.#owner.release.gate(part.authorized.durability);
  }

  passthrough(chunk: Buffer, start: number, end: number): void {
    this.#gateRows();
    this.#owner.release.write(chunk.subarray(start, end));
  }

  control(type: number, frame: Buffer): void {
    switch (type) {
      case backend.commandComplete:
      case backend.emptyQueryResponse:
        this.#complete(type, frame);
        break;
      case backend.readyForQuery:
        this.#ready(frame);
        break;
      case backend.errorResponse:
        this.#fail(frame);
        break;
      case backend.portalSuspended:
        this.#suspend(frame);
        break;
      case backend.rowDescription:
      case backend.noData:
        this.#describe(frame);
        break;
      case backend.parameterStatus:
        this.#parameter(frame);
        break;
      case backend.copyInResponse:
        this.#copyIn(frame);
        break;
      default:
        this.#owner.release.write(frame);
        this.#shift();
    }
  }

  /** Ends the expectation at the head, whose answer was passed on. */
  #shift(): void {
    const head = this.#queue.shift();
    if (head !== undefined && 'done' in head) head.done();
    this.#emitLocals();
  }

  #describe(frame: Buffer): void {
    const answersDescribe = this.#queue[0]?.kind === 'describe';
    if (!answersDescribe) this.#gateRows();
    this.#owner.release.write(frame);
    if (answersDescribe) this.#shift();
  }

  #countRows(part: Part): void {
    part.rows += this.#scanner.rows;
    part.bytes += this.#scanner.rowBytes;
    this.#scanner.rows = 0;
    this.#scanner.rowBytes = 0;
  }

  #complete(type: number, frame: Buffer): void {
    const part = this.#current();
    if (part !== undefined) {
      if (part.authorized.judgement.description.reach === 'none') this.#gateRows();
      this.#countRows(part);
      if (part.rows === 0 && type === backend.commandComplete) part.rows = rowsOf(frame);
      this.#settle(part, 'succeeded', '');
      this.#owner.completed(part);
    }
    this.#owner.release.write(frame);
    const head = this.#queue[0];
    if (head?.kind === 'query') head.at++;
    else this.#shift();
  }

  #suspend(frame: Buffer): void {
    const part = this.#current();
    if (part !== undefined) this.#countRows(part);
    this.#owner.release.write(frame);
    this.#shift();
  }

  #ready(frame: Buffer): void {
    const status = parseReadyForQuery(frame);
    this.#owner.release.write(frame);
    this.copyingIn = false;
    this.#copyEnded = false;
    this.#shift();
    if (status.ok) this.#owner.ready(status.value);
  }

  #fail(frame: Buffer): void {
    const head = this.#queue[0];
    const report = parseReport(frame);
    const code = report.ok ? report.value.code : 'XX000';
    this.#scannedRowsAreLost(head);
    this.copyingIn = false;
    // An error may quote a value that the statement read.
    this.#gateRows();
    this.#owner.release.write(head?.kind === 'abort' ? head.frame : frame);
    if (head?.kind === 'query') this.#failParts(head.parts.slice(head.at), code);
    else this.#dropToSync(code);
    this.#owner.failed();
  }

  /** Rows that were counted belong to the statement that failed. */
  #scannedRowsAreLost(head: Expectation | undefined): void {
    const part = this.#current();
    if (part !== undefined && head !== undefined) this.#countRows(part);
  }

  #failParts(parts: readonly Part[], code: string): void {
    for (const [index, part] of parts.entries()) {
      this.#settle(part, index === 0 ? 'failed' : 'refused', index === 0 ? code : NOT_REACHED);
    }
  }

  /** After an error the target ignores everything up to Sync. */
  #dropToSync(code: string): void {
    let first = true;
    while (this.#queue.length > 0 && this.#queue[0]?.kind !== 'sync') {
      const dropped = this.#queue.shift();
      if (dropped?.kind === 'mark') dropped.reached();
      if (dropped?.kind === 'execute') {
        this.#settle(dropped.part, first ? 'failed' : 'refused', first ? code : NOT_REACHED);
        first = false;
      }
    }
  }

  #parameter(frame: Buffer): void {
    const parsed = parseParameterStatus(frame);
    this.#owner.release.write(frame);
    if (parsed.ok) this.#owner.parameterChanged(parsed.value[0], parsed.value[1]);
  }

  /** "COPY Operations": a Sync that the client sent before the copy began is ignored by the target, so nothing answers it. */
  #copyIn(frame: Buffer): void {
    this.copyingIn = !this.#copyEnded;
    this.#copyEnded = false;
    const kept = this.#queue.filter((expectation) => expectation.kind !== 'sync');
    if (kept.length < this.#queue.length) this.#owner.syncIgnored();
    this.#queue.splice(0, this.#queue.length, ...kept);
    this.#owner.release.write(frame);
  }

  /** The client has sent CopyDone or CopyFail; it may do so before it has seen CopyInResponse. */
  endCopy(): void {
    const begins = (expectation: Expectation): boolean =>
      expectation.kind === 'execute' && expectation.part.statement.effects.copy === 'in';
    if (!this.copyingIn && this.#queue.some(begins)) this.#copyEnded = true;
    this.copyingIn = false;
  }

  /** Records a part's outcome, once. */
  #settle(part: Part, status: OutcomeStatus, code: string): void {
    if (part.state === 'done') return;
    part.state = 'done';
    const durationMs = Math.max(0, Math.round(this.#owner.clock.monotonicMs() - part.startedMs));
    const { rows, bytes } = part;
    this.#outcomes.push({ part, outcome: { status, rows, bytes, durationMs, code } });
  }

  #record(): void {
    // Taken out first: one that can't be recorded must not keep back those that come after it.
    for (let next = this.#outcomes.shift(); next !== undefined; next = this.#outcomes.shift())
      this.#owner.gate.record(next.part.authorized, next.outcome);
  }

  /** A part that was authorized and will not run. */
  discard(part: Part): void {
    this.#settle(part, 'refused', NOT_REACHED);
    this.#record();
  }

  /** The target is gone: nobody knows what became of what it was asked. */
  lose(): void {
    this.abandon('unknown', 'target.lost');
  }

  /** Nothing more will be answered: everything outstanding ends like this. */
  abandon(status: OutcomeStatus, code: string): void {
    for (const expectation of this.#queue.splice(0)) {
      if (expectation.kind === 'execute') this.#settle(expectation.part, status, code);
      if (expectation.kind === 'query')
        for (const part of expectation.parts) this.#settle(part, status, code);
    }
    this.#record();
  }
}

/** The code of an authorized statement that an earlier one's error kept from running. */
const NOT_REACHED = 'not_reached';

function rowsOf(frame: Buffer): number {
  const parsed = parseCommandComplete(frame);
  return parsed.ok ? (parsed.value.rows ?? 0) : 0;
}
