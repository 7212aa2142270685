import { recallOf } from './recalling.ts';
import { CALM, flowOf, type Flow, type Situation } from '../core/situation.ts';
import type { Limits } from '../limits.ts';
import type { Clock, Store } from '../ports.ts';
import type { History, Watch, Watched } from '../ports-history.ts';
import { datasetKey, Habits } from './habits.ts';
import { ReadLog } from './reads.ts';

export interface HistoryPorts {
  readonly clock: Clock;
  readonly store: Pick<Store, 'read'>;
  readonly limits: Limits;
}

/** No session has this name: what an earlier run read counts for its time, and no longer. */
const EARLIER_RUN = '';

/** How long a use needn't be noted again. */
const NOTED_MS = 600_000;

/**
 * What agents did before, in memory: learnt from the totals of the store at start, so that a restart forgets neither
 * which data an agent uses, nor when, nor what it has read lately. Sessions end with the process.
 */
export class AgentHistory implements History {
  readonly #limits: Limits;
  readonly #habits = new Map<string, Habits>();
  readonly #reads = new Map<string, ReadLog>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  static async learn({ clock, store, limits }: HistoryPorts): Promise<AgentHistory> {
    const history = new AgentHistory(limits);
    const sinceMs = clock.nowMs() - limits.historyMs;
    for (const row of await store.read('habits', { sinceMs, limit: limits.historyRows }))
      history.#habitsOf(row.shape.agent).learn(row);
    await history.#recall({ clock, store, limits });
    return history;
  }

  /** What was read in the time in which it counts, by totals of hours: it may count longer than it would have. */
  async #recall({ clock, store, limits }: HistoryPorts): Promise<void> {
    const nowMs = clock.nowMs();
    const asked = { agent: null, sinceMs: nowMs - limits.taintMs, untilMs: nowMs + 1 };
    for (const row of await store.read('usage', asked)) {
      const { agent, target, flow, atMs } = recallOf(row, nowMs);
      this.#readsOf(agent).note(EARLIER_RUN, target, flow, atMs);
    }
  }

  watch(about: Watched): Watch {
    const { agent } = about.requester;
    return new AgentWatch(about, this.#habitsOf(agent), this.#readsOf(agent));
  }

  #habitsOf(agent: string): Habits {
    const known = this.#habits.get(agent) ?? new Habits(this.#limits);
    this.#habits.set(agent, known);
    return known;
  }

  #readsOf(agent: string): ReadLog {
    const known = this.#reads.get(agent) ?? new ReadLog(this.#limits);
    this.#reads.set(agent, known);
    return known;
  }
}

class AgentWatch implements Watch {
  readonly #habits: Habits;
  readonly #reads: ReadLog;
  readonly #flow: Flow;
  readonly #session: string;
  readonly #target: string;
  readonly #datasets: readonly string[];
  /** Whether it touches anything: the beginning of a transaction is no sign of anything. */
  readonly #touches: boolean;
  readonly #reading: boolean;
  #notedMs = Number.NEGATIVE_INFINITY;

  constructor({ requester, target, description, datasets }: Watched, habits: Habits, reads: ReadLog) {
    this.#habits = habits;
    this.#reads = reads;
    this.#flow = flowOf(description, datasets);
    this.#session = requester.session;
    this.#target = target.name;
    this.#datasets = datasets.map(({ dataset }) => dataset);
    this.#touches = datasets.length > 0 || this.#flow.changes;
    this.#reading = this.#flow.sources.size > 0 || this.#flow.readsOutsideText;
  }

  seen(nowMs: number): void {
    this.#habits.count(nowMs);
  }

  situation(nowMs: number): Situation {
    if (!this.#touches) return CALM;
    const [reads, habits, flow] = [this.#reads, this.#habits, this.#flow];
    const firstUsed = this.#datasets.filter(
      (dataset) => !habits.hasUsed(datasetKey(this.#target, dataset), nowMs),
    );
    const unusualHour = habits.unusualHour(nowMs);
    const burstOver = habits.burstOver(nowMs);
    const carried = reads.carried(this.#session, this.#target, flow, nowMs);
    const afterOutsideText = reads.afterOutsideText(this.#session, flow, nowMs);
    const isCalm = firstUsed.length + carried.length === 0 && unusualHour === null && burstOver === null;
    return isCalm && !afterOutsideText
      ? CALM
      : { firstUsed, unusualHour, burstOver, carried, afterOutsideText };
  }

  mayRun(nowMs: number): void {
    if (this.#reading) this.#reads.note(this.#session, this.#target, this.#flow, nowMs);
  }

  done(nowMs: number): void {
    if (nowMs - this.#notedMs < NOTED_MS || !this.#touches) return;
    this.#notedMs = nowMs;
    this.#habits.active(nowMs);
    for (const dataset of this.#datasets) this.#habits.use(datasetKey(this.#target, dataset), nowMs);
  }
}
