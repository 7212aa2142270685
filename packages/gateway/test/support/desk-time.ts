import type { Hold } from '../../src/connectors/connector.ts';
import type { Calendar } from '../../src/core/calendar.ts';
import type { Demand } from '../../src/core/decide.ts';
import type { Person } from '../../src/core/identity.ts';
import type { Refusal, VoteRefusal } from '../../src/core/reasons.ts';
import type { Result } from '../../src/core/result.ts';
import type { Review } from '../../src/core/review.ts';
import { limits as bounds, type Limits } from '../../src/limits.ts';
import { Pipeline } from '../../src/pipeline.ts';
import type { Clock, GatewayEvent, GroupingTemplates, Outbox } from '../../src/ports.ts';
import { workingCalendars } from '../../src/review/calendars.ts';
import { Desk } from '../../src/review/desk.ts';
import { createMemoryStore } from '../../src/stores/memory/store.ts';
import type { Store } from '../../src/stores/store.ts';
import { hashing } from '../../src/system.ts';
import { createFakeClock, createFakeRandom, type FakeClock } from './fake-clock.ts';
import { agent, attempt, demand, noPasskeys, person } from './subjects.ts';

const NINE_TO_FIVE = [{ from: 540, to: 1_020 }];
const WEEK = [[], NINE_TO_FIVE, NINE_TO_FIVE, NINE_TO_FIVE, NINE_TO_FIVE, NINE_TO_FIVE, []];
/** Monday to Friday, 09:00 to 17:00, in Berlin. */
const office: Calendar = { timeZone: 'Europe/Berlin', weekly: WEEK, holidays: new Set() };

/** Long enough for every promise that is ready to be kept: the store under test has no disk. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
};

export interface TimeOptions {
  /** ISO 8601. */
  readonly start?: string;
  readonly demands?: readonly Partial<Demand>[];
  /** What the desk is given in place of the clock that the test moves. */
  readonly clock?: (clock: FakeClock) => Clock;
  readonly store?: (store: Store) => Store;
  readonly templates?: GroupingTemplates;
  readonly approvalsPerHour?: number;
  readonly outbox?: Outbox;
  /** Other bounds than those of the gateway. */
  readonly limits?: Partial<Limits>;
}

/** Desk and pipeline over a store in memory, with a clock that the test moves, sets, and restarts the gateway under. */
export class TimeWorld {
  readonly clock: FakeClock;
  readonly store: Store;
  readonly events: string[] = [];
  readonly alerts: string[] = [];
  people: Person[] = [
    person('sam', ['stewards']),
    person('kim', ['stewards']),
    person('oli', ['oncall']),
    person('eve'),
    person('ana', ['stewards']),
  ];
  readonly #options: TimeOptions;
  #desk: Desk;
  #gate: Pipeline;

  constructor(options: TimeOptions = {}) {
    this.#options = options;
    this.clock = createFakeClock(Date.parse(options.start ?? '2026-11-20T08:00:00Z'));
    this.store = createMemoryStore();
    [this.#desk, this.#gate] = this.#start();
  }

  #start(): [Desk, Pipeline] {
    const demands = (this.#options.demands ?? [{}]).map(demand);
    const limits = { ...bounds, ...this.#options.limits };
    const decision = { effect: 'review', policies: ['p'], reasons: ['r'], demands } as const;
    const shared = {
      clock: this.#options.clock?.(this.clock) ?? this.clock,
      random: createFakeRandom(`${this.events.length} ${this.clock.monotonicMs()}`),
      hashing,
      store: this.#options.store?.(this.store) ?? this.store,
      policy: { version: '1', decide: () => decision, mayApprove: () => true, mayCall: () => true },
      directory: {
        agent: () => agent,
        person: (name: string) => this.people.find((one) => one.name === name),
        people: () => this.people,
      },
      calendars: workingCalendars([{ name: 'office', calendar: office }], limits),
    };
    const publish = (event: GatewayEvent): void => {
      if (event.kind === 'review.reminded') this.events.push(`reminded ${event.demands.join()}`);
      if (event.kind === 'review.escalated') this.events.push(`escalated ${event.demand}.${event.step}`);
    };
    const log = {
      reviewUndecidable: ({ policy }: { policy: string }) => void this.alerts.push(policy),
      voteTaken: () => undefined,
      voteRefused: () => undefined,
    };
    const events = { publish, subscribe: () => () => undefined };
    const { templates, approvalsPerHour, outbox } = this.#options;
    const told = outbox === undefined ? {} : { outbox };
    const desk = new Desk({
      ...shared,
      ...told,
      ...(templates === undefined ? {} : { templates }),
      ...(approvalsPerHour === undefined ? {} : { approvalsPerHour }),
      passkeys: noPasskeys,
      events,
      publicUrl: '',
      limits,
      log,
    });
    return [desk, new Pipeline({ ...shared, ...told, classifier: { classify: () => [] } }, desk)];
  }

  /** The process ends and another one starts, on the same store. */
  async restart(): Promise<void> {
    this.#desk.close();
    [this.#desk, this.#gate] = this.#start();
    await this.#desk.resume();
    await settle();
  }

  /** The process ends; nothing watches until `restart`. */
  stop(): void {
    this.#desk.close();
  }

  /** Lets time pass in steps, and the desk keep up with it. */
  async pass(ms: number, stepMs = 60_000): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= stepMs) {
      this.clock.advance(Math.min(leftMs, stepMs));
      await settle();
    }
  }

  async passUntil(time: string): Promise<void> {
    await this.pass(Date.parse(time) - this.clock.nowMs());
  }

  /** Asks for leave, which may be refused. */
  ask(command?: string): Promise<Result<Hold, Refusal>> {
    return this.#gate.hold(this.#gate.judge(attempt(command === undefined ? {} : { command })), []);
  }

  async hold(command?: string): Promise<Hold> {
    const held = await this.ask(command);
    if (!held.ok) throw new Error(held.error.code);
    return held.value;
  }

  async review({ review: id }: Pick<Hold, 'review'>): Promise<Review> {
    const review = await this.store.read('review', { id });
    if (review === null) throw new Error('no such review');
    return review;
  }

  async statusOf(held: Hold): Promise<string> {
    return (await this.review(held)).state.status;
  }

  async vote(held: Hold, name = 'sam', kind: 'approve' | 'reject' = 'approve'): Promise<string> {
    const voted = await this.judge(held, name, kind);
    return voted.ok ? voted.value.state.status : voted.error.code;
  }

  async judge(held: Hold, name: string, kind: 'approve' | 'reject'): Promise<Result<Review, VoteRefusal>> {
    const review = await this.review(held);
    const voter = this.people.find((one) => one.name === name);
    if (voter === undefined) throw new Error(`nobody is called ${name}`);
    const shown = { digest: review.subject.digest, rendering: this.#desk.show(review).rendering };
    const ask = { review: held.review, voter, kind, reason: 'why', ...shown, channel: 'api' } as const;
    return this.#desk.vote(ask);
  }

  async retract(held: Hold, name = 'sam'): Promise<string> {
    const voter = this.people.find((one) => one.name === name);
    if (voter === undefined) throw new Error(`nobody is called ${name}`);
    const retracted = await this.#desk.retract({ review: held.review, voter, channel: 'api' });
    return retracted.ok ? retracted.value.state.status : retracted.error.code;
  }

  /** What becomes of the action when its client goes on. */
  async run(held: Hold, command?: string): Promise<string> {
    const settled = await held.settled;
    if (!settled.ok) return settled.error.code;
    const judged = this.#gate.judge(attempt(command === undefined ? {} : { command }));
    const authorized = await this.#gate.authorizeApproved(judged, settled.value);
    if (!authorized.ok) return authorized.error.code;
    this.#gate.record(authorized.value, SUCCEEDED);
    return 'ran';
  }

  /** Sam asks the agent, and it answers. */
  async clarify({ review }: Pick<Hold, 'review'>): Promise<void> {
    const [sam] = this.people;
    if (sam === undefined) throw new Error('nobody is there');
    const ask = { review, channel: 'api', text: 'why?' };
    await this.#desk.question({ ...ask, asker: sam, to: 'agent' });
    await this.#desk.answer({ ...ask, answerer: agent, question: 1 });
  }

  async eligible(held: Hold): Promise<readonly string[]> {
    return this.#desk.show(await this.review(held)).standings.flatMap((standing) => standing.eligible);
  }

  /** Notices of the ledger about escalations, in order: the policy and the step. */
  async recorded(): Promise<readonly string[]> {
    const rows = await this.store.read('entries', { from: 0, limit: 10_000 });
    return rows.flatMap(({ kind, leaf }) => {
      const { notice } = JSON.parse(leaf) as { notice?: { code: string; policy: string; step: string } };
      return kind === 'notice' && notice?.code === 'review.escalated'
        ? [`${notice.policy} ${notice.step}`]
        : [];
    });
  }
}

const SUCCEEDED = { status: 'succeeded', rows: 3, bytes: 30, durationMs: 1, code: '' } as const;
