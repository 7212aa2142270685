import { openAtIn, type Calendar, type CalendarBounds } from './calendar.ts';

export interface NamedCalendar {
  readonly name: string;
  readonly calendar: Calendar;
}

/** A calendar without weekly hours: no delay can count in it. */
export const isResting = ({ calendar }: NamedCalendar): boolean =>
  calendar.weekly.every((hours) => hours.length === 0);

/**
 * The names of the calendars in whose hours an instant is, sorted. The answer is remembered until the first of them may
 * change, so that asking again and again costs a comparison, and equal answers are the same array.
 */
export function calendarsOpenAt(
  calendars: readonly NamedCalendar[],
  bounds: Pick<CalendarBounds, 'calendarDaysKept'>,
): (atMs: number) => readonly string[] {
  const known = calendars.map(({ name, calendar }) => ({ name, openAt: openAtIn(calendar, bounds) }));
  let last = { fromMs: Infinity, untilMs: -Infinity, names: [] as readonly string[] };
  return (atMs) => {
    if (last.fromMs <= atMs && atMs < last.untilMs) return last.names;
    const answers = known.map(({ name, openAt }) => ({ name, ...openAt(atMs) }));
    const found = answers.filter(({ open }) => open).map(({ name }) => name);
    const names = found.sort();
    const same = names.join() === last.names.join() ? last.names : names;
    last = { fromMs: atMs, untilMs: Math.min(...answers.map(({ untilMs }) => untilMs)), names: same };
    return same;
  };
}
