import { describe, expect, test } from 'vitest';
import { satisfies, whyNotFor, type Constraint, type Field } from './constraint.ts';

const range = (order: 'number' | 'date' | 'timestamp', min: string, max: string): Constraint => ({
  kind: 'range',
  order,
  min,
  max,
});
const field = (given: Partial<Field> = {}): Field => ({
  name: 'literal 1',
  type: 'integer',
  value: '5',
  free: true,
  orders: ['number'],
  context: '',
  ...given,
});

describe('a range', () => {
  test.each([
    [
      'number',
      '1',
      '10',
      ['1', '10', '1.0', '9.99', '007'],
      ['0', '10.01', '-5', '', ' 5', '5 ', '1e0', '0x5', '5;', '+5', '５'],
    ],
    ['number', '-2', '-1', ['-2', '-1.5', '-1'], ['-0', '0', '1', '-2.1', '--1', '- 1']],
    ['number', '0.1', '0.3', ['0.2', '0.30'], ['0.30000000000000000001', '.2', '1']],
    [
      'date',
      '2026-01-31',
      '2026-12-31',
      ['2026-02-01', '2026-12-31'],
      ['2027-01-01', '2026-2-1', 'today', 'infinity', '2026-02-01 BC'],
    ],
    [
      'timestamp',
      '2026-01-01 00:00:00',
      '2026-01-02 00:00:00',
      ['2026-01-01 23:59:59'],
      ['2026-01-01', '2026-01-01T12:00:00', '2026-01-01 12:00:00+14', 'now'],
    ],
  ] as const)(
    'of %ss from %s to %s holds what is written plainly and between',
    (order, min, max, inside, outside) => {
      for (const value of inside)
        expect([value, satisfies(range(order, min, max), value)]).toEqual([value, true]);
      for (const value of outside)
        expect([value, satisfies(range(order, min, max), value)]).toEqual([value, false]);
      expect(satisfies(range(order, min, max), null)).toBe(false);
    },
  );

  test('is exact where a double isn’t', () => {
    expect(satisfies(range('number', '0', '9007199254740992'), '9007199254740993')).toBe(false);
  });
});

test('text is compared as it is, and NULL is no text', () => {
  expect(satisfies({ kind: 'equals', value: 'é' }, 'e\u0301')).toBe(false);
  expect(satisfies({ kind: 'equals', value: null }, '')).toBe(false);
  expect(satisfies({ kind: 'oneOf', values: ['a', null] }, null)).toBe(true);
  expect(satisfies({ kind: 'oneOf', values: ['a'] }, 'A')).toBe(false);
});

test.each([
  ['a field that decides what is done', field({ free: false }), { kind: 'oneOf', values: ['5'] }, 'decides'],
  ['one that decides, with another value', field({ free: false }), { kind: 'equals', value: '6' }, 'decides'],
  [
    'an order that the type hasn’t',
    field({ value: '2026-01-01' }),
    range('date', '2026-01-01', '2026-01-02'),
    'is of a type',
  ],
  ['an empty range', field(), range('number', '9', '1'), 'is empty'],
  ['ends that aren’t plain', field(), range('number', '1', 'ten'), 'is empty'],
  ['its own value outside', field(), range('number', '6', '9'), 'doesn’t meet'],
  [
    'more values than a person reads',
    field(),
    { kind: 'oneOf', values: ['5', '6', '7', '8'] },
    'more than 3',
  ],
] as const)('%s is refused, in words that say why', (_what, given, constraint, why) => {
  expect(whyNotFor(given, constraint, 3)).toMatch(new RegExp(`${why}.*\\.$`));
});

test('as many values as a person reads are taken', () => {
  expect(whyNotFor(field(), { kind: 'oneOf', values: ['5', '6', '7'] }, 3)).toBeNull();
});

test('what only begins or ends like a date is none', () => {
  const year = range('date', '2026-01-01', '2026-12-31');
  for (const value of ['x2026-06-01', '-2026-06-01', '2026-06-01x'])
    expect(satisfies(year, value)).toBe(false);
  const hour = range('timestamp', '2026-01-01 00:00:00', '2026-01-01 01:00:00');
  for (const value of ['02026-01-01 00:30:00', '2026-01-01 00:30:00.5'])
    expect(satisfies(hour, value)).toBe(false);
});

test('what fits is taken', () => {
  expect(whyNotFor(field(), range('number', '1', '9'), 3)).toBeNull();
  expect(whyNotFor(field({ free: false }), { kind: 'equals', value: '5' }, 3)).toBeNull();
});
