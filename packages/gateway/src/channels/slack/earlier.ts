/**
 * What an attempt that nobody knows the end of left in Slack. Each message has the id of its delivery in its metadata; so
 * a delivery that may have arrived is looked for before it is posted again. To look, the app needs a scope that it can do
 * without (`channels:history`, `im:history`): where it lacks that, or the message is no longer among the newest, it is
 * posted again.
 */
import type { Delivery } from '../../core/delivery.ts';
import { SlackFault, type SlackWeb } from './web.ts';

/** Slack's words for not knowing, and ours: everything else is an answer, and nothing was posted. */
const UNKNOWN: ReadonlySet<string> = new Set([
  'unreachable',
  'unexpected_answer',
  'internal_error',
  'fatal_error',
  'request_timeout',
  'service_unavailable',
]);

type Sent = ReadonlyMap<string, string>;

export interface Where {
  readonly channel: string;
  readonly thread: string | null;
}

export class Earlier {
  readonly #web: Pick<SlackWeb, 'sent'>;
  readonly #startedAtMs: number;
  readonly #most: number;
  /** Of this process: sent, and not answered by Slack. */
  readonly #unanswered = new Set<string>();
  /** One destination is sent one at a time, so that an earlier process left one message in it at most: read once. */
  readonly #left = new Map<string, Sent>();

  /** @param most of deliveries without an answer that are remembered; beyond, the oldest may arrive twice. */
  constructor(web: Pick<SlackWeb, 'sent'>, startedAtMs: number, most: number) {
    this.#web = web;
    this.#most = most;
    this.#startedAtMs = startedAtMs;
  }

  /** Its `ts`, where an earlier attempt has arrived. Rejects with a SlackFault. */
  async find({ id, atMs }: Pick<Delivery, 'id' | 'atMs'>, where: Where): Promise<string | undefined> {
    if (this.#unanswered.has(id)) return (await this.#web.sent(where.channel, where.thread))?.get(id);
    return atMs < this.#startedAtMs ? (await this.#ofEarlier(where)).get(id) : undefined;
  }

  async #ofEarlier({ channel, thread }: Where): Promise<Sent> {
    if (thread !== null) return (await this.#web.sent(channel, thread)) ?? new Map<string, string>();
    const left = this.#left.get(channel) ?? (await this.#web.sent(channel, null)) ?? new Map();
    this.#left.set(channel, left);
    return left;
  }

  /** An attempt: until Slack has answered, whatever it says, nobody knows whether it arrived. */
  async attempt<T>({ id }: Pick<Delivery, 'id'>, post: () => Promise<T>): Promise<T> {
    this.#unanswered.add(id);
    const [oldest] = this.#unanswered;
    if (this.#unanswered.size > this.#most && oldest !== undefined) this.#unanswered.delete(oldest);
    const posted = await post().catch((error: unknown) => {
      if (error instanceof SlackFault && !UNKNOWN.has(error.code)) this.#unanswered.delete(id);
      throw error;
    });
    this.#unanswered.delete(id);
    return posted;
  }
}
