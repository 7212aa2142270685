/** Options about who decides: groups, people on call, rights handed over. */
import { z } from 'zod';
import { clockTime, DATE, name, text, TIME_ZONE } from './schema-parts.ts';

const onCall = z
  .strictObject({
    timeZone: z
      .string()
      .regex(TIME_ZONE, 'a name of the IANA time zone data base is expected, such as Europe/Berlin or UTC')
      .describe('IANA time zone of the hand-over. Daylight saving is followed.'),
    handover: clockTime('When turns change, such as `"09:00"`.'),
    from: z
      .string()
      .regex(DATE, 'a date is expected, such as 2026-11-23')
      .describe('The local date on which the first turn of the first members begins.'),
    everyDays: z.int().min(1).max(366).default(7).describe('Days of one turn.'),
    shifts: z
      .array(
        z.strictObject({
          members: z
            .array(name('A person.'))
            .min(1)
            .max(100)
            .describe('People, in the order of their turns.'),
          calendar: name('The calendar in whose hours the shift is; default: at any hour.').optional(),
        }),
      )
      .min(1)
      .max(20)
      .describe('Of each shift, one member at a time is in the group.'),
  })
  .describe('People who are in the group by turns, besides those who are in it for good.');

export const group = z.strictObject({
  name: name('Unique among groups.'),
  description: text('What the group is for.').optional(),
  onCall: onCall.optional(),
});

const instant = (what: string) => z.iso.datetime({ offset: true }).describe(what);

export const delegation = z.strictObject({
  from: name('Whose right it is.'),
  to: name('The person who may use it: never an agent, and never for what they asked for themselves.'),
  since: instant('When it begins, such as `2026-12-20T00:00:00Z`.'),
  until: instant('When it is over; at most 90 days later.'),
});
