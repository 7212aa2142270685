import { refusal, type Refusal } from '../../../core/reasons.ts';
import { err, ok, type Result } from '../../../core/result.ts';
import type { Parameter } from '../../../core/action.ts';
import { boundRowLimit, type DescribedStatement } from '../describe/index.ts';
import { errorResponse } from '../wire/backend.ts';
import {
  bindParameters,
  flushMessage,
  parseBind,
  parseExecute,
  parseMessage,
  parseNamedObject,
  parseParse,
  type BindMessage,
} from '../wire/frontend.ts';
import { frontend, type TransactionStatus } from '../wire/messages.ts';
import type { Admitted, Candidate } from './admission.ts';
import type { Next, SessionHost } from './host.ts';
import { protocolViolation } from './refusals.ts';
import type { Part } from './responses.ts';
import { changesMeaning, type Portal, type Prepared } from './state.ts';

/**
 * The extended query protocol: rounds of messages that end with Sync. A statement is described at Parse, decided and
 * authorized at Bind (planning may run functions), and runs at Execute.
 *
 * After an error of a round the target ignores the rest of it. A refusal of ours does the same: it goes out in its turn,
 * and what follows up to Sync is dropped. Where statements of this round have run in its implicit transaction, the
 * target is made to fail too, since a client that sees an error relies on their being rolled back.
 */
export class Extended {
  readonly #session: SessionHost;
  /** A round is open: messages were passed on, or refused, since the last Sync. */
  isOpen = false;
  isSkipping = false;
  /** The transaction's status when the round began. */
  #status: TransactionStatus = 'I';
  /** The target has been sent something in this round, so it is the target that answers Sync. */
  #isSent = false;
  /** A statement was sent in this round that Sync would commit. */
  #mustRollBack = false;
  /** The first of those. */
  #firstChange: Part | undefined;
  #onReopened: (() => void) | undefined;
  /** A statement is under way that may change what those after it mean. */
  #isChanging = false;

  constructor(session: SessionHost) {
    this.#session = session;
  }

  dispatch(frame: Buffer): Next {
    if (frame[0] === frontend.sync) return this.#sync(frame);
    if (this.isSkipping) return undefined;
    if (this.isOpen) return this.#pass(frame);
    return this.#session.whenReady(() => {
      this.isOpen = true;
      this.#status = this.#session.status;
      this.#session.isReady = false;
      return this.#pass(frame);
    });
  }

  #pass(frame: Buffer): Next {
    if (this.#isChanging && DECIDED.has(frame[0])) return this.#afterChange(frame);
    switch (frame[0]) {
      case frontend.parse:
        return this.#parse(frame);
      case frontend.bind:
        return this.#bind(frame);
      case frontend.execute:
        return this.#execute(frame);
      case frontend.describe:
        return this.#describe(frame);
      case frontend.close:
        return this.#close(frame);
      case frontend.flush:
        this.#send(frame);
        return undefined;
      default:
        return this.#violation('A message came that has no place here.');
    }
  }

  /** What a statement means is known when those before it have run: a round can redefine what a later one names. */
  async #afterChange(frame: Buffer): Promise<void> {
    const { link, responses } = this.#session;
    const changed = new Promise<void>((reached) => responses.expect({ kind: 'mark', reached }));
    this.#send(flushMessage);
    link.flush();
    await changed;
    this.#isChanging = false;
    if (!this.isSkipping) await this.#pass(frame);
  }

  #parse(frame: Buffer): Next {
    const parsed = parseParse(frame);
    if (!parsed.ok) return this.#violation(`The Parse message is malformed: ${parsed.error}.`);
    const { query, statement: name, parameterTypes } = parsed.value;
    const statement = this.#single(query);
    if (!statement.ok)
      return this.#session.asking.refuse(query, statement.error).then(() => this.#refuse(statement.error));
    const prepared: Prepared = { query, statement: statement.value, parameterTypes };
    const { parsing } = this.#session.state;
    parsing.set(name, prepared);
    this.#send(frame);
    this.#session.responses.expect({
      kind: 'parse',
      done: () => {
        this.#session.state.prepare(name, prepared);
        if (parsing.get(name) === prepared) parsing.delete(name);
      },
    });
    return undefined;
  }

  /** "Parse": one statement, or none. */
  #single(query: string): Result<DescribedStatement | null, Refusal> {
    const described = this.#session.asking.describe(query);
    if (!described.ok) return described;
    const [statement, second] = described.value;
    if (second === undefined) return ok(statement ?? null);
    const message = 'A prepared statement can hold one statement only.';
    return err(refusal('describe.unparsable', { message, hint: 'Send the statements one by one.' }));
  }

  #bind(frame: Buffer): Next {
    const parsed = parseBind(frame);
    if (!parsed.ok) return this.#violation(`The Bind message is malformed: ${parsed.error}.`);
    const bind = parsed.value;
    const prepared = this.#session.state.preparedMessage(bind.statement);
    if (prepared === undefined)
      return this.#error('26000', `There is no prepared statement "${bind.statement}".`);
    if (prepared.statement === null)
      return this.#sendBind(frame, bind, {
        prepared,
        part: null,
        version: 0,
        authorizeAgain: () => Promise.resolve(null),
      });
    const parameters = bindParameters(bind, prepared.parameterTypes);
    if (!parameters.ok) return this.#violation(`A bound value is malformed: ${parameters.error}.`);
    return this.#admitted(prepared, parameters.value, (part) => {
      const again = () => this.#authorizeAgain(prepared, parameters.value);
      const send = (): void =>
        void this.#sendBind(frame, bind, { prepared, part, version: 0, authorizeAgain: again });
      // Planning runs functions whose result is fixed; what reaches outside waits for its INTENT before that.
      return this.#session.afterIntents([part], false, send);
    });
  }

  /** The statement with its values, described by the names as they are now. */
  #candidates(prepared: Prepared, parameters: readonly Parameter[]): Result<readonly Candidate[], Refusal> {
    const statement = this.#single(prepared.query);
    if (!statement.ok) return statement;
    if (statement.value === null) return ok([]);
    const { limitParameter } = statement.value.effects;
    const limit = limitParameter === null ? undefined : parameters[limitParameter - 1];
    const description = boundRowLimit(statement.value, limit === undefined ? null : readableLimit(limit));
    return this.#session.asking.one({ ...statement.value, description }, prepared.query, parameters);
  }

  #admitted(prepared: Prepared, parameters: readonly Parameter[], use: (part: Part) => Next): Next {
    const candidates = this.#candidates(prepared, parameters);
    const admitted = candidates.ok
      ? this.#session.admit(
          { candidates: candidates.value, again: () => this.#candidates(prepared, parameters) },
          this.#firstChange?.state === 'done',
        )
      : this.#session.asking.refuse(prepared.query, candidates.error);
    const settle = (settled: Admitted): Next => {
      const part = settled.ok ? settled.value[0] : undefined;
      if (!settled.ok) return this.#refuse(settled.error);
      return part === undefined ? undefined : use(part);
    };
    return admitted instanceof Promise ? admitted.then(settle) : settle(admitted);
  }

  async #authorizeAgain(prepared: Prepared, parameters: readonly Parameter[]): Promise<Part | null> {
    let authorized: Part | null = null;
    await this.#admitted(prepared, parameters, (part) => {
      authorized = part;
      return undefined;
    });
    return authorized;
  }

  #sendBind(frame: Buffer, bind: BindMessage, portal: Portal): undefined {
    this.#drop(bind.portal);
    portal.version = this.#session.state.version;
    this.#session.state.openPortal(bind.portal, portal);
    this.#send(frame);
    this.#session.responses.expect({ kind: 'bind', part: portal.part });
    return undefined;
  }

  /** A portal that is replaced or closed without having run: its authorization comes to nothing. */
  #drop(name: string): void {
    const part = this.#session.state.portals.get(name)?.part;
    if (part?.state === 'bound') this.#session.responses.discard(part);
    this.#session.state.portals.delete(name);
  }

  #execute(frame: Buffer): Next {
    const parsed = parseExecute(frame);
    if (!parsed.ok) return this.#violation(`The Execute message is malformed: ${parsed.error}.`);
    const portal = this.#session.state.portals.get(parsed.value.portal);
    if (portal === undefined) return this.#error('34000', `There is no portal "${parsed.value.portal}".`);
    const { part } = portal;
    if (part === null) return this.#sendExecute(frame, null);
    const isMeantAsDecided = portal.version === this.#session.state.version;
    if (part.state === 'running' || (part.state === 'bound' && isMeantAsDecided))
      return this.#run(frame, part);
    if (part.state === 'bound') this.#session.responses.discard(part);
    return portal.authorizeAgain().then((again) => {
      if (again === null) return undefined;
      portal.part = again;
      portal.version = this.#session.state.version;
      return this.#run(frame, again);
    });
  }

  #run(frame: Buffer, part: Part): Next {
    // In an implicit transaction it is Sync that commits.
    return this.#session.afterIntents([part], false, () => void this.#sendExecute(frame, part));
  }

  #sendExecute(frame: Buffer, part: Part | null): undefined {
    const { responses } = this.#session;
    if (part === null) responses.expect({ kind: 'describe', done: () => undefined });
    else {
      part.state = 'running';
      this.#isChanging ||= changesMeaning(part.statement);
      if (this.#status === 'I' && part.authorized.judgement.description.reach !== 'none') this.#changes(part);
      responses.expect({ kind: 'execute', part });
    }
    this.#send(frame);
    return undefined;
  }

  #changes(part: Part): void {
    this.#mustRollBack = true;
    this.#firstChange ??= part;
  }

  #describe(frame: Buffer): Next {
    const parsed = parseNamedObject(frame);
    if (!parsed.ok) return this.#violation(`The Describe message is malformed: ${parsed.error}.`);
    this.#send(frame);
    this.#session.responses.expect({ kind: 'describe', done: () => undefined });
    return undefined;
  }

  #close(frame: Buffer): Next {
    const parsed = parseNamedObject(frame);
    if (!parsed.ok) return this.#violation(`The Close message is malformed: ${parsed.error}.`);
    const { kind, name } = parsed.value;
    this.#send(frame);
    const done = (): void => {
      if (kind === 'statement') this.#session.state.forget(name);
    };
    if (kind === 'portal') this.#drop(name);
    this.#session.responses.expect({ kind: 'close', done });
    return undefined;
  }

  #send(frame: Buffer): void {
    this.#isSent = true;
    this.#session.link.send(frame);
  }

  #sync(frame: Buffer): Next {
    // While it copies in, the target ignores Sync.
    if (this.#session.responses.copyingIn) {
      this.#send(frame);
      return undefined;
    }
    if (!this.isOpen) {
      if (!this.#session.isReady) return this.#untilReadyOrReopened().then(() => this.#sync(frame));
      return this.#session.whenReady(() => {
        this.#session.isReady = false;
        return this.#closeRound(frame);
      });
    }
    const pending = this.#session.lastDurability;
    if (!this.#mustRollBack || pending === undefined || pending.durable) return this.#closeRound(frame);
    return pending.done.then(() => this.#closeRound(frame));
  }

  async #untilReadyOrReopened(): Promise<void> {
    const reopened = new Promise<void>((resolve) => (this.#onReopened = resolve));
    await Promise.race([reopened, this.#session.whenReady(() => undefined)]);
    this.#onReopened = undefined;
  }

  #closeRound(frame: Buffer): undefined {
    this.isSkipping = false;
    this.isOpen = false;
    if (this.#isSent) {
      this.#send(frame);
      this.#session.responses.expect({ kind: 'sync' });
    } else this.#session.answerSync();
    this.#isSent = false;
    return undefined;
  }

  /** The target copies in and has ignored a Sync that was sent already: the round goes on. */
  reopen(): void {
    this.isOpen = true;
    this.#isSent = true;
    this.#onReopened?.();
  }

  /** Ends the round for the client with a refusal, in its turn. */
  #refuse(reason: Refusal): undefined {
    return this.#abort(this.#session.refusalFrame(reason));
  }

  #violation(message: string): undefined {
    return this.#abort(protocolViolation(message));
  }

  #error(code: string, message: string): undefined {
    return this.#abort(errorResponse({ severity: 'ERROR', code, message }));
  }

  #abort(frame: Buffer): undefined {
    const { responses } = this.#session;
    this.isSkipping = true;
    if (this.#mustRollBack) {
      this.#send(FAIL);
      responses.expect({ kind: 'abort', frame });
      return undefined;
    }
    const isFirst = responses.idle;
    if (!isFirst) this.#send(flushMessage);
    responses.expect({ kind: 'local', frame });
    return undefined;
  }

  /** The target reported an error and ignores what follows up to Sync. */
  targetFailed(): void {
    if (this.isOpen) this.isSkipping = true;
    this.#session.state.parsing.clear();
  }

  ready(status: TransactionStatus): void {
    this.#mustRollBack = false;
    this.#firstChange = undefined;
    this.#isChanging = false;
    this.#session.state.parsing.clear();
    // "Bind": portals end with their transaction.
    if (status === 'I') for (const name of [...this.#session.state.portals.keys()]) this.#drop(name);
  }

  end(): void {
    for (const name of [...this.#session.state.portals.keys()]) this.#drop(name);
  }
}

/** Messages at which a statement is described or decided. */
const DECIDED: ReadonlySet<number | undefined> = new Set([frontend.parse, frontend.bind, frontend.execute]);

/** No statement: the target answers with a syntax error, which rolls the implicit transaction back. */
const FAIL = parseMessage({ statement: '', query: 'refused by the gateway', parameterTypes: [] });

/**
 * OIDs as which `LIMIT $n` may be bound: left open, int8, int2, int4. As a value of another type, which is cast then, the
 * same text may be another number.
 */
const LIMIT_TYPES: ReadonlySet<Parameter['type']> = new Set([0, 20, 21, 23]);

/** A limit that can't be read bounds nothing, which asks for more than it might: a binary one isn't decoded. */
const readableLimit = ({ type, format, value }: Parameter): string | null =>
  format === 'text' && LIMIT_TYPES.has(type) ? value : null;
