import { beforeEach, describe, expect, test } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { agent, demand, noPasskeys, person, requester, target } from '../../test/support/subjects.ts';
import type { Hold } from '../connectors/connector.ts';
import type { PreviewFinding } from '../core/preview.ts';
import type { Review } from '../core/review.ts';
import { limits, type Limits } from '../limits.ts';
import { Pipeline } from '../pipeline.ts';
import type { GatewayEvent, Previewer } from '../ports.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import type { Store } from '../stores/store.ts';
import { hashing, random } from '../system.ts';
import { Desk } from './desk.ts';

const finding: PreviewFinding = { kind: 'count', title: 'Rows', text: '7 rows.', basis: 'counted', rows: 7 };
const sam = person('sam', ['stewards']);
const people = [sam, person('kim', ['stewards']), person('ana')];

let store: Store;
let desk: Desk;
let gate: Pipeline;
let events: GatewayEvent['kind'][];
/** Hands over the findings of the previews that were asked for, in order. */
let finish: (() => void)[];
let isDurable: boolean[];

beforeEach(() => world());

function world(changes: Partial<Limits> = {}): void {
  events = [];
  finish = [];
  isDurable = [];
  store = createMemoryStore();
  const clock = createFakeClock(1_700_000_000_000);
  const directory = {
    agent: () => agent,
    person: (name: string) => people.find((one) => one.name === name),
    people: () => people,
  };
  const decision = {
    effect: 'review',
    policies: ['p'],
    reasons: ['r'],
    demands: [demand({ quorum: 2 })],
  } as const;
  const policy = { version: '1', decide: () => decision, mayApprove: () => true, mayCall: () => true };
  const calendars = { workingTime: (_: string, fromMs: number, durationMs: number) => fromMs + durationMs };
  const previewer: Previewer = {
    preview: async ({ action }) => {
      const page = await store.read('reviews', { status: 'pending', agent: null, limit: 9, before: null });
      isDurable.push(page.some(({ subject }) => subject.action === action));
      await new Promise<void>((resolve) => finish.push(resolve));
      return [finding];
    },
  };
  const nothing = (): void => undefined;
  const shared = { clock, random, hashing, store, policy, directory, calendars, passkeys: noPasskeys };
  desk = new Desk({
    ...shared,
    events: { publish: (event) => void events.push(event.kind), subscribe: () => nothing },
    publicUrl: '',
    limits: { ...limits, ...changes },
    previewers: new Map([[target.name, previewer]]),
    log: { reviewUndecidable: nothing, voteTaken: nothing, voteRefused: nothing },
  });
  gate = new Pipeline({ ...shared, classifier: { classify: () => [] } }, desk);
}

async function hold(command = 'DELETE FROM t WHERE a = 1'): Promise<Hold> {
  const judgement = gate.judge({
    requester,
    target,
    command,
    parameters: [],
    preconditions: {},
    description: {
      operation: 'sql:delete',
      title: 'DELETE',
      datasets: [],
      functions: [],
      reach: 'transaction',
      rowLimit: null,
      filtered: true,
      unknown: [],
      flags: [],
    },
    statedTask: '',
    supersedes: null,
  });
  const held = await gate.hold(judgement, []);
  if (!held.ok) throw new Error(held.error.code);
  return held.value;
}

async function read({ review: id }: Hold): Promise<Review> {
  const review = await store.read('review', { id });
  if (review === null) throw new Error('no review');
  return review;
}

async function vote(held: Hold, kind: 'approve' | 'reject', rendering: string, voter = sam): Promise<string> {
  const { digest } = (await read(held)).subject;
  const ask = { review: held.review, voter, kind, reason: 'no', digest, rendering, channel: 'api' } as const;
  const voted = await desk.vote(ask);
  return voted.ok ? voted.value.state.status : voted.error.code;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function finishAll(held: Hold): Promise<void> {
  await turn();
  for (const each of finish) each();
  await desk.previewed(held.review);
}

const kinds = async (): Promise<readonly string[]> =>
  (await store.read('entries', { from: 0, limit: 100 })).map((row) => row.kind);

describe('evidence for the reviewer', () => {
  test('is asked for when the review is durable, and the hold doesn’t wait for it', async () => {
    const held = await hold();
    expect((await read(held)).preview).toBeNull();
    await turn();
    expect(isDurable).toEqual([true]);
    await finishAll(held);
    expect((await read(held)).preview?.findings).toEqual([finding]);
    expect(events).toEqual(['review.opened', 'review.changed']);
    expect(await kinds()).toEqual(['decision', 'review', 'preview']);
  });

  test('A4: who voted on what they saw before it came has voted on nothing', async () => {
    const held = await hold();
    const before = desk.show(await read(held)).rendering;
    await finishAll(held);
    expect(await vote(held, 'approve', before)).toBe('vote.rendering_mismatch');
    expect(await vote(held, 'approve', desk.show(await read(held)).rendering)).toBe('pending');
  });

  test('that comes after the review is over is dropped', async () => {
    const held = await hold();
    expect(await vote(held, 'reject', desk.show(await read(held)).rendering)).toBe('rejected');
    await finishAll(held);
    expect((await read(held)).preview).toBeNull();
    expect(await kinds()).not.toContain('preview');
  });

  test('that comes together with votes is lost no more than they are', async () => {
    const held = await hold();
    const before = desk.show(await read(held)).rendering;
    await turn();
    for (const each of finish) each();
    const votes = await Promise.all(people.map((voter) => vote(held, 'approve', before, voter)));
    await desk.previewed(held.review);
    const { preview, votes: counted } = await read(held);
    const accepted = votes.filter((each) => each === 'pending' || each === 'approved').length;
    expect(counted).toHaveLength(accepted);
    if (!votes.includes('approved')) expect(preview?.findings).toEqual([finding]);
  });

  test('is not made where the queue is full: the review says so from its opening, in the ledger too', async () => {
    world({ previewsAtOnce: 1, previewsWaiting: 0 });
    const first = await hold('DELETE FROM t WHERE a = 1');
    const second = await hold('DELETE FROM t WHERE a = 2');
    expect((await read(first)).preview).toBeNull();
    expect((await read(second)).preview?.findings).toMatchObject([{ basis: 'unavailable' }]);
    expect(await kinds()).toEqual(['decision', 'review', 'decision', 'review', 'preview']);
    await finishAll(first);
  });

  test('waits for nobody when the ledger fails', async () => {
    const commit = store.commit.bind(store);
    store.commit = () => Promise.reject(new Error('the disk is full'));
    await expect(hold()).rejects.toThrow('ledger.unavailable');
    store.commit = commit;
    const held = await hold();
    await finishAll(held);
    expect(finish).toHaveLength(1);
  });
});
