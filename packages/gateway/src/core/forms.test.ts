/** What is hashed or compared whole: every member of it counts. */
import { describe, expect, test } from 'vitest';
import { demand, electorate, person, review } from '../../test/support/subjects.ts';
import { sameDemands } from './decide.ts';
import { isEntitledTo, isMet, unmeetableDemands } from './electorate.ts';
import { requestForm } from './request-form.ts';
import { refusalOfEnd } from './review-end.ts';
import type { ReviewState } from './review.ts';
import { exactShape, templateForm } from './shape.ts';

test('a template is that of its protocol: the same text is another command elsewhere', () => {
  expect(templateForm('ssh', 'ls')).toBe('{"protocol":"ssh","template":"ls"}');
});

test('a command without fields of its own is its own template; its parameters stay what they are', () => {
  const parameters = [
    { type: 23, format: 'text', value: '7' },
    { type: 25, format: 'binary', value: null },
  ] as const;
  const still = { free: false, orders: [], context: '' };
  const fields = [
    { name: '$1', type: 'type 23, text', value: '7', ...still },
    { name: '$2', type: 'type 25, binary', value: null, ...still },
  ];
  const template = '{"command":"ls -l","types":["type 23, text","type 25, binary"]}';
  expect(exactShape('ls -l', parameters)).toEqual({ template, fields });
});

test('a request under a key is the same in all of it, or another one', () => {
  const asked = requestForm('vote', { review: 'rev_1', reason: null });
  expect(asked).toBe('{"reason":null,"request":"vote","review":"rev_1"}');
});

describe('the end of a review, as whoever asked is told', () => {
  const ended = (state: ReviewState) => refusalOfEnd({ ...review(), state });
  const { id } = review();

  test('names the review, and for a rejection who and why', () => {
    const by = { by: 'kim', reason: 'not today', resolvedAtMs: 1 };
    expect(ended({ status: 'rejected', ...by })).toMatchObject({
      code: 'review.rejected',
      review: id,
      message: 'Rejected by kim: not today',
    });
    for (const state of [
      { status: 'expired', resolvedAtMs: 1 },
      { status: 'withdrawn', resolvedAtMs: 1, reason: 'gave up' },
      { status: 'superseded', resolvedAtMs: 1, by: id },
    ] as const)
      expect(ended(state)).toMatchObject({ code: `review.${state.status}`, review: id });
  });

  test('is none while it is pending, nor where it was approved', () => {
    expect(() => ended({ status: 'pending' })).toThrow('pending refuses nothing');
    const approved = {
      status: 'approved',
      resolvedAtMs: 1,
      grant: 'gra_01jd00000000000000000000c1',
    } as const;
    expect(() => ended(approved)).toThrow('approved refuses nothing');
  });
});

describe('demands', () => {
  test('are the same only with the same calendar and the same bound for signatures', () => {
    expect(sameDemands([demand()], [demand()])).toBe(true);
    const berlin = [demand({ calendar: 'berlin' })];
    expect(sameDemands(berlin, [demand({ calendar: 'tokyo' })])).toBe(false);
    expect(sameDemands([demand({ passkeyFromRisk: 70 })], [demand({ passkeyFromRisk: 90 })])).toBe(false);
    expect(sameDemands([demand({ passkeyFromRisk: 0 })], [demand()])).toBe(false);
  });

  test('that two people have to meet are met by two, not by one with two accounts', () => {
    const two = review({}, [demand({ quorum: 2 })]);
    const kim = person('kim', ['stewards']);
    const again = { ...person('kim-admin', ['stewards']), identity: 'kim' };
    expect(unmeetableDemands(two, electorate([kim, person('sam', ['stewards'])]))).toEqual([]);
    expect(unmeetableDemands(two, electorate([kim, again]))).toHaveLength(1);
  });

  test('that a review doesn’t have, or has no time for, nobody is entitled to and nothing meets', () => {
    const kim = person('kim', ['stewards']);
    const voter = { person: kim, atMs: 1_500 };
    const known = review();
    expect(isEntitledTo(known, 0, voter, electorate([kim]))).toBe(true);
    expect(isEntitledTo(known, 1, voter, electorate([kim]))).toBe(false);
    expect(isMet(known, 1, electorate([kim]))).toBe(false);
    const untimed = { ...known, schedule: [] };
    expect(isEntitledTo(untimed, 0, voter, electorate([kim]))).toBe(false);
    expect(isMet(untimed, 0, electorate([kim]))).toBe(false);
  });
});
