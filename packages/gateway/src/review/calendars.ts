import { workingTimeIn, type Calendar, type CalendarBounds } from '../core/calendar.ts';
import type { WorkingCalendars } from '../ports.ts';

/** Policies were checked against the same names when they were loaded: an unknown one is a bug, and nothing is opened. */
export function workingCalendars(
  calendars: readonly { readonly name: string; readonly calendar: Calendar }[],
  bounds: CalendarBounds,
): WorkingCalendars {
  const known = new Map(calendars.map(({ name, calendar }) => [name, workingTimeIn(calendar, bounds)]));
  return {
    workingTime: (name, fromMs, durationMs) => {
      const workingTime = known.get(name);
      if (workingTime === undefined) throw new Error(`no calendar ${name}`);
      return workingTime(fromMs, durationMs);
    },
  };
}
