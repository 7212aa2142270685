/**
 * Working time: the instants whose local date and time of day, in the calendar's zone, are hours of that weekday and no
 * holiday. That one sentence decides about daylight saving too: an hour that the clocks repeat counts twice, one that
 * they skip doesn't count.
 */

/** Minutes since local midnight, `from` ≤ t < `to`; 1,440 is the end of the day. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Calendar {
  /** IANA time zone, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** Seven lists, Sunday's first; each in order and without overlap. */
  readonly weekly: readonly (readonly Span[])[];
  /** Local dates without working time: `2026-12-25`. */
  readonly holidays: ReadonlySet<string>;
  /** Local dates that are working time from midnight to midnight, whatever the week and the holidays say. Absent: none. */
  readonly days?: readonly DaySpan[];
}

/** Local dates, both ends included, counted from 1970-01-01. */
export interface DaySpan {
  readonly from: number;
  readonly to: number;
}

export interface CalendarBounds {
  /** Days that are searched for working time; what would be later is at their end. */
  readonly calendarSearchDays: number;
  /** Days whose working time is remembered. */
  readonly calendarDaysKept: number;
}

interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/** Of a UTC day, without a change of offset. */
interface Part extends Interval {
  readonly offsetMs: number;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const WHOLE_DAY: readonly Span[] = [{ from: 0, to: 1_440 }];
/** How close offsets are looked at; no zone has changed its offset twice within that time. */
const PROBE_MS = DAY_MS / 4;
/** 1970-01-01 was a Thursday. */
const EPOCH_WEEKDAY = 4;

/** `YYYY-MM-DD` of a day, counted from 1970-01-01. */
export const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** The day of `YYYY-MM-DD`, counted from 1970-01-01; undefined where there is no such date. */
export function dayOf(date: string): number | undefined {
  const timeMs = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  const day = timeMs / DAY_MS;
  return Number.isNaN(day) || dateOf(day) !== date ? undefined : day;
}

const weekdayOf = (day: number): number => (((day + EPOCH_WEEKDAY) % 7) + 7) % 7;

/** Local hours of one local day. */
function hoursOf({ weekly, holidays, days = [] }: Calendar, day: number): readonly Span[] {
  if (days.some(({ from, to }) => from <= day && day <= to)) return WHOLE_DAY;
  const hours = weekly[weekdayOf(day)] ?? [];
  return hours.length === 0 || holidays.has(dateOf(day)) ? [] : hours;
}

/** The longest run of days without working hours; Infinity where there are none at all. */
export function longestRestDays(calendar: Calendar): number {
  if (calendar.weekly.every((hours) => hours.length === 0)) return Infinity;
  const holidays = [...calendar.holidays].flatMap((date) => dayOf(date) ?? []).sort((a, b) => a - b);
  let longest = 0;
  let lookedAt = -Infinity;
  // A week without holidays, then every place where one may lengthen the rest.
  for (const day of [...calendar.weekly.keys(), ...holidays]) {
    if (day < lookedAt) continue;
    let start = day;
    while (hoursOf(calendar, start - 1).length === 0) start -= 1;
    let end = day;
    while (hoursOf(calendar, end).length === 0) end += 1;
    longest = Math.max(longest, end - start);
    lookedAt = end;
  }
  return longest;
}

/** What the zone's clocks show at an instant, minus UTC. */
type OffsetAt = (timeMs: number) => number;

function offsetsOf(timeZone: string): OffsetAt {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (timeMs) => {
    const shown = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
    for (const { type, value } of format.formatToParts(timeMs))
      if (type in shown) shown[type as keyof typeof shown] = Number(value);
    const { year, month, day, hour, minute, second } = shown;
    const localMs = Date.UTC(year, month - 1, day, hour, minute, second);
    return localMs - Math.floor(timeMs / SECOND_MS) * SECOND_MS;
  };
}

/** The first second after `fromMs`, at the latest `toMs`, at which the offset is no longer that of `fromMs`. */
function changeBetween(fromMs: number, toMs: number, offsetAt: OffsetAt): number {
  const before = offsetAt(fromMs);
  let [low, high] = [fromMs, toMs];
  while (high - low > SECOND_MS) {
    const middle = low + Math.floor((high - low) / 2 / SECOND_MS) * SECOND_MS;
    if (offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** One UTC day in parts of one offset each, in order. */
function partsOf(utcDay: number, offsetAt: OffsetAt): readonly Part[] {
  const parts: Part[] = [];
  let startMs = utcDay * DAY_MS;
  const untilMs = startMs + DAY_MS;
  for (let probeMs = startMs; probeMs < untilMs; probeMs += PROBE_MS) {
    const offsetMs = offsetAt(startMs);
    if (offsetAt(probeMs + PROBE_MS) === offsetMs) continue;
    const endMs = changeBetween(probeMs, probeMs + PROBE_MS, offsetAt);
    parts.push({ startMs, endMs, offsetMs });
    startMs = endMs;
  }
  if (startMs < untilMs) parts.push({ startMs, endMs: untilMs, offsetMs: offsetAt(startMs) });
  return parts;
}

/** The working time of one local day, as far as it lies in a part of one offset. */
function workWithin(
  { startMs, endMs, offsetMs }: Part,
  hours: readonly Span[],
  day: number,
): readonly Interval[] {
  const midnightMs = day * DAY_MS - offsetMs;
  return hours
    .map(({ from, to }) => ({
      startMs: Math.max(startMs, midnightMs + from * MINUTE_MS),
      endMs: Math.min(endMs, midnightMs + to * MINUTE_MS),
    }))
    .filter((interval) => interval.startMs < interval.endMs);
}

/** The working time of one UTC day, in order: UTC days have no gaps and no overlaps, whatever local ones do. */
function workOf(calendar: Calendar, utcDay: number, offsetAt: OffsetAt): readonly Interval[] {
  return partsOf(utcDay, offsetAt).flatMap((part) => {
    const first = Math.floor((part.startMs + part.offsetMs) / DAY_MS);
    const last = Math.floor((part.endMs - 1 + part.offsetMs) / DAY_MS);
    const days = Array.from({ length: last - first + 1 }, (_, at) => first + at);
    return days.flatMap((day) => workWithin(part, hoursOf(calendar, day), day));
  });
}

/** How long an hour that the clocks repeat can be ago, while the day that they showed before still counts. */
const REPEATED_MS = DAY_MS / 4;

/**
 * The local day at an instant, counted from 1970-01-01, where days begin `fromMinutes` after midnight. It never goes
 * back: where clocks are set back over the beginning of a day, that day goes on.
 *
 * @throws RangeError for a zone that the runtime doesn't know.
 */
export function zoneDays(timeZone: string, fromMinutes: number): (atMs: number) => number {
  const offsetAt = offsetsOf(timeZone);
  const dayAt = (timeMs: number): number =>
    Math.floor((timeMs + offsetAt(timeMs) - fromMinutes * MINUTE_MS) / DAY_MS);
  return (atMs) => {
    const beforeMs = atMs - REPEATED_MS;
    if (offsetAt(beforeMs) <= offsetAt(atMs)) return dayAt(atMs);
    const changedMs = changeBetween(beforeMs, atMs, offsetAt);
    return Math.max(dayAt(atMs), dayAt(changedMs - SECOND_MS));
  };
}

/** The working time of a UTC day, remembered. @throws RangeError for a zone that the runtime doesn't know. */
function workDays(calendar: Calendar, daysKept: number): (utcDay: number) => readonly Interval[] {
  const offsetAt = offsetsOf(calendar.timeZone);
  const known = new Map<number, readonly Interval[]>();
  return (utcDay) => {
    const remembered = known.get(utcDay);
    if (remembered !== undefined) return remembered;
    // Rarely full: reviews that open now look at the days that follow.
    if (known.size >= daysKept) known.clear();
    const work = workOf(calendar, utcDay, offsetAt);
    known.set(utcDay, work);
    return work;
  };
}

/** Whether an instant is working time, and the instant until which that answer holds at least; it may hold for longer. */
export type OpenAt = (atMs: number) => { readonly open: boolean; readonly untilMs: number };

/** @throws RangeError for a zone that the runtime doesn't know. */
export function openAtIn(
  calendar: Calendar,
  { calendarDaysKept }: Pick<CalendarBounds, 'calendarDaysKept'>,
): OpenAt {
  const workOn = workDays(calendar, calendarDaysKept);
  return (atMs) => {
    const day = Math.floor(atMs / DAY_MS);
    const next = workOn(day).find(({ endMs }) => atMs < endMs);
    if (next === undefined) return { open: false, untilMs: (day + 1) * DAY_MS };
    const open = next.startMs <= atMs;
    return { open, untilMs: open ? next.endMs : next.startMs };
  };
}

/**
 * The first instant at which `durationMs` of working time have passed since `fromMs`. Pure for one calendar and one
 * edition of the time-zone rules, which are the runtime's.
 *
 * @throws RangeError for a zone that the runtime doesn't know.
 */
export function workingTimeIn(
  calendar: Calendar,
  { calendarSearchDays, calendarDaysKept }: CalendarBounds,
): (fromMs: number, durationMs: number) => number {
  const workOn = workDays(calendar, calendarDaysKept);
  return (fromMs, durationMs) => {
    const firstDay = Math.floor(fromMs / DAY_MS);
    let leftMs = durationMs;
    for (let day = firstDay; day < firstDay + calendarSearchDays; day++) {
      for (const { startMs, endMs } of workOn(day)) {
        const beginMs = Math.max(startMs, fromMs);
        if (beginMs >= endMs) continue;
        if (leftMs <= endMs - beginMs) return beginMs + leftMs;
        leftMs -= endMs - beginMs;
      }
    }
    return (firstDay + calendarSearchDays) * DAY_MS;
  };
}
