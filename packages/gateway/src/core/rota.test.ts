import { describe, expect, test } from 'vitest';
import { dayOf } from './calendar.ts';
import { calendarsOpenAt, type NamedCalendar } from './calendar-hours.ts';
import { onCallAt, type Rota } from './rota.ts';

const weekly: Rota = {
  group: 'oncall',
  timeZone: 'Europe/Berlin',
  handover: 9 * 60,
  firstDay: dayOf('2026-10-19') ?? 0,
  everyDays: 7,
  shifts: [{ members: ['ana', 'ben', 'cy'], calendar: null }],
};

const onCall = (rota: Rota, at: string, open: readonly string[] = []): string =>
  [...onCallAt([rota], () => open)(Date.parse(at)).keys()].join();

describe('people who are on call by turns', () => {
  test.each([
    ['2026-10-19T06:59:00Z', 'cy'],
    ['2026-10-19T07:00:00Z', 'ana'],
    // The clocks went back in between: nine o’clock is an hour later in UTC.
    ['2026-10-26T07:59:00Z', 'ana'],
    ['2026-10-26T08:00:00Z', 'ben'],
    ['2026-11-02T08:00:00Z', 'cy'],
    ['2026-11-09T08:00:00Z', 'ana'],
  ])('at %s it is %s', (at, who) => {
    expect(onCall(weekly, at)).toBe(who);
  });

  test('a turn changes once where the clocks go back over its hour, and never goes back', () => {
    const rota: Rota = { ...weekly, handover: 150, firstDay: dayOf('2026-10-18') ?? 0, everyDays: 7 };
    const turns = ['00:29', '00:30', '00:59', '01:00', '01:29', '01:30', '05:00'].map((time) =>
      onCall(rota, `2026-10-25T${time}:00Z`),
    );
    expect(turns).toEqual(['ana', 'ben', 'ben', 'ben', 'ben', 'ben', 'ben']);
  });

  test('a turn changes where the clocks skip its hour', () => {
    const rota: Rota = { ...weekly, handover: 150, firstDay: dayOf('2027-03-21') ?? 0 };
    expect(onCall(rota, '2027-03-28T00:59:00Z')).toBe('ana');
    expect(onCall(rota, '2027-03-28T01:00:00Z')).toBe('ben');
  });

  test('of each shift one is on call, in the hours of its calendar', () => {
    const shifts = [
      { members: ['ana'], calendar: 'day' },
      { members: ['ben'], calendar: 'night' },
    ];
    expect(onCall({ ...weekly, shifts }, '2026-11-02T12:00:00Z', ['day'])).toBe('ana');
    expect(onCall({ ...weekly, shifts }, '2026-11-02T22:00:00Z', ['night'])).toBe('ben');
    expect(onCall({ ...weekly, shifts }, '2026-11-02T22:00:00Z')).toBe('');
  });
});

const none = [[], [], [], [], [], [], []] as const;
const bounds = { calendarDaysKept: 10 };
const office: NamedCalendar = {
  name: 'office',
  calendar: {
    timeZone: 'Europe/Berlin',
    weekly: none.map((_, day) => (day === 0 || day === 6 ? [] : [{ from: 540, to: 1_020 }])),
    holidays: new Set(['2026-12-25']),
  },
};
const freeze: NamedCalendar = {
  name: 'freeze',
  calendar: {
    timeZone: 'Europe/Berlin',
    weekly: none,
    holidays: new Set(),
    days: [{ from: dayOf('2026-12-18') ?? 0, to: dayOf('2027-01-06') ?? 0 }],
  },
};

describe('the calendars in whose hours it is', () => {
  test.each([
    ['2026-11-23T07:59:59Z', ''],
    ['2026-11-23T08:00:00Z', 'office'],
    ['2026-11-23T15:59:59Z', 'office'],
    ['2026-11-23T16:00:00Z', ''],
    ['2026-12-17T22:59:59Z', ''],
    ['2026-12-17T23:00:00Z', 'freeze'],
    ['2026-12-18T09:00:00Z', 'freeze,office'],
    ['2026-12-25T09:00:00Z', 'freeze'],
    ['2027-01-06T22:59:59Z', 'freeze'],
    ['2027-01-06T23:00:00Z', ''],
  ])('at %s: %s', (at, names) => {
    expect(calendarsOpenAt([office, freeze], bounds)(Date.parse(at)).join()).toBe(names);
  });

  test('are the same array while nothing changes, whichever way the clock is set', () => {
    const openAt = calendarsOpenAt([office, freeze], bounds);
    const first = openAt(Date.parse('2026-11-23T09:00:00Z'));
    expect(openAt(Date.parse('2026-11-23T12:00:00Z'))).toBe(first);
    expect(openAt(Date.parse('2026-11-22T12:00:00Z'))).toEqual([]);
    expect(openAt(Date.parse('2026-11-23T09:00:00Z'))).toEqual(['office']);
  });
});
