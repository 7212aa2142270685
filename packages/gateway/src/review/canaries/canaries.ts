/**
 * Requests that should be rejected, opened by the gateway at random times to see whether anybody looks (spec/attention.md).
 * They take the way of every attempt as far as it is open to them: they are held, and never authorized.
 */
import type { Drafter, Hold, Judgement, StatefulGate } from '../../connectors/connector.ts';
import { canarySession, WEEK_MS, type Canary } from '../../core/canary.ts';
import { makeId, type ActionId, type ReviewId } from '../../core/ids.ts';
import { partiesOf, type Requester } from '../../core/identity.ts';
import { refusal, type Refusal } from '../../core/reasons.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Limits } from '../../limits.ts';
import type { Clock, Directory, Events, Hashing, Random, Store, WorkingCalendars } from '../../ports.ts';
import type { Log } from '../../telemetry/log.ts';
import { Timetable } from '../timetable.ts';
import { reveal } from './revealing.ts';
import type { CanaryRequest, CanaryRules } from './rules.ts';
import { Schedule } from './schedule.ts';

export interface CanaryPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly directory: Directory;
  readonly calendars: WorkingCalendars;
  readonly events: Events;
  readonly gate: Pick<StatefulGate, 'judge' | 'holdWith' | 'wantsEstimates'>;
  /** Who describes commands for a target, by its name. */
  readonly drafters: ReadonlyMap<string, Drafter>;
  readonly limits: Limits;
  readonly log: Pick<Log, 'sessionOpened' | 'sessionClosed' | 'canaryNotOpened' | 'failed'>;
}

/** What a connection leaves in the log. */
type SessionNames = Parameters<Log['sessionClosed']>[0];

/** Why none was opened: a refusal's code, one waits already, or policy allows the request without anybody. */
type NotOpened = Refusal['code'] | 'canary.pending' | 'canary.not_held';

interface Draft {
  readonly judgement: Judgement;
  readonly action: ActionId;
  readonly nonce: string;
}

const NONCE_BYTES = 32;
const RANDOM_BYTES = 10;
/** A driver sends its first statement so long after it began to connect, and a little more. */
const CONNECT_MS = 4;
const CONNECT_SPREAD_MS = 60;
/** Ports that systems give to outgoing connections. */
const FIRST_PORT = 32_768;
const PORTS = 28_232;

export class Canaries {
  readonly #ports: CanaryPorts;
  readonly #rules: CanaryRules | null;
  readonly #schedule: Schedule | null;
  readonly #open = new Map<ReviewId, Canary>();
  readonly #sessions = new Map<ReviewId, SessionNames>();
  readonly #retries: Timetable<ReviewId>;
  #unsubscribe: () => void = () => undefined;

  /** @param rules null: none are opened any more, and those that are open end as they should. */
  constructor(ports: CanaryPorts, rules: CanaryRules | null) {
    this.#ports = ports;
    this.#rules = rules;
    this.#schedule = rules === null ? null : new Schedule(ports, rules, (dueAtMs) => this.#fallDue(dueAtMs));
    this.#retries = new Timetable(ports.clock, (id) => void this.#end(id));
  }

  /** At start, before anybody is let in: what ended in an earlier process is revealed, what didn't is followed. */
  async resume(): Promise<this> {
    for (const canary of await this.#ports.store.read('openCanaries', {})) {
      this.#open.set(canary.review, canary);
      await this.#end(canary.review);
    }
    this.#unsubscribe = this.#ports.events.subscribe((event) => {
      if (event.kind === 'review.changed' && event.review.state.status !== 'pending')
        void this.#end(event.review.id);
    });
    await this.#schedule?.start();
    return this;
  }

  stop(): void {
    this.#unsubscribe();
    this.#schedule?.stop();
    this.#retries.close();
    for (const names of this.#sessions.values()) this.#ports.log.sessionClosed(names);
    this.#sessions.clear();
  }

  async #fallDue(dueAtMs: number): Promise<void> {
    const { random, log } = this.#ports;
    // As many as there may be in a week: nothing is wrong, and nothing is to be seen.
    if (await this.#isEnough()) return this.#schedule?.planAnew();
    const requests = this.#rules?.requests ?? [];
    const at = Buffer.from(random.bytes(4)).readUInt32BE() % Math.max(1, requests.length);
    const request = requests[at];
    // One at a time: two that wait together would be compared.
    const opened =
      request === undefined || this.#open.size > 0
        ? err('canary.pending' as const)
        : await this.#attempt(request, dueAtMs);
    if (opened.ok) return;
    log.canaryNotOpened({ request: at + 1, code: opened.error });
    await this.#schedule?.planAnew();
  }

  async #isEnough(): Promise<boolean> {
    const { clock, store } = this.#ports;
    const opened = await store.read('canariesOpened', { sinceMs: clock.nowMs() - WEEK_MS });
    return opened >= (this.#rules?.perWeek ?? 0);
  }

  async #attempt(request: CanaryRequest, dueAtMs: number): Promise<Result<null, NotOpened>> {
    const draft = await this.#draft(request);
    if (!draft.ok) return err(draft.error.code);
    const { decision, action } = draft.value.judgement;
    if (decision.effect === 'deny') return err(decision.code);
    // What policy allows needs nobody's eyes: to hold it all the same would show.
    if (decision.effect === 'allow') return err('canary.not_held');
    const names = this.#beginSession(action.requester, request);
    const held = await this.#hold(draft.value, request, dueAtMs);
    const isOpen = held.ok && this.#open.has(held.value);
    if (isOpen && names !== null) this.#sessions.set(held.value, names);
    if (!isOpen && names !== null) this.#ports.log.sessionClosed(names);
    return held.ok ? ok(null) : err(held.error.code);
  }

  /** Stages 2 to 5. */
  async #draft(request: CanaryRequest): Promise<Result<Draft, Refusal>> {
    const { clock, random, hashing, drafters, gate } = this.#ports;
    const { agent, target, command, statedTask } = request;
    const nonce = random.bytes(NONCE_BYTES);
    const nowMs = clock.nowMs();
    const action = makeId('act', nowMs, random.bytes(RANDOM_BYTES));
    const connectedAtMs =
      target.protocol === 'api' ? nowMs : nowMs - this.#pick(CONNECT_SPREAD_MS) - CONNECT_MS;
    const session = canarySession({ nonce, action, atMs: connectedAtMs }, hashing.sha256);
    const drafter = drafters.get(target.name);
    if (drafter === undefined) return err(refusal('target.unavailable', {}));
    const attempt = drafter.draft(agent, this.#requesterOf(request, session), command);
    if (!attempt.ok) return attempt;
    const estimatedRows = gate.wantsEstimates === true ? await drafter.estimate?.(attempt.value) : undefined;
    const asked = { ...attempt.value, statedTask, id: action };
    const judgement = gate.judge(estimatedRows === undefined ? asked : { ...asked, estimatedRows });
    return ok({ judgement, action, nonce: hashing.base64url(nonce) });
  }

  #requesterOf({ agent, client }: CanaryRequest, session: string): Requester {
    const { directory } = this.#ports;
    return {
      agent: agent.name,
      agentGroups: agent.groups,
      sponsor: agent.sponsor,
      onBehalfOf: agent.sponsor,
      onBehalfOfBasis: 'configured',
      parties: partiesOf(agent, agent.sponsor, (name) => directory.person(name)),
      session,
      client: `${client}:${(FIRST_PORT + this.#pick(PORTS)).toString()}`,
    };
  }

  #pick(below: number): number {
    return Buffer.from(this.#ports.random.bytes(4)).readUInt32BE() % below;
  }

  /** Connections are in the log; calls of the API aren't. Null: there is none. */
  #beginSession({ session, agent, client }: Requester, { target }: CanaryRequest): SessionNames | null {
    if (target.protocol === 'api') return null;
    const names = { session, agent, target: target.name };
    this.#ports.log.sessionOpened({ ...names, client });
    return names;
  }

  /** Stage 6, in one transaction with what makes it a canary: neither is ever there without the other. */
  async #hold(
    { judgement, action, nonce }: Draft,
    { flaw }: CanaryRequest,
    dueAtMs: number,
  ): Promise<Result<ReviewId, Refusal>> {
    const openedAtMs = this.#ports.clock.nowMs();
    const nextDueAtMs = this.#schedule?.next() ?? dueAtMs;
    const budget = { most: this.#rules?.perWeek ?? 0, sinceMs: openedAtMs - WEEK_MS };
    const held = await this.#ports.gate.holdWith(judgement, (review) => {
      const canary: Canary = { action, review, nonce, flaw, openedAtMs };
      // Before anybody is told of the review, so that its end isn't missed.
      this.#open.set(review, canary);
      return [{ kind: 'canary.open', canary, dueAtMs, nextDueAtMs, budget }];
    });
    if (!held.ok) this.#forgetUnopened(action);
    if (!held.ok) return held;
    return this.#leave(held.value, nextDueAtMs, action);
  }

  /** Nobody waits for it: as where a client went away. */
  async #leave(hold: Hold, nextDueAtMs: number, action: ActionId): Promise<Result<ReviewId, Refusal>> {
    hold.detach();
    if (hold.attached || hold.standing !== null) {
      this.#forgetUnopened(action);
      return err(refusal('review.changed', {}));
    }
    this.#schedule?.follow(nextDueAtMs);
    await this.#end(hold.review);
    return ok(hold.review);
  }

  #forgetUnopened(action: ActionId): void {
    for (const [id, canary] of this.#open) if (canary.action === action) this.#open.delete(id);
  }

  /** Reveals it, where its review is over; a failure is tried again. */
  async #end(id: ReviewId): Promise<void> {
    const canary = this.#open.get(id);
    if (canary === undefined) return;
    const { events, log } = this.#ports;
    try {
      let revealed = await reveal(canary, this.#ports);
      // A vote, or a revocation, came in between.
      if (revealed === 'conflict') revealed = await reveal(canary, this.#ports);
      if (revealed === 'pending') return;
      if (revealed === 'conflict') return this.#retries.tryLater(id);
      this.#open.delete(id);
      const names = this.#sessions.get(id);
      this.#sessions.delete(id);
      if (names !== undefined) log.sessionClosed(names);
      events.publish({ kind: 'canary.revealed', review: revealed, atMs: revealed.canary?.atMs ?? 0 });
    } catch (error) {
      log.failed({ where: 'canaries', error });
      this.#retries.tryLater(id);
    }
  }
}
