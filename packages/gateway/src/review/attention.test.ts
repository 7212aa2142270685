import { beforeEach, expect, test } from 'vitest';
import { agent, electorate, person, review } from '../../test/support/subjects.ts';
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts';
import type { Judgment } from '../core/attention.ts';
import { makeId } from '../core/ids.ts';
import type { Review } from '../core/review.ts';
import { limits } from '../limits.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import type { Store } from '../stores/store.ts';
import { Attention } from './attention.ts';

const people = [
  person('ana', ['stewards']),
  person('kim', ['stewards']),
  person('sam', ['stewards']),
  { ...person('sam-2', ['stewards']), identity: 'sam' },
  person('off', ['stewards'], true),
  person('eve'),
];
const rules = { approvalsPerHour: 60, wordsPerMinute: 600, minimumReadingMs: 1_000 };

let clock: FakeClock;
let store: Store;
let commits = 0;
let attention: Attention;

beforeEach(() => {
  clock = createFakeClock(2_000);
  store = createMemoryStore();
  commits = 0;
  const counted = {
    ...bound(store),
    commit: (change: Parameters<Store['commit']>[0]) => ((commits += 1), store.commit(change)),
  };
  const everybody = electorate(people);
  attention = new Attention({
    clock,
    store: counted,
    policy: {
      version: '1',
      mayApprove: () => true,
      mayCall: () => true,
      decide: () => {
        throw new Error('asked');
      },
    },
    directory: { agent: () => agent, person: everybody.person, people: everybody.people },
    rules,
    limits: { ...limits, attentionPage: 2, attentionPending: 4, showingsKept: 2 },
    desk: {
      shares: () => [
        { agent: 'reporter', pending: 2, refused: 0 },
        { agent: 'idle', pending: 0, refused: 0 },
      ],
    },
  });
});

const bound = (target: Store): Store => ({
  commit: (change) => target.commit(change),
  append: (entry, urgency) => target.append(entry, urgency),
  read: (kind, ask) => target.read(kind, ask),
  queued: 0,
  close: () => target.close(),
});

async function open(number: number, more: Partial<Review> = {}): Promise<Review> {
  const base = review();
  const id = makeId('rev', number, new Uint8Array(10));
  const made = { ...base, id, subject: { ...base.subject, digest: `d${number}` }, ...more };
  const opened = await store.commit({ mutations: [{ kind: 'review.open', review: made }], entries: [] });
  if (!opened.ok) throw new Error(opened.error.code);
  return made;
}

const report = () => attention.report({ sinceMs: 0, untilMs: 1e9 });
const queues = async () => (await report()).reviewers.map(({ person: name, queue }) => [name, queue]);

test('the queue of each identity is what it could decide on now: no party, nobody disabled, nobody who voted', async () => {
  await open(1);
  const vote = { person: 'kim', identity: 'kim', kind: 'approve', reason: '', atMs: 1 } as const;
  const cast = { ...vote, digest: '', rendering: '', channel: 'api', passkey: null, retractedAtMs: null };
  await open(2, { votes: [cast] });
  // Past its time: nobody can.
  await open(3, { expiresAtMs: 1_500 });
  expect(await queues()).toEqual([
    ['kim', 1],
    ['sam', 2],
  ]);
});

test('queues are counted a page at a time, up to a bound that is said', async () => {
  for (const number of [1, 2, 3]) await open(number);
  expect(await report()).toMatchObject({ pending: 3, queuesComplete: true });
  for (const number of [4, 5]) await open(number);
  expect(await report()).toMatchObject({ pending: 4, queuesComplete: false });
});

test('who decided is listed by the account used last, with what waits for them; idle agents are not', async () => {
  const judgment: Judgment = {
    review: 'rev_01hzzzzzzzzzzzzzzzzzzzzzzz',
    identity: 'sam',
    person: 'sam-2',
    kind: 'approve',
    openedAtMs: 0,
    atMs: 5_000,
    words: 1,
  };
  await store.commit({ mutations: [{ kind: 'judgment.record', judgment, budget: null }], entries: [] });
  const { reviewers, agents, approvalsPerHour, pace } = await report();
  expect(reviewers).toMatchObject([{ person: 'sam-2', queue: 0, figures: { decided: 1, hasty: 0 } }]);
  expect(agents.map((each) => each.agent)).toEqual(['reporter']);
  expect([approvalsPerHour, pace.wordsPerMinute]).toEqual([60, 600]);
});

test('what is shown is marked once for each person, and neither for agents nor for what is over', async () => {
  const [first, second, third] = [await open(1), await open(2), await open(3)];
  const sam = person('sam');
  attention.shown(first, sam);
  attention.shown(first, sam);
  expect(commits).toBe(1);
  attention.shown(first, agent);
  attention.shown({ ...second, state: { status: 'expired', resolvedAtMs: 1 } }, sam);
  expect(commits).toBe(1);
  // The memory of marks is bounded; the store keeps the first time in any case.
  for (const each of [second, third, first]) attention.shown(each, sam);
  expect(commits).toBe(4);
});
