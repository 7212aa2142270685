/** When canaries are opened: at random, kept in the store, so that a restart neither doubles nor forgets one. */
import { canaryDelayMs, WEEK_MS } from '../../core/canary.ts';
import type { Limits } from '../../limits.ts';
import type { Clock, Random, Store, WorkingCalendars } from '../../ports.ts';
import { Timetable } from '../timetable.ts';
import type { CanaryRules } from './rules.ts';

export interface SchedulePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly calendars: WorkingCalendars;
  readonly limits: Pick<Limits, 'canaryLateMs'>;
}

const RANDOM_BYTES = 8;
const NEXT = { id: 'next', revision: 0 } as const;

export class Schedule {
  readonly #ports: SchedulePorts;
  readonly #rules: CanaryRules;
  readonly #timetable: Timetable<'next'>;

  /** @param due opens one, or plans anew; it may fail with the store. */
  constructor(ports: SchedulePorts, rules: CanaryRules, due: (dueAtMs: number) => Promise<void>) {
    this.#ports = ports;
    this.#rules = rules;
    this.#timetable = new Timetable(ports.clock, () => {
      // Lost infrastructure: it is due still, and looked at again.
      this.#look(due).catch(() => this.#timetable.tryLater(NEXT.id));
    });
  }

  /** Call it once, at start. */
  async start(): Promise<void> {
    const dueAtMs = await this.#ports.store.read('canaryPlan', {});
    if (dueAtMs === null || this.#isLate(dueAtMs)) await this.planAnew();
    else this.follow(dueAtMs);
  }

  stop(): void {
    this.#timetable.close();
  }

  follow(dueAtMs: number): void {
    this.#timetable.watch(NEXT, dueAtMs);
  }

  async planAnew(): Promise<void> {
    const dueAtMs = this.next();
    await this.#ports.store.commit({ mutations: [{ kind: 'canary.plan', dueAtMs }], entries: [] });
    this.follow(dueAtMs);
  }

  /** An instant for the one after this. */
  next(): number {
    const { clock, random, calendars } = this.#ports;
    const { perWeek, calendar } = this.#rules;
    const delayMs = canaryDelayMs(random.bytes(RANDOM_BYTES), (calendar?.weeklyMs ?? WEEK_MS) / perWeek);
    const nowMs = clock.nowMs();
    return calendar === null ? nowMs + delayMs : calendars.workingTime(calendar.name, nowMs, delayMs);
  }

  #isLate(dueAtMs: number): boolean {
    return this.#ports.clock.nowMs() > dueAtMs + this.#ports.limits.canaryLateMs;
  }

  /** What is planned is what the store says: a timer only says when to look. */
  async #look(due: (dueAtMs: number) => Promise<void>): Promise<void> {
    const dueAtMs = await this.#ports.store.read('canaryPlan', {});
    if (dueAtMs === null || this.#isLate(dueAtMs)) return this.planAnew();
    if (this.#ports.clock.nowMs() < dueAtMs) return this.follow(dueAtMs);
    await due(dueAtMs);
  }
}
