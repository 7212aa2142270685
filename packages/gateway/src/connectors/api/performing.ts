import type { Authorized, StatefulGate } from '../connector.ts';
import { noticeEntry } from '../../core/entry.ts';
import type { Outcome } from '../../core/execution.ts';
import type { Agent } from '../../core/identity.ts';
import type { ActionId } from '../../core/ids.ts';
import { refusal, tokenRefusals, type Refusal } from '../../core/reasons.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { ended, redeemed, type Submission } from '../../core/submission.ts';
import type { RedeemAsk, RedeemedToken, SubmissionView } from '../../ports.ts';
import { refuse, unavailable, type Acted, type ActionPorts, type OwnName, type Records } from './records.ts';

/** An action whose INTENT is durable, and which its caller performs. */
interface Live {
  /** As it is stored. */
  submission: Submission;
  readonly authorized: Authorized;
  /** Which gate records its outcome. */
  readonly gate: Recording;
  readonly startedMs: number;
  readonly cancelTimer: () => void;
}

type Recording = Pick<StatefulGate, 'recordWith'>;

/** How often a change is tried again after somebody else's came first: a use and an outcome are all that can come. */
const CONFLICT_RETRIES = 8;

/** Stages 8 and 9 of submitted actions: what their callers perform and report. */
export class Performing {
  readonly #ports: ActionPorts;
  readonly #records: Records;
  readonly #live = new Map<ActionId, Live>();
  /** By agent: actions whose grant is being made. */
  readonly #reserved = new Map<string, number>();

  constructor(ports: ActionPorts, records: Records) {
    this.#ports = ports;
    this.#records = records;
  }

  /**
   * At start, after the ledger's recovery: an action that an earlier process had granted is `unknown` there by now. It
   * is never granted again.
   */
  async recover(): Promise<void> {
    const { clock, store } = this.#ports;
    for (const submission of await store.read('grantedSubmissions', {})) {
      if (submission.state.status !== 'granted') continue;
      const outcome = unknown('gateway.crashed', 0);
      await this.#records.update(ended(submission, submission.state, outcome, clock.nowMs()));
    }
  }

  /** Records what is under way as unknown: whoever performs it can't be heard any more. */
  async close(): Promise<void> {
    const live = [...this.#live.values()];
    await Promise.all(live.map((each) => this.#expire(each, 'gateway.stopped')));
  }

  /**
   * A place for one more action of this agent, before anything is waited for: a burst would find room together. Give it
   * back when the action has started, or won't.
   */
  reserve({ name }: Pick<Agent, 'name'>): Result<() => void, Refusal> {
    const most = this.#ports.limits.actionsPerformedPerAgent;
    const live = [...this.#live.values()].filter(({ submission }) => submission.requester.agent === name);
    const reserved = this.#reserved.get(name) ?? 0;
    if (live.length + reserved >= most) {
      const message = `${most.toString()} actions of this agent are being performed, which is the limit.`;
      return err(refusal('limit.exceeded', { message, hint: 'Report the outcomes of some of them.' }));
    }
    this.#reserved.set(name, reserved + 1);
    return ok(() => this.#giveBack(name));
  }

  #giveBack(name: string): void {
    const left = (this.#reserved.get(name) ?? 1) - 1;
    if (left > 0) this.#reserved.set(name, left);
    else this.#reserved.delete(name);
  }

  start(submission: Submission, authorized: Authorized, gate: Recording = this.#ports.gate): void {
    const { clock, limits } = this.#ports;
    const cancelTimer = clock.after(limits.actionOutcomeMs, () => void this.#expire(live, 'outcome.missing'));
    const live: Live = { submission, authorized, gate, startedMs: clock.monotonicMs(), cancelTimer };
    this.#live.set(submission.id, live);
  }

  async report(ask: OwnName & { readonly outcome: Omit<Outcome, 'durationMs'> }): Acted<SubmissionView> {
    const own = await this.#records.own(ask);
    if (!own.ok) return own;
    const live = this.#live.get(own.value.id);
    if (live === undefined) return this.#notLive(own.value);
    try {
      const recorded = await this.#end(live, { ...ask.outcome, durationMs: this.#durationOf(live) });
      return recorded === undefined ? over() : ok(await this.#records.view(recorded));
    } catch {
      return unavailable();
    }
  }

  #notLive({ state }: Submission): ReturnType<typeof refuse> {
    if (state.status === 'ended') return over();
    const message = 'No grant of this action was handed out, so it has no outcome.';
    return refuse('action.not_granted', message, 'Ask for its grant first.');
  }

  #durationOf({ startedMs }: Live): number {
    return Math.max(0, Math.round(this.#ports.clock.monotonicMs() - startedMs));
  }

  /** The submission after it; undefined where it had ended already. */
  async #end(live: Live, outcome: Outcome): Promise<Submission | undefined> {
    for (let attempt = 0; attempt < CONFLICT_RETRIES; attempt++) {
      const { submission, authorized } = live;
      if (submission.state.status !== 'granted') return undefined;
      const over = ended(submission, submission.state, outcome, this.#ports.clock.nowMs());
      const state = [{ kind: 'submission.update', submission: over } as const];
      if (await live.gate.recordWith(authorized, outcome, state)) {
        this.#forget(live, over);
        return over;
      }
      await this.#reload(live);
    }
    return undefined;
  }

  #forget(live: Live, submission: Submission): void {
    live.submission = submission;
    live.cancelTimer();
    this.#live.delete(submission.id);
    this.#records.changed(submission.id);
  }

  async #reload(live: Live): Promise<void> {
    live.submission = (await this.#records.find(live.submission.id)) ?? live.submission;
  }

  async #expire(live: Live, code: string): Promise<void> {
    try {
      await this.#end(live, unknown(code, this.#durationOf(live)));
    } catch (error) {
      // The store has failed: the next start records it as unknown.
      this.#ports.log.failed({ where: 'outcome of a submitted action', error });
    }
  }

  /** For a resource server: the checks that it could do itself, and the two that only the gateway can. */
  async redeem(ask: RedeemAsk): Acted<RedeemedToken> {
    const checked = await this.#ports.checks.grant(ask);
    if (!checked.ok) return refuse(checked.error, tokenRefusals[checked.error]);
    const { id } = checked.value;
    const live = [...this.#live.values()].find(({ submission }) => isOfToken(submission, id));
    if (live === undefined) return over();
    const { directory, limits } = this.#ports;
    // By a clock that nobody sets, too: one that is set back prolongs nothing (threat B5).
    if (this.#durationOf(live) >= limits.tokenMs)
      return refuse('token.expired', tokenRefusals['token.expired']);
    const { agent, onBehalfOf } = live.submission.requester;
    // A person who broke glass acts for themselves.
    const isThere = directory.agent(agent) !== undefined || agent === onBehalfOf;
    const isKnown = isThere && directory.person(onBehalfOf)?.disabled === false;
    if (!isKnown) return err(refusal('identity.revoked', {}));
    try {
      return await this.#use(live);
    } catch {
      return unavailable();
    }
  }

  async #use(live: Live): Acted<RedeemedToken> {
    const { clock, store } = this.#ports;
    for (let attempt = 0; attempt < CONFLICT_RETRIES; attempt++) {
      const atMs = clock.nowMs();
      const { state, target } = live.submission;
      if (state.status !== 'granted') return over();
      const submission = redeemed(live.submission, atMs);
      if (submission === undefined) return err(refusal('grant.spent', { review: state.review }));
      const details = { action: state.action, grant: state.token.id, target: target.name };
      const committed = await store.commit({
        mutations: [{ kind: 'submission.update', submission }],
        entries: [noticeEntry('grant.redeemed', details, atMs)],
      });
      if (committed.ok) {
        live.submission = submission;
        return ok({ submission, review: state.review, atMs });
      }
      await this.#reload(live);
    }
    return unavailable();
  }
}

const isOfToken = ({ state }: Submission, id: string): boolean =>
  state.status === 'granted' && state.token.id === id;

const over = (): ReturnType<typeof refuse> =>
  refuse(
    'action.over',
    'This action is over: its outcome is recorded.',
    'Submit it again to ask for another.',
  );

const unknown = (code: string, durationMs: number): Outcome => ({
  status: 'unknown',
  rows: 0,
  bytes: 0,
  durationMs,
  code,
});
