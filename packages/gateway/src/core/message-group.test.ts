import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { review } from '../../test/support/subjects.ts';
import { groupCardOf } from './group-card.ts';
import type { DeliveryId } from './ids.ts';
import {
  type GroupKind,
  kindOf,
  type MessageGroup,
  newGroup,
  recount,
  sizeOfCounts,
  takesIn,
  totals,
} from './message-group.ts';
import type { ReviewStatus } from './review.ts';

const id: DeliveryId = 'dlv_01kajbch80ym6p68habwrg7z00';
const empty = newGroup({ id, channel: 'chat', destination: 'room', openedAtMs: 1_000 });
const bounds = { groupLines: 2, groupReviews: 4, groupJoinMs: 60_000 };
const kind = (agent: string): GroupKind => ({
  agent,
  target: 'prod-db',
  environment: 'production',
  classes: ['pii'],
});
const join = (group: MessageGroup, agent: string, to: ReviewStatus = 'pending'): MessageGroup =>
  recount(group, kind(agent), { from: null, to }, bounds);

const STATUSES = ['pending', 'approved', 'rejected', 'expired', 'withdrawn', 'superseded'] as const;
const changes = fc.array(
  fc.record({
    member: fc.integer({ min: 0, max: 9 }),
    to: fc.option(fc.constantFrom(...STATUSES), { nil: null }),
  }),
);

test('the counts are those of the members, whatever joins, changes and leaves', () => {
  fc.assert(
    fc.property(changes, (given) => {
      const members = new Map<number, ReviewStatus>();
      let group = empty;
      for (const { member, to } of given) {
        const from = members.get(member) ?? null;
        if (from === null && to === null) continue;
        group = recount(group, kind(`agent-${member % 4}`), { from, to }, bounds);
        if (to === null) members.delete(member);
        else members.set(member, to);
      }
      const counts = totals(group);
      for (const status of STATUSES)
        expect(counts[status] ?? 0).toBe([...members.values()].filter((each) => each === status).length);
      expect(group.lines.length).toBeLessThanOrEqual(bounds.groupLines);
      expect(sizeOfCounts(counts)).toBe(members.size);
    }),
  );
});

describe('a group takes in', () => {
  const waiting = join(empty, 'reporter');

  test('while some of its reviews wait, and it is young and has room', () => {
    expect(takesIn(waiting, 60_999, bounds)).toBe(true);
    expect(takesIn(waiting, 61_000, bounds)).toBe(false);
    expect(takesIn(join(empty, 'reporter', 'approved'), 2_000, bounds)).toBe(false);
    expect(
      takesIn(
        [1, 2, 3].reduce((group) => join(group, 'reporter'), waiting),
        2_000,
        bounds,
      ),
    ).toBe(false);
  });

  test('nothing after the clock was set back to before it was', () => {
    expect(takesIn(waiting, 999, bounds)).toBe(false);
  });
});

test('reviews are of one kind by agent, target, environment and the classes of all that they touch', () => {
  const { subject } = review();
  const column = { name: 'email', uses: ['read'], classes: ['pii', 'contact'] } as const;
  const datasets = [
    { dataset: 'customers', access: ['read'], basis: 'parsed', columns: [column], classes: ['pii'] },
  ] as const;
  expect(kindOf(review({ subject: { ...subject, datasets } }))).toEqual({
    agent: 'reporter',
    target: 'prod-db',
    environment: 'production',
    classes: ['contact', 'pii'],
  });
});

describe('what is shown of a group', () => {
  const view = { oldest: null, escalated: 0, reminded: 0, publicUrl: 'https://gate.example' };
  const group = ['a', 'a', 'b', 'c', 'd'].reduce((given, agent) => join(given, agent), empty);

  test('is how many of what wait, and a link to the list', () => {
    const card = groupCardOf(group, view);
    expect(card).toMatchObject({
      heading: '5 reviews waiting for a decision',
      url: 'https://gate.example/reviews',
      isOpen: true,
      call: null,
    });
    expect(card.sections[0]).toMatchObject({
      items: [
        'a on prod-db (production), pii: 2 waiting',
        'b on prod-db (production), pii: 1 waiting',
        'all others: 2 waiting',
      ],
    });
  });

  test('is the one that waits longest, and a call where people are called', () => {
    const card = groupCardOf(group, { ...view, oldest: review().id, escalated: 2, reminded: 1 });
    expect(JSON.stringify(card.sections[1])).toContain(`https://gate.example/reviews/${review().id}`);
    expect(card.call).toContain('2 reviews in time');
    expect(groupCardOf(group, { ...view, reminded: 1 }).call).toContain('1 review.');
  });

  test('is how they ended, when all are over', () => {
    const over = join(join(empty, 'a', 'approved'), 'b', 'expired');
    expect(groupCardOf(over, view)).toMatchObject({
      heading: '2 reviews: all are over',
      state: 'They came at once, and were shown together: 1 approved, 1 expired.',
      isOpen: false,
    });
  });

  test('has names in a form in which nothing hides (law 9)', () => {
    const card = groupCardOf(join(empty, 'a\u202eb'), view);
    expect(JSON.stringify(card)).not.toContain('\u202e');
  });
});
