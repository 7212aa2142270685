import { base64url } from 'jose';
import { SallyportClient, type KnownAction } from './client.ts';
import type { ActionRequest, ActionState, IssuedGrant, OutcomeReport, Question } from './contract/index.ts';
import { GrantClaims, isPlainObject } from './contract/index.ts';
import { SallyportError } from './errors.ts';
import { canonicalJson } from './grant/canonical.ts';
import { actionDigest } from './grant/digest.ts';
import { createProofKey, type ProofKey } from './grant/proof.ts';
import { nowMs, drawKey } from './platform.ts';
import { isPassing, persist, type Persistence } from './persist.ts';
import type { ClientOptions } from './transport.ts';

/** What is said of a call besides its operation and its arguments, which nobody but the caller decides. */
export type CallDescription = Pick<
  ActionRequest,
  'title' | 'datasets' | 'statedTask' | 'onBehalfOf' | 'supersedes' | 'session'
>;

export interface GuardOptions<T, R> {
  /** A target of protocol `api`. */
  readonly target: string;
  /** The name of what the function does: `invoice.refund`. */
  readonly operation: string;
  /** Told to the reviewer, as the agent's own words. */
  readonly describe?: (args: T) => CallDescription;
  /** Told once, when people have to decide. */
  readonly onReview?: (state: ActionState) => void;
  /** The answer to what a reviewer asks. Without it questions stay open. */
  readonly onQuestion?: (question: Question) => string | Promise<string>;
  /** What the ledger is to know of the result. */
  readonly measure?: (result: R) => { readonly rows?: number; readonly bytes?: number };
  /** Told where the outcome could not be reported: the ledger will say `unknown`. */
  readonly onUnreported?: (error: SallyportError) => void;
  /** Gives up while people decide. Once the function runs, stopping it is the function's own matter. */
  readonly signal?: AbortSignal;
}

/** What a guarded function gets besides its arguments. */
export interface Granted {
  /** In the ledger. */
  readonly action: string;
  /** For a service that checks grants: the headers of one request to it, good for that request alone. */
  headers(method: string, url: string): Promise<{ readonly authorization: string; readonly dpop: string }>;
}

export type Guarded<T, R> = (args: T, granted: Granted) => R | Promise<R>;

const waitSeconds = 30;

/** Puts any function of yours behind the gateway. */
export class Sallyport {
  readonly client: SallyportClient;
  #key: Promise<ProofKey> | undefined;
  readonly #persistence: Persistence;

  constructor(options: ClientOptions & { readonly persistence?: Persistence }) {
    this.client = new SallyportClient(options);
    this.#persistence = options.persistence ?? {};
  }

  /**
   * The function, such that each call of it asks first, waits for whoever has to decide, runs at most once with exactly
   * the arguments that were decided on, and is recorded. Arguments are one object of JSON: what runs gets a frozen copy.
   * Rejects with a `SallyportError` where it may not run, and with the function's own error where it failed.
   */
  guard<T extends object, R>(run: Guarded<T, R>, options: GuardOptions<T, R>): (args: T) => Promise<R> {
    return async (args) => {
      const exact = exactCopy(args);
      const state = await this.#decided(exact, options);
      const key = await (this.#key ??= createProofKey());
      const issued = await this.#granted(state, key, options);
      return this.#perform(
        () => run(exact, grantedOf(state, issued, key)),
        { exact, issued, state },
        options,
      );
    };
  }

  /** Resolves when the grant can be asked for. */
  async #decided<T, R>(args: T, options: GuardOptions<T, R>): Promise<ActionState> {
    const { target, operation, describe } = options;
    throwIfAborted(options.signal);
    const request = { target, operation, arguments: args as Record<string, unknown>, ...describe?.(args) };
    const idempotencyKey = drawKey();
    const state = await persist(
      () => this.client.submitAction(request, { idempotencyKey }),
      this.#persistence,
    );
    if (state.status === 'pending') options.onReview?.(state);
    return this.#awaited({ state, etag: '' }, options);
  }

  async #awaited<T, R>(first: KnownAction, options: GuardOptions<T, R>): Promise<ActionState> {
    const answered = new Set<number>();
    let known = first;
    while (known.state.status === 'pending') {
      await this.#answer(known.state, answered, options);
      known = await this.#news(known, options.signal);
    }
    const { status, refusal } = known.state;
    if (status === 'ready') return known.state;
    // The codes of refusals are problem codes; a newer gateway may have more of them.
    const code = (refusal?.code ?? 'action.over') as SallyportError['code'];
    throw new SallyportError(code, refusal?.message ?? 'This action is over.');
  }

  async #news({ state, etag }: KnownAction, signal: AbortSignal | undefined): Promise<KnownAction> {
    const known = etag === '' ? {} : { known: { state, etag } };
    const ask = (): Promise<KnownAction> =>
      this.client.getAction(state.id, {
        seconds: etag === '' ? 0 : waitSeconds,
        ...known,
        ...(signal === undefined ? {} : { signal }),
      });
    try {
      throwIfAborted(signal);
      return await persist(ask, { ...this.#persistence, ...(signal === undefined ? {} : { signal }) });
    } catch (error) {
      if (signal?.aborted !== true) throw error;
      await this.client.withdrawAction(state.id, 'The caller gave up.').catch(() => undefined);
      throw aborted();
    }
  }

  async #answer<T, R>(
    { review, questions }: ActionState,
    answered: Set<number>,
    { onQuestion }: GuardOptions<T, R>,
  ): Promise<void> {
    if (onQuestion === undefined || review === null) return;
    for (const question of questions) {
      if (question.answer !== null || answered.has(question.id)) continue;
      answered.add(question.id);
      await this.client.answerQuestion(review, question.id, await onQuestion(question));
    }
  }

  /** Not repeated: a grant whose answer was lost is spent, and is never handed out again. */
  async #granted<T, R>(state: ActionState, key: ProofKey, options: GuardOptions<T, R>): Promise<IssuedGrant> {
    const proof = await key.prove({ method: 'POST', url: state.grantUrl }, nowMs());
    try {
      return await this.client.grantAction(state.id, proof);
    } catch (error) {
      // Where the grant was recorded and its answer lost, the ledger learns that nothing was run.
      if (isPassing(error))
        await this.#report(state.id, { status: 'failed', code: 'client.grant_lost' }, options);
      throw error;
    }
  }

  async #perform<T, R>(
    run: () => R | Promise<R>,
    {
      exact,
      issued,
      state,
    }: { readonly exact: T; readonly issued: IssuedGrant; readonly state: ActionState },
    options: GuardOptions<T, R>,
  ): Promise<R> {
    const report = (outcome: OutcomeReport): Promise<void> => this.#report(state.id, outcome, options);
    if (!(await isFor(issued, options, exact))) {
      await report({ status: 'failed', code: 'client.other_grant' });
      throw new SallyportError('client.other_grant', 'The grant is not for what was asked: nothing was run.');
    }
    let result: R;
    try {
      result = await run();
    } catch (error) {
      await report({ status: 'failed', code: codeOf(error) });
      throw error;
    }
    await report({ status: 'succeeded', ...options.measure?.(result) });
    return result;
  }

  /** A report whose answer was lost is refused when it is repeated, and recorded all the same. */
  async #isRecorded(id: string, { status, code = '' }: OutcomeReport): Promise<boolean> {
    const known = await this.client.getAction(id).catch(() => undefined);
    const outcome = known?.state.outcome;
    return outcome?.status === status && outcome.code === code;
  }

  /** Whatever becomes of the report, the function has run: its result is the caller's. */
  async #report<T, R>(
    id: string,
    outcome: OutcomeReport,
    { onUnreported }: GuardOptions<T, R>,
  ): Promise<void> {
    try {
      await persist(() => this.client.reportOutcome(id, outcome), this.#persistence);
    } catch (error) {
      if (error instanceof SallyportError && !(await this.#isRecorded(id, outcome))) onUnreported?.(error);
    }
  }
}

function grantedOf(state: ActionState, { grant }: IssuedGrant, key: ProofKey): Granted {
  return {
    action: state.id,
    headers: async (method, url) => ({
      authorization: `DPoP ${grant}`,
      dpop: await key.prove({ method, url, grant }, nowMs()),
    }),
  };
}

/** Through its canonical text: nothing that the caller changes later, or that a getter makes up, gets in. */
function exactCopy<T extends object>(args: T): T {
  if (!isPlainObject(args)) {
    const detail =
      'The arguments of a guarded function are one plain object of JSON: no undefined, dates, functions or classes.';
    throw new SallyportError('client.not_json', detail);
  }
  return freeze(JSON.parse(canonicalJson(args)) as T);
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const each of Object.values(value)) freeze(each);
  return Object.freeze(value);
}

/** Law 1, on this side: the digest that people decided on is that of what is about to run. */
async function isFor<T, R>(
  { grant, digest }: IssuedGrant,
  { target, operation }: GuardOptions<T, R>,
  args: T,
): Promise<boolean> {
  const claims = GrantClaims.safeParse(payloadOf(grant));
  if (!claims.success) return false;
  const [detail] = claims.data.authorization_details;
  const own = await actionDigest({
    agent: claims.data.sub,
    onBehalfOf: detail.on_behalf_of,
    target,
    environment: detail.environment,
    operation,
    arguments: args as Readonly<Record<string, unknown>>,
    preconditions: detail.preconditions,
  });
  return own === detail.digest && own === digest;
}

function payloadOf(grant: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(base64url.decode(grant.split('.')[1] ?? '')));
  } catch {
    // Fails closed: no claims, so not for this.
    return null;
  }
}

/** A code, where an error has one; never its message, which may quote data. */
function codeOf(error: unknown): string {
  const { code, name } = error instanceof Error ? (error as Error & { readonly code?: unknown }) : {};
  const text = typeof code === 'string' ? code : (name ?? 'error');
  return /^[A-Za-z0-9._:-]{1,100}$/.test(text) ? text : 'error';
}

const aborted = (): SallyportError =>
  new SallyportError('client.aborted', 'The caller gave up before anything was run.');

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw aborted();
}
