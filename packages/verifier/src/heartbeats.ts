import type { HeartbeatLeaf } from './leaf.ts';

/** What is found about heartbeats. Closed. */
export type HeartbeatCode =
  /** The first one of a run that is not its number 0. */
  | 'heartbeat.unfounded'
  /** Not the next number: some are missing. */
  | 'heartbeat.gap'
  /** A number that was there already. */
  | 'heartbeat.repeated'
  /** It stands before entries that its gateway had seen durable: some are missing. */
  | 'heartbeat.short';

/** No gateway said that it lives, for longer than two periods: it was down, or it was held. Nothing wrong by itself. */
export interface Silence {
  /** The entry after it. */
  readonly index: number;
  /** Unix milliseconds of the two heartbeats. */
  readonly from: number;
  readonly until: number;
}

/** The first hundred are kept. */
const MAX_SILENCES = 100;
/** Runs whose last number is remembered. */
const MAX_RUNS = 4_096;
const LATE_PERIODS = 2;

/** Follows heartbeats, in the order of the log. */
export class Heartbeats {
  readonly silences: Silence[] = [];
  readonly #find: (code: HeartbeatCode) => void;
  readonly #beats = new Map<string, number>();
  #last: number | null = null;

  constructor(find: (code: HeartbeatCode) => void) {
    this.#find = find;
  }

  observe(index: number, { at, heartbeat }: HeartbeatLeaf): void {
    const { gateway, beat, entries, periodMs } = heartbeat;
    const known = this.#beats.get(gateway);
    const next = known === undefined ? 0 : known + 1;
    if (beat > next) this.#find(known === undefined ? 'heartbeat.unfounded' : 'heartbeat.gap');
    if (beat < next) this.#find('heartbeat.repeated');
    if (index < entries) this.#find('heartbeat.short');
    this.#beats.delete(gateway);
    this.#beats.set(gateway, Math.max(beat, known ?? 0));
    this.#forget();
    this.#listen(index, at, periodMs);
  }

  /** The run that was heard of least recently. */
  #forget(): void {
    if (this.#beats.size <= MAX_RUNS) return;
    for (const oldest of this.#beats.keys()) {
      this.#beats.delete(oldest);
      return;
    }
  }

  #listen(index: number, at: number, periodMs: number): void {
    const from = this.#last;
    this.#last = Math.max(at, from ?? 0);
    if (from === null || at - from <= LATE_PERIODS * periodMs) return;
    if (this.silences.length < MAX_SILENCES) this.silences.push({ index, from, until: at });
  }
}
