import type { Refusal } from '../../../core/reasons.ts';
import { limits as bounds } from '../../../limits.ts';
import type { Clock } from '../../../ports.ts';
import { backendKeyData, parameterStatus, readyForQuery } from '../wire/backend.ts';
import type { FrameError } from '../wire/frames.ts';
import { frontend, type TransactionStatus } from '../wire/messages.ts';
import type { Upstream, UpstreamOptions } from '../wire/upstream.ts';
import { Admission, type AdmissionAsk, type Admitted } from './admission.ts';
import { Asking, isUtf8 } from './asking.ts';
import { Extended } from './extended.ts';
import { Flow } from './flow.ts';
import { Holding } from './holding.ts';
import type { Next, SessionHost } from './host.ts';
import { FRAME_RULES, Intake } from './intake.ts';
import { Link } from './link.ts';
import { fatal, refusalFrame, tooLarge } from './refusals.ts';
import type { SessionOptions } from './options.ts';
import { Release } from './release.ts';
import { hasEffectAtOnce, Responses, type Part } from './responses.ts';
import { Simple } from './simple.ts';
import { pathOf, SessionState } from './state.ts';
import { NAME, untagged } from './tag.ts';

/** One client connection: its messages in order, one at a time, each decided before it is passed on. */
export class Session implements SessionHost {
  readonly state: SessionState;
  readonly responses: Responses;
  readonly release: Release;
  readonly link: Link;
  readonly asking: Asking;
  readonly #holding: Holding;
  readonly #options: SessionOptions;
  readonly #admission: Admission;
  readonly #simple: Simple;
  readonly #extended: Extended;
  readonly #intake: Intake;
  readonly #flow: Flow;
  #ended = false;
  /** The target's last word about the transaction. */
  status: TransactionStatus = 'I';
  /** The target has answered everything up to its ReadyForQuery, and nothing is on the way. */
  isReady = true;
  #whenReady: (() => void) | undefined;
  /** What the client was told. Shared by all sessions until it differs. */
  #reported: ReadonlyMap<string, string> = new Map();

  constructor(options: SessionOptions) {
    const { access, client, ports } = options;
    this.#options = options;
    this.state = new SessionState(pathOf(access.catalog.searchPath, options.ownSearchPath));
    this.state.statedTask = options.statedTask;
    this.state.supersedes = options.supersedes;
    this.release = new Release(client.socket, () =>
      this.#fail('58030', 'The ledger can’t record, so nothing is released.'),
    );
    this.responses = new Responses({
      clock: ports.clock,
      gate: ports.gate,
      release: this.release,
      completed: (part) => this.asking.apply(part.statement),
      failed: () => this.#extended.targetFailed(),
      syncIgnored: () => this.#extended.reopen(),
      ready: (status) => this.#ready(status),
      parameterChanged: (name, value) => this.#parameterChanged(name, value),
    });
    this.link = new Link(access.slots, access.upstream, {
      connected: (upstream) => this.#connected(upstream),
      data: (chunk) => this.#fromTarget(chunk),
      lost: (message, wasOpen) => this.#targetLost(message, wasOpen),
      saturated: (isSaturated) => this.#flow.targetIsFull(isSaturated),
      mayYield: () => this.#mayYield(),
    });
    const { analyser, catalog, estimator, target } = access;
    const { agent, requester } = options;
    this.asking = new Asking({
      ...ports,
      analyser,
      catalog,
      estimator,
      target,
      agent,
      requester,
      state: this.state,
    });
    this.#holding = new Holding({ ...ports, catalog, notify: (frame) => this.responses.aside(frame) });
    this.#admission = new Admission(ports.gate, ports.clock);
    this.#simple = new Simple(this);
    this.#extended = new Extended(this);
    this.#intake = new Intake({
      crowded: () => this.#flow.update(),
      handle: (frame) => this.#dispatch(frame),
      settled: () => this.#settled(),
      malformed: (error) => this.#malformed(error),
      ledgerLost: () => this.#fail('58030', 'The ledger can’t record, so nothing is executed.'),
      broken: (error) => this.#broken(error),
    });
    this.#flow = new Flow({
      socket: client.socket,
      isCrowded: () => this.#intake.isCrowded,
      unanswered: () => this.responses.unanswered,
    });
  }

  /** Greets the client and begins to read it. */
  start(): void {
    const { client, access, processId, secretKey } = this.#options;
    for (const [name, value] of access.parameters) this.release.write(parameterStatus(name, value));
    this.#reported = access.parameters;
    this.release.write(backendKeyData(processId, secretKey));
    this.release.write(readyForQuery('I'));
    this.release.flush();
    const { socket } = client;
    socket.on('data', (chunk: Buffer) => this.#intake.push(chunk));
    socket.on('drain', () => this.#drained());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.end());
    if (client.rest.length > 0) this.#intake.push(client.rest);
  }

  get upstreamOptions(): UpstreamOptions {
    return this.#options.access.upstream;
  }

  get clock(): Clock {
    return this.#options.ports.clock;
  }

  /** Sends on what was queued both ways. While a message waits, nothing of it goes to the target. */
  #settled(): void {
    if (!this.#ended && !this.#intake.isBusy) this.link.flush();
    this.release.flush();
    this.#flow.update();
  }

  #malformed(error: FrameError): void {
    if (error.reason !== 'over_limit')
      return this.#fail('08P01', 'The connection sent what is no message of the protocol.');
    const reason = tooLarge(error.length, FRAME_RULES.maxBytes(error.type));
    const end = (): void => this.#fail('54000', reason.message, reason.hint);
    void this.asking.refuse(reason.message, reason).then(end);
  }

  /** One message. A promise where the next message has to wait for this one. */
  #dispatch(frame: Buffer): Next {
    if (this.#extended.isOpen && ROUND_FIRST.has(frame[0])) {
      // The target would answer it before Sync; here it would wait for a Sync that can't be read any more.
      this.#fail('08P01', 'A query came before the Sync of the messages that were sent first.');
      return undefined;
    }
    switch (frame[0]) {
      case frontend.query:
        return this.whenReady(() => this.#simple.query(frame));
      case frontend.terminate:
        this.end();
        return undefined;
      case frontend.functionCall:
        return this.whenReady(() => this.#simple.refuseFunctionCall(frame));
      case frontend.copyData:
      case frontend.copyDone:
      case frontend.copyFail:
        return this.#copy(frame);
      default:
        return this.#extended.dispatch(frame);
    }
  }

  /** A new round of messages begins when the target has answered the one before: only then is the transaction's status known. */
  whenReady(run: () => Next): Next {
    if (this.isReady && !this.state.catalogStale) return run();
    return this.#untilReady().then(run);
  }

  async #untilReady(): Promise<void> {
    this.link.flush();
    if (!this.isReady) await new Promise<void>((resolve) => (this.#whenReady = resolve));
    if (!this.state.catalogStale || this.status !== 'I') return;
    const isFresh = await this.#options.access.catalog.refresh().then(
      () => true,
      // Fails closed: names stay unknown, which asks a person, until a refresh succeeds.
      () => false,
    );
    if (isFresh) this.state.catalogStale = false;
  }

  /**
   * Law 7. Reads go at once. A change that nothing holds back any more (autocommit, COMMIT) and whatever reaches outside
   * of the transaction wait until their INTENTs are durable.
   */
  afterIntents(parts: readonly Part[], autocommit: boolean, send: () => void): Next {
    const mustWait = parts.some((part) => hasEffectAtOnce(part, autocommit));
    this.lastDurability = parts.at(-1)?.authorized.durability ?? this.lastDurability;
    const pending = this.lastDurability;
    if (!mustWait || pending === undefined || pending.durable) return this.#unlessEnded(parts, send);
    return pending.done.then(() => this.#unlessEnded(parts, send));
  }

  /** The client may have left during a wait: then what was authorized doesn't run, and that is its outcome. */
  #unlessEnded(parts: readonly Part[], send: () => void): undefined {
    if (!this.#ended) send();
    else for (const part of parts) this.responses.discard(part);
    return undefined;
  }

  /** The INTENT that was queued last; all earlier ones are durable when it is. */
  lastDurability: Part['authorized']['durability'] | undefined;

  admit(
    ask: Pick<AdmissionAsk, 'candidates' | 'again'>,
    isTransactionOpen = false,
  ): Admitted | Promise<Admitted> {
    this.#holding.begin();
    return this.#admission.admit({
      ...ask,
      // An open transaction may hold changes that another connection doesn't see.
      objection: () =>
        this.status === 'I' && !isTransactionOpen
          ? this.asking.objection(ask.candidates)
          : Promise.resolve(null),
      estimates: () => this.asking.estimates(ask.candidates),
      holding: () => this.#holding.describe(this.link.upstream?.processId, isTransactionOpen),
      wait: (hold) => this.#holding.wait(hold, isTransactionOpen),
      prepare: () => this.#ended || this.link.open(),
      leave: (reason) => this.#holding.leave(reason),
    });
  }

  refusalFrame(reason: Refusal): Buffer {
    return refusalFrame(reason, this.#options.ports.publicUrl);
  }

  /** A round that the target was sent nothing of. */
  answerSync(): void {
    this.responses.expect({ kind: 'local', frame: readyForQuery(this.status) });
    this.isReady = true;
  }

  /** Data of a COPY that has been authorized. Outside of one the target would ignore it, so it goes no further. */
  #copy(frame: Buffer): undefined {
    if (this.isReady || this.#extended.isSkipping) return undefined;
    if (frame[0] !== frontend.copyData) this.responses.endCopy();
    this.link.send(frame);
    return undefined;
  }

  #fromTarget(chunk: Buffer): 'done' | 'kept' {
    try {
      return this.#passOn(chunk);
    } catch (error) {
      this.#broken(error);
      this.#abandonTarget();
      return 'kept';
    }
  }

  #passOn(chunk: Buffer): 'done' | 'kept' {
    const { socket } = this.#options.client;
    const error = this.responses.push(chunk);
    this.#flow.update();
    if (error !== null) this.#targetLost('The target sent what is no message of the protocol.', true);
    else if (this.release.queuedBytes > bounds.bufferedBytes || socket.writableNeedDrain)
      this.#throttleTarget();
    return this.release.borrows || socket.writableLength > 0 ? 'kept' : 'done';
  }

  /** What the target says is followed no more, so that nobody knows how it ends. */
  #abandonTarget(): void {
    try {
      this.responses.lose();
    } catch (error) {
      this.#options.onFault(error);
    }
    this.link.close();
  }

  #throttleTarget(): void {
    const target = this.link.upstream?.socket;
    if (target === undefined || this.#ended) return;
    target.pause();
    // Behind a gate no 'drain' comes: the disk decides when the bytes go.
    const pending = this.lastDurability;
    if (pending !== undefined && !pending.durable)
      void pending.done.then(
        () => setImmediate(() => this.#drained()),
        () => undefined,
      );
  }

  #drained(): void {
    if (this.#options.client.socket.writableNeedDrain || this.release.queuedBytes > bounds.bufferedBytes)
      return;
    this.link.upstream?.socket.resume();
  }

  #ready(status: TransactionStatus): void {
    this.#holding.observe(status);
    this.status = status;
    this.isReady = true;
    this.state.settle();
    this.#extended.ready(status);
    const waiting = this.#whenReady;
    this.#whenReady = undefined;
    if (waiting !== undefined) waiting();
    else if (this.#options.access.slots.crowded) setImmediate(() => this.#mayYield());
  }

  /** Gives the connection to somebody who waits, where a new one would be no different. */
  #mayYield(): void {
    const idle =
      this.isReady && !this.#intake.isBusy && this.status === 'I' && this.responses.idle && !this.link.unsent;
    if (idle && this.state.pristine && this.link.upstream !== undefined) this.link.close();
  }

  /** Tells the client what is different from what it was greeted with: what it asked for in its own startup packet. */
  #connected(upstream: Upstream): void {
    const { session } = this.#options.requester;
    for (const [name, reported] of upstream.parameters) {
      const value = name === NAME ? untagged(reported, session) : reported;
      if (this.#reported.get(name) !== value) this.release.write(parameterStatus(name, value));
      this.#parameterChanged(name, value);
    }
    this.release.flush();
  }

  #parameterChanged(name: string, value: string): void {
    if (this.#reported.get(name) !== value) this.#reported = new Map(this.#reported).set(name, value);
    if (name === 'search_path') this.state.reportSearchPath(value);
    if (name === 'standard_conforming_strings') this.state.reportStrings(value === 'on');
    if (name === 'client_encoding' && !isUtf8(value))
      this.#fail('0A000', 'The client encoding changed to one other than UTF-8.');
  }

  #targetLost(message: string, wasOpen: boolean): void {
    if (wasOpen) this.responses.lose();
    else this.responses.abandon('failed', 'target.unavailable');
    if (!this.#ended) this.#fail('08006', `The connection to the target is lost: ${message}`);
  }

  /** The client asked, over another connection, to cancel what this one does. */
  cancel(): void {
    this.#holding.cancel();
  }

  /** A fault of the gateway's own: it ends this session, and no other. */
  #broken(error: unknown): void {
    this.#options.onFault(error);
    this.#fail(
      'XX000',
      'The gateway failed on this message, and the session ends. Nothing else is affected.',
    );
  }

  /** Ends the session with a last word. */
  #fail(code: string, message: string, hint = ''): void {
    if (this.#ended) return;
    const { socket } = this.#options.client;
    if (!this.release.waiting) socket.write(fatal(code, message, hint));
    socket.destroySoon();
    this.end();
  }

  shutDown(): void {
    this.#fail('57P01', 'The gateway is shutting down.');
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#intake.end();
    this.#holding.abandon();
    this.#extended.end();
    this.#leaveTarget();
    this.#options.client.socket.destroySoon();
    this.#options.onEnd();
  }

  /** What is under way may still come to an end that can be recorded; for a while. */
  #leaveTarget(): void {
    if (this.responses.idle || this.link.upstream === undefined) {
      this.responses.abandon('refused', 'not_reached');
      this.link.close();
      return;
    }
    const leave = (): void => {
      cancelTimer();
      this.responses.lose();
      this.link.close();
    };
    const cancelTimer = this.clock.after(bounds.drainMs, leave);
    this.#whenReady = leave;
    // Nobody reads any more, so nobody's slowness holds the target back.
    this.link.upstream.socket.resume();
  }
}

/** Messages that begin when everything before them has been answered. */
const ROUND_FIRST: ReadonlySet<number | undefined> = new Set([frontend.query, frontend.functionCall]);
