/**
 * How much Teams takes from a bot, as it documents it ("Optimize your bot with rate limiting"): by conversation, which is
 * a chat or a channel with all of its threads, and by tenant.
 */
type Window = readonly [seconds: number, most: number];

const SENDS: readonly Window[] = [
  [1, 7],
  [2, 8],
  [30, 60],
  [3_600, 1_800],
];
const READS: readonly Window[] = [
  [1, 14],
  [2, 16],
  [30, 120],
  [3_600, 3_600],
];
/** The older of two documented figures; the other is 50. */
const TENANT: readonly Window[] = [[1, 30]];

export class Rates {
  refusals = 0;
  readonly #calls = new Map<string, number[]>();

  /** Null: it may. Otherwise in how many seconds it may. */
  take(method: string, path: string, body: unknown, nowMs: number): number | null {
    const kind = method === 'GET' ? 'read' : 'send';
    const own = `${kind} ${conversationOf(path, body)}`;
    const waitMs = Math.max(
      this.#waitMs(own, kind === 'read' ? READS : SENDS, nowMs),
      this.#waitMs('tenant', TENANT, nowMs),
    );
    if (waitMs > 0) {
      this.refusals += 1;
      return Math.ceil(waitMs / 1_000);
    }
    for (const key of [own, 'tenant']) this.#calls.set(key, [...(this.#calls.get(key) ?? []), nowMs]);
    return null;
  }

  #waitMs(key: string, windows: readonly Window[], nowMs: number): number {
    const calls = this.#calls.get(key) ?? [];
    const waits = windows.map(([seconds, most]) => {
      const oldest = calls.at(-most);
      return oldest === undefined ? 0 : oldest + seconds * 1_000 - nowMs;
    });
    return Math.max(0, ...waits);
  }
}

/** A thread is a part of its channel; a new one names the channel, a new chat its one member. */
function conversationOf(path: string, body: unknown): string {
  const [, id] = /^\/v3\/conversations\/([^/]+)/.exec(path) ?? [];
  if (id !== undefined) return decodeURIComponent(id).split(';')[0] ?? '';
  const { channelData, members } = (body ?? {}) as {
    channelData?: { channel?: { id?: string } };
    members?: { id?: string }[];
  };
  return channelData?.channel?.id ?? `create ${members?.[0]?.id ?? ''}`;
}
