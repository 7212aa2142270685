import type { Leaf } from '@sallyport/verifier';
import { Rules } from '../../../verifier/src/rules.ts';
import type { Attempt, Hold, Judgement } from '../../src/connectors/connector.ts';
import type { Person } from '../../src/core/identity.ts';
import type { ActionId } from '../../src/core/ids.ts';
import { Desk } from '../../src/review/desk.ts';
import { limits } from '../../src/limits.ts';
import { Pipeline } from '../../src/pipeline.ts';
import type { Review } from '../../src/core/review.ts';
import type { Store } from '../../src/ports.ts';
import { hashing } from '../../src/system.ts';
import { createFakeClock, createFakeRandom } from './fake-clock.ts';
import { createLateStore, type LateStore } from './crash-late-store.ts';
import { LedgerTail } from './crash-tail.ts';
import { agent, attempt, demand, noPasskeys, person } from './subjects.ts';

const CLIENTS = 4;
const VOTERS = 6;
const START_MS = 1_700_000_000_000;
const REVIEW_MS = 1_800_000;
/** Of time's steps: nothing much, past a grant's life, past an absent client's grant, past a review's. */
const STEPS_MS = [1_000, limits.grantMs, limits.grantAwayMs, REVIEW_MS] as const;
/** A race takes milliseconds, but for a disk that stalls; one that is not over by then has stopped. */
const LONGEST_MS = 20_000;

/** What one race did, seen from outside of desk and pipeline. */
export interface RaceReport {
  /** What is wrong, in words; empty where every invariant holds. */
  readonly violations: readonly string[];
  /** How it went, so that a test can see that races of all kinds were run. */
  readonly events: readonly string[];
}

/**
 * Clients with two statements between them, voters, withdrawals, departures, time and changes of people, all at once,
 * in an order that the seed decides; then time runs out, and everything is compared with the ledger. `shared`: of races
 * that share the store at the same time.
 */
export async function runRace(
  store: Store,
  seed: string,
  acknowledge: (what: string) => void = () => undefined,
  shared?: LedgerTail,
): Promise<RaceReport> {
  const race = new Race(createLateStore(store), seed, acknowledge);
  const tail = shared ?? new LedgerTail(store, await store.read('size', {}));
  await race.run();
  const reviews = await Promise.all([...race.reviews].map((id) => store.read('review', { id })));
  const actions = new Set([...race.actions, ...reviews.flatMap((review) => review?.subject.action ?? [])]);
  // Other races may share the store: what is about this race's reviews and actions is its own.
  const leaves = race.own(await tail.take([...race.reviews, ...actions]));
  return { violations: race.violations(leaves, reviews), events: race.events };
}

/** mulberry32: quick, because a race draws thousands of times. */
function createPick(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

class Race {
  readonly reviews = new Set<Hold['review']>();
  /** Of every attempt. */
  readonly actions = new Set<ActionId>();
  readonly events: string[] = [];
  readonly #store: LateStore;
  readonly #seed: string;
  readonly #acknowledge: (what: string) => void;
  readonly #pick: (below: number) => number;
  readonly #clock = createFakeClock(START_MS);
  readonly #people: Person[];
  readonly #desk: Desk;
  readonly #gate: Pipeline;
  readonly #holds: Hold[] = [];
  readonly #acknowledged: string[] = [];
  readonly #ran: string[] = [];
  #unsettled = 0;
  #running = 0;

  constructor(store: LateStore, seed: string, acknowledge: (what: string) => void) {
    this.#store = store;
    this.#acknowledge = acknowledge;
    this.#seed = seed;
    this.#pick = createPick(createFakeRandom(seed).pick(2 ** 32));
    const voters = Array.from({ length: VOTERS }, (_, at) => person(`p${at}`, ['stewards']));
    this.#people = [...voters, person('ana', ['stewards'])];
    const quorum = 1 + this.#pick(3);
    const directory = {
      agent: (name: string) => (name === agent.name ? agent : undefined),
      person: (name: string) => this.#people.find((one) => one.name === name),
      people: () => this.#people,
    };
    const demands = [demand({ quorum })];
    const decision = { effect: 'review', policies: ['p'], reasons: ['r'], demands } as const;
    const policy = { version: '1', decide: () => decision, mayApprove: () => true, mayCall: () => true };
    const shared = {
      clock: this.#clock,
      random: createFakeRandom(`${seed} ids`),
      hashing,
      store,
      policy,
      directory,
      passkeys: noPasskeys,
      calendars: { workingTime: (_: string, fromMs: number, durationMs: number) => fromMs + durationMs },
    };
    const events = { publish: () => undefined, subscribe: () => () => undefined };
    const nothing = (): void => undefined;
    const log = { reviewUndecidable: nothing, voteTaken: nothing, voteRefused: nothing };
    // One agent stands for all that ask, faster than any may.
    const bounds = { ...limits, reviewsPerAgentBurst: 1_000_000 };
    this.#desk = new Desk({ ...shared, events, publicUrl: '', limits: bounds, log });
    this.#gate = new Pipeline({ ...shared, classifier: { classify: () => [] } }, this.#desk);
  }

  async run(): Promise<void> {
    const steps = this.#shuffled([
      ...Array.from({ length: CLIENTS }, (_, at) => () => this.#client(at % 2)),
      ...Array.from({ length: VOTERS + 2 }, () => () => this.#voter()),
      ...Array.from({ length: 2 }, () => () => this.#retract()),
      () => this.#question(),
      () => this.#answer(),
      () => this.#client(2),
      () => this.#leave(),
      () => this.#leave(),
      () => this.#clock.advance(STEPS_MS[this.#pick(STEPS_MS.length)] ?? 0),
      () => this.#clock.advance(STEPS_MS[this.#pick(2)] ?? 0),
      () => this.#disable(),
    ]);
    // Somebody has to be first for anything to race.
    await this.#drive([() => this.#client(0), ...steps]);
    this.#clock.advance(REVIEW_MS);
    await this.#drive([]);
    this.#desk.close();
  }

  #shuffled<T>(all: readonly T[]): T[] {
    return all
      .map((one) => ({ one, key: this.#pick(1 << 30) }))
      .sort((a, b) => a.key - b.key)
      .map(({ one }) => one);
  }

  /** Turns the event loop until nothing is under way any more. */
  async #drive(steps: (() => unknown)[]): Promise<void> {
    let quiet = 0;
    const deadline = performance.now() + LONGEST_MS;
    while (quiet < 3) {
      if (performance.now() > deadline) throw new Error(`the race does not end (${this.#seed})`);
      const isWaiting = this.#store.isWaiting;
      // One step at most while the disk is at work: else all steps pass before its first answer.
      if (steps.length > 0 && this.#pick(4) === 0) {
        const step = steps.shift();
        void Promise.resolve(step?.()).catch((error: unknown) => this.events.push(`threw ${String(error)}`));
      }
      if (isWaiting) await this.#store.arrival();
      this.#store.step(this.#pick);
      this.#store.step(this.#pick);
      await new Promise(setImmediate);
      quiet = steps.length === 0 && !this.#store.isBusy ? quiet + 1 : 0;
    }
  }

  /** The third statement is asked instead of whatever is under review. */
  async #client(statement: number): Promise<void> {
    const supersedes = statement === 2 ? (this.#anyReview() ?? null) : null;
    const asked = attempt({ command: `SELECT ${statement} /* ${this.#seed} */`, supersedes });
    this.#running += 1;
    const held = await this.#gate.hold(this.#judge(asked), []);
    if (!held.ok) return this.#end(`hold ${held.error.code}`);
    const hold = held.value;
    this.reviews.add(hold.review);
    this.#holds.push(hold);
    this.#unsettled += 1;
    const settled = await hold.settled;
    this.#unsettled -= 1;
    if (!settled.ok) return this.#end(settled.error.code);
    const authorized = await this.#gate.authorizeApproved(this.#judge(asked), settled.value);
    if (!authorized.ok) return this.#end(authorized.error.code);
    const grant = authorized.value.grant ?? 'no grant';
    this.#ran.push(grant);
    this.#acknowledge(`ran ${grant}`);
    this.#gate.record(authorized.value, {
      status: 'succeeded',
      rows: 1,
      bytes: 1,
      durationMs: 1,
      code: 'ok',
    });
    return this.#end('ran');
  }

  #judge(attempt: Attempt): Judgement {
    const judgement = this.#gate.judge(attempt);
    this.actions.add(judgement.action.id);
    return judgement;
  }

  #end(event: string): void {
    this.#running -= 1;
    this.events.push(event);
  }

  async #voter(): Promise<void> {
    const id = this.#anyReview();
    const voter = this.#anybody();
    if (id === undefined) return;
    const kind = this.#pick(6) === 0 ? 'reject' : 'approve';
    const review = await this.#store.read('review', { id });
    if (review === null) return;
    const { rendering } = this.#desk.show(review);
    const shown = { digest: review.subject.digest, rendering };
    const voted = await this.#desk.vote({ review: id, voter, kind, reason: 'why', ...shown, channel: 'api' });
    if (voted.ok) this.#took(`${id} ${voter.name} ${kind}`);
    this.events.push(voted.ok ? kind : voted.error.code);
  }

  #took(vote: string): void {
    this.#acknowledged.push(vote);
    this.#acknowledge(vote);
  }

  #anyReview(): Hold['review'] | undefined {
    const ids = [...this.reviews];
    return ids[this.#pick(Math.max(1, ids.length))];
  }

  #anybody(): Person {
    const { length } = this.#people;
    return this.#people[this.#pick(length)] ?? person('nobody');
  }

  async #retract(): Promise<void> {
    const review = this.#anyReview();
    const voter = this.#anybody();
    if (review === undefined) return;
    const retracted = await this.#desk.retract({ review, voter, channel: 'api' });
    if (retracted.ok) this.#took(`${review} ${voter.name} retract`);
    this.events.push(retracted.ok ? 'retract' : retracted.error.code);
  }

  async #question(): Promise<void> {
    const review = this.#anyReview();
    if (review === undefined) return;
    const asker = this.#anybody();
    const asked = await this.#desk.question({ review, asker, to: 'agent', text: 'why', channel: 'api' });
    if (asked.ok) this.#took(`${review} ${asker.name} question`);
    this.events.push(asked.ok ? 'question' : asked.error.code);
  }

  async #answer(): Promise<void> {
    const review = this.#anyReview();
    if (review === undefined) return;
    const said = { review, answerer: agent, question: 1, text: 'so', channel: 'api' };
    const answered = await this.#desk.answer(said);
    if (answered.ok) this.#took(`${review} ${agent.name} answer`);
    this.events.push(answered.ok ? 'answer' : answered.error.code);
  }

  /** A client gives up, or goes; its promise may stay open then. */
  #leave(): void {
    const hold = this.#holds[this.#pick(Math.max(1, this.#holds.length))];
    if (hold === undefined) return;
    this.#left.add(hold);
    if (this.#pick(2) === 0) hold.withdraw('gave up');
    else hold.detach();
  }

  readonly #left = new Set<Hold>();

  #disable(): void {
    const at = this.#pick(VOTERS);
    this.#people[at] = person(`p${at}`, ['stewards'], true);
  }

  /** The leaves about this race's reviews, and about the actions that ran under them. */
  own(leaves: readonly Leaf[]): readonly Leaf[] {
    const isOfReview = (leaf: Leaf): boolean =>
      'review' in leaf && this.reviews.has(leaf.review as Hold['review']);
    const actions = new Set(leaves.filter(isOfReview).map((leaf) => leaf.action));
    return leaves.filter((leaf) => isOfReview(leaf) || (leaf.action !== null && actions.has(leaf.action)));
  }

  violations(leaves: readonly Leaf[], reviews: readonly (Review | null)[]): readonly string[] {
    const found: string[] = [];
    const rules = new Rules(({ code, index }) => found.push(`${code} at ${index}`));
    leaves.forEach((leaf, index) => rules.observe(index, leaf));
    if (rules.openIntents > 0) found.push('an intent without outcome');
    for (const review of reviews) if (review !== null) found.push(...this.#compare(review, leaves));
    const spent = leaves.flatMap((leaf) => (leaf.kind === 'intent' ? [leaf.grant ?? ''] : []));
    if (spent.toSorted().join() !== this.#ran.toSorted().join()) found.push('intents are not what ran');
    if (new Set(spent).size !== spent.length) found.push('two intents of one grant');
    if (this.#unsettled > this.#left.size) found.push('a client waits for a review that is over');
    if (this.#running > this.#unsettled) found.push('a client got no answer');
    found.push(...this.events.filter((event) => event.startsWith('threw')));
    return found;
  }

  /** One review as it is stored, against what the ledger tells of it and what voters were told. */
  #compare(review: Review, leaves: readonly Leaf[]): readonly string[] {
    const found: string[] = [];
    const same = (what: string, left: readonly string[], right: readonly string[]): void => {
      if (left.join() !== right.join()) found.push(`${what}: ${left.join()} is not ${right.join()}`);
    };
    const ends = leaves.flatMap((leaf) =>
      leaf.kind === 'review' && leaf.review === review.id && leaf.status !== 'pending' ? [leaf.status] : [],
    );
    same('ends', ends, [review.state.status]);
    const recorded = leaves.flatMap((leaf) =>
      leaf.kind === 'vote' && leaf.review === review.id ? [`${leaf.vote.person} ${leaf.vote.kind}`] : [],
    );
    const stored = review.votes.map((vote) => `${vote.person} ${vote.kind}`);
    same('votes', recorded.filter(isCast), stored);
    const back = review.votes.filter((vote) => vote.retractedAtMs !== null);
    const retracted = back.map((vote) => `${vote.person} retract`);
    same('retractions', recorded.filter((vote) => !isCast(vote)).toSorted(), retracted.toSorted());
    const clarified = leaves.filter(
      (leaf) => (leaf.kind === 'question' || leaf.kind === 'answer') && leaf.review === review.id,
    );
    const asked = review.questions.map((question) => `${question.by} question`);
    const answered = review.questions.flatMap(({ answer }) =>
      answer === null ? [] : [`${answer.by} answer`],
    );
    const kinds = [...asked, ...answered].map((each) => each.split(' ').at(-1) ?? '');
    same('clarifications', clarified.map((leaf) => leaf.kind).toSorted(), kinds.toSorted());
    const told = this.#acknowledged
      .filter((vote) => vote.startsWith(review.id))
      .map((vote) => vote.slice(review.id.length + 1));
    same('acknowledged', told.toSorted(), [...stored, ...retracted, ...asked, ...answered].toSorted());
    const grants = leaves.flatMap((leaf) =>
      leaf.kind === 'grant' && leaf.review === review.id ? [leaf.grant] : [],
    );
    same('grants', grants, review.state.status === 'approved' ? [review.state.grant] : []);
    return found;
  }
}

const isCast = (vote: string): boolean => !vote.endsWith(' retract');
