/** Who is on call: people by turns, in the local time of a zone. Pure for one edition of the time-zone rules. */
import { zoneDays } from './calendar.ts';

export interface Shift {
  /** In the order of their turns. */
  readonly members: readonly string[];
  /** In whose hours the shift is; null: at any hour. */
  readonly calendar: string | null;
}

export interface Rota {
  /** The group whose members are those on call, besides those who are in it for good. */
  readonly group: string;
  readonly timeZone: string;
  /** When turns change, in minutes since local midnight. */
  readonly handover: number;
  /** The local date on which the first turn begins, counted from 1970-01-01. */
  readonly firstDay: number;
  readonly everyDays: number;
  readonly shifts: readonly Shift[];
}

const MINUTE_MS = 60_000;

/**
 * The groups that people are on call in at an instant, by name. A turn changes at the first instant at which the zone's
 * clocks show the hour of the hand-over, or a later one: an hour that is repeated changes it once, one that is skipped
 * changes it when it would have been. Answers are the same within a minute, and remembered for one.
 */
export function onCallAt(
  rotas: readonly Rota[],
  calendarsAt: (atMs: number) => readonly string[],
): (atMs: number) => ReadonlyMap<string, readonly string[]> {
  const known = rotas.map((rota) => ({ rota, dayAt: zoneDays(rota.timeZone, rota.handover) }));
  let last = {
    minute: -1,
    groups: new Map<string, readonly string[]>() as ReadonlyMap<string, readonly string[]>,
  };
  return (atMs) => {
    const minute = Math.floor(atMs / MINUTE_MS);
    if (minute === last.minute) return last.groups;
    const open = calendarsAt(atMs);
    const groups = new Map<string, readonly string[]>();
    for (const { rota, dayAt } of known) {
      for (const name of membersAt(rota, dayAt(atMs), open))
        groups.set(name, [...(groups.get(name) ?? []), rota.group]);
    }
    last = { minute, groups };
    return groups;
  };
}

function membersAt(rota: Rota, day: number, open: readonly string[]): ReadonlySet<string> {
  const turn = Math.floor((day - rota.firstDay) / rota.everyDays);
  const names = rota.shifts
    .filter(({ calendar }) => calendar === null || open.includes(calendar))
    .flatMap(({ members }) => members[((turn % members.length) + members.length) % members.length] ?? []);
  return new Set(names);
}

/** Everybody who is ever on call in the group. */
export const everOnCall = ({ shifts }: Rota): readonly string[] => [
  ...new Set(shifts.flatMap(({ members }) => members)),
];
