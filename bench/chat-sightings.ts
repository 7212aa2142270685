/** What reached the local platforms, and when: of each request, the moment at which all of it had come. */

type Platform = 'slack' | 'teams';

interface Seen {
  /** By review: when its own message came first. */
  readonly alone: Map<string, number>;
  /** Each time that a group's message came: how many reviews it counted. */
  readonly counts: { readonly atMs: number; readonly count: number; readonly isFirst: boolean }[];
  calls: number;
}

const link = /\/reviews\/(rev_[0-9a-z]{26})/;
const waiting = /(\d+) reviews? waiting for a decision/;

export class Sightings {
  readonly #nowMs: () => number;
  readonly #heldMs = new Map<string, number>();
  readonly #seen: Readonly<Record<Platform, Seen>> = {
    slack: { alone: new Map(), counts: [], calls: 0 },
    teams: { alone: new Map(), counts: [], calls: 0 },
  };

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  held(review: string, atMs: number): void {
    this.#heldMs.set(review, atMs);
  }

  slackCall(method: string, body: string): void {
    const atMs = this.#nowMs();
    this.#seen.slack.calls += 1;
    if (method !== 'chat.postMessage' && method !== 'chat.update') return;
    this.#message(
      'slack',
      new URLSearchParams(body).get('blocks') ?? '',
      atMs,
      method === 'chat.postMessage',
    );
  }

  teamsCall(method: string, path: string, body: string): void {
    if (!path.startsWith('/teams/')) return;
    const atMs = this.#nowMs();
    this.#seen.teams.calls += 1;
    if (method !== 'GET') this.#message('teams', body, atMs, method === 'POST');
  }

  #message(platform: Platform, text: string, atMs: number, isFirst: boolean): void {
    const { alone, counts } = this.#seen[platform];
    const [, count] = waiting.exec(text) ?? [];
    const [, review] = link.exec(text) ?? [];
    if (count !== undefined) counts.push({ atMs, count: Number(count), isFirst });
    else if (review !== undefined && !alone.has(review)) alone.set(review, atMs);
  }

  /** Of the reviews with a message of their own. */
  delaysMs(platform: Platform): readonly number[] {
    return [...this.#seen[platform].alone].map(([review, atMs]) => atMs - (this.#heldMs.get(review) ?? atMs));
  }

  /**
   * @param order the reviews as they were held. Those without a message of their own joined a group in this order, so the
   * message that first counts so many of them is the one that showed the last of these.
   */
  flood(platform: Platform, order: readonly string[]) {
    const { alone, counts, calls } = this.#seen[platform];
    const inGroups = order.filter((review) => !alone.has(review));
    const groupedMs = inGroups.flatMap((review, index) => {
      const seen = counts.find(({ count }) => count > index);
      return seen === undefined ? [] : [seen.atMs - (this.#heldMs.get(review) ?? seen.atMs)];
    });
    return {
      alone: [...alone.keys()],
      groups: counts.filter(({ isFirst }) => isFirst).length,
      calls,
      delaysMs: [...this.delaysMs(platform), ...groupedMs],
    };
  }
}
