/** What one agent does as a rule: which data, at which hours, how much. */
import type { Limits } from '../limits.ts';
import type { HabitRow } from '../stores/store.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const HOURS = 24;

export const datasetKey = (target: string, dataset: string): string => `${target}\0${dataset}`;
export const hourOfDay = (atMs: number): number => Math.floor(atMs / HOUR_MS) % HOURS;

export class Habits {
  readonly #limits: Limits;
  readonly #lastUsedMs = new Map<string, number>();
  /** On how many days it did something at this hour; of several shapes the most. */
  readonly #days = new Array<number>(HOURS).fill(0);
  readonly #actions = new Array<number>(HOURS).fill(0);
  #lastHour = -1;
  #minute = 0;
  #inMinute = 0;
  #usualPerMinute = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** What a store remembers. */
  learn({ shape, hourOfDay: at, hours, actions, lastHourMs }: HabitRow): void {
    this.#days[at] = Math.max(this.#days[at] ?? 0, hours);
    this.#actions[at] = (this.#actions[at] ?? 0) + actions;
    const perHour = Math.max(...this.#actions.map((sum, hour) => sum / Math.max(1, this.#days[hour] ?? 0)));
    this.#usualPerMinute = Math.ceil((perHour * MINUTE_MS) / HOUR_MS);
    // Written by ourselves, from `canonicalDatasets`.
    const datasets = JSON.parse(shape.datasets) as readonly { readonly dataset: string }[];
    for (const { dataset } of datasets) this.use(datasetKey(shape.target, dataset), lastHourMs + HOUR_MS - 1);
  }

  use(key: string, atMs: number): void {
    const known = this.#lastUsedMs.get(key);
    // Without room it goes on counting as unknown, which is the riskier of the two.
    if (known === undefined && this.#lastUsedMs.size >= this.#limits.historyDatasets) return;
    this.#lastUsedMs.set(key, Math.max(known ?? 0, atMs));
  }

  hasUsed(key: string, nowMs: number): boolean {
    const atMs = this.#lastUsedMs.get(key);
    return atMs !== undefined && nowMs - atMs <= this.#limits.historyMs;
  }

  active(nowMs: number): void {
    const hour = Math.floor(nowMs / HOUR_MS);
    if (hour === this.#lastHour) return;
    this.#lastHour = hour;
    const at = hour % HOURS;
    this.#days[at] = (this.#days[at] ?? 0) + 1;
  }

  /** The hour, where neither it nor its neighbours are usual; null where they are, or too little is known. */
  unusualHour(nowMs: number): number | null {
    const hour = hourOfDay(nowMs);
    const learnt = this.#days.reduce((sum, days) => sum + days, 0);
    const near = [HOURS - 1, 0, 1].some((by) => (this.#days[(hour + by) % HOURS] ?? 0) > 0);
    return learnt >= this.#limits.habitHours && !near ? hour : null;
  }

  count(nowMs: number): void {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#inMinute = 0;
    }
    this.#inMinute += 1;
  }

  /** What is usual, where this minute has more; null: it doesn't. */
  burstOver(nowMs: number): number | null {
    const { burstActionsPerMinute, burstFactor } = this.#limits;
    const usual = Math.max(burstActionsPerMinute, burstFactor * this.#usualPerMinute);
    const isNow = Math.floor(nowMs / MINUTE_MS) === this.#minute;
    return isNow && this.#inMinute > usual ? usual : null;
  }
}
