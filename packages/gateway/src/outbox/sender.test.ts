import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFakeClock, createFakeRandom } from '../../test/support/fake-clock.ts';
import { review } from '../../test/support/subjects.ts';
import type { Channel, DeliveryView, Grouping, GroupView, Sending } from '../channels/channel.ts';
import type { Delivery, Notice } from '../core/delivery.ts';
import type { ReviewId } from '../core/ids.ts';
import type { Review } from '../core/review.ts';
import { limits } from '../limits.ts';
import type { Mutation, Store } from '../ports.ts';
import { MemoryMedium } from '../stores/memory/medium.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import { outboxOf } from './outbox.ts';
import { Sender, waking } from './sender.ts';

const nothing = (): void => undefined;
const START_MS = Date.UTC(2026, 10, 21);
const sent = (reference: string | null = null): Sending => ({ kind: 'sent', reference });
const later = (retryAfterMs: number | null = null): Sending => ({
  kind: 'later',
  retryAfterMs,
  problem: 'answered 503',
});

/** A channel that a test scripts, and that remembers what reached it. */
class Scripted implements Channel {
  readonly name = 'chat';
  shows: 'state' | 'events' = 'events';
  pace = { perMinute: 60_000, burst: 1_000 };
  destinations: readonly string[] = ['room'];
  grouping?: Grouping;
  readonly arrived: { delivery: Delivery; view: DeliveryView }[] = [];
  answer: (delivery: Delivery, signal: AbortSignal) => Promise<Sending> | Sending = () => sent();

  route(): readonly string[] {
    return this.destinations;
  }
  async deliver(delivery: Delivery, view: DeliveryView, signal: AbortSignal): Promise<Sending> {
    this.arrived.push({ delivery, view });
    return this.answer(delivery, signal);
  }
  async check(): Promise<readonly string[]> {
    return [];
  }
  async start(): Promise<void> {}
  async close(): Promise<void> {}

  get kinds(): string[] {
    return this.arrived.map(({ delivery }) => `${delivery.destination} ${delivery.notice.kind}`);
  }
}

let clock: ReturnType<typeof createFakeClock>;
let medium: MemoryMedium;
let channel: Scripted;
let store: Store;
let sender: Sender;
let logged: string[];
/** From now on nothing that this process does is kept. */
let crash: () => void;

/** A new process over what an earlier one left. */
async function restart(): Promise<void> {
  const memory = createMemoryStore({ medium });
  const own = { isCrashed: false };
  crash = () => {
    own.isCrashed = true;
  };
  const raw: Store = {
    commit: (each) => (own.isCrashed ? new Promise(nothing) : memory.commit(each)),
    append: (entry) => memory.append(entry),
    read: (kind, ask) => memory.read(kind, ask),
    queued: 0,
    close: () => memory.close(),
  };
  store = waking(raw, (name, destination) => sender.wake(name, destination));
  const log = {
    failed: nothing,
    deliveryFailed: () => logged.push('failed'),
    deliveryGivenUp: () => logged.push('given up'),
  };
  const desk = { show: () => ({ rendering: 'e'.repeat(64), standings: [] }) };
  const random = createFakeRandom();
  sender = new Sender({
    clock,
    random,
    store: raw,
    desk,
    publicUrl: 'http://gate',
    log,
    channels: [channel],
  });
  await sender.start();
}

/** Lets everything that can happen without time happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await new Promise(setImmediate);
}

/** In steps: what falls due may set timers of its own. */
async function pass(ms: number, steps = 20): Promise<void> {
  for (let step = 0; step < steps; step++) {
    clock.advance(ms / steps);
    await settle();
  }
}

const idOf = (number: number): ReviewId => `rev_01hzzzzzzzzzzzzzzzzzzzzzz${number}`;
const one = (number = 1, given: Partial<Review> = {}): Review => review({ id: idOf(number), ...given });

/** A change of a review, with what has to be told of it. */
async function change(changed: Review, ...notices: readonly Notice[]): Promise<void> {
  const box = outboxOf({
    clock,
    random: createFakeRandom(`${changed.id} ${changed.revision}`),
    channels: [channel],
    log: { failed: nothing },
  });
  const kind = changed.revision === 1 ? 'review.open' : 'review.update';
  const mutations: Mutation[] = [{ kind, review: changed }];
  for (const notice of notices) mutations.push(...box.tell(changed, notice));
  const committed = await store.commit({ mutations, entries: [] });
  expect(committed.ok).toBe(true);
  await settle();
}

const waiting = (): Promise<readonly Delivery[]> =>
  store.read('deliveries', { state: 'waiting', channel: null, limit: 99, after: null });
const dead = (): Promise<readonly Delivery[]> =>
  store.read('deliveries', { state: 'dead', channel: null, limit: 99, after: null });

beforeEach(async () => {
  clock = createFakeClock(START_MS);
  medium = new MemoryMedium();
  channel = new Scripted();
  logged = [];
  await restart();
});
afterEach(() => sender.close());

const VOTED: Notice = { kind: 'update', change: 'voted', vote: 0 };

describe('what is told', () => {
  test('a change of a review reaches each destination, with the review as it is', async () => {
    channel.destinations = ['room', 'kim', 'room'];
    await change(one(), { kind: 'open' });
    expect(channel.kinds).toEqual(['room open', 'kim open']);
    expect(channel.arrived[0]?.view).toMatchObject({ url: `http://gate/reviews/${idOf(1)}`, message: null });
    expect(await waiting()).toEqual([]);
  });

  test('a channel whose routing is broken stops no change', async () => {
    channel.route = () => {
      throw new Error('a bug');
    };
    await change(one(), { kind: 'open' });
    expect(await store.read('review', { id: idOf(1) })).not.toBeNull();
  });

  test('a row refers to the review, and holds nothing of what that is about', async () => {
    channel.answer = () => later();
    const canary = 'CANARY-7f3a';
    const subject = {
      ...one().subject,
      command: canary,
      title: canary,
      statedTask: canary,
      unknown: [canary],
    };
    await change(one(1, { subject }), { kind: 'open' });
    expect(await waiting()).toHaveLength(1);
    expect(JSON.stringify(await waiting())).not.toContain(canary);
  });
});

describe('order', () => {
  test('changes of one review arrive in order, though the first one failed', async () => {
    let failures = 2;
    channel.answer = () => (failures-- > 0 ? later() : sent());
    await change(one(), { kind: 'open' });
    await change(one(1, { revision: 2 }), VOTED, { kind: 'close' });
    await pass(60_000);
    const arrived = channel.arrived.map(({ delivery }) => delivery.notice.kind);
    expect(arrived).toEqual(['open', 'open', 'open', 'update', 'close']);
  });

  test('a destination is told one thing at a time; another one need not wait for it', async () => {
    let release = nothing;
    channel.answer = ({ destination }) =>
      destination === 'slow'
        ? new Promise((resolve) => {
            release = () => resolve(sent());
          })
        : sent();
    channel.destinations = ['slow', 'quick'];
    await change(one(1), { kind: 'open' });
    await change(one(2, { subject: { ...one().subject, digest: 'b'.repeat(64) } }), { kind: 'open' });
    expect(channel.kinds).toEqual(['slow open', 'quick open', 'quick open']);
    release();
    await settle();
    expect(channel.kinds.filter((kind) => kind === 'slow open')).toHaveLength(2);
  });

  test('of changes that a message shows already none is sent; events all are', async () => {
    channel.shows = 'state';
    channel.answer = ({ notice }) => (notice.kind === 'open' ? later(5_000) : sent('m-1'));
    await change(one(), { kind: 'open' });
    channel.answer = () => sent('m-1');
    await change(one(1, { revision: 2 }), VOTED);
    await change(one(1, { revision: 3 }), VOTED, { kind: 'close' });
    await pass(6_000);
    expect(channel.kinds).toEqual(['room open', 'room open']);
    expect(channel.arrived[1]?.view.review.revision).toBe(3);
    await change(one(1, { revision: 4 }), VOTED);
    expect(channel.arrived[2]?.view.message).toEqual({ reference: 'm-1', revision: 3 });
  });

  test('nobody is reminded of a review that is over, where a message shows that', async () => {
    channel.shows = 'state';
    const over = { status: 'expired', resolvedAtMs: 2_000 } as const;
    await change(one(1, { state: over }), { kind: 'remind', demands: [0] }, { kind: 'close' });
    expect(channel.kinds).toEqual(['room close']);
  });
});

describe('failures', () => {
  test('a platform that says when to come back is left alone until then, for all reviews', async () => {
    channel.answer = () => later(30_000);
    await change(one(1), { kind: 'open' });
    await change(one(2, { subject: { ...one().subject, digest: 'b'.repeat(64) } }), { kind: 'open' });
    await pass(29_000);
    expect(channel.arrived).toHaveLength(1);
    channel.answer = () => sent();
    await pass(2_000);
    await pass(2_000);
    expect(await waiting()).toEqual([]);
  });

  test('waits grow, and after so many attempts it is a dead letter with its reason', async () => {
    channel.answer = () => later();
    await change(one(), { kind: 'open' });
    await pass(10_000);
    expect(channel.arrived.length).toBeLessThan(6);
    for (let minute = 0; minute < 26 * 60 && (await dead()).length === 0; minute++) await pass(60_000, 1);
    expect(channel.arrived).toHaveLength(limits.deliveryAttempts);
    expect(await dead()).toMatchObject([{ attempts: limits.deliveryAttempts, problem: 'answered 503' }]);
    expect(logged.at(-1)).toBe('given up');
  });

  test('what can never arrive is a dead letter at once, and the next delivery goes on', async () => {
    channel.answer = ({ notice }) =>
      notice.kind === 'open' ? { kind: 'failed', problem: 'no such\nroom' } : sent();
    await change(one(), { kind: 'open' }, VOTED);
    expect(await dead()).toMatchObject([{ notice: { kind: 'open' }, problem: 'no such room' }]);
    expect(channel.kinds).toEqual(['room open', 'room update']);
  });

  test('a dead letter that is sent again arrives with its old id', async () => {
    channel.answer = () => ({ kind: 'failed', problem: 'archived' });
    await change(one(), { kind: 'open' });
    const [letter] = await dead();
    if (letter === undefined) throw new Error('no dead letter');
    channel.answer = () => sent();
    await store.commit({
      mutations: [{ kind: 'delivery.replay', id: letter.id, atMs: clock.nowMs() }],
      entries: [],
    });
    sender.wake(letter.channel, letter.destination);
    await settle();
    expect(channel.arrived.map(({ delivery }) => delivery.id)).toEqual([letter.id, letter.id]);
    expect(await dead()).toEqual([]);
  });

  test('an attempt without an answer is given up, and so is one that throws; both are tried again', async () => {
    channel.answer = () => new Promise(nothing);
    await change(one(), { kind: 'open' });
    await pass(limits.deliveryMs);
    expect((await waiting())[0]?.problem).toBe('no answer within 10 seconds');
    channel.answer = () => {
      throw new Error('CANARY');
    };
    await pass(5_000);
    expect((await waiting())[0]?.problem).toBe('the channel failed; the log says where');
    channel.answer = () => sent();
    await pass(10_000);
    expect(await waiting()).toEqual([]);
  });

  test.each([-86_400_000, 86_400_000])('a clock that is set by %i ms gives nothing up', async (ms) => {
    channel.answer = () => later();
    await change(one(), { kind: 'open' });
    clock.set(ms);
    channel.answer = () => sent();
    await pass(5_000);
    expect(await waiting()).toEqual([]);
    expect(await dead()).toEqual([]);
  });

  test('deliveries of a channel that is gone from the configuration are dead letters', async () => {
    channel.answer = () => later();
    await change(one(), { kind: 'open' });
    await sender.close();
    channel = Object.assign(new Scripted(), { name: 'other' });
    await restart();
    await pass(5_000);
    expect(await dead()).toMatchObject([{ problem: 'no channel of this name is configured' }]);
  });

  test('a channel is told no more than its pace', async () => {
    channel.pace = { perMinute: 60, burst: 2 };
    channel.destinations = ['a', 'b', 'c', 'd'];
    await change(one(), { kind: 'open' });
    expect(channel.arrived).toHaveLength(2);
    await pass(1_000);
    expect(channel.arrived).toHaveLength(3);
    await pass(1_000);
    expect(channel.arrived).toHaveLength(4);
  });
});

describe('a crash', () => {
  test('before it is sent: it is sent after the restart', async () => {
    await sender.close();
    await change(one(), { kind: 'open' });
    expect(channel.arrived).toEqual([]);
    await restart();
    await settle();
    expect(channel.kinds).toEqual(['room open']);
  });

  test('after it was sent and before that is recorded: it is sent again, with the same id', async () => {
    channel.answer = () => {
      crash();
      return sent('m-1');
    };
    await change(one(), { kind: 'open' });
    channel.answer = () => sent('m-1');
    await restart();
    await settle();
    const ids = channel.arrived.map(({ delivery }) => delivery.id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    expect(await waiting()).toEqual([]);
  });

  test('after that is recorded: it is not sent again', async () => {
    await change(one(), { kind: 'open' });
    await sender.close();
    await restart();
    await settle();
    expect(channel.kinds).toEqual(['room open']);
  });

  test('while the gateway stops, what was not answered waits for the next start', async () => {
    channel.answer = () => new Promise(nothing);
    await change(one(), { kind: 'open' });
    await sender.close();
    expect(await waiting()).toMatchObject([{ attempts: 0, problem: '' }]);
  });
});

describe('a crowd', () => {
  const groups: GroupView[] = [];
  let answerMany: (view: GroupView) => Sending;
  const together = (): string[] => groups.map(({ card }) => card.heading);
  const digest = (number: number): string => number.toString(16).padStart(64, '0');
  const numbered = (number: number, given: Partial<Review> = {}): Review =>
    one(number, { subject: { ...one().subject, digest: digest(number) }, ...given });
  const openMany = async (from: number, to: number): Promise<void> => {
    for (let number = from; number <= to; number++) await change(numbered(number), { kind: 'open' });
  };

  beforeEach(async () => {
    groups.length = 0;
    answerMany = () => sent('g-1');
    channel.shows = 'state';
    channel.answer = ({ review: id }) => sent(`m ${id}`);
    channel.grouping = {
      pace: { perMinute: 60, burst: 3 },
      changes: null,
      everyMs: 2_000,
      deliver: async (view) => {
        groups.push(view);
        return answerMany(view);
      },
    };
    await sender.close();
    await restart();
  });

  test('of reviews that come at once the first few stand alone and the others in one message', async () => {
    await openMany(1, 20);
    await pass(1_500);
    expect(channel.arrived).toHaveLength(3);
    expect(together()).toEqual(['17 reviews waiting for a decision']);
    expect(groups[0]).toMatchObject({ reference: null, destination: 'room' });
    expect(await waiting()).toEqual([]);
  });

  test('the message of a group is changed in place while more come, and closed when all are over', async () => {
    await openMany(1, 20);
    await pass(1_500);
    await openMany(21, 30);
    await pass(2_500);
    expect(groups[1]).toMatchObject({ reference: 'g-1', id: groups[0]!.id });
    expect(together()[1]).toBe('27 reviews waiting for a decision');
    const over = { status: 'expired', resolvedAtMs: 2_000 } as const;
    for (let number = 1; number <= 30; number++)
      await change(numbered(number, { revision: 2, state: over }), { kind: 'close' });
    await pass(30_000, 60);
    expect(groups.at(-1)?.card).toMatchObject({ heading: '27 reviews: all are over', isOpen: false });
    expect(channel.kinds.filter((kind) => kind === 'room close')).toHaveLength(3);
    expect(await waiting()).toEqual([]);
  });

  test('single messages come back when the flood is over', async () => {
    await openMany(1, 20);
    await pass(10_000);
    await openMany(21, 21);
    await pass(1_000);
    expect(channel.kinds).toHaveLength(4);
    expect(groups).toHaveLength(1);
  });

  test('an escalation in the middle of a flood is told by itself, and the group goes on without that review', async () => {
    await openMany(1, 20);
    await pass(1_500);
    await openMany(21, 40);
    await change(numbered(10, { revision: 2 }), { kind: 'escalate', demand: 0, step: 0 });
    await pass(1_500);
    expect(channel.kinds.at(-1)).toBe('room escalate');
    expect(channel.arrived.at(-1)?.view.message).toBeNull();
    await pass(3_000);
    expect(together().at(-1)).toBe('36 reviews waiting for a decision');
  });

  test('more escalations than can be told one by one are one call, with the people of all of them', async () => {
    await openMany(1, 20);
    await pass(1_500);
    for (let number = 4; number <= 18; number++)
      await change(numbered(number, { revision: 2 }), { kind: 'escalate', demand: 0, step: 0 });
    await pass(20_000, 60);
    const called = groups.filter(({ card }) => card.call !== null);
    const alone = channel.kinds.filter((kind) => kind === 'room escalate').length;
    const inGroups = called.reduce((sum, view) => sum + view.called.length, 0);
    expect(alone + inGroups).toBe(15);
    expect(inGroups).toBeGreaterThan(0);
    expect(await waiting()).toEqual([]);
  });

  test('a vote changes nothing of what a group shows, and is not sent', async () => {
    await openMany(1, 20);
    await pass(1_500);
    await change(numbered(10, { revision: 2 }), VOTED);
    await pass(10_000);
    expect([groups.length, channel.arrived.length]).toEqual([1, 3]);
    expect(await waiting()).toEqual([]);
  });

  test('a crash after the group was sent and before that is recorded sends it again, with the same id and all in it', async () => {
    answerMany = () => {
      crash();
      return sent('g-1');
    };
    await openMany(1, 20);
    await pass(1_500);
    expect(groups).toHaveLength(1);
    answerMany = () => sent('g-1');
    await restart();
    await pass(1_500);
    expect(new Set(groups.map(({ id }) => id)).size).toBe(1);
    expect(together().at(-1)).toBe('17 reviews waiting for a decision');
    expect(await waiting()).toEqual([]);
  });

  test('an old group takes nobody in, though something is said of its reviews first', async () => {
    await openMany(1, 20);
    await pass(1_500);
    await pass(limits.groupJoinMs);
    answerMany = ({ reference }) => sent(reference ?? 'g-2');
    await sender.close();
    await change(numbered(10, { revision: 2 }), { kind: 'remind', demands: [0] });
    await openMany(21, 30);
    await restart();
    await pass(20_000, 60);
    const [first, ...later] = groups;
    const reminded = later.filter(({ id }) => id === first?.id);
    expect(reminded.map(({ card }) => card.heading)).toEqual(['17 reviews waiting for a decision']);
    const another = later.filter(({ id }) => id !== first?.id);
    expect(another.length).toBeGreaterThan(0);
    expect(await waiting()).toEqual([]);
  });

  test('a restart in the middle of a flood loses nobody: each review stands alone or in a group', async () => {
    await openMany(1, 20);
    await pass(1_500);
    await openMany(21, 30);
    await sender.close();
    await restart();
    await pass(10_000);
    expect(await waiting()).toEqual([]);
    const alone = new Set(channel.arrived.map(({ delivery }) => delivery.review));
    const grouped = new Set(
      (
        await Promise.all(
          [...new Set(groups.map(({ id }) => id))].map((id) => store.read('groupPending', { id, limit: 99 })),
        )
      ).flat(),
    );
    expect(alone.size + grouped.size).toBe(30);
    expect([...alone].filter((id) => grouped.has(id))).toEqual([]);
  });

  test('a group that the platform can’t take now is tried again as a whole; one that it never takes is dead letters', async () => {
    answerMany = () => later(2_000);
    await openMany(1, 20);
    await pass(1_500);
    expect(await waiting()).toHaveLength(17);
    answerMany = () => ({ kind: 'failed', problem: 'archived' });
    await pass(5_000);
    expect(await dead()).toHaveLength(17);
    expect(await waiting()).toEqual([]);
  });

  test('where each event counts, a flood is told in messages of their own', async () => {
    channel.shows = 'events';
    channel.answer = () => sent();
    answerMany = () => sent();
    await sender.close();
    await restart();
    await openMany(1, 20);
    await pass(1_500);
    const over = { status: 'expired', resolvedAtMs: 2_000 } as const;
    for (let number = 1; number <= 20; number++)
      await change(numbered(number, { revision: 2, state: over }), { kind: 'close' });
    await pass(10_000);
    expect(groups.every(({ reference }) => reference === null)).toBe(true);
    expect(together()).toEqual(['17 reviews waiting for a decision', '20 reviews: all are over']);
  });
});
