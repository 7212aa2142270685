/** Canaries over the whole way of a review, with the clock in the test's hand. */
import { openingOf } from '@sallyport/verifier';
import { decodeLeaf } from '../../../verifier/src/leaf.ts';
import { Rules } from '../../../verifier/src/rules.ts';
import type { Drafter } from '../../src/connectors/connector.ts';
import type { Decision } from '../../src/core/decide.ts';
import type { Agent, Person } from '../../src/core/identity.ts';
import { ok } from '../../src/core/result.ts';
import type { Review } from '../../src/core/review.ts';
import { limits } from '../../src/limits.ts';
import { Pipeline } from '../../src/pipeline.ts';
import type { GatewayEvent } from '../../src/ports.ts';
import { Canaries } from '../../src/review/canaries/canaries.ts';
import type { CanaryRules } from '../../src/review/canaries/rules.ts';
import { Desk } from '../../src/review/desk.ts';
import { StandingGrants } from '../../src/review/standing/desk.ts';
import { StandingLives } from '../../src/review/standing/lives.ts';
import { StandingUses } from '../../src/review/standing/uses.ts';
import { createMemoryStore } from '../../src/stores/memory/store.ts';
import type { Store } from '../../src/stores/store.ts';
import { hashing } from '../../src/system.ts';
import { directoryOf, everyHour, policyOf } from './changeable-ports.ts';
import { createFakeClock, createFakeRandom } from './fake-clock.ts';
import { description } from './standing-world.ts';
import { demand, noPasskeys, person, target } from './subjects.ts';

export const canaryAgent: Agent = {
  kind: 'agent',
  name: 'ledger-sync',
  groups: [],
  sponsor: 'ana',
  mayActFor: [],
  credentialOwner: 'ana',
  canary: true,
};
export const request = {
  agent: canaryAgent,
  target,
  command: 'DELETE FROM customers',
  statedTask: 'tidying up',
  flaw: 'it deletes without a WHERE',
  client: '10.20.0.7',
};
export const sam = person('sam', ['stewards']);
export const kim = person('kim', ['stewards']);
export const held = {
  effect: 'review',
  policies: ['p'],
  reasons: ['r'],
  demands: [demand()],
} satisfies Decision;

/** Long enough for every promise that is ready to be kept: the store under test has no disk. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 12; turn++) await new Promise(setImmediate);
};

type Leaf = Readonly<Record<string, unknown>>;

/** Agents and the decision change at once, rules and drafter at the next `start`. */
export class CanaryWorld {
  readonly clock = createFakeClock(1_700_000_000_000);
  readonly store: Store = createMemoryStore();
  readonly version = '1';
  readonly people: readonly Person[] = [sam, kim, person('ana', ['stewards'])];
  agents: readonly Agent[] = [canaryAgent];
  decision: Decision = held;
  rules: CanaryRules | null = { perWeek: 3, calendar: null, requests: [request] };
  drafter: Drafter = {
    draft: (_, requester, command) =>
      ok({
        requester,
        target,
        command,
        parameters: [],
        preconditions: {},
        description,
        statedTask: '',
        supersedes: null,
      }),
  };
  readonly events: GatewayEvent[] = [];
  logged: string[] = [];
  desk!: Desk;
  gate!: Pipeline;
  standing!: StandingGrants;
  canaries!: Canaries;
  #starts = 0;

  async start(): Promise<void> {
    this.#starts += 1;
    const shared = {
      clock: this.clock,
      random: createFakeRandom(`canaries ${this.#starts.toString()}`),
      hashing,
      store: this.store,
      policy: policyOf(this),
      directory: directoryOf(this),
      calendars: everyHour,
      limits,
      lives: new StandingLives({ clock: this.clock, limits }),
      log: this.#log(),
      shapes: () => ok({ template: 'DELETE', fields: [] }),
    };
    const events = this.#bus();
    const publicUrl = 'http://gate';
    this.desk = new Desk({ ...shared, events, passkeys: noPasskeys, publicUrl });
    const uses = new StandingUses({ ...shared, publicUrl });
    const gate = new Pipeline({ ...shared, classifier: { classify: () => [] } }, this.desk, uses);
    this.gate = gate;
    this.standing = new StandingGrants({ ...shared, passkeys: noPasskeys });
    await this.desk.resume();
    const drafters = new Map([[target.name, this.drafter]]);
    this.canaries = await new Canaries({ ...shared, events, gate, drafters }, this.rules).resume();
    await settle();
  }

  #bus() {
    const listeners = new Set<(event: GatewayEvent) => void>();
    return {
      publish: (event: GatewayEvent): void => {
        this.events.push(event);
        for (const listener of listeners) listener(event);
      },
      subscribe: (listener: (event: GatewayEvent) => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
  }

  #log() {
    const say =
      (what: string) =>
      (fields: object): void =>
        void this.logged.push(`${what} ${JSON.stringify(fields)}`);
    return {
      reviewUndecidable: say('undecidable'),
      voteTaken: say('voted'),
      voteRefused: say('refused'),
      standingChanged: say('standing'),
      standingRefused: say('standing refused'),
      sessionOpened: say('session opened'),
      sessionClosed: say('session closed'),
      canaryNotOpened: say('not opened'),
      failed: say('failed'),
    };
  }

  stop(): void {
    this.canaries.stop();
    this.desk.close();
  }

  /** When the next one is to be opened. */
  async dueMs(): Promise<number> {
    return (await this.store.read('canaryPlan', {})) ?? 0;
  }

  /** Timers look once a minute at least, and what they find is done when promises are. */
  async until(atMs: number): Promise<void> {
    while (this.clock.nowMs() < atMs) {
      this.clock.advance(Math.min(60_000, atMs - this.clock.nowMs()));
      await settle();
    }
  }

  reviews(): Promise<readonly Review[]> {
    return this.store.read('reviews', { status: null, agent: null, limit: 100, before: null });
  }

  /** The next canary, when it is due. */
  async opened(): Promise<Review> {
    await this.until(await this.dueMs());
    const [review] = await this.reviews();
    if (review === undefined) throw new Error('none was opened');
    return review;
  }

  async vote(review: Review, voter: Person, kind: 'approve' | 'reject'): Promise<string> {
    const { rendering } = this.desk.show(review);
    const { digest } = review.subject;
    const ask = { review: review.id, voter, kind, reason: 'because', digest, rendering, channel: 'api' };
    const voted = await this.desk.vote(ask);
    await settle();
    return voted.ok ? voted.value.state.status : voted.error.code;
  }

  async now({ id }: Review): Promise<Review> {
    const review = await this.store.read('review', { id });
    if (review === null) throw new Error('it is gone');
    return review;
  }

  async leaves(): Promise<readonly Leaf[]> {
    const rows = await this.store.read('entries', { from: 0, limit: 1_000 });
    return rows.map(({ leaf }) => JSON.parse(leaf) as Leaf);
  }

  async kinds(): Promise<readonly unknown[]> {
    return (await this.leaves()).map(({ kind }) => kind);
  }

  /** What an auditor finds wrong with the ledger. */
  async findings(): Promise<readonly string[]> {
    const found: string[] = [];
    const rows = await this.store.read('entries', { from: 0, limit: 1_000 });
    const log = new Rules(({ code }) => void found.push(code));
    for (const { index, leaf } of rows) {
      const decoded = decodeLeaf(leaf);
      if (decoded.ok) log.observe(index, decoded.leaf, await openingOf(decoded.leaf, hashing.sha256));
      else found.push(decoded.detail);
    }
    return found;
  }
}
