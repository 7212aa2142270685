/** Who decides in whose place: people on call, and rights handed over. */
import { dayOf } from '../core/calendar.ts';
import type { Rota } from '../core/rota.ts';
import { limits } from '../limits.ts';
import { checkZone, minutesOf } from './calendars.ts';
import type { Configuration } from './configuration.ts';
import type { Finding, Path } from './problem.ts';
import type { RawConfiguration } from './schema.ts';

const LAST_HANDOVER = 1_439;

export const rotasOf = ({ groups }: RawConfiguration): readonly Rota[] =>
  groups.flatMap(({ name, onCall }) => {
    if (onCall === undefined) return [];
    const { timeZone, handover, from, everyDays, shifts } = onCall;
    return {
      group: name,
      timeZone,
      handover: minutesOf(handover),
      firstDay: dayOf(from) ?? 0,
      everyDays,
      shifts: shifts.map(({ members, calendar }) => ({ members, calendar: calendar ?? null })),
    };
  });

export const delegationsOf = ({ delegations }: RawConfiguration): Configuration['delegations'] =>
  delegations.map(({ from, to, since, until }) => ({
    from,
    to,
    fromMs: Date.parse(since),
    untilMs: Date.parse(until),
  }));

const finding = (path: Path, message: string, hint: string): Finding => ({
  code: 'value.invalid',
  path,
  message,
  hint,
});

function checkRotas({ groups }: RawConfiguration): readonly Finding[] {
  return groups.flatMap(({ onCall }, index) => {
    if (onCall === undefined) return [];
    const path = ['groups', index, 'onCall'];
    const date = dayOf(onCall.from);
    return [
      ...checkZone(onCall, path),
      ...(date === undefined
        ? [finding([...path, 'from'], 'there is no such date', 'correct the month or the day')]
        : []),
      ...(minutesOf(onCall.handover) > LAST_HANDOVER
        ? [finding([...path, 'handover'], 'the day is over at 24:00', 'write "00:00" for midnight')]
        : []),
    ];
  });
}

/** By identity too: one person under two accounts hands nothing over. */
function checkDelegations({ delegations, people }: RawConfiguration): readonly Finding[] {
  const identityOf = (name: string): string =>
    people.find((person) => person.name === name)?.identity ?? name;
  return delegations.flatMap(({ from, to, since, until }, index) => {
    const path = ['delegations', index];
    const lastsMs = Date.parse(until) - Date.parse(since);
    return [
      ...(identityOf(from) === identityOf(to)
        ? [finding([...path, 'to'], 'this is the same person', 'name somebody else')]
        : []),
      ...(lastsMs > 0
        ? []
        : [finding([...path, 'until'], 'it is over before it begins', 'correct one of the two')]),
      ...(lastsMs > limits.delegationMs
        ? [
            finding(
              [...path, 'until'],
              'it lasts for more than 90 days',
              'put the person into the group instead',
            ),
          ]
        : []),
    ];
  });
}

export const checkAuthority = (raw: RawConfiguration): readonly Finding[] => [
  ...checkRotas(raw),
  ...checkDelegations(raw),
];
