import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { dayOf, longestRestDays, workingTimeIn, type Calendar, type Span } from './calendar.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const bounds = { calendarSearchDays: 400, calendarDaysKept: 800 };

const NINE_TO_FIVE: readonly Span[] = [{ from: 540, to: 1_020 }];
const ALL_DAY: readonly Span[] = [{ from: 0, to: 1_440 }];

const office = (given: Partial<Calendar> = {}): Calendar => ({
  timeZone: 'Europe/Berlin',
  weekly: [[], NINE_TO_FIVE, NINE_TO_FIVE, NINE_TO_FIVE, NINE_TO_FIVE, NINE_TO_FIVE, []],
  holidays: new Set(),
  ...given,
});
const everyDay = (hours: readonly Span[], timeZone: string): Calendar =>
  office({ timeZone, weekly: Array.from({ length: 7 }, () => hours) });

const after = (calendar: Calendar, from: string, durationMs: number): string =>
  new Date(workingTimeIn(calendar, bounds)(Date.parse(from), durationMs)).toISOString();

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

const formats = new Map<string, Intl.DateTimeFormat>();
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const date = { weekday: 'short', year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, ...date, ...time });
  formats.set(timeZone, format);
  return format;
}

/** Slow and plain: is this minute working time, asked of each minute in turn. */
function oracle({ timeZone, weekly, holidays }: Calendar) {
  const format = formatOf(timeZone);
  const isWork = (timeMs: number): boolean => {
    // Fri, 20/11/2026, 16:50
    const [weekday = '', date = '', time = ''] = format.format(timeMs).split(', ');
    if (holidays.has(date.split('/').reverse().join('-'))) return false;
    const [hour = 0, minute = 0] = time.split(':').map(Number);
    const hours = weekly[weekdays.indexOf(weekday)] ?? [];
    const shown = hour * 60 + minute;
    return hours.some(({ from, to }) => shown >= from && shown < to);
  };
  return (fromMs: number, minutes: number): number => {
    let left = minutes;
    for (let timeMs = fromMs; ; timeMs += MINUTE_MS) {
      if (isWork(timeMs)) left -= 1;
      if (left === 0) return timeMs + MINUTE_MS;
    }
  };
}

describe('office hours', () => {
  test('a review that opens on Friday at 16:50 has its thirty minutes on Monday at 09:20', () => {
    expect(after(office(), '2026-11-20T15:50:00Z', 30 * MINUTE_MS)).toBe('2026-11-23T08:20:00.000Z');
  });
  test('what fits until the end of the day ends with the day, not with the next one', () => {
    expect(after(office(), '2026-11-20T15:50:00Z', 10 * MINUTE_MS)).toBe('2026-11-20T16:00:00.000Z');
    expect(after(office(), '2026-11-20T15:50:00Z', 10 * MINUTE_MS + 1)).toBe('2026-11-23T08:00:00.001Z');
  });
  test('before work, at night and at the weekend time stands still', () => {
    for (const from of ['2026-11-20T16:00:00Z', '2026-11-21T12:00:00Z', '2026-11-23T07:59:59Z'])
      expect(after(office(), from, MINUTE_MS)).toBe('2026-11-23T08:01:00.000Z');
  });
  test('a break, and holidays in local dates', () => {
    const hours = [
      { from: 540, to: 720 },
      { from: 780, to: 1_020 },
    ];
    const holidays = new Set(['2026-12-25', '2026-12-28']);
    const calendar = office({ weekly: [[], hours, hours, hours, hours, hours, []], holidays });
    expect(after(calendar, '2026-12-24T10:59:00Z', 2 * MINUTE_MS)).toBe('2026-12-24T12:01:00.000Z');
    expect(after(calendar, '2026-12-24T15:59:00Z', 2 * MINUTE_MS)).toBe('2026-12-29T08:01:00.000Z');
  });
  test('hours until midnight go on from midnight', () => {
    const night = everyDay([{ from: 0, to: 60 }, { from: 1_320, to: 1_440 }], 'UTC'); // prettier-ignore
    expect(after(night, '2026-11-20T23:30:00Z', HOUR_MS)).toBe('2026-11-21T00:30:00.000Z');
    expect(after(night, '2026-11-20T23:30:00Z', 2 * HOUR_MS)).toBe('2026-11-21T22:30:00.000Z');
  });
  test('29 February is a day like others, and 1 March follows 28 February elsewhere', () => {
    const calendar = everyDay(NINE_TO_FIVE, 'UTC');
    expect(after(calendar, '2028-02-28T16:59:00Z', 2 * MINUTE_MS)).toBe('2028-02-29T09:01:00.000Z');
    expect(after(calendar, '2027-02-28T16:59:00Z', 2 * MINUTE_MS)).toBe('2027-03-01T09:01:00.000Z');
  });
});

describe('daylight saving', () => {
  test('nine o’clock stays nine o’clock when the clocks go forward over the weekend, and back', () => {
    expect(after(office(), '2026-03-27T15:50:00Z', 30 * MINUTE_MS)).toBe('2026-03-30T07:20:00.000Z');
    expect(after(office(), '2026-10-23T14:50:00Z', 30 * MINUTE_MS)).toBe('2026-10-26T08:20:00.000Z');
  });
  test('the hour that is skipped doesn’t count: 02:00 to 04:00 has one hour in spring', () => {
    const night = everyDay([{ from: 120, to: 240 }], 'Europe/Berlin');
    expect(after(night, '2026-03-28T23:30:00Z', HOUR_MS)).toBe('2026-03-29T02:00:00.000Z');
    expect(after(night, '2026-03-28T23:30:00Z', HOUR_MS + 1)).toBe('2026-03-30T00:00:00.001Z');
  });
  test('the hour that is repeated counts twice: 02:00 to 03:00 has two hours in autumn', () => {
    const night = everyDay([{ from: 120, to: 180 }], 'Europe/Berlin');
    expect(after(night, '2026-10-24T22:00:00Z', 2 * HOUR_MS)).toBe('2026-10-25T02:00:00.000Z');
    expect(after(night, '2026-10-25T00:30:00Z', HOUR_MS)).toBe('2026-10-25T01:30:00.000Z');
  });
  test('hours that are skipped whole are no hours on that day', () => {
    const sundays = office({ weekly: [[{ from: 125, to: 175 }], [], [], [], [], [], []] });
    expect(after(sundays, '2026-03-28T00:00:00Z', MINUTE_MS)).toBe('2026-04-05T00:06:00.000Z');
  });
  test('a date that a zone leaves out altogether has no hours (Apia, 30 December 2011)', () => {
    const calendar = everyDay(NINE_TO_FIVE, 'Pacific/Apia');
    expect(after(calendar, '2011-12-30T02:50:00Z', 20 * MINUTE_MS)).toBe('2011-12-30T19:10:00.000Z');
  });
});

test('zones of 30 and 45 minutes', () => {
  const kolkata = everyDay(NINE_TO_FIVE, 'Asia/Kolkata');
  const kathmandu = everyDay(NINE_TO_FIVE, 'Asia/Kathmandu');
  expect(after(kolkata, '2026-11-20T00:00:00Z', MINUTE_MS)).toBe('2026-11-20T03:31:00.000Z');
  expect(after(kathmandu, '2026-11-20T00:00:00Z', MINUTE_MS)).toBe('2026-11-20T03:16:00.000Z');
});

/** With changes at midnight, of half an hour, at odd times, and without any. */
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'America/Havana',
  'America/Sao_Paulo',
  'Australia/Lord_Howe',
  'Australia/Adelaide',
  'Pacific/Chatham',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Africa/Casablanca',
  'Asia/Beirut',
  'Pacific/Apia',
];
/** Around which clocks change somewhere, and a leap day. */
const turns = ['2026-03-08', '2026-03-29', '2026-04-05', '2026-09-27', '2026-10-04', '2026-10-25']
  .concat(['2026-11-01', '2028-02-28', '2011-12-29', '2010-11-07', '2018-02-17', '2018-11-04', '2027-02-07'])
  .map((date) => Date.parse(date));

const someHours: fc.Arbitrary<readonly Span[]> = fc
  .uniqueArray(fc.integer({ min: 0, max: 96 }), { minLength: 0, maxLength: 6 })
  .map((quarters) => quarters.sort((a, b) => a - b).map((quarter) => quarter * 15))
  .map((cuts) =>
    cuts.flatMap((from, at) =>
      at % 2 === 0 && cuts[at + 1] !== undefined ? [{ from, to: cuts[at + 1]! }] : [],
    ),
  );

const someCalendar: fc.Arbitrary<Calendar> = fc.record({
  timeZone: fc.constantFrom(...zones),
  // Days that are never free keep the oracle's way short.
  weekly: fc
    .array(someHours, { minLength: 3, maxLength: 3 })
    .map(([a = [], b = [], c = []]) => [ALL_DAY, a, b, ALL_DAY, c, a, b]),
  holidays: fc
    .array(fc.constantFrom('2026-03-09', '2026-10-26', '2026-10-04', '2028-02-29', '2010-11-07'))
    .map((dates) => new Set(dates)),
});

describe('against a clock that is looked at every minute', () => {
  test('both say the same, around every change of the clocks', () => {
    fc.assert(
      fc.property(
        someCalendar,
        fc.constantFrom(...turns),
        fc.integer({ min: -2 * 1_440, max: 2 * 1_440 }),
        fc.integer({ min: 1, max: 1_500 }),
        (calendar, turnMs, offset, minutes) => {
          const fromMs = turnMs + offset * MINUTE_MS;
          const wanted = new Date(oracle(calendar)(fromMs, minutes)).toISOString();
          const found = workingTimeIn(calendar, bounds)(fromMs, minutes * MINUTE_MS);
          expect(new Date(found).toISOString()).toBe(wanted);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('working time adds up: two delays in a row are their sum', () => {
    const delay = fc.integer({ min: 1, max: 40 * HOUR_MS });
    fc.assert(
      fc.property(
        someCalendar,
        fc.constantFrom(...turns),
        delay,
        delay,
        (calendar, fromMs, first, second) => {
          const workingTime = workingTimeIn(calendar, bounds);
          expect(workingTime(workingTime(fromMs, first), second)).toBe(workingTime(fromMs, first + second));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('bounded work', () => {
  test('what no day within the bound holds is at the bound, and shorter delays are never later than longer ones', () => {
    const minute = office({ weekly: [[{ from: 0, to: 1 }], [], [], [], [], [], []] });
    const workingTime = workingTimeIn(minute, bounds);
    const fromMs = Date.parse('2026-01-01');
    const boundMs = fromMs + bounds.calendarSearchDays * 24 * HOUR_MS;
    expect(workingTime(fromMs, 7 * 24 * HOUR_MS)).toBe(boundMs);
    expect(workingTime(fromMs, 50 * MINUTE_MS)).toBeLessThan(boundMs);
  });
  test('ten thousand reviews of one week ask the zone’s rules no more than one of each day does', () => {
    const asked = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
    onTestFinished(() => asked.mockRestore());
    const fromMs = Date.parse('2026-11-16');
    const askedFor = (stepMs: number): number => {
      const workingTime = workingTimeIn(office(), bounds);
      asked.mockClear();
      for (let atMs = 0; atMs < 7 * 24 * HOUR_MS; atMs += stepMs) workingTime(fromMs + atMs, 8 * HOUR_MS);
      return asked.mock.calls.length;
    };
    const once = askedFor(24 * HOUR_MS);
    expect(once).toBeGreaterThan(0);
    expect(askedFor(MINUTE_MS)).toBe(once);
  });
  test('remembering fewer days changes nothing', () => {
    const [few, many] = [1, 800].map((calendarDaysKept) =>
      workingTimeIn(office(), { ...bounds, calendarDaysKept }),
    );
    const fromMs = Date.parse('2026-03-20');
    for (let hour = 0; hour < 400; hour += 7)
      expect(few?.(fromMs + hour * HOUR_MS, 20 * HOUR_MS)).toBe(
        many?.(fromMs + hour * HOUR_MS, 20 * HOUR_MS),
      );
  });
});

describe('rest', () => {
  test('is the longest run of days without hours, holidays included', () => {
    expect(longestRestDays(office())).toBe(2);
    expect(longestRestDays(office({ holidays: new Set(['2026-12-25', '2026-12-28']) }))).toBe(4);
    expect(longestRestDays(office({ holidays: new Set(['2026-12-31', '2027-01-01']) }))).toBe(4);
    expect(longestRestDays(everyDay(ALL_DAY, 'UTC'))).toBe(0);
    expect(longestRestDays(everyDay([], 'UTC'))).toBe(Infinity);
  });
  test('dates that are none are known as such', () => {
    expect(['2026-02-28', '2028-02-29'].map(dayOf)).toEqual([20_512, 21_243]);
    expect(['2026-02-29', '2026-13-01', '2026-04-31', 'soon', ''].map(dayOf)).toEqual(
      Array(5).fill(undefined),
    );
  });
});

describe('the longest rest', () => {
  const rest = (...holidays: string[]) => longestRestDays(office({ holidays: new Set(holidays) }));

  test('of office hours is the weekend, which a holiday on either side lengthens', () => {
    expect(rest()).toBe(2);
    expect(rest('2026-11-23')).toBe(3);
    expect(rest('2026-11-20')).toBe(3);
    expect(rest('2026-11-18')).toBe(2);
  });

  test('is found in whatever order holidays are given, and what is no date is none', () => {
    expect(rest('2026-12-28', '2026-04-06', '2026-04-03')).toBe(4);
    expect(rest('2026-04-03', '2026-12-28', '2026-04-06')).toBe(4);
    expect(rest('2026-02-30', '2026-13-01', '')).toBe(2);
  });
});
