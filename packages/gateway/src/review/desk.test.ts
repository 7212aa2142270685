import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createFakeClock, createFakeRandom, type FakeClock } from '../../test/support/fake-clock.ts';
import { agent, demand, noPasskeys, person, requester, target } from '../../test/support/subjects.ts';
import type { Attempt, Hold } from '../connectors/connector.ts';
import type { Decision } from '../core/decide.ts';
import type { Description } from '../core/describe.ts';
import type { Agent, Person } from '../core/identity.ts';
import { hashing } from '../system.ts';
import { Desk } from './desk.ts';
import { limits } from '../limits.ts';
import { Pipeline } from '../pipeline.ts';
import type { GatewayEvent, VoteAsk } from '../ports.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import type { Store } from '../stores/store.ts';

const description: Description = {
  operation: 'sql:select',
  title: 'SELECT',
  datasets: [],
  functions: [],
  reach: 'none',
  rowLimit: null,
  filtered: false,
  unknown: [],
  flags: [],
};

/** Everything that a review rests on, to be changed under it. */
interface World {
  readonly clock: FakeClock;
  readonly store: Store;
  readonly desk: Desk;
  readonly gate: Pipeline;
  readonly events: GatewayEvent[];
  readonly alerts: string[];
  people: Person[];
  agents: Agent[];
  decision: Decision;
  version: string;
}

const review = (given: Parameters<typeof demand>[0] = {}): Decision => ({
  effect: 'review',
  policies: ['classified-reads'],
  reasons: ['Reads personal data.'],
  demands: [demand(given)],
});

let world: World;

beforeEach(() => {
  world = makeWorld();
});

function makeWorld(): World {
  const clock = createFakeClock(1_700_000_000_000);
  const store = createMemoryStore();
  const random = createFakeRandom(String(1));
  const events: GatewayEvent[] = [];
  const alerts: string[] = [];
  const people = [person('sam', ['stewards']), person('kim', ['stewards']), person('ana', ['stewards'])];
  const here: Partial<World> = {
    clock,
    store,
    events,
    alerts,
    people,
    agents: [agent],
    decision: review(),
    version: '1',
  };
  const made = here as World;
  const directory = {
    agent: (name: string) => made.agents.find((one) => one.name === name),
    person: (name: string) => made.people.find((one) => one.name === name),
    people: () => made.people,
  };
  const policy = {
    get version() {
      return made.version;
    },
    decide: () => made.decision,
    mayApprove: () => true,
    mayCall: () => true,
  };
  const log = {
    reviewUndecidable: ({ policy: name }: { policy: string }) => void alerts.push(name),
    voteTaken: () => undefined,
    voteRefused: () => undefined,
  };
  const calendars = { workingTime: (_: string, fromMs: number, durationMs: number) => fromMs + durationMs };
  const shared = { clock, random, hashing, store, policy, directory, calendars, passkeys: noPasskeys };
  const publish = {
    publish: (event: GatewayEvent) => void events.push(event),
    subscribe: () => () => undefined,
  };
  const desk = new Desk({ ...shared, events: publish, publicUrl: 'http://gate', limits, log });
  const gate = new Pipeline({ ...shared, classifier: { classify: () => [] } }, desk);
  return Object.assign(made, { desk, gate });
}

const attempt = (given: Partial<Attempt> = {}): Attempt => ({
  requester,
  target,
  command: 'SELECT email FROM customers',
  parameters: [],
  preconditions: {},
  description,
  statedTask: '',
  supersedes: null,
  ...given,
});

async function hold(given: Partial<Attempt> = {}): Promise<Hold> {
  const held = await world.gate.hold(world.gate.judge(attempt(given)), []);
  if (!held.ok) throw new Error(held.error.code);
  return held.value;
}

async function vote(held: Hold, given: Partial<VoteAsk> = {}): Promise<string> {
  const stored = await world.store.read('review', { id: held.review });
  const voter = world.people.find((one) => one.name === 'sam') as Person;
  const ask = {
    review: held.review,
    voter,
    kind: 'approve',
    reason: '',
    digest: stored?.subject.digest ?? '',
    rendering: stored === null ? '' : world.desk.show(stored).rendering,
    channel: 'api',
    ...given,
  } as const;
  const voted = await world.desk.vote(ask);
  return voted.ok ? voted.value.state.status : voted.error.code;
}

async function run(held: Hold, given: Partial<Attempt> = {}): Promise<string> {
  const settled = await held.settled;
  if (!settled.ok) return settled.error.code;
  const authorized = await world.gate.authorizeApproved(world.gate.judge(attempt(given)), settled.value);
  return authorized.ok ? 'ran' : authorized.error.code;
}

const leaves = async (): Promise<readonly string[]> =>
  (await world.store.read('entries', { from: 0, limit: 1_000 })).map((row) => row.leaf);
const kinds = async (): Promise<readonly string[]> =>
  (await world.store.read('entries', { from: 0, limit: 1_000 })).map((row) => row.kind);

describe('one approval, one execution', () => {
  test('held, approved, run once; the ledger tells it in order', async () => {
    const held = await hold();
    expect(await vote(held)).toBe('approved');
    expect(await run(held)).toBe('ran');
    expect(await kinds()).toEqual(['decision', 'review', 'vote', 'review', 'grant', 'intent']);
  });
  test('A3: the same approval a second time is refused, and the refusal is recorded', async () => {
    const held = await hold();
    await vote(held);
    expect(await run(held)).toBe('ran');
    expect(await run(held)).toBe('grant.spent');
    expect((await kinds()).filter((kind) => kind === 'intent')).toHaveLength(1);
    expect((await leaves()).at(-1)).toContain('"code":"grant.spent"');
  });
  test('200 executions at once of one approval: one runs', async () => {
    const held = await hold();
    await vote(held);
    const results = await Promise.all(Array.from({ length: 200 }, () => run(held)));
    expect(results.filter((result) => result === 'ran')).toHaveLength(1);
    expect(new Set(results)).toEqual(new Set(['ran', 'grant.spent']));
  });
  test('a second client with the same bytes joins the review; the first one gets the approval', async () => {
    const [first, second] = [await hold(), await hold()];
    expect(second.review).toBe(first.review);
    expect(second.attached).toBe(true);
    await vote(first);
    expect(await run(first)).toBe('ran');
    expect(await run(second)).toBe('grant.spent');
  });
  test('other bytes, another agent, other parameters: a review of its own', async () => {
    const first = await hold();
    const other = await hold({ command: 'SELECT email  FROM customers' });
    const typed = await hold({ parameters: [{ type: 25, format: 'text', value: 'x' }] });
    const path = await hold({ preconditions: { search_path: 'evil' } });
    expect(new Set([first, other, typed, path].map((held) => held.review)).size).toBe(4);
  });
});

describe('approved while the client was gone', () => {
  test('the same bytes of the same agent spend the approval without asking again', async () => {
    const left = await hold();
    left.detach();
    await vote(left);
    const back = await hold();
    expect(back.review).toBe(left.review);
    expect(await run(back)).toBe('ran');
    const again = await hold();
    expect(again.review).not.toBe(left.review);
  });
  test('five minutes later it is over', async () => {
    const left = await hold();
    left.detach();
    await vote(left);
    const back = await hold();
    world.clock.advance(limits.grantAwayMs);
    expect(await run(back)).toBe('grant.expired');
    expect((await hold()).review).not.toBe(left.review);
  });
  test('a client that waits has sixty seconds', async () => {
    const held = await hold();
    await vote(held);
    world.clock.advance(limits.grantMs - 1);
    expect(await run(held)).toBe('ran');
    const late = await hold();
    await vote(late);
    world.clock.advance(limits.grantMs);
    expect(await run(late)).toBe('grant.expired');
  });
});

describe('a client that waits for several decisions', () => {
  const other = { command: 'SELECT phone FROM customers' };

  test('keeps the first approval while people look at the rest', async () => {
    const [first, second] = [await hold(), await hold(other)];
    await vote(first);
    world.clock.advance(limits.grantMs);
    await vote(second);
    expect([await run(first), await run(second, other)]).toEqual(['ran', 'ran']);
  });

  test('has sixty seconds for the last one', async () => {
    const [first, second] = [await hold(), await hold(other)];
    await vote(first);
    await vote(second);
    world.clock.advance(limits.grantMs);
    expect(await run(second, other)).toBe('grant.expired');
  });

  test('gives an approval back when another is refused; nobody else can give it back', async () => {
    const [first, joined, second] = [await hold(), await hold(), await hold(other)];
    await vote(first);
    await vote(second, { kind: 'reject', reason: 'no' });
    joined.detach();
    expect((await hold()).review).not.toBe(first.review);
    first.detach();
    const back = await hold();
    expect(back.review).toBe(first.review);
    expect(await run(back)).toBe('ran');
  });
});

describe('what changed since the approval', () => {
  test('A1, A5: other bytes than were approved do not run', async () => {
    const held = await hold();
    await vote(held);
    expect(await run(held, { command: 'SELECT email FROM customers WHERE true' })).toBe('action.altered');
    expect((await leaves()).at(-1)).toContain('"code":"action.altered"');
  });
  test('A1: another environment of the target does not run', async () => {
    const held = await hold();
    await vote(held);
    expect(await run(held, { target: { ...target, environment: 'staging' } })).toBe('action.altered');
  });
  test('A4: the policy asks for more, or denies: it does not run', async () => {
    const held = await hold();
    await vote(held);
    world.decision = review({ quorum: 2 });
    world.version = '2';
    expect(await run(held)).toBe('review.changed');
    world.decision = { effect: 'deny', code: 'policy.forbidden', policies: ['never'], reasons: ['No.'] };
    world.version = '3';
    expect(await run(held)).toBe('policy.forbidden');
  });
  test('A4: the review changed in the store after its approval was handed over: it does not run', async () => {
    const held = await hold();
    await vote(held);
    const approved = await world.store.read('review', { id: held.review });
    if (approved === null) throw new Error('the review is gone');
    const review = { ...approved, revision: approved.revision + 1 };
    await world.store.commit({ mutations: [{ kind: 'review.update', review }], entries: [] });
    expect(await run(held)).toBe('review.changed');
    expect((await leaves()).join('')).not.toContain('"kind":"intent"');
  });
  test('an approval that was just committed is used without asking the store for it again', async () => {
    const held = await hold();
    await vote(held);
    const read = vi.spyOn(world.store, 'read');
    expect(await run(held)).toBe('ran');
    expect(read).not.toHaveBeenCalled();
  });
  test('B6: the approver lost the right, or was disabled', async () => {
    const held = await hold();
    await vote(held);
    world.people = [person('sam', ['stewards'], true)];
    expect(await run(held)).toBe('identity.revoked');
    world.people = [person('sam', []), person('ana')];
    expect(await run(held)).toBe('review.changed');
  });
  test('B7: the agent, or the person for whom it acts, is gone', async () => {
    const held = await hold();
    await vote(held);
    world.agents = [];
    expect(await run(held)).toBe('identity.revoked');
    world.agents = [agent];
    world.people = world.people.filter((one) => one.name !== 'ana');
    expect(await run(held)).toBe('identity.revoked');
  });
});

describe('votes', () => {
  test('law 4: an agent’s credential is refused, and that is recorded', async () => {
    const held = await hold();
    expect(await vote(held, { voter: { ...agent, groups: ['stewards'] } })).toBe('vote.not_a_person');
    expect((await leaves()).at(-1)).toContain('"code":"vote.refused"');
  });
  test('law 4: the sponsor can’t approve', async () => {
    const held = await hold();
    expect(await vote(held, { voter: person('ana', ['stewards']) })).toBe('vote.own_request');
  });
  test('A4: a vote on another digest is a conflict', async () => {
    const held = await hold();
    expect(await vote(held, { digest: '0'.repeat(64) })).toBe('vote.digest_mismatch');
  });
  test('a rejection reaches the agent with the person’s reason, and the voter’s words are in no leaf', async () => {
    const held = await hold();
    expect(await vote(held, { kind: 'reject', reason: 'CANARY: use the aggregate' })).toBe('rejected');
    const settled = await held.settled;
    expect(settled.ok ? '' : settled.error.message).toBe('Rejected by sam: CANARY: use the aggregate');
    expect((await leaves()).join('')).not.toContain('CANARY');
  });
  test('a vote after the end says how it ended', async () => {
    const held = await hold();
    await vote(held);
    expect(await vote(held, { voter: person('kim', ['stewards']) })).toBe('review.over');
  });
  test('B4: a review that nobody can decide is pending, raises an alert, and tells the agent', async () => {
    world.people = [person('ana', ['stewards'])];
    const held = await hold();
    expect(world.alerts).toEqual(['classified-reads']);
    expect(held.unmeetable).toContain('Too few people can approve this now');
    expect((await world.store.read('review', { id: held.review }))?.state.status).toBe('pending');
  });
});

describe('clarification', () => {
  const asks = (held: Hold, text = 'What for?') =>
    world.desk.question({
      review: held.review,
      asker: world.people[0] as Person,
      to: 'agent',
      text,
      channel: 'api',
    });
  test('a question reaches the agent where it waits, its answer the reviewers; the action stays the same', async () => {
    const held = await hold();
    const heard: string[] = [];
    held.onQuestion(({ text }) => heard.push(text));
    await asks(held);
    expect(heard).toEqual(['What for?']);
    const before = await world.store.read('review', { id: held.review });
    const answered = await world.desk.answer({
      review: held.review,
      answerer: agent,
      question: 1,
      text: 'CANARY newsletter',
      channel: 'api',
    });
    expect(answered.ok && answered.value.subject.digest).toBe(before?.subject.digest);
    expect(await vote(held)).toBe('approved');
    expect(await run(held)).toBe('ran');
    expect(await kinds()).toEqual([
      'decision',
      'review',
      'question',
      'answer',
      'vote',
      'review',
      'grant',
      'intent',
    ]);
    expect((await leaves()).join('')).not.toContain('CANARY');
  });
  test('A4: an answer that came since the voter looked makes the vote a conflict', async () => {
    const held = await hold();
    const stored = await world.store.read('review', { id: held.review });
    if (stored === null) throw new Error('no review');
    const { rendering } = world.desk.show(stored);
    await asks(held);
    expect(await vote(held, { rendering })).toBe('vote.rendering_mismatch');
    world.version = '2';
    expect(await vote(held)).toBe('approved');
  });
  test('A4: another policy since the voter looked makes the vote a conflict', async () => {
    const held = await hold();
    const stored = await world.store.read('review', { id: held.review });
    if (stored === null) throw new Error('no review');
    const { rendering } = world.desk.show(stored);
    world.version = '2';
    expect(await vote(held, { rendering })).toBe('vote.rendering_mismatch');
  });
  test('a changed action takes the place of the first one, which is over and says by what', async () => {
    const first = await hold();
    const second = await hold({ command: 'SELECT count(*) FROM customers', supersedes: first.review });
    const settled = await first.settled;
    expect(settled.ok ? '' : settled.error.code).toBe('review.superseded');
    const [old, replacing] = await Promise.all(
      [first, second].map((held) => world.store.read('review', { id: held.review })),
    );
    expect(old?.state).toMatchObject({ status: 'superseded', by: second.review });
    expect(replacing?.supersedes).toBe(first.review);
    expect(await vote(first)).toBe('review.over');
    expect(await vote(second)).toBe('approved');
    expect(await run(second, { command: 'SELECT count(*) FROM customers' })).toBe('ran');
  });
  test('nobody supersedes the review of another agent, or one that is over', async () => {
    const first = await hold();
    const stranger = { ...requester, agent: 'stranger' };
    await hold({ requester: stranger, command: 'SELECT 2', supersedes: first.review });
    expect((await world.store.read('review', { id: first.review }))?.state.status).toBe('pending');
    await vote(first);
    const later = await hold({ command: 'SELECT 3', supersedes: first.review });
    expect((await world.store.read('review', { id: later.review }))?.supersedes).toBe(null);
  });
  test('a vote taken back is recorded and no longer counts', async () => {
    world.decision = review({ quorum: 2 });
    const held = await hold();
    await vote(held);
    const voter = world.people[0] as Person;
    const retracted = await world.desk.retract({ review: held.review, voter, channel: 'cli' });
    expect(retracted.ok).toBe(true);
    expect((await leaves()).at(-1)).toContain('"kind":"retract"');
    expect(await vote(held, { voter: world.people[1] as Person })).toBe('pending');
    expect(await vote(held)).toBe('approved');
    expect(await run(held)).toBe('ran');
  });
  test('whoever votes too late is told who approved, when, and when it ran', async () => {
    const held = await hold();
    await vote(held);
    await run(held);
    world.clock.advance(12_000);
    const stored = await world.store.read('review', { id: held.review });
    if (stored === null) throw new Error('no review');
    const late = await world.desk.vote({
      review: held.review,
      voter: world.people[1] as Person,
      kind: 'approve',
      reason: '',
      digest: stored.subject.digest,
      rendering: world.desk.show(stored).rendering,
      channel: 'api',
    });
    expect(late.ok ? '' : late.error.message).toMatch(
      /approved by sam 12 seconds ago\. It ran at \d\d:\d\d:\d\d UTC\.$/,
    );
  });
});

describe('B1: races', () => {
  test.each(Array.from({ length: 25 }, (_, seed) => seed))(
    'seed %i: 40 votes, withdrawals and expiry at once: one end, no vote lost',
    async (seed) => {
      world.people = [
        ...Array.from({ length: 20 }, (_, at) => person(`p${at.toString()}`, ['stewards'])),
        person('ana'),
      ];
      world.decision = review({ quorum: 5 });
      world.version = `race-${seed.toString()}`;
      const held = await hold();
      const random = createFakeRandom(String(seed));
      const steps = Array.from({ length: 40 }, (_, at) => async () => {
        const dice = random.bytes(1)[0] ?? 0;
        if (dice < 4) return held.withdraw('gave up');
        if (dice < 8) return world.clock.advance(60_000);
        const voter = world.people[at % 20] as Person;
        await vote(held, { voter, kind: dice > 245 ? 'reject' : 'approve', reason: 'because' });
      });
      await Promise.all(steps.map((step) => step()));
      const rows = (await leaves()).map(
        (leaf) => JSON.parse(leaf) as { kind: string; status?: string; vote?: { person: string } },
      );
      const stored = await world.store.read('review', { id: held.review });
      const ends = rows.filter((row) => row.kind === 'review' && row.status !== 'pending');
      expect(ends.map((row) => row.status)).toEqual(
        stored?.state.status === 'pending' ? [] : [stored?.state.status],
      );
      const recorded = rows.filter((row) => row.kind === 'vote').map((row) => row.vote?.person);
      expect(recorded).toEqual(stored?.votes.map((one) => one.person));
      expect(new Set(recorded).size).toBe(recorded.length);
    },
  );
});

describe('time', () => {
  test('a review expires by itself, and the agent is told', async () => {
    const held = await hold();
    world.clock.advance(1_800_000);
    const settled = await held.settled;
    expect(settled.ok ? '' : settled.error.code).toBe('review.expired');
    expect(await vote(held)).toBe('review.over');
  });
  test('B5: approved at the last moment, the grant still lives its full life', async () => {
    const held = await hold();
    world.clock.advance(1_799_999);
    expect(await vote(held)).toBe('approved');
    world.clock.advance(limits.grantMs - 1);
    expect(await run(held)).toBe('ran');
  });
  test('B9: after a restart pending reviews go on, and what is due expires', async () => {
    const held = await hold();
    world.desk.close();
    const reborn = makeWorld();
    Object.assign(world, { desk: new Desk({ ...deskPorts(), store: world.store, clock: world.clock }) });
    await world.desk.resume();
    expect(await vote(held)).toBe('approved');
    reborn.desk.close();
  });
});

function deskPorts(): ConstructorParameters<typeof Desk>[0] {
  const directory = {
    agent: () => agent,
    person: (name: string) => world.people.find((one) => one.name === name),
    people: () => world.people,
  };
  const policy = { version: '1', decide: () => world.decision, mayApprove: () => true, mayCall: () => true };
  return {
    clock: world.clock,
    random: createFakeRandom(String(9)),
    hashing,
    store: world.store,
    policy,
    directory,
    passkeys: noPasskeys,
    calendars: { workingTime: (_: string, fromMs: number, durationMs: number) => fromMs + durationMs },
    events: { publish: () => undefined, subscribe: () => () => undefined },
    publicUrl: 'http://gate',
    limits,
    log: { reviewUndecidable: () => undefined, voteTaken: () => undefined, voteRefused: () => undefined },
  };
}

describe('law 3: the ledger can’t record', () => {
  test('nothing is opened, voted or authorized', async () => {
    const held = await hold();
    await vote(held);
    const failing = Object.create(world.store) as Store;
    failing.commit = () => Promise.reject(new Error('disk'));
    failing.append = () => ({ durable: false, done: Promise.reject(new Error('disk')) });
    const desk = new Desk({ ...deskPorts(), store: failing });
    const gate = new Pipeline({ ...deskPorts(), store: failing, classifier: { classify: () => [] } }, desk);
    const judged = gate.judge(attempt({ command: 'SELECT 2' }));
    const opened = await gate.hold(judged, []);
    expect(opened.ok ? '' : opened.error.code).toBe('ledger.unavailable');
    const settled = await held.settled;
    if (!settled.ok) throw new Error(settled.error.code);
    const authorized = await gate.authorizeApproved(gate.judge(attempt()), settled.value);
    expect(authorized.ok ? '' : authorized.error.code).toBe('ledger.unavailable');
    const stored = await world.store.read('review', { id: held.review });
    const voted = await desk.vote({
      review: held.review,
      voter: person('kim', ['stewards']),
      kind: 'approve',
      reason: '',
      digest: stored?.subject.digest ?? '',
      rendering: stored === null ? '' : world.desk.show(stored).rendering,
      channel: 'api',
    });
    expect(voted.ok ? '' : voted.error.code).toBe('ledger.unavailable');
  });
  test('a denial that can’t be recorded says so', async () => {
    world.decision = { effect: 'deny', code: 'policy.forbidden', policies: ['never'], reasons: ['No.'] };
    const failing = Object.create(world.store) as Store;
    failing.append = () => ({ durable: false, done: Promise.reject(new Error('disk')) });
    const desk = new Desk({ ...deskPorts(), store: failing });
    const gate = new Pipeline({ ...deskPorts(), store: failing, classifier: { classify: () => [] } }, desk);
    expect((await gate.refuse(gate.judge(attempt()))).code).toBe('ledger.unavailable');
  });
});
