/** Everything that a review rests on, in memory, to be changed under it. */
import type { Attempt, Hold } from '../../src/connectors/connector.ts';
import type { Decision } from '../../src/core/decide.ts';
import type { Agent, Person } from '../../src/core/identity.ts';
import type { Review } from '../../src/core/review.ts';
import { limits } from '../../src/limits.ts';
import { Pipeline } from '../../src/pipeline.ts';
import type { GatewayEvent, VoteAsk } from '../../src/ports.ts';
import { Desk } from '../../src/review/desk.ts';
import { createMemoryStore } from '../../src/stores/memory/store.ts';
import type { Store } from '../../src/stores/store.ts';
import { hashing } from '../../src/system.ts';
import { directoryOf, everyHour, policyOf } from './changeable-ports.ts';
import { createFakeClock, createFakeRandom } from './fake-clock.ts';
import { agent, attempt, noPasskeys, person, reviewed } from './subjects.ts';

export class DeskWorld {
  readonly clock = createFakeClock(1_700_000_000_000);
  readonly store: Store = createMemoryStore();
  readonly events: GatewayEvent[] = [];
  readonly alerts: string[] = [];
  people: Person[] = [person('sam', ['stewards']), person('kim', ['stewards']), person('ana', ['stewards'])];
  agents: Agent[] = [agent];
  decision: Decision = reviewed();
  version = '1';
  desk: Desk;
  gate: Pipeline;
  #starts = 0;

  constructor() {
    ({ desk: this.desk, gate: this.gate } = this.start(this.store));
  }

  /** Desk and pipeline of another process, over a store that may fail. */
  start(store: Store): { readonly desk: Desk; readonly gate: Pipeline } {
    this.#starts += 1;
    const shared = {
      clock: this.clock,
      random: createFakeRandom(String(this.#starts)),
      hashing,
      store,
      policy: policyOf(this),
      directory: directoryOf(this),
      calendars: everyHour,
      passkeys: noPasskeys,
    };
    const log = {
      reviewUndecidable: ({ policy }: { policy: string }) => void this.alerts.push(policy),
      voteTaken: () => undefined,
      voteRefused: () => undefined,
    };
    const events = {
      publish: (event: GatewayEvent) => void this.events.push(event),
      subscribe: () => () => undefined,
    };
    const desk = new Desk({ ...shared, events, publicUrl: 'http://gate', limits, log });
    return { desk, gate: new Pipeline({ ...shared, classifier: { classify: () => [] } }, desk) };
  }

  /** The process ends, and another one goes on with the same store. */
  async restart(): Promise<void> {
    this.desk.close();
    ({ desk: this.desk, gate: this.gate } = this.start(this.store));
    await this.desk.resume();
  }

  async hold(given: Partial<Attempt> = {}): Promise<Hold> {
    const held = await this.gate.hold(this.gate.judge(attempt(given)), []);
    if (!held.ok) throw new Error(held.error.code);
    return held.value;
  }

  async review({ review: id }: Pick<Hold, 'review'>): Promise<Review> {
    const stored = await this.store.read('review', { id });
    if (stored === null) throw new Error('no such review');
    return stored;
  }

  /** What a person says who has just read the review: sam approves, unless it is said otherwise. */
  async ballot(held: Hold, given: Partial<VoteAsk> = {}): Promise<VoteAsk> {
    const stored = await this.review(held);
    return {
      review: held.review,
      voter: this.people.find((one) => one.name === 'sam') as Person,
      kind: 'approve',
      reason: '',
      digest: stored.subject.digest,
      rendering: this.desk.show(stored).rendering,
      channel: 'api',
      ...given,
    };
  }

  async vote(held: Hold, given: Partial<VoteAsk> = {}): Promise<string> {
    const voted = await this.desk.vote(await this.ballot(held, given));
    return voted.ok ? voted.value.state.status : voted.error.code;
  }

  /** What becomes of the action when its client goes on. */
  async run(held: Hold, given: Partial<Attempt> = {}): Promise<string> {
    const settled = await held.settled;
    if (!settled.ok) return settled.error.code;
    const authorized = await this.gate.authorizeApproved(this.gate.judge(attempt(given)), settled.value);
    return authorized.ok ? 'ran' : authorized.error.code;
  }

  async leaves(): Promise<readonly string[]> {
    return (await this.store.read('entries', { from: 0, limit: 1_000 })).map((row) => row.leaf);
  }

  async kinds(): Promise<readonly string[]> {
    return (await this.store.read('entries', { from: 0, limit: 1_000 })).map((row) => row.kind);
  }
}
