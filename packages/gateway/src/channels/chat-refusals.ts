/**
 * Who isn't let in is recorded, and can click as often as they like: anybody in a shared channel can. So an account has
 * one entry when it begins, and one for everything else of that minute; and so many accounts have entries of their own.
 */
import type { ReviewId } from '../core/ids.ts';
import type { Limits } from '../limits.ts';
import type { Clock } from '../ports.ts';

/**
 * Resolves when it is durable.
 * @param actor null: of several accounts.
 * @param review null: of none, or of several.
 */
export type RecordRefused<A> = (actor: A | null, review: ReviewId | null, times: number) => Promise<void>;

export interface ChatRefusalPorts<A> {
  readonly accountOf: (actor: A) => string;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'chatRefusedMs' | 'chatRefusedAccounts'>;
  readonly record: RecordRefused<A>;
  readonly log: { failed(what: { readonly where: string; readonly error: unknown }): void };
}

/** One account's minute. */
interface Minute<A> {
  readonly actor: A | null;
  /** Beyond what has an entry. */
  more: number;
  readonly cancel: () => void;
}

/** Stands for every account that there is no room for. */
const OTHERS = '';

export class ChatRefusals<A> {
  readonly #ports: ChatRefusalPorts<A>;
  readonly #minutes = new Map<string, Minute<A>>();

  constructor(ports: ChatRefusalPorts<A>) {
    this.#ports = ports;
  }

  /** Resolves when it is durable, or is one of those that are summed up later. */
  async record(actor: A, review: ReviewId | null): Promise<void> {
    const { accountOf, limits, record } = this.#ports;
    const account = accountOf(actor);
    const isKnown = this.#minutes.has(account) || this.#minutes.size < limits.chatRefusedAccounts;
    const key = isKnown ? account : OTHERS;
    const running = this.#minutes.get(key);
    if (running !== undefined) return void (running.more += 1);
    const whose = isKnown ? actor : null;
    this.#begin(key, whose);
    try {
      await record(whose, isKnown ? review : null, 1);
    } catch (error) {
      // It is in no entry: the next one begins anew.
      this.#minutes.get(key)?.cancel();
      this.#minutes.delete(key);
      throw error;
    }
  }

  #begin(key: string, actor: A | null): void {
    const { clock, limits } = this.#ports;
    const cancel = clock.after(limits.chatRefusedMs, () => void this.#end(key));
    this.#minutes.set(key, { actor, more: 0, cancel });
  }

  /** What fails here is known to the log alone: that somebody was refused is in an entry already, and how often isn't. */
  async #end(key: string): Promise<void> {
    const minute = this.#minutes.get(key);
    this.#minutes.delete(key);
    if (minute === undefined) return;
    minute.cancel();
    const { log, record } = this.#ports;
    if (minute.more > 0)
      await record(minute.actor, null, minute.more).catch((error: unknown) => {
        log.failed({ where: 'chat refusals', error });
      });
  }

  /** Resolves when what was counted is recorded. */
  async close(): Promise<void> {
    await Promise.all([...this.#minutes.keys()].map((key) => this.#end(key)));
  }
}
