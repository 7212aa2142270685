/** The calendars of the configuration, as policies name and read them. */
import type { CalendarBounds } from '../core/calendar.ts';
import { calendarsOpenAt, isResting, type NamedCalendar } from '../core/calendar-hours.ts';
import type { KnownNames } from './annotation-values.ts';
import type { CalendarHours } from './engine.ts';

export const calendarNames = (
  calendars: readonly NamedCalendar[],
): Required<Pick<KnownNames, 'calendars' | 'restingCalendars'>> => ({
  calendars: calendars.map(({ name }) => name),
  restingCalendars: calendars.filter(isResting).map(({ name }) => name),
});

export function calendarHours(
  calendars: readonly NamedCalendar[],
  bounds: Pick<CalendarBounds, 'calendarDaysKept'>,
  nowMs: () => number,
): CalendarHours {
  // One memory for now and one for other instants, so that neither drops what the other remembers.
  const [now, then] = [calendarsOpenAt(calendars, bounds), calendarsOpenAt(calendars, bounds)];
  return {
    openAt: (atMs) => (atMs === undefined || !Number.isFinite(atMs) ? now(nowMs()) : then(atMs)),
  };
}
