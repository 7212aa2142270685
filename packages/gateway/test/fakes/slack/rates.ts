/**
 * How much Slack takes, as it documents it (docs.slack.dev/apis/web-api/rate-limits): a message a second into one channel
 * with short bursts, some hundreds a minute into a workspace, and for other methods so many a minute by their tier.
 */
const MINUTE_MS = 60_000;
const POSTS_BURST = 5;
const POSTS_PER_MINUTE = 300;
const TIERS: Readonly<Record<string, number>> = {
  'chat.update': 50,
  'conversations.open': 50,
  'conversations.info': 50,
  'users.info': 100,
  'views.open': 100,
};

export class Rates {
  /** Calls that were refused, by method. */
  readonly refused = new Map<string, number>();
  readonly #calls = new Map<string, number[]>();
  /** By channel: when a whole burst is free again. */
  readonly #wholeAtMs = new Map<string, number>();

  /** Null: it may. Otherwise in how many seconds it may. */
  take(method: string, channel: string, nowMs: number): number | null {
    const waitMs =
      method === 'chat.postMessage'
        ? Math.max(this.#burst(channel, nowMs), this.#window(method, POSTS_PER_MINUTE, nowMs))
        : this.#window(method, TIERS[method] ?? Infinity, nowMs);
    if (waitMs > 0) {
      this.refused.set(method, (this.refused.get(method) ?? 0) + 1);
      return Math.ceil(waitMs / 1_000);
    }
    this.#calls.get(method)?.push(nowMs);
    if (method === 'chat.postMessage')
      this.#wholeAtMs.set(channel, Math.max(nowMs, this.#wholeAtMs.get(channel) ?? 0) + 1_000);
    return null;
  }

  get refusals(): number {
    return [...this.refused.values()].reduce((sum, count) => sum + count, 0);
  }

  #burst(channel: string, nowMs: number): number {
    return (this.#wholeAtMs.get(channel) ?? 0) - nowMs - (POSTS_BURST - 1) * 1_000;
  }

  #window(method: string, most: number, nowMs: number): number {
    const calls = (this.#calls.get(method) ?? []).filter((atMs) => atMs > nowMs - MINUTE_MS);
    this.#calls.set(method, calls);
    const oldest = calls.at(-most);
    return oldest === undefined ? 0 : oldest + MINUTE_MS - nowMs;
  }
}
