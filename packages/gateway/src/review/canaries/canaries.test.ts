/** Canaries over the whole way of a review, with the clock in the test's hand. */
import { openingOf } from '@sallyport/verifier';
import { beforeEach, describe, expect, test } from 'vitest';
import { decodeLeaf } from '../../../../verifier/src/leaf.ts';
import { Rules } from '../../../../verifier/src/rules.ts';
import { createFakeClock, createFakeRandom, type FakeClock } from '../../../test/support/fake-clock.ts';
import { description } from '../../../test/support/standing-world.ts';
import { demand, noPasskeys, person, target } from '../../../test/support/subjects.ts';
import type { Drafter } from '../../connectors/connector.ts';
import { WEEK_MS } from '../../core/canary.ts';
import type { Decision } from '../../core/decide.ts';
import type { Agent, Person, Target } from '../../core/identity.ts';
import { refusal } from '../../core/reasons.ts';
import { err, ok } from '../../core/result.ts';
import type { Review } from '../../core/review.ts';
import { limits } from '../../limits.ts';
import { Pipeline } from '../../pipeline.ts';
import type { GatewayEvent } from '../../ports.ts';
import { createMemoryStore } from '../../stores/memory/store.ts';
import type { Store } from '../../stores/store.ts';
import { hashing } from '../../system.ts';
import { Desk } from '../desk.ts';
import { StandingGrants } from '../standing/desk.ts';
import { StandingLives } from '../standing/lives.ts';
import { StandingUses } from '../standing/uses.ts';
import { Canaries } from './canaries.ts';
import type { CanaryRules } from './rules.ts';

const canaryAgent: Agent = {
  kind: 'agent',
  name: 'ledger-sync',
  groups: [],
  sponsor: 'ana',
  mayActFor: [],
  credentialOwner: 'ana',
  canary: true,
};
const request = {
  agent: canaryAgent,
  target,
  command: 'DELETE FROM customers',
  statedTask: 'tidying up',
  flaw: 'it deletes without a WHERE',
  client: '10.20.0.7',
};
const sam = person('sam', ['stewards']);
const kim = person('kim', ['stewards']);
const held: Decision = { effect: 'review', policies: ['p'], reasons: ['r'], demands: [demand()] };

let clock: FakeClock;
let store: Store;
let decision: Decision;
let drafter: Drafter;
let rules: CanaryRules | null;
let agents: Agent[];
let events: GatewayEvent[];
let logged: string[];
let listeners: Set<(event: GatewayEvent) => void>;
let desk: Desk;
let gate: Pipeline;
let standing: StandingGrants;
let canaries: Canaries;
let starts = 0;

/** Long enough for every promise that is ready to be kept: the store under test has no disk. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 12; turn++) await new Promise(setImmediate);
};

const say =
  (what: string) =>
  (fields: object): void =>
    void logged.push(`${what} ${JSON.stringify(fields)}`);

async function start(): Promise<void> {
  listeners = new Set();
  const random = createFakeRandom(`canaries ${(starts += 1).toString()}`);
  const policy = { version: '1', decide: () => decision, mayApprove: () => true, mayCall: () => true };
  const people: Person[] = [sam, kim, person('ana', ['stewards'])];
  const directory = {
    agent: (name: string) => agents.find((one) => one.name === name),
    person: (name: string) => people.find((one) => one.name === name),
    people: () => people,
  };
  const bus = {
    publish: (event: GatewayEvent): void => {
      events.push(event);
      for (const listener of listeners) listener(event);
    },
    subscribe: (listener: (event: GatewayEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const calendars = { workingTime: (_: string, fromMs: number, durationMs: number) => fromMs + durationMs };
  const log = {
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
  const shapes = () => ok({ template: 'DELETE', fields: [] });
  const lives = new StandingLives({ clock, limits });
  const shared = { clock, random, hashing, store, policy, directory, calendars, limits, lives, log, shapes };
  const publicUrl = 'http://gate';
  desk = new Desk({ ...shared, events: bus, passkeys: noPasskeys, publicUrl });
  const uses = new StandingUses({ ...shared, publicUrl });
  gate = new Pipeline({ ...shared, classifier: { classify: () => [] } }, desk, uses);
  standing = new StandingGrants({ ...shared, passkeys: noPasskeys });
  await desk.resume();
  const drafters = new Map([[target.name, drafter]]);
  canaries = await new Canaries({ ...shared, events: bus, gate, drafters }, rules).resume();
  await settle();
}

function stop(): void {
  canaries.stop();
  desk.close();
}

beforeEach(async () => {
  clock = createFakeClock(1_700_000_000_000);
  store = createMemoryStore();
  decision = held;
  agents = [canaryAgent];
  rules = { perWeek: 3, calendar: null, requests: [request] };
  events = [];
  logged = [];
  drafter = {
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
  await start();
});

const dueMs = async (): Promise<number> => (await store.read('canaryPlan', {})) ?? 0;

/** Timers look once a minute at least, and what they find is done when promises are. */
async function until(atMs: number): Promise<void> {
  while (clock.nowMs() < atMs) {
    clock.advance(Math.min(60_000, atMs - clock.nowMs()));
    await settle();
  }
}

const reviews = (): Promise<readonly Review[]> =>
  store.read('reviews', { status: null, agent: null, limit: 100, before: null });

async function opened(): Promise<Review> {
  await until(await dueMs());
  const [review] = await reviews();
  if (review === undefined) throw new Error('none was opened');
  return review;
}

async function vote(review: Review, voter: Person, kind: 'approve' | 'reject'): Promise<string> {
  const { rendering } = desk.show(review);
  const { digest } = review.subject;
  const ask = { review: review.id, voter, kind, reason: 'because', digest, rendering, channel: 'api' };
  const voted = await desk.vote(ask);
  await settle();
  return voted.ok ? voted.value.state.status : voted.error.code;
}

const now = async ({ id }: Review): Promise<Review> => {
  const review = await store.read('review', { id });
  if (review === null) throw new Error('it is gone');
  return review;
};

type Leaf = Readonly<Record<string, unknown>>;
async function leaves(): Promise<Leaf[]> {
  const rows = await store.read('entries', { from: 0, limit: 1_000 });
  return rows.map(({ leaf }) => JSON.parse(leaf) as Leaf);
}
const kinds = async (): Promise<unknown[]> => (await leaves()).map(({ kind }) => kind);

async function findings(): Promise<string[]> {
  const found: string[] = [];
  const rows = await store.read('entries', { from: 0, limit: 1_000 });
  const log = new Rules(({ code }) => void found.push(code));
  for (const { index, leaf } of rows) {
    const decoded = decodeLeaf(leaf);
    if (decoded.ok) log.observe(index, decoded.leaf, await openingOf(decoded.leaf, hashing.sha256));
    else found.push(decoded.detail);
  }
  return found;
}

test('while it waits, nothing in the review, the ledger, the log or an event tells it from another', async () => {
  const review = await opened();
  expect(review.canary).toBeUndefined();
  expect(review.subject).toMatchObject({
    command: request.command,
    statedTask: request.statedTask,
    requester: { agent: 'ledger-sync', onBehalfOf: 'ana', parties: ['ana'] },
  });
  expect(review.subject.requester.session).toMatch(/^ses_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
  expect(review.subject.requester.client).toMatch(/^10\.20\.0\.7:\d{5}$/);
  expect(await kinds()).toEqual(['decision', 'review']);
  expect(events.map(({ kind }) => kind)).toEqual(['review.opened']);
  expect(logged).toEqual([expect.stringContaining('session opened')]);
  const told = JSON.stringify([await leaves(), review, events, logged]);
  expect(told).not.toMatch(/canary|WHERE/i);
  const [open] = await store.read('openCanaries', {});
  expect(told).not.toContain(open?.nonce);
  expect(await findings()).toEqual([]);
});

describe('approved', () => {
  test('it says what it was, on the review and in the ledger, and its grant is no use to anybody', async () => {
    const review = await opened();
    expect(await vote(review, sam, 'approve')).toBe('approved');
    const over = await now(review);
    expect(over).toMatchObject({ state: { status: 'approved' }, canary: { flaw: request.flaw } });
    expect(await kinds()).toEqual(['decision', 'review', 'vote', 'review', 'grant', 'canary']);
    const revealed = (await leaves()).at(-1);
    expect(revealed).toMatchObject({
      review: review.id,
      action: review.subject.action,
      canary: { status: 'approved', votes: [{ identity: 'sam', kind: 'approve' }] },
    });
    // Law 8: the operator's words may quote what is asked for.
    expect(JSON.stringify(revealed)).not.toContain('WHERE');
    expect(await findings()).toEqual([]);
    const id = over.state.status === 'approved' ? over.state.grant : null;
    expect(id === null ? null : await store.read('grant', { id })).toMatchObject({
      state: { status: 'revoked' },
    });
    expect(events.at(-1)).toMatchObject({ kind: 'canary.revealed', review: { id: review.id } });
    expect(logged.at(-1)).toContain('session closed');
    expect(await store.read('openCanaries', {})).toEqual([]);
  });

  test('and the gateway dies before that is said: nothing runs, and the next start says it (B9)', async () => {
    const review = await opened();
    canaries.stop();
    expect(await vote(review, sam, 'approve')).toBe('approved');
    desk.close();
    expect((await now(review)).canary).toBeUndefined();
    await start();
    expect((await now(review)).canary).toMatchObject({ flaw: request.flaw });
    expect(await kinds()).toContain('canary');
    expect(await findings()).toEqual([]);
  });

  test.each<[string, () => void]>([['whose agent is a canary', () => undefined]])(
    'an approval %s is refused at authorize, whoever holds its grant',
    async (_, change) => {
      const review = await opened();
      canaries.stop();
      await vote(review, sam, 'approve');
      change();
      const { state, subject } = await now(review);
      if (state.status !== 'approved') throw new Error('not approved');
      const draft = drafter.draft(canaryAgent, subject.requester, subject.command);
      if (!draft.ok) throw new Error('not described');
      const approval = { review: review.id, grant: state.grant };
      const authorized = await gate.authorizeApproved(gate.judge(draft.value), approval);
      expect(authorized).toMatchObject({ ok: false, error: { code: 'canary.never_runs' } });
      expect(await kinds()).not.toContain('intent');
    },
  );

  test('it is refused at authorize too where its agent is no canary of the configuration any more', async () => {
    const review = await opened();
    await vote(review, sam, 'approve');
    const { canary: _, ...ordinary } = canaryAgent;
    agents = [ordinary];
    const { state, subject } = await now(review);
    const draft = drafter.draft(canaryAgent, subject.requester, subject.command);
    if (!draft.ok || state.status !== 'approved') throw new Error('not approved');
    const approval = { review: review.id, grant: state.grant };
    const authorized = await gate.authorizeApproved(gate.judge(draft.value), approval);
    expect(authorized).toMatchObject({ ok: false, error: { code: 'canary.never_runs' } });
  });
});

test.each<[status: string, end: (review: Review) => Promise<unknown>]>([
  ['rejected', (review) => vote(review, sam, 'reject')],
  ['expired', (review) => until(review.expiresAtMs)],
])('%s, it says what it was, and nothing is left of it', async (status, end) => {
  const review = await opened();
  await end(review);
  expect(await now(review)).toMatchObject({ state: { status }, canary: { flaw: request.flaw } });
  expect((await leaves()).at(-1)).toMatchObject({ kind: 'canary', canary: { status } });
  expect(await findings()).toEqual([]);
});

test('those who decided on it have it in their figures, and it uses up none of their approvals', async () => {
  decision = { ...held, demands: [demand({ quorum: 2 })] };
  const review = await opened();
  await vote(review, sam, 'approve');
  const pace = { wordsPerMinute: 600, minimumReadingMs: 0 };
  const figures = async () =>
    (await store.read('attention', { sinceMs: 0, untilMs: 9e12, pace, most: 9 })).reviewers.map(
      ({ person: name, canaries: met, canariesApproved }) => [name, met, canariesApproved],
    );
  expect(await figures()).toEqual([['sam', 0, 0]]);
  await vote(await now(review), kim, 'reject');
  expect(await figures()).toEqual([
    ['kim', 1, 0],
    ['sam', 1, 1],
  ]);
});

describe('leave for the like of it', () => {
  const wish = () => ({
    constraints: [],
    maxUses: 2,
    maxRowsPerUse: null,
    maxRows: null,
    validFromMs: null,
    validUntilMs: clock.nowMs() + 7_200_000,
  });

  test('that was proposed while it waited ends with it', async () => {
    const review = await opened();
    const made = await standing.propose({ review: review.id, proposer: sam, wish: wish(), reason: 'often' });
    if (!made.ok) throw new Error(made.error.code);
    await vote(review, kim, 'reject');
    expect(await store.read('standing', { id: made.value.id })).toMatchObject({
      state: { status: 'revoked' },
    });
    expect(await findings()).toEqual([]);
  });

  test('is not proposed from it afterwards', async () => {
    const review = await opened();
    await vote(review, kim, 'approve');
    const ask = { review: review.id, proposer: sam, wish: wish(), reason: 'often' };
    expect(await standing.propose(ask)).toMatchObject({ ok: false, error: { code: 'standing.unfit' } });
  });
});

describe('the schedule', () => {
  test('is kept over a restart: none is doubled, and none is forgotten', async () => {
    const dueAtMs = await dueMs();
    stop();
    await start();
    expect(await dueMs()).toBe(dueAtMs);
    await opened();
    stop();
    await start();
    expect(await reviews()).toHaveLength(1);
    expect(await dueMs()).toBeGreaterThan(clock.nowMs());
  });

  test('gives what fell due long ago another time, so that none comes right at a start', async () => {
    const dueAtMs = await dueMs();
    stop();
    clock.advance(dueAtMs - clock.nowMs() + limits.canaryLateMs + 1);
    await start();
    expect(await reviews()).toEqual([]);
    expect(await dueMs()).toBeGreaterThan(clock.nowMs());
  });

  test('opens no more in seven days than it may, and goes on after them', async () => {
    const startMs = clock.nowMs();
    const ends: number[] = [];
    while (ends.length < 7) {
      await until(await dueMs());
      const [review] = await reviews();
      if (review?.state.status !== 'pending') continue;
      ends.push(review.openedAtMs);
      await vote(review, sam, 'reject');
    }
    // Nothing shows of those that were too many.
    expect(logged.filter((line) => /not opened|failed/.test(line))).toEqual([]);
    expect(ends.every((atMs, at) => at < 3 || atMs - (ends[at - 3] ?? startMs) >= WEEK_MS)).toBe(true);
  });

  test('leaves out one that is due while another waits', async () => {
    decision = { ...held, demands: [demand({ expiresInMs: 30 * WEEK_MS })] };
    await opened();
    await until(await dueMs());
    expect(await reviews()).toHaveLength(1);
    expect(logged.at(-1)).toContain('canary.pending');
    expect(await dueMs()).toBeGreaterThan(clock.nowMs());
  });
});

describe('is not opened, and the log says why without its agent or target,', () => {
  const away: Drafter = { draft: () => err(refusal('target.unavailable', {})) };
  test.each<[code: string, change: () => void]>([
    ['canary.not_held', () => (decision = { effect: 'allow', policies: ['p'], reasons: [] })],
    [
      'policy.forbidden',
      () => (decision = { effect: 'deny', code: 'policy.forbidden', policies: ['p'], reasons: [] }),
    ],
    ['target.unavailable', () => (drafter = away)],
  ])('%s', async (code, change) => {
    stop();
    change();
    await start();
    logged = [];
    await until(await dueMs());
    expect(await reviews()).toEqual([]);
    expect(await kinds()).toEqual([]);
    expect(logged).toEqual([`not opened ${JSON.stringify({ request: 1, code })}`]);
    expect(await dueMs()).toBeGreaterThan(clock.nowMs());
  });
});

test('where none are configured any more, one that waits ends as it should, and no other is opened', async () => {
  const review = await opened();
  stop();
  rules = null;
  await start();
  await vote(review, sam, 'reject');
  expect((await now(review)).canary).toMatchObject({ flaw: request.flaw });
  await until(clock.nowMs() + WEEK_MS);
  expect(await reviews()).toHaveLength(1);
});

test('what is erased gets no new words when it says what it was', async () => {
  const review = await opened();
  canaries.stop();
  await vote(review, sam, 'reject');
  const erased = await store.commit({
    mutations: [
      { kind: 'subject.erase', subject: { kind: 'agent', name: 'ledger-sync' }, atMs: clock.nowMs() },
    ],
    entries: [],
  });
  expect(erased.ok).toBe(true);
  await start();
  expect((await now(review)).canary).toMatchObject({ flaw: '' });
  expect(JSON.stringify(await store.read('entries', { from: 0, limit: 100 }))).not.toContain('WHERE');
});

const billing: Target = { name: 'billing', protocol: 'api', environment: 'production' };
test('a call of the API has no connection in the log, as none of the API has', async () => {
  stop();
  rules = {
    perWeek: 3,
    calendar: null,
    requests: [{ ...request, target: { ...target, protocol: billing.protocol } }],
  };
  logged = [];
  await start();
  await opened();
  expect(logged).toEqual([]);
});
