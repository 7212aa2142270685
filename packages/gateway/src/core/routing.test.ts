import { describe, expect, test } from 'vitest';
import { demand, review } from '../../test/support/subjects.ts';
import { roomsFor, type RoomRule } from './chat-people.ts';
import { isToldTo, type Routing } from './routing.ts';

const anything: Routing = {
  targets: [],
  environments: [],
  agents: [],
  groups: [],
  policies: [],
  minRisk: 0,
};
const nothing: Routing = { ...anything, targets: ['another'] };
const demanding = (...named: readonly (readonly string[] | undefined)[]) =>
  review(
    {},
    named.map((channels, at) =>
      demand({ policy: `p${at}`, ...(channels === undefined ? {} : { channels }) }),
    ),
  );

describe('the rooms of a review', () => {
  const rules: readonly RoomRule[] = [
    { room: 'PAY', when: nothing, name: 'payments', byPolicy: true },
    { room: 'OPS', when: anything, name: 'operations' },
    { room: 'SEC', when: anything, name: 'security', byPolicy: true },
  ];

  test('are those that its policy names, and no others', () => {
    expect(roomsFor(demanding(['payments']), rules, 'ALL')).toEqual(['PAY']);
    expect(roomsFor(demanding(['payments', 'security']), rules, 'ALL')).toEqual(['PAY', 'SEC']);
  });

  test('are the usual ones where no policy names one here', () => {
    expect(roomsFor(demanding(undefined), rules, 'ALL')).toEqual(['OPS']);
    expect(roomsFor(demanding(['a-webhook']), rules, 'ALL')).toEqual(['OPS']);
    expect(roomsFor(demanding(undefined), rules.slice(0, 1), 'ALL')).toEqual(['ALL']);
    expect(roomsFor(demanding(undefined), [], null)).toEqual([]);
    expect(roomsFor(demanding(), rules, 'ALL')).toEqual(['OPS']);
  });

  test('are those of all its demands: one policy hides nothing from another’s people', () => {
    expect(roomsFor(demanding(['payments'], undefined), rules, 'ALL')).toEqual(['PAY', 'OPS']);
    expect(roomsFor(demanding(['operations'], undefined), rules, 'ALL')).toEqual(['OPS']);
  });

  test('that take only what policies send there take nothing else, whatever their rule says', () => {
    expect(roomsFor(demanding(undefined), rules.slice(2), 'ALL')).toEqual(['ALL']);
  });
});

test('a program is told of what policies send there besides what it takes anyway', () => {
  const named = demanding(['hook']);
  const unnamed = demanding(undefined);
  expect(isToldTo(named, { name: 'hook', when: nothing })).toBe(true);
  expect(isToldTo(unnamed, { name: 'hook', when: nothing })).toBe(false);
  expect(isToldTo(unnamed, { name: 'hook', when: anything })).toBe(true);
  expect(isToldTo(named, { name: 'hook', when: anything, byPolicy: true })).toBe(true);
  expect(isToldTo(unnamed, { name: 'hook', when: anything, byPolicy: true })).toBe(false);
  expect(isToldTo(named, { name: 'other', when: anything })).toBe(true);
});
