import { dayOf, longestRestDays, type Calendar, type Span } from '../core/calendar.ts';
import { limits } from '../limits.ts';
import type { Configuration } from './configuration.ts';
import type { Finding, Path } from './problem.ts';
import { weekdays } from './schema-parts.ts';
import type { RawConfiguration } from './schema.ts';

type RawCalendar = RawConfiguration['calendars'][number];
type RawHours = RawCalendar['hours'][number];

const MINUTES_PER_HOUR = 60;

/** Minutes since midnight of `09:30`. */
export function minutesOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * MINUTES_PER_HOUR + minutes;
}

const spanOf = ({ from, to }: RawHours): Span => ({ from: minutesOf(from), to: minutesOf(to) });

/** What the configuration says, in the form that is counted with. */
export function calendarOf({ timeZone, hours, holidays, days }: RawCalendar): Calendar {
  const weekly = weekdays.map((weekday) =>
    hours
      .filter((each) => each.days.includes(weekday))
      .map(spanOf)
      .sort((a, b) => a.from - b.from),
  );
  const spans = days.map(({ from, to }) => ({ from: dayOf(from) ?? 0, to: dayOf(to) ?? 0 }));
  return { timeZone, weekly, holidays: new Set(holidays), days: spans };
}

export const calendarsOf = ({ calendars }: RawConfiguration): Configuration['calendars'] =>
  calendars.map((each) => ({ name: each.name, calendar: calendarOf(each) }));

const finding = (path: Path, message: string, hint: string): Finding => ({
  code: 'value.invalid',
  path,
  message,
  hint,
});

/** The runtime's own list of zones decides: what it doesn't know, nobody can count in. */
export function checkZone({ timeZone }: Pick<RawCalendar, 'timeZone'>, path: Path): readonly Finding[] {
  try {
    Intl.DateTimeFormat('en-US', { timeZone });
    return [];
  } catch {
    const message = `there is no time zone ${JSON.stringify(timeZone)}`;
    return [
      finding([...path, 'timeZone'], message, 'write a name such as Europe/Berlin, Asia/Kolkata or UTC'),
    ];
  }
}

function checkOrder({ hours }: RawCalendar, path: Path): readonly Finding[] {
  return hours.flatMap((each, index) => {
    const { from, to } = spanOf(each);
    if (from < to) return [];
    const hint = 'write hours over midnight as two entries: until "24:00", and from "00:00" of the next day';
    return [finding([...path, 'hours', index, 'to'], 'the hours end before they begin', hint)];
  });
}

/** Hours that are there twice would count twice, or be a mistake that nobody sees. */
function checkOverlaps({ hours }: RawCalendar, path: Path): readonly Finding[] {
  return hours.flatMap((each, index) => {
    const { from, to } = spanOf(each);
    const earlier = hours.slice(0, index).find((other) => {
      const span = spanOf(other);
      return span.from < to && from < span.to && other.days.some((day) => each.days.includes(day));
    });
    const repeated = each.days.find((day, at) => each.days.indexOf(day) !== at);
    if (earlier === undefined && repeated === undefined) return [];
    const message =
      earlier === undefined
        ? `the day ${repeated} is there twice`
        : `the hours overlap with ${earlier.from} to ${earlier.to} of a day that both have`;
    return [finding([...path, 'hours', index], message, 'write every working hour once')];
  });
}

function checkHolidays({ holidays }: RawCalendar, path: Path): readonly Finding[] {
  return holidays.flatMap((date, index) =>
    dayOf(date) === undefined
      ? [finding([...path, 'holidays', index], 'there is no such date', 'correct the month or the day')]
      : [],
  );
}

function checkEmpty({ hours, days }: RawCalendar, path: Path): readonly Finding[] {
  if (hours.length > 0 || days.length > 0) return [];
  const hint = 'add working hours, or single days that policies ask for';
  return [finding([...path, 'hours'], 'the calendar has no hours and no days', hint)];
}

function checkDays({ days }: RawCalendar, path: Path): readonly Finding[] {
  return days.flatMap(({ from, to }, index) => {
    const at = [...path, 'days', index];
    if (dayOf(from) === undefined || dayOf(to) === undefined)
      return [finding(at, 'there is no such date', 'correct the month or the day')];
    return from <= to ? [] : [finding([...at, 'to'], 'the days end before they begin', 'swap the two dates')];
  });
}

/** A review would wait for longer than anybody means. */
function checkRest(raw: RawCalendar, path: Path): readonly Finding[] {
  if (raw.hours.length === 0 || longestRestDays(calendarOf(raw)) < limits.calendarRestDays) return [];
  const message = `the calendar has a year without any working hour`;
  return [finding([...path, 'holidays'], message, 'add hours, or remove holidays')];
}

/** What the form of each value doesn't say by itself. */
export const checkCalendars = ({ calendars }: RawConfiguration): readonly Finding[] =>
  calendars.flatMap((raw, index) => {
    const path = ['calendars', index];
    return [checkZone, checkOrder, checkOverlaps, checkHolidays, checkEmpty, checkDays, checkRest].flatMap(
      (check) => check(raw, path),
    );
  });
