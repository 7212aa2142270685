import { heartbeatEntry } from '../core/heartbeat-entry.ts';
import type { Clock, Random, Store } from '../ports.ts';
import type { Log } from '../telemetry/log.ts';

/** An hour without a word would hide an hour; a second would be most of an idle ledger. 1,440 entries of 150 B a day. */
export const HEARTBEAT_PERIOD_MS = 60_000;
const RUN_BYTES = 12;

export interface HeartbeatOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Pick<Log, 'ledgerFailed'>;
}

/**
 * Says in the ledger, once a period, that this gateway lives and how many entries it has seen durable. Each start is a
 * run of its own, which counts from 0: a beat that is missing, or entries that a beat knew of, show in the log. Off the
 * way of actions: an entry a minute.
 */
export class HeartbeatWriter {
  readonly #options: HeartbeatOptions;
  readonly #gateway: string;
  #beat = 0;
  /** The most that this run has seen: a store that went back does not take it along. */
  #entries = 0;
  #running: Promise<void> = Promise.resolve();
  #cancel: (() => void) | null = null;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#gateway = Buffer.from(options.random.bytes(RUN_BYTES)).toString('base64url');
  }

  /** Call once. The first beat comes a period later: what starts and stops within one has notices that say so. */
  start(): void {
    const { clock, log } = this.#options;
    this.#cancel = clock.after(HEARTBEAT_PERIOD_MS, () => {
      this.start();
      // One after the other, so that numbers are in the order of the log; a failure is logged, and the next one tries.
      this.#running = this.#running
        .then(() => this.#write())
        .catch((error: unknown) => log.ledgerFailed({ error }));
    });
  }

  /** Ends the timer, and waits for what is under way. */
  async close(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    await this.#running;
  }

  async #write(): Promise<void> {
    const { store, clock } = this.#options;
    this.#entries = Math.max(this.#entries, await store.read('size', {}));
    const told = { gateway: this.#gateway, beat: this.#beat, entries: this.#entries };
    await store.append(heartbeatEntry({ ...told, periodMs: HEARTBEAT_PERIOD_MS }, clock.nowMs())).done;
    // A beat that was not durable is not counted: its number goes to the next one.
    this.#beat++;
  }
}
