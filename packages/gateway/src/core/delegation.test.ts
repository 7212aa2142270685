import { describe, expect, test } from 'vitest';
import { delegation as sample } from '../../test/support/authority-fakes.ts';
import { agent, person } from '../../test/support/subjects.ts';
import {
  checkDelegation,
  identitiesOf,
  isInForce,
  isOfSamePeople,
  isOutlived,
  statusOfDelegation,
  type Delegation,
  type PersonNow,
} from './delegation.ts';

const [vera, ned] = [person('vera'), person('ned')];
const delegation: Delegation = {
  ...sample,
  from: 'vera',
  to: 'ned',
  identities: { from: 'vera', to: 'ned' },
  fromMs: 1_000,
  untilMs: 2_000,
};
const revoked = { by: 'vera', atMs: 1_500 };

/** Who has which name now. */
const now =
  (people: Readonly<Record<string, string>>): PersonNow =>
  (name) =>
    people[name] === undefined ? undefined : { identity: people[name] };
const both = { vera: 'vera', ned: 'ned' };

describe('a delegation', () => {
  test.each([
    ['coming', 999],
    ['live', 1_000],
    ['live', 1_999],
    ['over', 2_000],
  ])('is %s at %i ms', (status, atMs) => {
    expect(statusOfDelegation(delegation, atMs)).toBe(status);
    expect(isInForce(delegation, atMs)).toBe(status === 'live');
  });

  test('that is revoked is so at every time, those before included', () => {
    for (const atMs of [500, 1_200, 1_600, 3_000]) {
      expect(statusOfDelegation({ ...delegation, revoked }, atMs)).toBe('revoked');
      expect(isInForce({ ...delegation, revoked }, atMs)).toBe(false);
    }
  });
});

describe('the two humans of a delegation (law 4)', () => {
  test.each([
    ['both are who they were', both, true, false],
    ['the giver’s name is another human’s', { ...both, vera: 'x' }, false, true],
    ['the holder’s name is another human’s', { ...both, ned: 'x' }, false, true],
    ['they have each other’s identities', { vera: 'ned', ned: 'vera' }, false, true],
    ['the giver is gone', { ned: 'ned' }, false, false],
    ['the holder is gone', { vera: 'vera' }, false, false],
    ['both are gone', {}, false, false],
  ])('%s', (_, people, counts, ends) => {
    expect(isOfSamePeople(delegation, now(people))).toBe(counts);
    expect(isOutlived(delegation, now(people))).toBe(ends);
  });

  test('that nobody recorded count for nobody, and it ends', () => {
    const { identities: _, ...older } = delegation;
    expect(isOfSamePeople(older, now(both))).toBe(false);
    expect(isOfSamePeople(older, now({}))).toBe(false);
    expect(isOutlived(older, now(both))).toBe(true);
  });

  test('are recorded only where both are there', () => {
    expect(identitiesOf(delegation, now({ vera: 'p-1', ned: 'p-2' }))).toEqual({ from: 'p-1', to: 'p-2' });
    expect(identitiesOf(delegation, now({ vera: 'p-1' }))).toBeUndefined();
    expect(identitiesOf(delegation, now({ ned: 'p-2' }))).toBeUndefined();
  });
});

describe('whether a right may be handed over', () => {
  const bounds = { nowMs: 1_000, longestMs: 5 * 86_400_000 };
  const code = (to: Parameters<typeof checkDelegation>[1], fromMs: number, untilMs: number): string => {
    const checked = checkDelegation(vera, to, { fromMs, untilMs }, bounds);
    return checked.ok ? checked.value.name : `${checked.error.code}: ${checked.error.message}`;
  };

  test.each([
    ['somebody else, from now', ned, 1_000, 2_000, 'ned'],
    ['somebody else, from later', ned, 5_000, 6_000, 'ned'],
    ['somebody else, from before, for as long as may be from now', ned, 0, 1_000 + bounds.longestMs, 'ned'],
    ['an agent', agent, 1_000, 2_000, 'delegation.not_a_person'],
    ['nobody', undefined, 1_000, 2_000, 'delegation.unknown_person'],
    ['somebody who is disabled', { ...ned, disabled: true }, 1_000, 2_000, 'delegation.unknown_person'],
    ['oneself', vera, 1_000, 2_000, 'delegation.to_oneself'],
    [
      'the same name with another identity',
      { ...vera, identity: 'x' },
      1_000,
      2_000,
      'delegation.to_oneself',
    ],
    ['oneself under another account', { ...ned, identity: 'vera' }, 1_000, 2_000, 'delegation.to_oneself'],
    ['what is over now', ned, 0, 1_000, 'delegation.time'],
    ['what ends as it begins', ned, 5_000, 5_000, 'delegation.time'],
    ['what ends before it begins', ned, 5_000, 4_000, 'delegation.time'],
    ['what lasts too long from now', ned, 0, 1_001 + bounds.longestMs, 'for 5 days at most'],
    ['what lasts too long from later', ned, 9_000, 9_001 + bounds.longestMs, 'for 5 days at most'],
  ])('%s', (_, to, fromMs, untilMs, expected) => {
    expect(code(to, fromMs, untilMs)).toContain(expected);
  });
});
