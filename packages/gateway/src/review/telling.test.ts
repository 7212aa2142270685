/** Every change of a review writes, in the same transaction, what has to be told of it. */
import { expect, test } from 'vitest';
import { TimeWorld, type TimeOptions } from '../../test/support/desk-time.ts';
import type { Notice } from '../core/delivery.ts';
import type { Mutation, Outbox, Store } from '../ports.ts';

function worldWith(options: TimeOptions = {}) {
  const told: { notice: Notice; revision: number }[] = [];
  const committed: Mutation[][] = [];
  // Told of, and not kept: the store of these tests has no deliveries to refuse.
  const outbox: Outbox = {
    tell: (review, notice) => {
      told.push({ notice, revision: review.revision });
      return [{ kind: 'delivery.end', id: `dlv_${told.length}`, message: null }];
    },
  };
  const watch = (store: Store): Store => ({
    append: (entry, urgency) => store.append(entry, urgency),
    read: (kind, ask) => store.read(kind, ask),
    commit: (change) => {
      committed.push([...change.mutations]);
      return store.commit(change);
    },
    queued: 0,
    close: () => store.close(),
  });
  const world = new TimeWorld({ ...options, outbox, store: watch });
  return { world, told, committed, kinds: () => told.map(({ notice }) => notice.kind) };
}

const DEMAND = {
  quorum: 2,
  remindersMs: [600_000],
  escalation: [{ afterMs: 1_200_000, approvers: [{ kind: 'group', name: 'oncall' }] }],
} as const;

test('opening, votes, their retraction, the decision and what came of it are told, with the state that they made', async () => {
  const { world, told } = worldWith({ demands: [{ quorum: 2 }] });
  const held = await world.hold();
  await world.vote(held, 'sam');
  await world.retract(held, 'sam');
  await world.vote(held, 'kim');
  await world.vote(held, 'sam');
  expect(await world.run(held)).toBe('ran');
  expect(told).toEqual([
    { notice: { kind: 'open' }, revision: 1 },
    { notice: { kind: 'update', change: 'voted', vote: 0 }, revision: 2 },
    { notice: { kind: 'update', change: 'retracted', vote: 0 }, revision: 3 },
    { notice: { kind: 'update', change: 'voted', vote: 1 }, revision: 4 },
    { notice: { kind: 'update', change: 'voted', vote: 2 }, revision: 5 },
    { notice: { kind: 'close' }, revision: 5 },
    { notice: { kind: 'outcome', status: 'succeeded', rows: 3 }, revision: 5 },
  ]);
});

test('questions and answers are told', async () => {
  const { world, kinds } = worldWith();
  await world.clarify(await world.hold());
  expect(kinds()).toEqual(['open', 'question', 'answer']);
});

test('reminders, escalations and the end of time are told', async () => {
  const { world, told } = worldWith({ demands: [DEMAND] });
  await world.hold();
  await world.pass(1_900_000);
  expect(told.map(({ notice }) => notice)).toEqual([
    { kind: 'open' },
    { kind: 'remind', demands: [0] },
    { kind: 'escalate', demand: 0, step: 0 },
    { kind: 'close' },
  ]);
});

test('what is told is part of the very change that it tells of', async () => {
  const { world, committed } = worldWith({ demands: [DEMAND] });
  const held = await world.hold();
  await world.clarify(held);
  await world.pass(1_000_000);
  await world.vote(held, 'sam');
  await world.vote(held, 'kim');
  await world.run(held);
  const telling = committed.filter((each) => each.some(({ kind }) => kind === 'delivery.end'));
  expect(telling).toHaveLength(7);
  const changes = telling.map((each) => each.find(({ kind }) => kind.startsWith('review.'))?.kind);
  // The last one is the outcome's, which changes no review: its entry is what it is written with.
  expect(changes).toEqual(['review.open', ...Array.from({ length: 5 }, () => 'review.update'), undefined]);
});
